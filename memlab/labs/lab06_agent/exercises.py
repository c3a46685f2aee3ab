"""Exercises of lab 06: which choices to leave open, what a rewrite does to a value."""

from __future__ import annotations

import math
from typing import Any

from memlab.agent import narrow
from memlab.course import Exercise

CHOICES = ("sum", "bits", "order")
UNTRIED = "an untried tool has no value yet: keep it, or nothing new is ever tried"
EMPTY = "when every tool failed nearby, give back all choices: the model needs something to choose"


def _drop_untried(choices: tuple[str, ...], values: dict[str, float], floor: float) -> tuple[str, ...]:
    return tuple(choice for choice in choices if values.get(choice, floor - 1) >= floor)


def _may_be_empty(choices: tuple[str, ...], values: dict[str, float], floor: float) -> tuple[str, ...]:
    return tuple(choice for choice in choices if values.get(choice, floor) >= floor)


def _step(eta: Any) -> str | None:
    """Any step between 0 and 1 is the reader's own choice; what it does is measured in the next cell."""
    if not isinstance(eta, int | float) or not 0 < eta <= 1:
        return f"a step size lies above 0 and goes up to 1; this is {eta!r}"
    if eta < 0.1:
        return f"at {eta} it takes {failures(eta)} failures in a row to drop good advice: a change comes after 48 tasks"
    return None


def failures(eta: float) -> int:
    """Failures in a row that take a case from q = 1 below .5."""
    return math.floor(math.log(0.5) / math.log(1 - eta)) + 1 if eta < 1 else 1


EXERCISES = {
    "06.1": Exercise(
        start="which tools should the model still be offered, when some are known to be bad here and some are untried?",
        solution=narrow,
        cases=(
            (CHOICES, {"sum": 0.0, "bits": 0.75}, 0.5),
            (CHOICES, {"sum": 0.5}, 0.5),
            (CHOICES, dict.fromkeys(CHOICES, 0.0), 0.5),
        ),
        mistakes={UNTRIED: _drop_untried, EMPTY: _may_be_empty},
        praise="as the agent does",
    ),
    "06.2": Exercise(
        start="how many failures in a row should it take before good advice (q = 1) is dropped (q below .5)?",
        solution=0.7,
        tolerance=1.0,
        judge=_step,
        praise="your choice is noted; the streams will judge it",
    ),
}
