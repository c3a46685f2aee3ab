"""What a life reached and paid, and how fast it recovered, from its recorded rows; counts by `memlab.weights.cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memlab.weights.cost import PREFIX, SUFFIX, Dims, forward, step
from memlab.weights.lora import BATCH, RANK, STEPS
from memlab.weights.school import TASKS

if TYPE_CHECKING:
    import pandas as pd

VECTOR, TEXT = 256, 56
"""Numbers in the vector of a case, and letters of its text (mean)."""
PHASES, CHANGE, LATE = ("first", "away", "back"), TASKS // 2, 30
"""Thirds of a recurrent stream; the drift of the other, and the first task behind the first refresh after it."""


def waited(life: pd.DataFrame, start: int, stop: int) -> float:
    """Recovery: how many tasks of a kind fail behind a change before the first success; the mean over the kinds.

    ``life`` has a row a task (index, family, success); the change is at ``start``. Where a kind never succeeds before
    ``stop``, all its tasks count, so a long wait is understated.
    """
    part = life[(life["index"] >= start) & (life["index"] < stop)].sort_values("index")
    return float((1 - part.groupby("family")["success"].cummax()).groupby(part["family"]).sum().mean())


def by_part(rows: pd.DataFrame) -> dict[str, float]:
    """Success before the first change, from it on and in the second window, off the stream, and minus the leak."""
    life, probes = rows[rows["index"] >= 0], rows[rows["index"] < 0]
    at, success = life["index"], life["success"]
    parts = {"before": at < CHANGE, "after": at >= CHANGE, "late": at >= LATE}
    found = {name: float(success[part].mean()) for name, part in parts.items()}
    return found | {"probe": float(probes["success"].mean()), "still": -float(rows["leak"].iloc[0])}


def by_phase(rows: pd.DataFrame) -> dict[str, float]:
    """Success in each third of a recurrent stream and behind the first change; `waited` of the second change."""
    life, third = rows[rows["index"] >= 0], TASKS // 3
    found = {name: float(life[life["index"] // third == i]["success"].mean()) for i, name in enumerate(PHASES)}
    later = float(life[life["index"] >= third]["success"].mean())
    return by_part(rows) | found | {"after": later, "quick": -waited(life, 2 * third, TASKS)}


def paid(rows: pd.DataFrame, change: int) -> pd.DataFrame:
    """What each arm paid, means over its lives: a row an arm.

    ``tokens`` an answer (of the model, the question's and the shared prefix; 0 where memory answered alone),
    ``read`` and ``train`` in GFLOP a task (prefix cached; training on the last block from kept states), ``kB`` written
    in a life (a float32 vector and a text for each edit of a case (the log's own overhead is not in it), and the whole
    adapter at each refresh); ``wait`` is `waited` behind the task ``change``.
    """
    dims, life = Dims(), rows[rows["index"] >= 0].groupby(["arm", "seed"], sort=False)
    tasks, calls, steps = life.size(), life["calls"].sum(), life["steps"].first()
    found = (calls / tasks * (PREFIX + SUFFIX)).to_frame("tokens")
    found["read"] = calls / tasks * forward(dims, SUFFIX, ahead=PREFIX) / 1e9
    found["train"] = steps / tasks * step(dims, PREFIX, SUFFIX, BATCH, 1) / 1e9
    found["kB"] = (life["edits"].sum() * (4 * VECTOR + TEXT) + steps / STEPS * 4 * dims.thin(RANK, keys=False)) / 1024
    wait = [waited(part, change, int(part["index"].max()) + 1) for _, part in life]
    return found.assign(wait=wait).groupby("arm", sort=False).mean()
