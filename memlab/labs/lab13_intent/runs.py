"""Exact means of A90 and U (arXiv:2505.06120) over runs, draws at temperature 1; and of talks that stop when right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def expected_aptitude(p: ArrayLike, n: int = 10) -> tuple[Floats, Floats]:
    """The mean P90, and P90 - P10, of ``n`` runs that are right with chance ``p`` (...): two arrays (...)."""
    from scipy.special import comb

    right, chance = np.arange(n + 1), np.asarray(p, dtype=float)[..., None]
    high, low = np.percentile(np.where(np.arange(n) >= n - right[:, None], 1.0, 0.0), (90, 10), axis=1)
    weights = comb(n, right) * chance**right * (1 - chance) ** (n - right)
    return weights @ high, weights @ (high - low)


def form_chances(turns: Sequence[Sequence[Floats]], right: tuple[int, ...]) -> tuple[float, float]:
    """Chances that the form is right in any turn, where a talk stops, and that it is in the last when none stops it.

    ``turns`` holds a matrix (n, n) for each turn and each of three slots: p_LLM over options, a row a draft before.
    """
    drafts = np.zeros((len(turns[0][0]),) * 3)
    drafts[0, 0, 0], stopped = 1.0, 0.0
    going = drafts
    for turn in turns:
        going, drafts = (np.einsum("abc,ai,bj,ck->ijk", now, *turn) for now in (going, drafts))
        stopped += going[right]
        going[right] = 0.0
    return float(stopped), float(drafts[right])
