"""Lab 08: ten round trips of real edits, and simulated ones in documents of two sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab08_relay import channel, relay

CRITICAL = 0.1 - 1e-9  # a trip that loses this much is a critical failure


def relay_ends(rows: Any) -> dict[str, float]:
    """After the last trip: typed score, plain accuracy, forward edits obeyed, score × obeyed; and losses of 10 points.

    ``critical`` counts the trips that lost so much, ``in critical`` what these lost, ``lost`` what all that fell did.
    """
    back, obeyed = rows[rows["step"] == "back"], float(rows[rows["step"] == "forward"]["obeyed"].mean())
    lost, score = -np.diff(back["score"], prepend=1.0), float(back["score"].iloc[-1])
    large, fallen = lost[lost >= CRITICAL], float(lost[lost > 0].sum())
    return {"score": score, "kept": float(back["kept"].iloc[-1]), "obeyed": obeyed, "served": score * obeyed,
            "critical": float(len(large)), "in critical": float(large.sum()), "lost": fallen}  # fmt: skip


STUDY = Study("lab08", relay.relay_live, relay_ends, report=grid(arm=relay.ARMS, seed=range(100, 116), trips=10),
    nulls=(relay.IDLE, relay.BLIND), model="ollama:smollm2:135m",
    claims=(
        Claim("a patch behind a checksum serves more than a bare one", relay.CHECKED, relay.PATCH, True,
              metric="served"),
        Claim("a checksum keeps more of the document", relay.CHECKED, relay.PATCH, metric="score"),
        Claim("a tool that finds the line serves more than a checksum", relay.TOOL, relay.CHECKED, metric="served"),
        Claim("a tool that finds the line keeps more than a bare patch", relay.TOOL, relay.PATCH, metric="score"),
        Claim("the document in the prompt is of use: more edits obeyed", relay.PATCH, relay.BLIND, metric="obeyed"),
    ))  # fmt: skip

# A call took .6 s on a quiet machine and 5 s on a busy one: one document of each kind, too few for a claim. What each
# law foretells for trip 50 is its fit to the first ten trips of these rows, as the notebook fitted laws before them.
LONG = Study("lab08-long", relay.relay_live, relay_ends, nulls=(relay.IDLE,), model="ollama:smollm2:135m",
    report=grid(arm=(relay.PATCH, relay.IDLE), seed=range(100, 108), trips=50, shuffled=True))  # fmt: skip

COPIED, FOUND = 0.943**0.5, 0.81  # a call of the published first trip; patches of intact documents obeyed (log)


def simulated_ends(rows: Any) -> dict[str, float]:
    """After the last trip: fields kept, edits obeyed, their product, and the share of the loss in critical trips."""
    kept, obeyed = float(rows["kept"].iloc[-1]), float(rows["obeyed"].mean())
    share = rows["in critical"].sum() / lost if (lost := rows["lost"].sum()) else 0.0
    return {"kept": kept, "obeyed": obeyed, "served": kept * obeyed, "critical share": float(share)}


CHANNEL = Study("lab08-channel", channel.relayed, simulated_ends, nulls=(relay.IDLE, relay.BLIND),
    report=grid(arm=channel.ARMS, size=(8, 100), seed=range(100, 164), copied=COPIED, found=FOUND),
    claims=(
        Claim("100 fields: behind a checksum, patches serve more than rewrites", relay.CHECKED, channel.SAFE, True,
              where={"size": 100}, metric="served"),
        Claim("100 fields: rewrites serve more behind a checksum than bare", channel.SAFE, channel.REWRITE,
              where={"size": 100}, metric="served"),
        Claim("8 fields: rewrites serve more behind a checksum than bare", channel.SAFE, channel.REWRITE,
              where={"size": 8}, metric="served"),
        Claim("8 fields: a patch serves more behind a checksum than bare", relay.CHECKED, relay.PATCH,
              where={"size": 8}, metric="served"),
    ))  # fmt: skip
