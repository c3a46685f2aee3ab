"""Simulated relays: a channel that harms fields, for documents of any size; and laws for the curve of a mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares
from scipy.special import betaln

from memlab.labs.lab08_relay.relay import BLIND, CHECKED, IDLE, LOG, PATCH

Floats = NDArray[np.float64]
PUBLISHED = np.array([94.3, 89.3, 85.4, 82.0, 79.4, 76.4, 74.6, 73.1, 72.1, 71.5]) / 100  # GPT 5.4, arXiv:2604.15597
LAWS: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {
    "geometric": (lambda t, q: q**t, (0.95,)),
    "Beta mixture": (lambda t, a, b: np.exp(betaln(a + t, b) - betaln(a, b)), (4.0, 0.3)),
    "jumps to a floor": (lambda t, q, f: f + (1 - f) * q**t, (0.9, 0.6)),
}
"""Mean retention after t trips: one q for all documents; a q for each, from Beta(a, b); at each trip a document that
was not yet hit stays whole with chance q, or falls to f for good. Each with the parameters where a fit begins."""


def fitted(law: str, t: ArrayLike, kept: ArrayLike) -> tuple[float, ...]:
    """Least squares of a law through mean retentions ``kept`` (n,) after ``t`` (n,) trips."""
    function, start = LAWS[law]
    highest = np.inf if law == "Beta mixture" else 1.0
    found = least_squares(lambda x: function(np.asarray(t), *x) - np.asarray(kept), start, bounds=(1e-6, highest))
    return tuple(map(float, found.x))


REWRITE, SAFE = "whole rewrite", "whole rewrite + checksum"
ARMS = (REWRITE, SAFE, PATCH, CHECKED, LOG, IDLE, BLIND)


def relayed(arm: str, size: int, seed: int, copied: float, found: float, trips: int = 10) -> list[dict[str, Any]]:
    """A row a trip: means of 100 streams of a document with ``size`` fields, two calls a trip.

    A rewrite copies each field with chance ``copied`` a call, each by itself; a patch finds its field with chance
    ``found`` (without memory 1/size), and else harms another one. What is harmed stays so. A checksum refuses a call
    that does harm: where it refuses an inverse, the forward edit stands. A log takes back what was appended.
    """
    rng, whole = np.random.default_rng([seed, size]), np.ones((100, size), dtype=bool)
    rows, before = list[dict[str, Any]](), np.ones(100)
    obeyed: Any = None
    for trip in range(1, trips + 1):
        named = rng.integers(size, size=(100, 1))
        here = np.arange(size) == named
        for forward in (True, False):
            draw, other = rng.random((100, size)), (named + 1 + rng.integers(size - 1, size=(100, 1))) % size
            harmed = draw > copied
            if arm not in (REWRITE, SAFE):
                harmed = (draw[:, :1] > (1 / size if arm == BLIND else found)) & (np.arange(size) == other)
            fine = ~(harmed & here if arm == REWRITE else harmed).any(axis=1)
            if arm in (REWRITE, PATCH, BLIND):
                whole &= ~harmed
            if forward:
                obeyed = fine & (arm != IDLE)
            elif arm not in (REWRITE, LOG):
                whole &= ~((obeyed & ~fine)[:, None] & here)
        kept = whole.mean(axis=1)
        lost, before = before - kept, kept
        rows.append({"trip": trip, "kept": kept.mean(), "squared": (kept**2).mean(), "obeyed": obeyed.mean(),
                     "lost": lost.mean(), "in critical": (lost * (lost >= 0.1 - 1e-9)).mean(),
                     "backend": "computed", "model": ""})  # fmt: skip
    return rows
