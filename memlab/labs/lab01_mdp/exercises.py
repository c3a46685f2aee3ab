"""Exercises of lab 01: what to show, the soft policy, a step for a world that changes, the consistent backup."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from memlab.course import JUDGED, Exercise, same
from memlab.retrieval.policies import soft_policy, soft_value

Q = np.array([1.0, 0.6, 0.2, 0.0])
TABLE = np.array([Q, Q[::-1], [0.0, 0.0, 1.0, 0.5], [0.3, 0.2, 0.1, 0.4]])
"""As many rows as columns, so that a sum over the wrong axis gives numbers and not an error."""
CHANCE, DROP, AFTER, LEAST = 0.7, 0.6, 40, 0.1
"""Exercise 01.3: the chance of success, its fall, the uses after which Q must have followed, and what is small."""


def noise(eta: float) -> float:
    """Long-run standard deviation of Q under a constant step: the root of η/(2−η) Var r."""
    return float(np.sqrt(eta / (2 - eta) * CHANCE * (1 - CHANCE)))


def lag(eta: float) -> float:
    """How far the mean of Q is still behind `AFTER` uses after the chance of success fell by `DROP`."""
    return float(DROP * (1 - eta) ** AFTER)


def _step(eta: Any) -> str | None:
    if not 0 < eta <= 1:
        return f"eta = {eta} is no share: take a number between 0 and 1"
    if noise(eta) > LEAST:
        return f"while nothing changes, Q strays by {noise(eta):.3f}, over {LEAST}: what averages over more rewards?"
    if lag(eta) > LEAST:
        return f"{AFTER} uses after the change Q is still {lag(eta):.3f} too high: what forgets sooner?"
    return None


def _columns(answer: Any) -> str | None:
    """Without this, an answer that is no typical mistake would be told the solution."""
    known = (EXERCISES["01.1"].solution, *EXERCISES["01.1"].mistakes.values())
    if any(same(answer, one, 0.0) for one in known):
        return None
    return "four column numbers: read each row by itself, and compare only the three columns of this memory"


def _weights(q: Any, alpha: float) -> Any:
    return np.exp((q - q.max(axis=-1, keepdims=True)) / alpha)


def _share(over: Callable[[Any], Any], weights: Callable[[Any, float], Any] = _weights) -> Callable[[Any, float], Any]:
    return lambda q, alpha: weights(q, alpha) / over(weights(q, alpha))


def _last(x: Any) -> Any:
    return x.sum(axis=-1, keepdims=True)


EXERCISES = {
    "01.1": Exercise(
        start="for each context, which gives the right action most often: case 0, case 1, or showing nothing?",
        solution=(0, 1, 2, 2),
        judge=_columns,
        mistakes={
            "in contexts 2 and 3 neither case names the right action: is copying one better than nothing?": (
                0,
                1,
                0,
                1,
            ),
            "cases 2 and 3 are not in this memory: its columns are case 0, case 1 and void": (0, 1, 2, 3),
            "void is the last column, and this memory has three: count from 0": (0, 1, 4, 4),
            "this memory has three columns, counted from 0: which one is void?": (0, 1, 3, 3),
            "void is safe everywhere, but one case helps in context 0 and one in context 1": (2, 2, 2, 2),
            "what helps in one context misleads in the others: read each row by itself": (0, 0, 0, 0),
        },
        praise="a case where it helps, nothing where none does",
    ),
    "01.2": Exercise(
        start="what turns q into positive weights that grow with q, and makes each row sum to 1?",
        solution=soft_policy,
        cases=((Q, 0.5), (TABLE, 0.5), (1000 * Q, 0.5), (1000 * TABLE, 0.5)),
        mistakes={
            "alpha is missing: it decides how sharp the choice is": _share(_last, lambda q, a: _weights(q, 1.0)),
            "you multiply by alpha: a small alpha must make the choice sharper": _share(
                _last, lambda q, a: _weights(q, 1 / a)
            ),
            "the weights must sum to 1 along the last axis": _weights,
            "one row is right, rows are not: without keepdims=True numpy divides column by column": _share(
                lambda w: w.sum(axis=-1)
            ),
            "one row is right, rows are not: q.max(axis=-1) needs keepdims=True": _share(
                _last, lambda q, a: np.exp((q - q.max(axis=-1)) / a)
            ),
            "one row is right, rows are not: both max and sum need keepdims=True": _share(
                lambda w: w.sum(axis=-1), lambda q, a: np.exp((q - q.max(axis=-1)) / a)
            ),
            "one row is right, rows are not; each row must sum to 1: axis=-1, keepdims=True": _share(lambda w: w.sum()),
            "large q / alpha overflows: q less its largest value gives the same weights": _share(
                _last, lambda q, a: np.exp(q / a)
            ),
            "large q / alpha overflows, and without keepdims=True rows are divided column by column": _share(
                lambda w: w.sum(axis=-1), lambda q, a: np.exp(q / a)
            ),
            "large q / alpha overflows, and each row must sum to 1: axis=-1, keepdims=True": _share(
                lambda w: w.sum(), lambda q, a: np.exp(q / a)
            ),
            "less the largest value of the table, a row of small values vanishes: take each row's own max": _share(
                _last, lambda q, a: np.exp((q - q.max()) / a)
            ),
            "right for one row; in a table each row has its own max and its own sum: axis=-1, keepdims=True": _share(
                lambda w: w.sum(), lambda q, a: np.exp((q - q.max()) / a)
            ),
            "this is greedy: every memory keeps a share": lambda q, a: (q == q.max(axis=-1, keepdims=True)) * 1.0,
            "in proportion to q a memory of value 0 gets nothing, and alpha does nothing": lambda q, a: q / _last(q),
        },
        praise="and no row overflows",
    ),
    "01.3": Exercise(
        start="what does a smaller eta make better, and what worse?",
        solution=0.06,
        judge=_step,
        tolerance=JUDGED,
        praise="small enough to be calm, large enough to follow",
    ),
    "01.4": Exercise(
        start="put the best policy into the goal: what is log of it, and what is left after the sum?",
        solution=soft_value,
        cases=((Q, 0.5), (TABLE, 0.5)),
        mistakes={
            "this is the printed form of Eqs 8 and 10: at alpha = 1 it is right, elsewhere something is missing": (
                lambda q, a: a * np.log(np.exp(q).sum(axis=-1))
            ),
            "the unit is wrong: a value is measured in reward": lambda q, a: np.log(np.exp(q / a).sum(axis=-1)),
            "this is the expected Q alone: where is the entropy?": lambda q, a: (soft_policy(q, a) * q).sum(axis=-1),
            "this is the limit for alpha = 0": lambda q, a: q.max(axis=-1),
            "this is smaller by alpha log n: sum over the memories, no mean": (
                lambda q, a: a * np.log(np.exp(q / a).mean(axis=-1))
            ),
            "right for one row; for rows, take one value a row": lambda q, a: a * np.log(np.exp(q / a).sum()),
        },
    ),
}
