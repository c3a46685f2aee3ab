"""A lesson is planted in a policy, more is learnt on top, and it is taken out again: what that costs and changes."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from memlab.retrieval.policies import soft_policy
from memlab.reward import Floats
from memlab.weights.bandit import Bandit, learn
from memlab.weights.linear import Lessons, LinearPolicy

ROWS, NEGATIVE, ON, RETRAINED = "rows removed", "negative update", "trained on", "retrained"


def push(place: LinearPolicy, x: Floats, action: int, toward: bool, most: int = 400) -> Floats:
    """Write ∇ log π(action|x) until ``action`` is the likeliest in ``x``; else ∇ log(1 − π) until it is not: (lives,).

    Gives the writes of each life, at ``most`` so many. The second is a negative update that does not vanish where π is
    near 1, as −∇ log π would.
    """
    writes = np.zeros(1)
    for _ in range(most):
        pi = soft_policy(place.logits(x), 1.0)
        todo = (pi.argmax(axis=-1) == action) != toward
        if not todo.any():
            break
        wanted = np.eye(pi.shape[-1])[action]
        rest = np.where(wanted > 0, 0.0, pi)
        others = rest / np.maximum(rest.sum(axis=-1, keepdims=True), 1e-300)
        place.write(x, todo[..., None] * (wanted - pi if toward else pi[..., [action]] * (others - wanted)))
        writes = writes + todo
    return writes


def plant_and_undo(
    place: Any, early: Bandit, more: Bandit, probes: Bandit, x: Floats, action: int, how: str, lives: int, seed: int
) -> dict[str, Floats]:
    """``early`` is learnt, "``action`` is right in ``x``" is planted (``how`` "": nothing is), then ``more`` is learnt.

    ``how`` takes it out again: `ROWS` (of a memory of lessons), `NEGATIVE`, `ON` (``more`` again), `RETRAINED` (all
    but the lesson anew); else it stays. Gives π on the probes (lives, n, actions) before the cure, after it, and of the
    twin that was never attacked; and the writes that planting and the cure took.
    """
    learn(early, place, lives, seed=seed)
    twin = copy.deepcopy(place)
    planted = push(place, x, action, toward=True) if how else np.zeros(1)
    for one in (place, twin):
        learn(more, one, lives, seed=1000 + seed)

    def answers(policy: LinearPolicy) -> Floats:
        return np.broadcast_to(soft_policy(policy.logits(probes.x), 1.0), (lives, *probes.reward.shape))

    exposed, writes = answers(place), np.zeros(1)
    if how == ROWS and isinstance(place, Lessons):
        first = len(early.x)
        keep = np.r_[:first, first + int(planted.max()) : len(place.x)]
        place.x, place.g, writes = place.x[keep], place.g[:, keep], planted
    elif how == NEGATIVE:
        writes = push(place, x, action, toward=False)
    elif how == ON:
        learn(more, place, lives, seed=2000 + seed)
        writes = writes + len(more.x)
    elif how == RETRAINED:
        place, writes = twin, writes + len(early.x) + len(more.x)
    return {"exposed": exposed, "cured": answers(place), "twin": answers(twin), "planted": planted, "writes": writes}


def effects(found: dict[str, Floats], probes: Bandit, mine: Any, action: int) -> dict[str, float]:
    """Means of what `plant_and_undo` gave on ``probes``, of which ``mine`` (n,) are of the attacked kind: there π of
    ``action`` before and after the cure, and what is solved by it and by the twin; of the others what is solved, and
    the share whose likeliest answer is the twin's; and the writes."""
    pi, twin = found["cured"], found["twin"]
    solved, unharmed = ((one * probes.reward).sum(axis=-1) for one in (pi, twin))
    same = pi.argmax(axis=-1) == twin.argmax(axis=-1)
    row = {"taken before": found["exposed"][:, mine, action], "taken": pi[:, mine, action], "solved": solved[:, mine],
           "unharmed": unharmed[:, mine], "others": solved[:, ~mine], "same": same[:, ~mine],
           "writes": found["writes"], "planted": found["planted"]}  # fmt: skip
    return {name: float(np.mean(value)) for name, value in row.items()}
