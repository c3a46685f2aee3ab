"""Checks of lab 03: the kernel estimate of Q, the hybrid score, and the binary cross-entropy."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.course import exercise, value
from memlab.retrieval.learned import hybrid_score, z_score
from memlab.retrieval.policies import kernel_q

SQDIST, Q, DELTA = np.array([1.0, 4.0, 9.0]), np.array([1.0, 0.0, 0.5]), 0.001
SIMILARITY, WORTH, LAM = np.array([0.9, 0.8, 0.7, 0.5]), np.array([0.0, 1.0, 0.6, 0.2]), 0.25
PREDICTED, REWARD = np.array([0.9, 0.2, 0.6]), np.array([1.0, 0.0, 0.0])


def _near(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, atol=5e-6))


def _weighted(weights: np.ndarray) -> float:
    return float((weights * Q).sum() / weights.sum())


@exercise("03.1", "return sum(k * q) / sum(k) with k = 1 / (sqdist + delta)", praise="right: 0.775383 for the example")
def kernel_estimate(answer: Any) -> str | None:
    """A function ``(sqdist, q, delta) -> Q_EC`` over the past uses of one case."""
    with np.errstate(all="ignore"):
        found = value(answer, SQDIST, Q, DELTA)
        wrong = {
            "delta belongs to the squared distance: do not take the root": _weighted(1 / (np.sqrt(SQDIST) + DELTA)),
            "sqdist is squared already: do not square it again": _weighted(1 / (SQDIST**2 + DELTA)),
            "the weights must sum to 1: divide by the sum of the kernel": float((Q / (SQDIST + DELTA)).sum()),
            "divide by the sum of the kernel, not by the number of uses": float((Q / (SQDIST + DELTA)).mean()),
            "delta is missing: without it a use at distance 0 divides by 0": _weighted(1 / SQDIST),
            "this counts far uses most: the kernel is 1 / (sqdist + delta)": _weighted(SQDIST + DELTA),
            "this is the plain mean: weight each use by its kernel": Q.mean(),
            "this is the nearest use alone: every use counts, by its kernel": 1.0,
        }
        for hint, typical in wrong.items():
            if _near(found, typical):
                return hint
        if not _near(found, kernel_q(SQDIST, Q, DELTA)):
            return f"for squared distances 1, 4, 9, q = 1, 0, .5 and delta = .001 expect .775383, got {found}"
        if not _near(value(answer, SQDIST[:2], Q[1:], 0.5), kernel_q(SQDIST[:2], Q[1:], 0.5)):
            return "right for delta = .001 and three uses only: use the arguments, not fixed numbers"
    return None


@exercise("03.2", "return (1 - lam) * z(similarity) + lam * z(q), where z(x) = (x - mean) / standard deviation")
def hybrid(answer: Any) -> str | None:
    """A function ``(similarity, q, lam) -> score`` of each case."""
    with np.errstate(all="ignore"):
        found = value(answer, SIMILARITY, WORTH, LAM)
        ones = np.sqrt(3 / 4)  # the standard deviation with n - 1 is larger by sqrt(4 / 3)
        wrong = {
            "lam is the weight of Q, and 1 - lam that of similarity: you have them the other way": hybrid_score(
                SIMILARITY, WORTH, 1 - LAM
            ),
            "the two are on different scales: take z-scores of each first": (1 - LAM) * SIMILARITY + LAM * WORTH,
            "you took off the mean; also divide by the standard deviation": (1 - LAM) * (SIMILARITY - SIMILARITY.mean())
            + LAM * (WORTH - WORTH.mean()),
            "take z-scores of each part, then mix; not the z-score of the mixture": z_score(
                (1 - LAM) * SIMILARITY + LAM * WORTH
            ),
            "divide by the standard deviation of the cases at hand, x.std(), not the one with n - 1": ones
            * hybrid_score(SIMILARITY, WORTH, LAM),
            "both parts count in full here: weight them by 1 - lam and lam": z_score(SIMILARITY) + z_score(WORTH),
        }
        for hint, typical in wrong.items():
            if _near(found, typical):
                return hint
        if not _near(found, hybrid_score(SIMILARITY, WORTH, LAM)):
            return f"expect {hybrid_score(SIMILARITY, WORTH, LAM).round(4).tolist()}, got {found}"
        if not np.all(np.isfinite(value(answer, SIMILARITY, np.ones(4), LAM))):
            return "right, but where all q are equal it divides by 0: let z be 0 there"
    return None


@exercise("03.3", "return the mean of -(r * log(q) + (1 - r) * log(1 - q))")
def cross_entropy(answer: Any) -> str | None:
    """A function ``(q, r) -> loss``, Eq 15 of arXiv:2508.16153 as a mean over uses."""
    with np.errstate(all="ignore"):
        found = value(answer, PREDICTED, REWARD)
        each = -(REWARD * np.log(PREDICTED) + (1 - REWARD) * np.log(1 - PREDICTED))
        wrong = {
            "this is the squared error of Eq 14": np.mean((PREDICTED - REWARD) ** 2),
            "take the mean over uses, not the sum": each.sum(),
            "the sign is wrong: a loss is positive": -each.mean(),
            "failures count too: add (1 - r) * log(1 - q)": np.mean(-REWARD * np.log(PREDICTED)),
            "use the natural logarithm": each.mean() / np.log(2),
            "give one number, the mean over uses": each,
        }
        for hint, typical in wrong.items():
            if _near(found, typical):
                return hint
    return None if _near(found, each.mean()) else f"expect {each.mean():.6f}, got {found}"
