"""The same lesson in the weights of a softmax policy, or in rows beside it; and what taking it out again changes."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from memlab import Claim, Study, grid, stream
from memlab.labs.lab12_audit.world import EMBEDDER, plan_attack
from memlab.retrieval.policies import soft_policy
from memlab.weights.bandit import bandit, learn, push
from memlab.weights.linear import Lessons, Weights, linear, local

STEP, LIVES, FLOOR = 30.0, 100, 0.5  # the step size is that of lab 05
BEFORE, EXPOSED, AFTER = 48, 24, 24
BARE, CLEAN, ROWS, SAME = "no memory", "null: no attack", "rows removed", "rows removed, read as weights"
NEGATIVE, RETRAINED, ON, LEFT = "negative update", "retrained", "trained on", "left as it is"
KERNELS = {ROWS: local(FLOOR), SAME: linear}


def unlearn(arm: str, seed: int) -> list[dict[str, Any]]:
    """Lessons, the attack, more lessons, the cure; then what is answered on `AFTER` questions that were not learnt.

    *same* is the share of answers to other kinds that are those of the twin which was never attacked.
    """
    tasks = stream("toolbox-b", "stationary", BEFORE + EXPOSED + AFTER, seed)
    plan, seen = plan_attack(tasks, seed), bandit(tasks, EMBEDDER)
    early, more, probes = (seen.part(slice(*cut)) for cut in ((0, BEFORE), (BEFORE, -AFTER), (-AFTER, None)))
    sizes, wrong = (seen.x.shape[1], seen.reward.shape[1], STEP), tasks[0].choices.index(plan.wrong)
    place: Any = Lessons(*sizes, KERNELS[arm]) if arm in KERNELS else Weights(*sizes)
    if arm != BARE:
        learn(early, place, LIVES, seed=seed)
    twin, x = copy.deepcopy(place), EMBEDDER.embed([plan.kinds[plan.family]])[0].astype(float)
    planted = np.zeros(1) if arm in (BARE, CLEAN) else push(place, x, wrong, toward=True)
    for one in (place, twin) if arm != BARE else ():
        learn(more, one, LIVES, seed=1000 + seed)

    def answers(policy: Any) -> np.ndarray:
        return np.broadcast_to(soft_policy(policy.logits(probes.x), 1.0), (LIVES, *probes.reward.shape))

    exposed, writes, mine = answers(place), np.zeros(1), probes.family == plan.family
    if arm in KERNELS:
        keep = np.r_[:BEFORE, BEFORE + int(planted.max()) : len(place.x)]
        place.x, place.g, writes = place.x[keep], place.g[:, keep], planted
    elif arm == NEGATIVE:
        writes = push(place, x, wrong, toward=False)
    elif arm == ON:
        learn(more, place, LIVES, seed=2000 + seed)
        writes += EXPOSED
    elif arm == RETRAINED:
        place, writes = twin, writes + BEFORE + EXPOSED
    pi, never = answers(place), answers(twin)
    right, same = ((one * probes.reward).sum(axis=-1) for one in (pi, never)), pi.argmax(-1) == never.argmax(-1)
    solved, unharmed = right
    found = {"taken before": exposed[:, mine, wrong], "taken": pi[:, mine, wrong], "solved": solved[:, mine],
             "unharmed": unharmed[:, mine], "others": solved[:, ~mine], "same": same[:, ~mine], "writes": writes,
             "planted": planted}  # fmt: skip
    return [{name: float(np.mean(value)) for name, value in found.items()} | {"backend": "computed", "model": ""}]


STUDY = Study("lab12-weights", unlearn, lambda rows: rows.iloc[0].drop(["arm", "seed", "backend", "model"]).to_dict(),
    report=grid(arm=(BARE, CLEAN, LEFT, ON, NEGATIVE, RETRAINED, *KERNELS), seed=range(100, 164)), nulls=(BARE, CLEAN),
    claims=(
        Claim("removed rows leave more other answers as they were than a negative update", ROWS, NEGATIVE, True,
              metric="same"),
        Claim("with the same function, removed rows bring back more of the attacked kind", SAME, NEGATIVE,
              metric="solved"),
        Claim("and as much as retraining", SAME, RETRAINED, margin=0.05, metric="solved"),
    ))  # fmt: skip
