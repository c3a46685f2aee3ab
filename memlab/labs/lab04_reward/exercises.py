"""Checks of lab 04: leave-one-out advantage, the noise that ΔBelief overpays, dividing by the standard deviation."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.course import exercise, value
from memlab.labs.lab04_reward import belief
from memlab.reward import group_relative

RETURNS = np.array([1.0, 0.0, 0.5, 0.0])
QUESTIONS = 200
NEAR_BEST = 0.97


def _near(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, atol=5e-6))


@exercise("04.1", "return each R_i minus the mean of the other returns, an array as long as `returns`")
def leave_one_out_function(answer: Any) -> str | None:
    """A function ``returns -> advantages`` for one group."""
    found, size = value(answer, RETURNS), len(RETURNS)
    right = group_relative(RETURNS, "leave-one-out")
    others = RETURNS.sum() - RETURNS
    wrong = {
        "your own return is still in the baseline: take the mean of the *other* returns": group_relative(RETURNS),
        "you left your own return out of the sum, but divide by G: the others are G - 1": RETURNS - others / size,
        "this is the baseline alone: subtract it from each return": others / (size - 1),
        "the sign is turned round: return minus baseline": -right,
        "the correction goes the other way: G / (G - 1), not (G - 1) / G": group_relative(RETURNS) * (size - 1) / size,
        "these are divided by the standard deviation too: leave that to 04.3": group_relative(RETURNS, scale="std"),
    }
    for hint, typical in wrong.items():
        if _near(found, typical):
            return hint
    if np.shape(found) != RETURNS.shape:
        return f"for {size} returns give {size} advantages, one each; this has shape {np.shape(found)}"
    if not _near(found, right):
        return f"for returns {RETURNS.tolist()} expect {right.round(4).tolist()}, got {np.round(found, 4).tolist()}"
    if not _near(value(answer, RETURNS[:3]), group_relative(RETURNS[:3], "leave-one-out")):
        return "right for four returns, not for three: use len(returns) for G"
    return None


@exercise("04.2", "put in the noise, between 0 and 0.5, for which 200 questions pay the most clipped reward")
def overpaid_noise(answer: Any) -> str | None:
    """The chance of a wrong answer that earns within 3% of the most that clipping can be made to pay."""
    noise = float(answer)
    if not 0 <= noise <= 0.5:
        return f"noise = {noise}: the chance of a wrong answer lies between 0 and 0.5"
    if noise == 0:
        return "with perfect answers the first one pays log 2 = 0.69 nats, and then nothing is left to pay for"
    if noise == 0.5:
        return "at 0.5 an answer says nothing, so the belief never moves and nothing is paid"
    best = max(_paid(other) for other in np.arange(0.40, 0.50, 0.005))
    paid = _paid(noise)
    if paid >= NEAR_BEST * best:
        return None
    if noise < 0.44:
        return f"noise {noise} pays {paid:.2f} nats, but the belief settles too soon: let it waver longer"
    return f"noise {noise} pays {paid:.2f} nats: answers this noisy hardly move the belief"


def _paid(noise: float) -> float:
    return float(belief.repeated(noise, QUESTIONS).clipped[-1])


@exercise("04.3", "return (returns - mean) / std with numpy's default ddof=0, and zeros where std is 0")
def standardized_function(answer: Any) -> str | None:
    """A function ``returns -> advantages`` that also survives a group without spread."""
    with np.errstate(all="ignore"):
        found = value(answer, RETURNS)
        centered, spread = group_relative(RETURNS), RETURNS.std()
        wrong = {
            "the mean is not subtracted": RETURNS / spread,
            "this is not divided by the standard deviation yet": centered,
            "you divide by the variance: take its square root": centered / spread**2,
            "this is ddof=1 (a sample's deviation); here the group is all there is: ddof=0": centered
            / RETURNS.std(ddof=1),
        }
        for hint, typical in wrong.items():
            if _near(found, typical):
                return hint
        right = group_relative(RETURNS, scale="std")
        if not _near(found, right):
            return f"for returns {RETURNS.tolist()} expect {right.round(4).tolist()}, got {found}"
        flat = np.asarray(value(answer, np.ones(3)), dtype=float)
    if not np.isfinite(flat).all():
        return "three equal returns give 0 / 0: return zeros where there is no spread"
    return None if _near(flat, np.zeros(3)) else f"three equal returns should give zeros, got {flat.tolist()}"
