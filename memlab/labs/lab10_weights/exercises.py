"""Exercises of lab 10: an adapter by hand, and which route a lesson of one's own should take."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.course import JUDGED, Exercise

X, W = np.array([[1.0, 2.0, 0.0]]), np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
A, B = np.array([[0.5, -1.0, 2.0]]), np.array([[2.0], [-1.0]])


def _choice(answer: Any) -> str | None:
    """Any lesson is the reader's own; what it costs is computed in the next cell."""
    if isinstance(answer, tuple) and len(answer) == 2 and answer[0] >= 1 and 1 <= answer[1] <= 100_000:
        return None
    return "give two numbers in round brackets: reads, at least 1, and tokens shown, 1 to 100,000"


EXERCISES = {
    "10.1": Exercise(
        start="add two small products to the frozen one: first onto r numbers, then back up",
        solution=lambda x, w, a, b: x @ w.T + x @ a.T @ b.T,
        cases=((X, W, A, B), (X, W, A, 0 * B)),
        mistakes={
            "the frozen product is missing: an adapter adds to it": lambda x, w, a, b: x @ a.T @ b.T,
            "this is the frozen model alone": lambda x, w, a, b: x @ w.T,
        },
    ),
    "10.2": Exercise(
        start="how often will the lesson be needed, and how long is it in the prompt?",
        solution=(200, 35),
        tolerance=JUDGED,
        judge=_choice,
        praise="your lesson is noted; the next cell says what each route costs",
    ),
}
