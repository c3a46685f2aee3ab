"""Reward over traces of behavior: returns, group-relative advantage, ΔBelief, and what the learner is told."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import MemlabError, Task

Floats = NDArray[np.float64]
SOLVED = 0.999


def success(task: Task, answer: str) -> float:
    """1.0 where the task's own scorer calls ``answer`` right, else 0.0: the truth, for plots."""
    return float(task.score(answer) >= SOLVED)


def reported(task: Task, answer: str) -> float:
    """The reward that the learner is told: `success`, turned round where the stream's noise flips it."""
    right = success(task, answer)
    return 1.0 - right if task.flip else right


def returns_to_go(r: ArrayLike, gamma: float = 1.0) -> Floats:
    """R_t = Σ_{k≥t} γ^(k−t) r_k over the last axis; ``r`` and the result are (..., T)."""
    rewards = np.asarray(r, dtype=float)
    if not 0 <= gamma <= 1:
        raise MemlabError(f"gamma={gamma}: a discount lies in [0, 1]")
    total, out = np.zeros(rewards.shape[:-1]), np.empty_like(rewards)
    for t in reversed(range(rewards.shape[-1])):
        total = rewards[..., t] + gamma * total
        out[..., t] = total
    return out


def group_relative(
    returns: ArrayLike, baseline: Literal["mean", "leave-one-out"] = "mean", scale: Literal["std"] | None = None
) -> Floats:
    """A_i = R_i − baseline over the last axis, a group of G rollouts of one task (our reconstruction of 2508.10839).

    ``returns`` and the result are (..., G). The group mean shrinks the policy gradient by 1 − 1/G; leaving one's
    own return out does not. ``scale="std"`` divides by the group's standard deviation (ddof 0; 0 where it is 0).
    Raises `MemlabError` for unknown names, and for leave-one-out in a group of one.
    """
    values = np.asarray(returns, dtype=float)
    size = values.shape[-1]
    if baseline not in ("mean", "leave-one-out") or scale not in (None, "std"):
        raise MemlabError(f"baseline={baseline!r}, scale={scale!r}: use 'mean' or 'leave-one-out', and None or 'std'")
    if baseline == "leave-one-out" and size < 2:
        raise MemlabError("leave-one-out needs a group of at least two rollouts; this one has one")
    advantage = values - values.mean(axis=-1, keepdims=True)
    if baseline == "leave-one-out":
        advantage *= size / (size - 1)
    if scale == "std":
        spread = values.std(axis=-1, keepdims=True)
        advantage = np.divide(advantage, spread, out=np.zeros_like(advantage), where=spread > 1e-12)
    return advantage


def belief_delta(log_b: ArrayLike, clip: bool) -> Floats:
    """ΔBelief (2602.12342): log b_t − log b_{t−1} in nats, max with 0 where ``clip``. (..., T+1) gives (..., T).

    Unclipped, the steps telescope to log b_T − log b_0; clipped, a guess that wavers earns without end.
    """
    steps = np.diff(np.asarray(log_b, dtype=float), axis=-1)
    return np.maximum(steps, 0.0) if clip else steps
