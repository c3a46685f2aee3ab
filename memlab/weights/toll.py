"""What a life paid and how fast it recovered, from its recorded rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def waited(life: pd.DataFrame, start: int, stop: int) -> float:
    """Recovery: how many tasks of a kind fail behind a change before the first success; the mean over the kinds.

    ``life`` has a row a task (index, family, success); the change is at ``start``. Where a kind never succeeds before
    ``stop``, all its tasks count, so a long wait is understated.
    """
    part = life[(life["index"] >= start) & (life["index"] < stop)].sort_values("index")
    return float((1 - part.groupby("family")["success"].cummax()).groupby(part["family"]).sum().mean())
