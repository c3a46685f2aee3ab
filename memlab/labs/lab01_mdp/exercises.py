"""Checks of lab 01: the soft policy, the consistent backup, a step size from a variance."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.course import exercise, value
from memlab.mdp import printed_value
from memlab.retrieval.policies import soft_policy, soft_value

Q = np.array([1.0, 0.6, 0.2, 0.0])


def _near(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, atol=5e-6))


@exercise("01.1", "return weights proportional to exp(q / alpha) that sum to 1 along the last axis")
def soft_policy_function(answer: Any) -> str | None:
    """A function ``(q, alpha) -> mu`` that also takes rows of Q and does not overflow."""
    with np.errstate(all="ignore"):
        mu = value(answer, Q, 0.5)
        wrong = {
            "alpha is missing: divide q by alpha before the exponential": soft_policy(Q, 1.0),
            "you multiply by alpha: divide, so that a small alpha makes the choice sharper": soft_policy(Q, 2.0),
            "the weights are right but do not sum to 1: divide by their sum": np.exp(Q / 0.5),
            "subtracting the maximum is fine, but the weights must still sum to 1": np.exp((Q - 1.0) / 0.5),
            "this is proportional to q itself: take the exponential of q / alpha": Q / Q.sum(),
            "this is greedy (alpha = 0): every memory keeps a share": np.eye(4)[0],
        }
        for hint, typical in wrong.items():
            if _near(mu, typical):
                return hint
        if not _near(mu, soft_policy(Q, 0.5)):
            return f"for q = {Q.tolist()} and alpha = 0.5 expect {soft_policy(Q, 0.5).round(4).tolist()}, got {mu}"
        rows = np.stack([Q, Q[::-1]])
        if not _near(value(answer, rows, 0.5), soft_policy(rows, 0.5)):
            return "one row is right, two rows are not: sum over the last axis with keepdims=True"
        if not _near(value(answer, 1000 * Q, 0.5), soft_policy(1000 * Q, 0.5)):
            return "right, but large q / alpha overflows: subtract q.max() first, which changes nothing else"
    return None


@exercise("01.2", "return alpha * log(sum(exp(q / alpha))), one number for a row of q")
def soft_value_function(answer: Any) -> str | None:
    """A function ``(q, alpha) -> V``, the value of the best soft policy."""
    with np.errstate(all="ignore"):
        found = value(answer, Q, 0.5)
        mu = soft_policy(Q, 0.5)
        wrong = {
            "this is the form printed as Eqs 8 and 10: divide by alpha inside exp as well": printed_value(Q, 0.5),
            "the alpha in front of the logarithm is missing": soft_value(Q, 0.5) / 0.5,
            "this is the expected Q alone: the entropy term, -alpha sum(mu log mu), is missing": mu @ Q,
            "this is the maximum, the limit for alpha = 0": Q.max(),
            "the sign of the entropy term is wrong: V = sum(mu * (q - alpha * log(mu)))": mu @ (Q + 0.5 * np.log(mu)),
            "this is the mean of exp(q / alpha), not the sum": soft_value(Q, 0.5) - 0.5 * np.log(4),
        }
        for hint, typical in wrong.items():
            if _near(found, typical):
                return hint
        if not _near(found, soft_value(Q, 0.5)):
            return f"for q = {Q.tolist()} and alpha = 0.5 expect {soft_value(Q, 0.5):.6f}, got {found}"
    return None


@exercise("01.3", "solve eta / (2 - eta) * Var r = 0.05 ** 2 for eta, with Var r = 0.7 * 0.3")
def step_for_deviation(answer: Any) -> str | None:
    """The eta for which the long-run standard deviation of Q is .05 when r is 1 with probability .7."""
    variance, wanted = 0.21, 0.05**2
    wrong = {
        "you solved eta * Var r = sd ** 2: the factor is eta / (2 - eta)": wanted / variance,
        "you used the standard deviation where the variance belongs: square 0.05": 2 * 0.05 / (variance + 0.05),
        "you used 0.7 for the variance: r is 0 or 1, so Var r = 0.7 * 0.3": 2 * wanted / (0.7 + wanted),
        "close, but 2 sd ** 2 / Var r drops a term: solve for eta exactly": 2 * wanted / variance,
    }
    for hint, typical in wrong.items():
        if abs(answer - typical) < 2e-5:
            return hint
    right = 2 * wanted / (variance + wanted)
    return None if abs(answer - right) < 1e-4 else f"eta = {answer} gives sd {_deviation(answer, variance)}, not 0.05"


def _deviation(eta: float, variance: float) -> str:
    return f"{(eta / (2 - eta) * variance) ** 0.5:.4f}" if 0 < eta < 2 else "without limit"
