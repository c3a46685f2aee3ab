"""What a life paid and how fast it recovered, from its recorded rows; counts by `memlab.weights.cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memlab.weights.cost import BATCH, PREFIX, SUFFIX, Dims, forward, step

if TYPE_CHECKING:
    import pandas as pd

STEPS, RANK, VECTOR, TEXT = 16, 8, 256, 56
"""Steps of a refresh and rank of its adapter; numbers in the vector of a case, and letters of its text (mean)."""


def waited(life: pd.DataFrame, start: int, stop: int) -> float:
    """Recovery: how many tasks of a kind fail behind a change before the first success; the mean over the kinds.

    ``life`` has a row a task (index, family, success); the change is at ``start``. Where a kind never succeeds before
    ``stop``, all its tasks count, so a long wait is understated.
    """
    part = life[(life["index"] >= start) & (life["index"] < stop)].sort_values("index")
    return float((1 - part.groupby("family")["success"].cummax()).groupby(part["family"]).sum().mean())


def adapter_bytes(dims: Dims, rank: int = RANK) -> float:
    """Bytes of a float32 adapter on six matrices (all but the keys') of one block."""
    ends = 4 * dims.width + dims.width + dims.kv + 3 * (dims.width + dims.gate)
    return 4 * rank * ends


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
    found["kB"] = (life["edits"].sum() * (4 * VECTOR + TEXT) + steps / STEPS * adapter_bytes(dims)) / 1024
    wait = [waited(part, change, int(part["index"].max()) + 1) for _, part in life]
    return found.assign(wait=wait).groupby("arm", sort=False).mean()
