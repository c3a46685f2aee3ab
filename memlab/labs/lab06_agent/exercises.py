"""Exercises of lab 06: Bayes' rule over tools, and how often a world is held to move."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.course import Exercise


def _update(belief: Any, tool: int, worked: bool, noise: float) -> Any:
    likely = np.where(np.arange(len(belief)) == tool, 1 - noise, noise)
    belief = belief * (likely if worked else 1 - likely)
    return belief / belief.sum()


def _not_summing(belief: Any, tool: int, worked: bool, noise: float) -> Any:
    likely = np.where(np.arange(len(belief)) == tool, 1 - noise, noise)
    return belief * (likely if worked else 1 - likely)


def _tried_alone(belief: Any, tool: int, worked: bool, noise: float) -> Any:
    chance = 1 - noise if worked else noise
    belief = np.where(np.arange(len(belief)) == tool, belief * chance, belief)
    return belief / belief.sum()


def _hazard(hazard: Any) -> str | None:
    if not isinstance(hazard, int | float) or not 0 <= hazard < 1:
        return f"a chance lies from 0 up to 1; this is {hazard!r}"
    if hazard > 0.5:
        return f"at {hazard} more than half of what was learned is lost with every task: nothing can be remembered"
    return None


START = np.array([0.5, 0.3, 0.2])
EXERCISES = {
    "06.1": Exercise(
        start="how probable was this reward if tool k serves, for each k: for the tool that was tried, for the others?",
        solution=_update,
        cases=((START, 0, True, 0.1), (START, 0, False, 0.1), (START, 2, False, 0.0)),
        mistakes={
            "a belief sums to 1: divide by the sum at the end": _not_summing,
            "a reward speaks of the tools not tried, too: if one of them serves, it came by noise": _tried_alone,
        },
        praise="Bayes' rule; the next cells learn with your function",
    ),
    "06.2": Exercise(
        start="of 30 tasks of one kind, how many changes do you expect? The hazard is their share",
        solution=0.03,
        tolerance=1.0,
        judge=_hazard,
        praise="your choice is noted; the streams will judge it",
    ),
}
