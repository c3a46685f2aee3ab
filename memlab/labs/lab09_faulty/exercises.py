"""Exercises of lab 09: the drawdown of a curve, and how much of the raw past a gate must keep."""

from __future__ import annotations

import numpy as np

from memlab.course import JUDGED, Exercise
from memlab.labs.lab09_faulty.ladder import drawdown

CURVES = ([0.2, 0.8, 0.6, 0.9, 0.4, 0.5], [0.3, 0.8, 0.6, 0.5], [0.5, 0.1, 0.9], [0.1, 0.2, 0.3], [0.812, 0.229])
BLIND = "a note widened from the newest visit is right at the newest visit: what must the gate look at to see the harm?"
MANY = "with so many raw facts at hand, why rewrite at all? Find a smaller number"

EXERCISES = {
    "09.1": Exercise(
        start="for each score, how high had the curve been before? And what of a curve that only rises?",
        solution=lambda scores: float(drawdown(scores)),
        cases=tuple((curve,) for curve in CURVES),
        mistakes={
            "this is highest less lowest: a low score *before* the peak is no fall": lambda s: max(s) - min(s),
            "this is the peak less the last score: a curve may have fallen and recovered": lambda s: max(s) - s[-1],
            "this is the worst single step: a fall may take several exams": lambda s: max(0.0, -np.diff(s).min()),
            "you look only behind the highest peak: a deeper fall may lie before it":
                lambda s: max(s) - min(s[s.index(max(s)):]),
            "the sign is turned round: a fall counts as positive": lambda s: -float(drawdown(s)),
        },
        praise="you will use it on every curve below",
    ),
    "09.2": Exercise(
        start="what does a note widened to all places get right, and where does it show that it is wrong?",
        solution=4,
        judge=lambda visits: BLIND if visits <= 1 else MANY if visits > 16 else None,
        mistakes={BLIND: 1, MANY: 40},
        tolerance=JUDGED,
        praise="your gate is tried in the next cell",
    ),
}  # fmt: skip
