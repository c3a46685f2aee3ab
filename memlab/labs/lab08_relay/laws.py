"""Laws that a curve of mean retention over trips may follow, and what each predicts for 50 trips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares
from scipy.special import betaln

Floats = NDArray[np.float64]
PUBLISHED = np.array([94.3, 89.3, 85.4, 82.0, 79.4, 76.4, 74.6, 73.1, 72.1, 71.5]) / 100  # GPT 5.4, arXiv:2604.15597
AT_50, ENVIRONMENTS = 0.587, 310


def geometric(t: ArrayLike, q: float) -> Any:
    """Every document keeps a share ``q`` a trip: q^t."""
    return np.power(q, t)


def beta_mixture(t: ArrayLike, a: float, b: float) -> Any:
    """Each document has its own q, drawn from Beta(a, b), for all its trips: E q^t = B(a + t, b) / B(a, b)."""
    return np.exp(betaln(a + np.asarray(t, dtype=float), b) - betaln(a, b))


def floor(t: ArrayLike, q: float, f: float) -> Any:
    """Each trip a document not yet hit keeps all with chance ``q``, else it jumps to ``f`` and stays: f + (1 − f) q^t."""
    return f + (1 - f) * np.power(q, t)


LAWS: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {
    "geometric": (geometric, (0.95,)),
    "Beta mixture": (beta_mixture, (4.0, 0.3)),
    "jumps with a floor": (floor, (0.9, 0.6)),
}  # each with the parameters where its fit begins


def fitted(law: str, t: ArrayLike, kept: ArrayLike) -> tuple[float, ...]:
    """Least squares of a law through mean retention ``kept`` (n,) after ``t`` trips (n,)."""
    function, start = LAWS[law]
    highest = [np.inf if law == "Beta mixture" else 1.0] * len(start)
    found = least_squares(
        lambda x: function(np.asarray(t), *x) - np.asarray(kept), start, bounds=([1e-6] * len(start), highest)
    )
    return tuple(map(float, found.x))


def doubt(mean: ArrayLike, n: int = ENVIRONMENTS) -> Any:
    """The most that two standard errors of a mean of ``n`` scores in [0, 1] can be: nothing published says more."""
    m = np.asarray(mean, dtype=float)
    return 2 * np.sqrt(m * (1 - m) / n)
