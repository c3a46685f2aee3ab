"""Lab 11's night on the real model: adapter passes over a day's facts, beside passes of text.

The rate was tuned on four other days, at 16 passes and by recall alone; how notes are asked for and shown, on one.
Rows are trained, so they come back only with the extra ``adapters``, and nearly so.
"""

from __future__ import annotations

from typing import Any

from memlab.experiments import Claim, Study, grid
from memlab.weights.night import ADAPTER, NOTHING, OTHER, TEXT, VERBATIM, night


def shares(rows: Any) -> dict[str, float]:
    """The shares answered rightly, of the day's questions and of those off the day; and of the facts in the notes."""
    right = rows.groupby("part")["success"].mean()
    return {"recall": right["day"], "off": right["off"], "there": rows["there"].mean()}


STUDY = Study("lab11-night", night, shares,
    tune=grid(arm=ADAPTER[-1], seed=range(4), rate=(0.001, 0.003, 0.01, 0.03)), tuned=({"rate": 0.01},),
    report=grid(seed=range(100, 116), arm=(NOTHING, VERBATIM, *TEXT, *ADAPTER, OTHER)),
    claims=(
        Claim("16 adapter passes recall more than 4", ADAPTER[-1], ADAPTER[3], primary=True, metric="recall"),
        Claim("16 adapter passes recall as well as the day verbatim", ADAPTER[-1], VERBATIM, margin=0.1,
              metric="recall"),
        Claim("the day verbatim recalls more than two passes of text", VERBATIM, TEXT[-1], metric="recall"),
        Claim("off the day, a fact in the prompt disturbs less than 16 passes", VERBATIM, ADAPTER[-1], metric="off"),
    ), nulls=(NOTHING, ADAPTER[0], OTHER), model="embedded", embedder="wordllama", repeats=False)  # fmt: skip
