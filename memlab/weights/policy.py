"""Softmax policy gradients, exact where the world is small enough to enumerate (a reconstruction of 2508.10839).

Only the abstract of MS-GRPO could be grounded: the return of an episode goes to each of its steps, the advantage is
relative to a group of rollouts, and episodes are sampled in proportion to |A|. The equations here are ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import MemlabError
from memlab.retrieval.policies import soft_policy
from memlab.reward import Floats, group_relative

MOST_GROUPS = 200_000


def score_function(pi: ArrayLike, action: ArrayLike) -> Floats:
    """∇θ log π(a) = onehot(a) − π of a softmax policy ``pi`` (A,); ``action`` (...) gives (..., A)."""
    probability = np.asarray(pi, dtype=float)
    return np.eye(len(probability))[np.asarray(action)] - probability


def bandit_gradient(theta: ArrayLike, r: ArrayLike) -> Floats:
    """The true gradient of E[r] for π = softmax(θ): π_a (r_a − π·r). ``theta`` and ``r`` are (A,)."""
    pi, rewards = soft_policy(theta, 1.0), np.asarray(r, dtype=float)
    return pi * (rewards - pi @ rewards)


def over_groups(
    theta: ArrayLike, r: ArrayLike, size: int, estimate: Callable[[Floats], Floats] | None = None
) -> Floats:
    """E[Σ_i w_i ∇log π(a_i)] over every possible group of ``size`` actions, summed exactly; gives (A,).

    ``estimate`` turns returns (groups, G) into w of the same shape; by default w = A/G with the group mean as baseline.
    Raises `MemlabError` where there are more than 200,000 groups.
    """
    pi, rewards = soft_policy(theta, 1.0), np.asarray(r, dtype=float)
    if len(pi) ** size > MOST_GROUPS:
        raise MemlabError(f"{len(pi)}^{size} groups are more than {MOST_GROUPS:,}: take a smaller group or sample")
    groups = np.array(list(itertools.product(range(len(pi)), repeat=size)))
    returns = rewards[groups]
    weights = group_relative(returns) / size if estimate is None else estimate(returns)
    chance = pi[groups].prod(axis=1)
    return np.einsum("n,ni,nia->a", chance, weights, score_function(pi, groups))


def magnitude_share(advantage: ArrayLike) -> Floats:
    """|A_i| / Σ|A| over the last axis: the chance of each episode to be drawn; 0 where all advantages are 0."""
    size = np.abs(np.asarray(advantage, dtype=float))
    total = size.sum(axis=-1, keepdims=True)
    return np.divide(size, total, out=np.zeros_like(size), where=total > 1e-12)


def magnitude_gradient(theta: ArrayLike, r: ArrayLike, weighted: bool) -> Floats:
    """Expected gradient when actions are drawn ∝ π|A| from the whole population, baseline π·r.

    ``weighted`` multiplies each by E|A|/|A|, which gives the true gradient back; without it the estimate is biased.
    """
    pi, rewards = soft_policy(theta, 1.0), np.asarray(r, dtype=float)
    advantage = rewards - pi @ rewards
    size = pi @ np.abs(advantage)
    drawn = magnitude_share(pi * advantage)
    credit = np.sign(advantage) * size if weighted else advantage
    return (drawn * credit) @ score_function(pi, np.arange(len(pi)))


def first_weights(advantage: ArrayLike, m: int) -> Floats:
    """1/m for the first ``m`` of the n rollouts (..., n), 0 for the rest: a plain subset, since rollouts are alike."""
    shape = np.shape(advantage)
    _check_subset(m, shape[-1])
    return np.broadcast_to((np.arange(shape[-1]) < m) / m, shape).copy()


def magnitude_weights(advantage: ArrayLike, m: int, draws: ArrayLike, weighted: bool) -> Floats:
    """How much each rollout counts when ``m`` of the n are drawn ∝ |A| with replacement; (..., n), like ``advantage``.

    ``draws`` (..., m) are uniform in [0, 1). ``weighted`` multiplies by mean|A|/|A|, so that the expected gradient is
    that of all n rollouts. A group without advantages gets 0.
    """
    values = np.asarray(advantage, dtype=float)
    _check_subset(m, values.shape[-1])
    share = magnitude_share(values)
    limits = np.cumsum(share, axis=-1)[..., None, :-1]
    picked = (np.asarray(draws)[..., :m, None] >= limits).sum(axis=-1)
    counts = (picked[..., None] == np.arange(values.shape[-1])).sum(axis=-2) / m
    counts = np.where(share > 0, counts, 0.0)
    if not weighted:
        return counts
    size = np.abs(values)
    return counts * np.divide(size.mean(axis=-1, keepdims=True), size, out=np.zeros_like(size), where=share > 0)


def tabular_gradient(policy: ArrayLike, states: NDArray, actions: NDArray, weights: ArrayLike) -> Floats:
    """Σ w ∇θ log π(a|s) over all steps of tabular softmax policies (..., S, A); the others are (..., n, T).

    A step that was not taken has weight 0.
    """
    pi = np.asarray(policy, dtype=float)
    lead, (size, choices) = pi.shape[:-2], pi.shape[-2:]
    many = int(np.prod(lead, dtype=int))
    table = np.arange(many).reshape(*lead, 1, 1)
    place = (table * size + states) * choices + actions
    flat = np.bincount(place.ravel(), np.asarray(weights, dtype=float).ravel(), many * size * choices)
    pulled = flat.reshape(pi.shape)
    return pulled - pi * pulled.sum(axis=-1, keepdims=True)


def _check_subset(m: int, n: int) -> None:
    if not 1 <= m <= n:
        raise MemlabError(f"m={m} of {n} rollouts: take between 1 and {n}")
