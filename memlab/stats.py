"""Intervals for a handful of replicates: bootstrap, paired bootstrap, and the exact sign-flip test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import MemlabError

MOST_FLIPPED = 20


@dataclass(frozen=True)
class Interval:
    """A mean with its percentile bootstrap interval [``low``, ``high``] at ``level``; ``p`` where a test was run."""

    mean: float
    low: float
    high: float
    level: float = 0.95
    p: float | None = None

    def __str__(self) -> str:
        text = f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"
        return text if self.p is None else f"{text}, sign-flip p = {self.p:.3g}"


def resamples(n: int, draws: int = 4000, seed: int = 0) -> NDArray[np.integer]:
    """Indices (draws, n) of bootstrap resamples of ``n`` replicates; use one array for all arms to keep them paired."""
    if n < 1:
        raise MemlabError(f"{n} replicates: a bootstrap needs at least one")
    return np.random.default_rng(seed).integers(n, size=(draws, n))


def bootstrap_mean(x: ArrayLike, seed: int = 0, draws: int = 4000, level: float = 0.95) -> Interval:
    """Mean of ``x`` (n,) over replicates with a percentile bootstrap interval."""
    values = np.asarray(x, dtype=float)
    means = values[resamples(len(values), draws, seed)].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high), level)


def bootstrap_band(x: ArrayLike, seed: int = 0, draws: int = 1000, level: float = 0.95) -> NDArray[np.floating]:
    """Rows (3, T): mean, low and high of ``x`` (replicates, T), with whole replicates resampled."""
    values = np.asarray(x, dtype=float)
    means = values[resamples(len(values), draws, seed)].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.array([values.mean(axis=0), low, high])


def sign_flip(difference: ArrayLike) -> float:
    """Exact two-sided p of a paired difference (n,): the share of all 2^n sign patterns with as large a mean."""
    d = np.asarray(difference, dtype=float)
    if not 1 <= len(d) <= MOST_FLIPPED:
        raise MemlabError(f"{len(d)} pairs: the exact sign-flip test takes 1 to {MOST_FLIPPED}")
    signs = 1 - 2 * ((np.arange(2 ** len(d))[:, None] >> np.arange(len(d))) & 1)
    return float(np.mean(np.abs(signs @ d) >= abs(d.sum()) - 1e-12))


def paired_difference(a: ArrayLike, b: ArrayLike, seed: int = 0, draws: int = 4000, level: float = 0.95) -> Interval:
    """Mean of ``a - b`` over paired replicates (n,), with a bootstrap interval and the exact sign-flip p."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if first.shape != second.shape or first.ndim != 1:
        raise MemlabError(f"shapes {first.shape} and {second.shape}: pairs need two equal rows of replicates")
    found = bootstrap_mean(first - second, seed, draws, level)
    return Interval(found.mean, found.low, found.high, level, sign_flip(first - second))
