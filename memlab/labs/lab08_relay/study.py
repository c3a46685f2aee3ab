"""Lab 08: ten round trips of real edits, fifty of one way, and a channel that harms fields of documents of any size."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares
from scipy.special import betaln

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab08_relay.relay import BLIND, CHECKED, EDITORS, IDLE, LOG, PATCH, REWRITE, TOOL, relay_live

PUBLISHED = np.array([94.3, 89.3, 85.4, 82.0, 79.4, 76.4, 74.6, 73.1, 72.1, 71.5]) / 100  # GPT 5.4, arXiv:2604.15597
LAWS: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {
    "geometric": (lambda t, q: q**t, (0.95,)),
    "Beta mixture": (lambda t, a, b: np.exp(betaln(a + t, b) - betaln(a, b)), (4.0, 0.3)),
    "jumps to a floor": (lambda t, q, f: f + (1 - f) * q**t, (0.9, 0.6)),
}
"""Mean retention after t trips: one q for all documents; a q for each, from Beta(a, b); at each trip a document that
was not yet hit stays whole with chance q, or falls to f for good. Each with the parameters where a fit begins."""
SAFE, FEW = "whole rewrite + checksum", range(100, 107)  # one document a kind: too few for a claim
CRITICAL = 0.1 - 1e-9  # a trip that loses this much is a critical failure
COPIED, FOUND = 0.943**0.5, 0.81  # a call of the published first trip; patches of intact documents obeyed (log)
serves, keeps, big, small = partial(Claim, metric="served"), partial(Claim, metric="score"), {"size": 100}, {"size": 8}


def fitted(law: str, t: ArrayLike, kept: ArrayLike) -> tuple[float, ...]:
    """Least squares of a law through mean retentions ``kept`` (n,) after ``t`` (n,) trips."""
    (curve, start), highest = LAWS[law], np.inf if law == "Beta mixture" else 1.0
    return tuple(least_squares(lambda x: curve(np.asarray(t), *x) - np.asarray(kept), start, bounds=(1e-6, highest)).x)


def relayed(arm: str, size: int, seed: int, copied: float, found: float, trips: int = 10) -> list[dict[str, Any]]:
    """A row a trip: means of 100 streams of a document with ``size`` fields, two calls a trip.

    A rewrite copies each field with chance ``copied`` a call, each by itself; a patch finds its field with chance
    ``found`` (without memory 1/size), and else harms another one. What is harmed stays so. A checksum refuses a call
    that does harm: where it refuses an inverse, the forward edit stands. A log takes back what was appended.
    """
    rng, rows = np.random.default_rng([seed, size]), list[dict[str, Any]]()
    whole, before = np.ones((100, size), dtype=bool), np.ones(100)
    for trip in range(1, trips + 1):
        named, fine = rng.integers(size, size=(100, 1)), list[Any]()
        here = np.arange(size) == named
        for _ in ("forward", "back"):
            draw, other = rng.random((100, size)), (named + 1 + rng.integers(size - 1, size=(100, 1))) % size
            missed = (draw[:, :1] > (1 / size if arm == BLIND else found)) & (np.arange(size) == other)
            harmed = draw > copied if arm in (REWRITE, SAFE) else missed
            fine.append(~(harmed & here if arm == REWRITE else harmed).any(axis=1))
            whole &= ~harmed | (arm not in (REWRITE, PATCH, BLIND))
        obeyed = fine[0] & (arm != IDLE)
        whole &= ~((obeyed & ~fine[1])[:, None] & here) | (arm in (REWRITE, LOG))
        kept = whole.mean(axis=1)
        lost, before = before - kept, kept
        rows.append({"trip": trip, "kept": kept.mean(), "squared": (kept**2).mean(), "obeyed": obeyed.mean(),
                     "lost": lost.mean(), "in critical": (lost * (lost >= CRITICAL)).mean(),
                     "backend": "computed", "model": ""})  # fmt: skip
    return rows


def relay_ends(rows: Any) -> dict[str, float]:
    """After the last trip: typed score, plain accuracy, obeyed, served; critical trips, their loss, all losses."""
    back, obeyed = rows[rows["step"] == "back"], float(rows[rows["step"] == "forward"]["obeyed"].mean())
    lost, score = -np.diff(back["score"], prepend=1.0), float(back["score"].iloc[-1])
    much = lost[lost >= CRITICAL]
    return {"score": score, "kept": float(back["kept"].iloc[-1]), "obeyed": obeyed, "served": score * obeyed,
            "critical": float(len(much)), "in critical": much.sum(), "lost": lost[lost > 0].sum()}  # fmt: skip


def simulated_ends(rows: Any) -> dict[str, float]:
    """After the last trip: fields kept, edits obeyed, their product, and the share of the loss in critical trips."""
    kept, obeyed = float(rows["kept"].iloc[-1]), float(rows["obeyed"].mean())
    share = rows["in critical"].sum() / lost if (lost := rows["lost"].sum()) else 0.0
    return {"kept": kept, "obeyed": obeyed, "served": kept * obeyed, "critical share": float(share)}


STUDY = Study("lab08", relay_live, relay_ends, nulls=(IDLE, BLIND), model="ollama:smollm2:135m",
    report=grid(arm=tuple(EDITORS)[:-1], seed=range(100, 116), trips=10),
    claims=(
        serves("a patch behind a checksum serves more than a bare one", CHECKED, PATCH, True),
        keeps("a checksum keeps more of the document", CHECKED, PATCH),
        serves("a tool that finds the line serves more than a checksum", TOOL, CHECKED),
        keeps("a tool that finds the line keeps more than a bare patch", TOOL, PATCH),
        Claim("the document in the prompt is of use: more edits obeyed", PATCH, BLIND, metric="obeyed"),
    ))  # fmt: skip
LONG = Study("lab08-long", relay_live, relay_ends, nulls=(IDLE,), model="ollama:smollm2:135m",
    report=grid(arm=(PATCH, IDLE), seed=FEW, trips=50, shuffled=True))  # fmt: skip
COPIES = Study("lab08-whole", relay_live, relay_ends, nulls=(IDLE,), model="ollama:smollm2:135m",
    report=grid(arm=(REWRITE, IDLE), seed=range(104, 108), trips=1))  # fmt: skip
CHANNEL = Study("lab08-channel", relayed, simulated_ends, nulls=(IDLE, BLIND),
    report=grid(arm=(REWRITE, SAFE, PATCH, CHECKED, LOG, IDLE, BLIND), size=(8, 100), seed=range(100, 164),
                copied=COPIED, found=FOUND),
    claims=(
        serves("100 fields: behind a checksum, patches serve more than rewrites", CHECKED, SAFE, True, where=big),
        serves("100 fields: rewrites serve more behind a checksum than bare", SAFE, REWRITE, where=big),
        serves("8 fields: rewrites serve more behind a checksum than bare", SAFE, REWRITE, where=small),
        serves("8 fields: a patch serves more behind a checksum than bare", CHECKED, PATCH, where=small),
    ))  # fmt: skip
