"""Exact Bayesian twenty questions: what ΔBelief (arXiv:2602.12342) pays, beside what was learned about the secret.

``questions`` (T, n) says which of n secrets answer yes to each question; an answer is wrong with chance ``noise``.
Mutual information is the yardstick: without clipping the mean reward of a game equals it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import MemlabError
from memlab.reward import Floats, belief_delta

MOST_QUESTIONS = 14


def halving(n: int) -> NDArray[np.bool_]:
    """The questions "is bit i of the secret 1?" for ``n`` = 2^k secrets: (k, n), each of which halves what is left."""
    bits = n.bit_length() - 1
    if n < 2 or n != 2**bits:
        raise MemlabError(f"{n} secrets cannot be halved evenly: take a power of two")
    return (np.arange(n) >> np.arange(bits)[:, None] & 1).astype(bool)


def average_game(questions: ArrayLike, noise: float, clip: bool) -> tuple[float, float]:
    """Nats that a game pays, and its information I(secret; answers): the mean over all secrets and answers, exactly.

    What is paid is ΔBelief of the true secret. Raises `MemlabError` for more than 14 questions.
    """
    _check_noise(noise)
    asked = np.asarray(questions, dtype=bool)
    count, n = asked.shape
    if count > MOST_QUESTIONS:
        raise MemlabError(f"{count} questions have 2^{count} answers: take at most {MOST_QUESTIONS}, or use repeated()")
    answers = (np.arange(2**count)[:, None] >> np.arange(count) & 1).astype(bool)
    fits = np.where(answers[..., None] == asked, 1 - noise, noise)
    # P(first t answers | secret), (sequences, T+1, n)
    likelihood = np.cumprod(np.concatenate([np.ones((len(answers), 1, n)), fits], axis=1), axis=1)
    likelihood = likelihood[likelihood[:, -1].any(axis=1)]
    joint = likelihood[:, -1] / n
    belief = likelihood / likelihood.sum(axis=2, keepdims=True)
    log_b = np.log(np.where(joint[:, None] > 0, belief, 1.0))
    paid = belief_delta(np.moveaxis(log_b, 1, 2), clip).sum(axis=2)
    information = _entropy(joint.sum(axis=1)) - count * _entropy(np.array([noise, 1 - noise]))
    return float((joint * paid).sum()), information


@dataclass(frozen=True)
class Series:
    """Totals after 1..T questions, each (T,), in nats: ``paid`` unclipped, ``clipped``, and ``information``."""

    paid: Floats
    clipped: Floats
    information: Floats


def repeated(noise: float, times: int) -> Series:
    """One question about two secrets, asked ``times`` times over: exact, by following (right − wrong answers)."""
    _check_noise(noise)
    if noise == 0:
        raise MemlabError("noise=0: the first answer ends the game; take a noise above 0, up to 0.5")
    lead = np.arange(-times, times + 1)
    log_b = -np.logaddexp(0.0, lead * np.log(noise / (1 - noise)))
    up, down = np.append(np.diff(log_b), 0.0), np.append(0.0, -np.diff(log_b))
    gain = (1 - noise) * up + noise * down
    gain_clipped = (1 - noise) * up  # a right answer raises the belief, a wrong one lowers it
    # Doubt: the entropy of the belief, which depends on the lead alone.
    belief = np.exp(log_b)
    doubt = -(belief * log_b + belief[::-1] * log_b[::-1])
    chance = np.zeros((times + 1, len(lead)))
    chance[0, times] = 1.0
    for t in range(times):
        chance[t + 1] = np.convolve(chance[t], (noise, 0.0, 1 - noise), "same")
    return Series(np.cumsum(chance[:-1] @ gain), np.cumsum(chance[:-1] @ gain_clipped), np.log(2) - chance[1:] @ doubt)


def _entropy(chances: Floats) -> float:
    return float(-np.sum(chances * np.log(np.where(chances > 0, chances, 1.0))))


def _check_noise(noise: float) -> None:
    if not 0 <= noise <= 0.5:
        raise MemlabError(f"noise={noise}: the chance of a wrong answer lies in [0, 0.5]")
