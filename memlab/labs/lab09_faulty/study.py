"""Lab 09: does a memory that is rewritten get worse? In a lookup world (simulated), and with the real model as writer.

The slips and the widening of the simulated writer are assumed, not fitted: chosen for a curve that rises and falls. It
supports no claim about models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab09_faulty import ladder

if TYPE_CHECKING:
    import pandas as pd

VISITS, SLIP, WIDEN = 96, 0.02, 0.03
WITH = {"widen": WIDEN}


def keep(arm: str, widen: float, seed: int) -> list[dict[str, Any]]:
    """Mean exam score of 100 lives after every fourth visit, and their mean drawdown over all 96 exams."""
    lived = ladder.study_places(arm, VISITS, SLIP, widen, seed=seed)
    fall, made = float(ladder.drawdown(lived).mean()), {"backend": "simulated", "model": ""}
    return [{"visit": t, "score": float(lived[:, t - 1].mean()), "fall": fall} | made for t in range(4, VISITS + 1, 4)]


def ends(rows: pd.DataFrame) -> dict[str, float]:
    """The last exam, and minus the drawdown."""
    return {"last": float(rows["score"].iloc[-1]), "steady": -float(rows["fall"].iloc[0])}


STUDY = Study("lab09", keep, ends,
    report=grid(arm=(*ladder.LADDER, *ladder.NULLS, "optimum", "oracle memory"), widen=(0.0, WIDEN),
                seed=range(100, 164)),
    claims=(
        Claim("where the writer widens notes, a gate lowers the drawdown of rewriting", "rewrite, gated", "rewrite",
              primary=True, where=WITH, metric="steady"),
        Claim("gated rewriting ends below the raw log (blind append)", "blind append", "rewrite, gated", where=WITH,
              metric="last"),
        Claim("the raw log ends above visible append", "blind append", "visible append", where=WITH, metric="last"),
        Claim("with slips alone, rewriting falls deeper than frozen notes do by luck", ladder.FROZEN, "rewrite",
              where={"widen": 0.0}, metric="steady"),
    ),
    nulls=ladder.NULLS)  # fmt: skip
