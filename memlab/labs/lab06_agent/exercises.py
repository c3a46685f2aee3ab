"""Exercises of lab 06: which choices to leave open, what a rewrite does to a value."""

from __future__ import annotations

from memlab.agent import narrow
from memlab.course import Exercise

CHOICES = ("sum", "bits", "order")
UNTRIED = "an untried tool has no value yet: keep it, or nothing new is ever tried"
EMPTY = "when every tool failed nearby, give back all choices: the model needs something to choose"


def _drop_untried(choices: tuple[str, ...], values: dict[str, float], floor: float) -> tuple[str, ...]:
    return tuple(choice for choice in choices if values.get(choice, floor - 1) >= floor)


def _may_be_empty(choices: tuple[str, ...], values: dict[str, float], floor: float) -> tuple[str, ...]:
    return tuple(choice for choice in choices if values.get(choice, floor) >= floor)


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
}
