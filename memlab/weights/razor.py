"""RL's razor (2509.04259), exact: what learning a new task forgets of old ones, against how far the policy moved.

A softmax policy pi(a|x) = softmax(x W) serves old and new contexts with the same W. Two of the actions are right in
each context. Every route starts from one W, fitted to the old contexts, and stops where the new ones succeed at .9 (at
1 the forward KL(start, now) diverges, since wrong actions go to 0). All gradients are exact expectations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.retrieval.policies import soft_policy
from memlab.reward import Floats

DIM, ACTIONS, OLD, NEW, GOAL, RATE = 24, 8, 40, 8, 0.9, 0.5
RL, ORACLE, FIXED, EDIT, BARE = "RL", "oracle SFT", "SFT on one label", "memory edit", "no learning"
SHUFFLED = "null: another context's label"


def contexts(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Unit rows x (n, DIM) that share a direction, and which two actions are right, (n, ACTIONS)."""
    x = rng.normal(size=(n, DIM)) + 1.0
    worth = rng.normal(size=(n, ACTIONS))
    return x / np.linalg.norm(x, axis=1, keepdims=True), (worth >= np.sort(worth, axis=1)[:, [-2]]).astype(float)


def target(arm: str, start: Floats, right: Floats) -> Floats:
    """What a supervised arm moves toward: pi0 among the right actions (oracle), or one right action, drawn blindly."""
    aim = start * right if arm == ORACLE else np.eye(ACTIONS)[right.argmax(axis=1)]
    aim = np.roll(aim, 1, axis=0) if arm == SHUFFLED else aim
    return aim / aim.sum(axis=1, keepdims=True)


def slope(arm: str, pi: Floats, start: Floats, right: Floats) -> Floats:
    """Gradient by the logits, (n, ACTIONS): of E[r] for RL, of -KL(target, pi) for the supervised arms."""
    if arm == RL:
        return pi * (right - (pi * right).sum(axis=1, keepdims=True))
    return target(arm, start, right) - pi


def climb(arm: str, w: Floats, x: Floats, right: Floats, goal: float, most: int = 20_000) -> tuple[Floats, int]:
    """W after ascent until the mean success reaches ``goal``, and the steps that it took."""
    start = soft_policy(x @ w, 1.0)
    for taken in range(most):
        pi = soft_policy(x @ w, 1.0)
        if (pi * right).sum(axis=1).mean() >= goal:
            return w, taken
        w = w + RATE * x.T @ slope(arm, pi, start, right)
    return w, most


def learned(arm: str, seed: int) -> list[dict[str, Any]]:
    """One row: success on new and old contexts, what was forgotten, and KL(start, now) on the new ones, in nats."""
    rng = np.random.default_rng([seed, 10])
    (x_old, right_old), (x, right) = contexts(rng, OLD), contexts(rng, NEW)
    w0, _ = climb(RL, np.zeros((DIM, ACTIONS)), x_old, right_old, 0.8)
    before, start = (soft_policy(x_old @ w0, 1.0) * right_old).sum(axis=1), soft_policy(x @ w0, 1.0)
    w, steps = w0, 0
    if (
        arm == EDIT
    ):  # a case a context, read by equality: it lifts the right actions to the goal there, and nowhere else
        now = (
            GOAL * target(ORACLE, start, right)
            + (1 - GOAL) * start * (1 - right) / (start * (1 - right)).sum(1)[:, None]
        )
    else:
        w, steps = (w0, 0) if arm == BARE else climb(arm, w0, x, right, GOAL, 400 if arm == SHUFFLED else 20_000)
        now = soft_policy(x @ w, 1.0)
    after = (soft_policy(x_old @ w, 1.0) * right_old).sum(axis=1)
    kl = float((start * np.log(start / now)).sum(axis=1).mean())
    found = {"new": float((now * right).sum(axis=1).mean()), "old": float(after.mean()), "kl": kl, "steps": steps}
    return [found | {"kept": float((after - before).mean()), "backend": "computed", "model": ""}]
