"""Exercises of lab 13: aptitude per instruction, and an explanation without a mechanism."""

from __future__ import annotations

import numpy as np

from memlab.course import JUDGED, Exercise
from memlab.labs.lab13_intent.runs import Floats, expected_aptitude

SCORES = np.array([[1, 1, 0, 1, 1, 1, 1, 1, 1, 1], [0, 0, 1, 0, 0, 1, 0, 0, 0, 1], [0] * 10], dtype=float)
PUBLISHED = (-0.16, 1.12)  # arXiv:2505.06120: relative change of A90 and U, sharded against full


def changed(p: float, tries: int, hopeless: float) -> tuple[float, float]:
    """Relative change of A90 and U from one try of chance .9 to ``tries`` of chance ``p``, but none of ``hopeless``."""
    after, before = expected_aptitude(1 - (1 - p) ** tries), expected_aptitude(0.9)
    return float((1 - hopeless) * after[0] / before[0] - 1), float((1 - hopeless) * after[1] / before[1] - 1)


def _null(answer: tuple[float, int, float]) -> str | None:
    p, tries, hopeless = answer
    if tries < 2 or not 0 < p < 1 or not 0 <= hopeless < 1:
        return "take 2 tries or more, as the published talks do, and shares between 0 and 1"
    a90, u = changed(p, tries, hopeless)
    if abs(a90 - PUBLISHED[0]) > 0.02:
        return f"A90 changes by {a90:+.0%}, published {PUBLISHED[0]:+.0%}: which knob takes whole instructions away?"
    return None if abs(u - PUBLISHED[1]) < 0.06 else f"U changes by {u:+.0%}, not {PUBLISHED[1]:+.0%}: now move p alone"


def _p90(scores: Floats, axis: int | None) -> tuple[float, float]:
    high, low = np.percentile(scores, (90, 10), axis=axis)
    return float(np.mean(high)), float(np.mean(high - low))


EXERCISES = {
    "13.1": Exercise(
        start="percentiles of what: of all runs together, or of the runs of one instruction?",
        solution=lambda scores: _p90(scores, 1), cases=((SCORES,), (SCORES[1:],)),
        mistakes={
            "you pool all runs: percentiles of each instruction (axis=1) first, then the mean": lambda s: _p90(s, None),
            "you went along the wrong axis: a row is an instruction": lambda s: _p90(s, 0),
            "this is P90 and P10: U is their difference": lambda s: (_p90(s, 1)[0], _p90(s, 1)[0] - _p90(s, 1)[1]),
        },
    ),
    "13.2": Exercise("which of the knobs moves A90, and which U?", (0.37, 3, 0.16), judge=_null, tolerance=JUDGED),
}  # fmt: skip
