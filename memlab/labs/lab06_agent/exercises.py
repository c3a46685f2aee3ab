"""Exercises of lab 06: Bayes' rule over tools, and how often a world is held to move."""

from functools import partial
from typing import Any

import numpy as np

from memlab.course import JUDGED, Exercise


def _bayes(belief: Any, tool: int, worked: bool, noise: float, summing: bool = True, others: bool = True) -> Any:
    tried = np.arange(len(belief)) == tool
    chance = np.where(tried == worked, 1 - noise, noise)
    belief = belief * np.where(tried | others, chance, 1.0)
    return belief / belief.sum() if summing else belief


def _hazard(hazard: Any) -> str | None:
    """Any chance between 0 and 1 is the reader's own choice; what it does is measured in the next cell."""
    if not isinstance(hazard, int | float) or not 0 <= hazard < 1:
        return f"a chance lies from 0 up to 1; this is {hazard!r}"
    return f"at {hazard} more than half of what was learned is lost with every task" if hazard > 0.5 else None


START = np.array([0.5, 0.3, 0.2])
EXERCISES = {
    "06.1": Exercise(
        start="how probable was this reward if tool k serves, for each k: for the tool that was tried, for the others?",
        solution=_bayes,
        cases=((START, 0, True, 0.1), (START, 0, False, 0.1), (START, 2, False, 0.0)),
        mistakes={
            "a belief sums to 1: divide by the sum at the end": partial(_bayes, summing=False),
            "a reward speaks of the tools not tried, too: it may come by noise": partial(_bayes, others=False),
        },
        praise="Bayes' rule; the next cells learn with your function",
    ),
    "06.2": Exercise(
        start="of 30 tasks of one kind, how many changes do you expect? The hazard is their share",
        solution=0.03,
        tolerance=JUDGED,
        judge=_hazard,
        praise="your choice is noted; the streams will judge it",
    ),
}
