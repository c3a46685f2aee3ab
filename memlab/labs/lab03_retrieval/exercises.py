"""Exercises of lab 03: the kernel estimate, a bandwidth for few and for many uses, a key where opening words fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from memlab.course import JUDGED, Exercise, Unfilled, unfilled
from memlab.labs.lab03_retrieval.world import told_apart
from memlab.retrieval.policies import kernel_q

# Bandwidths whose error on the notebook's map is within a quarter of the least, for 400 and for 20,000 uses.
FEW, MANY = 0.025, (2.9e-5, 9.5e-4)


def _widths(answer: Any) -> str | None:
    few, many = answer
    if not 0 < few <= FEW:
        return f"δ = {few:g} {'lets the other desk vote' if few > 0 else 'is no width'}: look at the figure"
    if many > max(few, MANY[1]):
        return "more uses cure only one of the two errors: which one, and what does that allow δ to do?"
    if not MANY[0] <= many <= MANY[1]:
        return f"for 20,000 uses δ = {many:g} is too {'large' if many > MANY[1] else 'small'}: score a few others"
    return None


def _key(answer: Callable[[str], str]) -> str | None:
    if unfilled(answer("Find the GCD of these numbers: 12, 18. North desk.")):
        raise Unfilled
    family, tool = told_apart(answer)
    if family < 0.9:
        return f"the nearest case is of the same family for only {family:.0%}: what do the opening words tell?"
    if tool < 0.6:
        return f"the nearest case has the right tool for only {tool:.0%}, as by a coin: is the desk in the key?"
    if tool < 0.86:
        return f"the nearest case has the right tool for {tool:.0%}: does the desk weigh enough among so many words?"
    return None


def _mean(weights: Callable[[Any, float], Any]) -> Callable[[Any, Any, float], Any]:
    return lambda sqdist, q, delta: (weights(sqdist, delta) * q).sum() / weights(sqdist, delta).sum()


EXERCISES = {
    "03.1": Exercise(
        start="which past uses should count most, and what makes the weights a mean?",
        solution=kernel_q,
        cases=((np.array([1.0, 4.0, 9.0]), np.array([1.0, 0.0, 0.5]), 0.001), (np.array([0.0, 1.0]), np.ones(2), 0.5)),
        mistakes={
            "delta belongs to the squared distance: take no root": _mean(lambda d, x: 1 / (np.sqrt(d) + x)),
            "sqdist is squared already": _mean(lambda d, x: 1 / (d**2 + x)),
            "the weights must sum to 1": lambda d, q, x: (q / (d + x)).sum(),
            "without delta a use at distance 0 divides by 0": _mean(lambda d, x: 1 / d),
            "this counts far uses most": _mean(lambda d, x: d + x),
            "this is the plain mean: near uses should count more": lambda d, q, x: q.mean(),
            "this is the nearest use alone": lambda d, q, x: q[d.argmin()],
        },
        praise="0.775383 for the example",
    ),
    "03.2": Exercise(
        start="with many uses close by, does an estimate still need far ones?",
        solution=(0.003, 0.0003),
        judge=_widths,
        tolerance=JUDGED,
        praise="each within a quarter of the least error",
    ),
    "03.3": Exercise(
        start="which parts of the text tell the family, and which the desk?",
        solution=lambda text: f"{text[:60]} {text[-12:]} {text[-12:]}",
        judge=_key,
    ),
}
