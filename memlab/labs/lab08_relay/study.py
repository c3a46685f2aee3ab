"""Lab 08: ten round trips of real edits (fifty in one arm), and simulated ones in documents of two sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab08_relay import channel, relay

LONG = relay.PATCH


def ends(rows: Any) -> dict[str, float]:
    """After the last trip: the typed score, plain accuracy, forward edits obeyed, score × obeyed, and lost in jumps."""
    back, obeyed = rows[rows["step"] == "back"], float(rows[rows["step"] == "forward"]["obeyed"].mean())
    lost = -np.diff(back["score"], prepend=1.0)
    score = float(back["score"].iloc[-1])
    return {"score": score, "kept": float(back["kept"].iloc[-1]), "obeyed": obeyed, "served": score * obeyed,
            "jumps": float((lost >= 0.1 - 1e-9).sum()), "in jumps": float(lost[lost >= 0.1 - 1e-9].sum())}  # fmt: skip
