"""Lab 09: does a memory that is rewritten get worse? In a lookup world (simulated), and with the real model as writer.

The simulated writer's faults are assumed, chosen for a curve that rises and falls: no claim about models rests on it.
"""

from __future__ import annotations

from typing import Any

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab09_faulty import ladder, rules

VISITS, SLIP, WIDEN = 96, 0.02, 0.03


def keep(arm: str, widen: float, seed: int) -> list[dict[str, Any]]:
    """Mean exam score of 100 lives after every fourth visit, and their mean drawdown over all 96 exams."""
    lived = ladder.study_places(arm, VISITS, SLIP, widen, seed=seed)
    fall, made = float(ladder.drawdown(lived).mean()), {"backend": "computed", "model": ""}
    return [{"visit": t, "score": float(lived[:, t - 1].mean()), "fall": fall} | made for t in range(4, VISITS + 1, 4)]


def ends(rows: Any) -> dict[str, float]:
    """The last exam, and minus the drawdown."""
    return {"last": float(rows["score"].iloc[-1]), "steady": -float(rows["fall"].iloc[0])}


STUDY = Study("lab09", keep, ends,
    report=grid(arm=(*ladder.LADDER, *ladder.NULLS, "optimum", "oracle memory"), widen=(0.0, WIDEN),
                seed=range(100, 164)),
    claims=(
        Claim("where the writer widens notes, a gate lowers the drawdown of rewriting", "rewrite, gated", "rewrite",
              primary=True, where={"widen": WIDEN}, metric="steady"),
        Claim("gated rewriting ends below the raw log (blind append)", "blind append", "rewrite, gated",
              where={"widen": WIDEN}, metric="last"),
        Claim("the raw log ends above visible append", "blind append", "visible append", where={"widen": WIDEN},
              metric="last"),
        Claim("with slips alone, rewriting falls deeper than frozen notes do by luck", ladder.FROZEN, "rewrite",
              where={"widen": 0.0}, metric="steady"),
    ), nulls=ladder.NULLS)  # fmt: skip


def outcomes(rows: Any) -> dict[str, float]:
    """Success in the last exam, in all and on seen and on new things, and minus the drawdown over the exams."""
    by_round = rows.groupby("round")["success"].mean()
    late = rows[rows["round"] == rules.ROUNDS].groupby("sort")["success"].mean()
    return {"last": by_round.iloc[-1], "seen": late["seen"], "new": late["new"], "steady": -ladder.drawdown(by_round)}


REAL = Study("lab09-real", rules.live_rounds, outcomes,
    report=grid(arm=(*rules.ARMS, *rules.NULLS), seed=range(100, 116)),
    claims=(
        Claim("in banks of equal size, raw episodes beat lessons rewritten every round", "raw", "rewrite", primary=True,
              metric="last"),
        Claim("on new things, rewritten lessons beat raw episodes", "rewrite", "raw", metric="new"),
        Claim("a gate improves rewriting", "rewrite, gated", "rewrite", metric="last"),
        Claim("rewriting every round falls deeper than keeping raw episodes", "raw", "rewrite", metric="steady"),
        Claim("lessons rewritten every round beat no memory", "rewrite", "no memory", metric="last"),
    ), nulls=rules.NULLS, model="ollama:smollm2:135m", embedder="wordllama")  # fmt: skip
