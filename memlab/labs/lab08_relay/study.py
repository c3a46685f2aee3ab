"""Lab 08: ten round trips of real edits, and simulated ones in documents of two sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab08_relay import relay

CRITICAL = 0.1 - 1e-9  # a trip that loses this much is a critical failure


def ends(rows: Any) -> dict[str, float]:
    """After the last trip: typed score, plain accuracy, forward edits obeyed, score × obeyed; and losses of 10 points.

    ``critical`` counts the trips that lost so much, ``in critical`` is what these lost, ``lost`` what all trips did.
    """
    back, obeyed = rows[rows["step"] == "back"], float(rows[rows["step"] == "forward"]["obeyed"].mean())
    lost, score = -np.diff(back["score"], prepend=1.0), float(back["score"].iloc[-1])
    large = lost[lost >= CRITICAL]
    return {"score": score, "kept": float(back["kept"].iloc[-1]), "obeyed": obeyed, "served": score * obeyed,
            "critical": float(len(large)), "in critical": float(large.sum()), "lost": 1 - score}  # fmt: skip


STUDY = Study("lab08", relay.live, ends, report=grid(arm=relay.ARMS, seed=range(100, 116), trips=10),
    nulls=(relay.IDLE, relay.BLIND), model="ollama:smollm2:135m",
    claims=(
        Claim("a patch behind a checksum serves more than a bare one", relay.CHECKED, relay.PATCH, True, metric="served"),
        Claim("a checksum keeps more of the document", relay.CHECKED, relay.PATCH, metric="score"),
        Claim("a tool that finds the line serves more than a checksum", relay.TOOL, relay.CHECKED, metric="served"),
        Claim("a tool that finds the line keeps more than a bare patch", relay.TOOL, relay.PATCH, metric="score"),
        Claim("the document in the prompt is of use: more edits obeyed", relay.PATCH, relay.BLIND, metric="obeyed"),
    ))  # fmt: skip
