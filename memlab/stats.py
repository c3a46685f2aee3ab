"""The one test behind every verdict: exact sign flips of paired differences, and the interval that inverts it.

Flipping the signs of a set F of the differences d − δ reaches a sum as large as the observed one just where the mean of
d over F is at most δ. So the two-sided p of the hypothesis "the mean is δ" is twice the share of sets, the empty one
included, whose mean lies on the other side of δ, and the bounds of the interval are order statistics of these means:
p and interval agree by construction. Tested against `scipy.stats.permutation_test`, which gives the p and no interval.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import MemlabError

Floats = NDArray[np.float64]
MOST_EXACT = 16
"""Up to so many differences every one of the 2^n sign patterns counts; above, one fixed matrix of as many patterns."""
ROUNDING = 1e-12


@lru_cache(maxsize=32)
def _sets(n: int) -> NDArray[np.bool_]:
    """Rows (patterns, n): the non-empty sets of flipped differences; above `MOST_EXACT`, a set and its complement."""
    if n <= MOST_EXACT:
        return (np.arange(1, 2**n)[:, None] >> np.arange(n)) & 1 == 1
    half = np.random.default_rng(n).random((2 ** (MOST_EXACT - 1), n)) < 0.5
    drawn = np.concatenate([half, ~half])
    return drawn[drawn.any(axis=1)]


@dataclass(frozen=True)
class SignFlip:
    """The sign-flip test of paired differences ``d`` (n,); exact for d that is symmetric about its mean."""

    d: tuple[float, ...]

    @cached_property
    def _means(self) -> Floats:
        """Sorted means of ``d`` over every non-empty set of replicates."""
        sets = _sets(len(self.d))
        return np.sort(sets @ np.array(self.d) / sets.sum(axis=1))

    def p(self, delta: float = 0.0) -> float:
        """Two-sided p of "the mean is ``delta``"."""
        below = 2 * (1 + int(np.sum(self._means <= delta + ROUNDING)))
        above = 2 * (1 + int(np.sum(self._means >= delta - ROUNDING)))
        return min(1.0, min(below, above) / (1 + len(self._means)))

    def p_above(self, delta: float) -> float:
        """One-sided p of "the mean is ``delta`` or less": small where ``d`` lies above it."""
        return (1 + int(np.sum(self._means <= delta + ROUNDING))) / (1 + len(self._means))

    def p_of(self, margin: float | None) -> float:
        """p of "the mean is above 0", two-sided; with a ``margin``, of "it is above −margin", one-sided."""
        return self.p() if margin is None else self.p_above(-margin)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The means δ that the test at 1 − ``level`` does not reject; infinite where n is too small for the level."""
        out = int(np.floor((1 - level) / 2 * (1 + len(self._means)) + 1e-9))
        if out < 1:
            return -np.inf, np.inf
        return float(self._means[out - 1]), float(self._means[-out])


def sign_flip(a: ArrayLike, b: ArrayLike) -> SignFlip:
    """The test of ``a - b`` over paired replicates (n,). Raises `MemlabError` for unequal rows and for NaN."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise MemlabError(f"shapes {first.shape} and {second.shape}: pairs need two equal rows of replicates")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise MemlabError("a replicate is NaN or infinite: finish the study, or leave that replicate out of both arms")
    return SignFlip(tuple((first - second).tolist()))


def visible(spread: float, n: int, alpha: float, power: float = 0.8) -> float:
    """The smallest mean difference that n pairs of standard deviation ``spread`` see at ``alpha``, two-sided."""
    from scipy.special import stdtrit

    if n < 2:
        return float("inf")
    return float((stdtrit(n - 1, 1 - alpha / 2) + stdtrit(n - 1, power)) * spread / np.sqrt(n))


def bootstrap_band(x: ArrayLike, level: float = 0.95, draws: int = 1000) -> Floats:
    """Rows (3, T): mean, low and high of ``x`` (replicates, T), whole replicates resampled; for pictures only."""
    from scipy.stats import bootstrap

    values = np.asarray(x, dtype=float)
    middle = values.mean(axis=0)
    if len(values) < 2:
        return np.array([middle, middle, middle])
    found = bootstrap(
        (values,), np.mean, n_resamples=draws, method="percentile", confidence_level=level, rng=np.random.default_rng(0)
    ).confidence_interval
    return np.array([middle, found.low, found.high])
