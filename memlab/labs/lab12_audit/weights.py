"""Lab 12: the same lesson in the weights of a softmax policy, or in rows beside it, and taken out again."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab import Claim, Study, grid, stream
from memlab.rivals.attacker import EMBEDDER, plan_attack
from memlab.weights.bandit import bandit
from memlab.weights.linear import Lessons, Weights, linear, local
from memlab.weights.unlearn import NEGATIVE, ON, RETRAINED, ROWS, plant_and_undo

BEFORE, EXPOSED, AFTER, STEP, LIVES, FLOOR = 48, 24, 24, 30.0, 100, 0.5  # the step size is that of lab 05
BARE, CLEAN, SAME, LEFT = "no memory", "null: no attack", "rows removed, read as weights", "left as it is"
KERNELS = {ROWS: local(FLOOR), SAME: linear}


def unlearn(arm: str, seed: int) -> list[dict[str, Any]]:
    """What is answered on `AFTER` new questions, in one row; *same*: on other kinds as without the attack."""
    tasks = stream("toolbox-b", "stationary", BEFORE + EXPOSED + AFTER, seed)
    plan, seen, wrong = plan_attack(tasks, seed), bandit(tasks, EMBEDDER), tasks[0].choices.index
    early, more, probes = (seen.part(slice(*cut)) for cut in ((0, BEFORE), (BEFORE, -AFTER), (-AFTER, None)))
    early, more = (early.part(slice(0)), more.part(slice(0))) if arm == BARE else (early, more)
    sizes, x = (seen.x.shape[1], seen.reward.shape[1], STEP), EMBEDDER.embed([plan.kinds[plan.family]])[0]
    place = Lessons(*sizes, KERNELS[arm]) if arm in KERNELS else Weights(*sizes)
    how = "" if arm in (BARE, CLEAN) else ROWS if arm in KERNELS else arm
    found = plant_and_undo(place, early, more, probes, x.astype(float), wrong(plan.wrong), how, LIVES, seed)
    pi, twin, mine = found["cured"], found["twin"], probes.family == plan.family
    solved, unharmed = ((one * probes.reward).sum(axis=-1) for one in (pi, twin))
    same = pi.argmax(axis=-1) == twin.argmax(axis=-1)
    row = {"taken before": found["exposed"][:, mine, wrong(plan.wrong)], "taken": pi[:, mine, wrong(plan.wrong)],
           "solved": solved[:, mine], "unharmed": unharmed[:, mine], "others": solved[:, ~mine],
           "same": same[:, ~mine], "writes": found["writes"], "planted": found["planted"]}  # fmt: skip
    return [{name: float(np.mean(value)) for name, value in row.items()} | {"backend": "computed", "model": ""}]


STUDY = Study("lab12-weights", unlearn, lambda rows: rows.iloc[0].drop(["arm", "seed", "backend", "model"]).to_dict(),
    report=grid(arm=(BARE, CLEAN, LEFT, ON, NEGATIVE, RETRAINED, *KERNELS), seed=range(100, 164)), nulls=(BARE, CLEAN),
    claims=(
        Claim("removed rows leave more other answers as they were than a negative update", ROWS, NEGATIVE, True,
              metric="same"),
        Claim("with the same function, removed rows bring back more of the attacked kind", SAME, NEGATIVE,
              metric="solved"),
        Claim("and as much as retraining", SAME, RETRAINED, margin=0.05, metric="solved"),
    ))  # fmt: skip
