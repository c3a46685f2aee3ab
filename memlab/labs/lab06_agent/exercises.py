"""Exercises of lab 06: narrowing the choices, the rewrite of a value, the cost of a run."""

from __future__ import annotations

from memlab.agent import narrow
from memlab.course import Exercise

CHOICES = ("sum", "bits", "order")

EXERCISES = {
    "06.1": Exercise(
        start="which tools should the model still be offered, when some are known to be bad here and some are untried?",
        solution=narrow,
        cases=(
            (CHOICES, {"sum": 0.0, "bits": 0.75}, 0.5),
            (CHOICES, {"sum": 0.5}, 0.5),
            (CHOICES, dict.fromkeys(CHOICES, 0.0), 0.5),
        ),
        mistakes={
            "an untried tool has no value yet: keep it, or nothing new is ever tried": lambda choices, values, floor: (
                tuple(c for c in choices if values.get(c, 0.0) >= floor)
            ),
            "when every tool failed nearby, give back all choices: the model needs something to choose": lambda choices, values, floor: (
                tuple(c for c in choices if values.get(c, floor) >= floor)
            ),
        },
        praise="as the agent does",
    ),
}
