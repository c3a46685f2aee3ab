"""The retrieval policy μ(c|s, M): which cases the frozen model gets to see (arXiv:2508.16153, Eqs 1, 7, 9, 16)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import Case, Hits, MemlabError
from memlab.stores.contract import Store

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Retrieved:
    """What was drawn: ``cases`` with their ``mu`` (None is the void case), and the shortlist ``near`` it came from."""

    cases: tuple[Case | None, ...]
    mu: tuple[float, ...]
    near: Hits


Retriever = Callable[[np.ndarray, Store, np.random.Generator], Retrieved]
"""A retrieval policy."""


def soft_policy(q: ArrayLike, alpha: float) -> Floats:
    """μ* ∝ exp(Q/α) over the last axis (arXiv:2508.16153, Eq 7). ``q`` is (..., n); rows of the result sum to 1.

    Raises `MemlabError` unless ``alpha`` is positive and finite.
    """
    values = _finite(q, "q")
    _check_alpha(alpha)
    weights = np.exp((values - values.max(axis=-1, keepdims=True)) / alpha)
    return weights / weights.sum(axis=-1, keepdims=True)


def soft_value(q: ArrayLike, alpha: float) -> Floats:
    """V = α log Σ exp(Q/α) = Σ μ*[Q − α log μ*] over the last axis: the consistent form of Eqs 8 and 10.

    ``q`` is (..., n), the result (...). Raises `MemlabError` unless ``alpha`` is positive and finite.
    """
    values = _finite(q, "q")
    _check_alpha(alpha)
    top = values.max(axis=-1, keepdims=True)
    return top[..., 0] + alpha * np.log(np.exp((values - top) / alpha).sum(axis=-1))


def kernel_q(sqdist: ArrayLike, q: ArrayLike, delta: float) -> Floats:
    """Q_EC = Σ k Q' / Σ k with the NEC kernel k = 1/(‖s−s'‖² + δ) (2508.16153 Eq 9; 1703.01988).

    ``sqdist`` and ``q`` are (..., n), past uses on the last axis; δ is added to the *squared* distance. Raises
    `MemlabError` for NaN and infinity, unequal lengths, negative distances, and a ``delta`` that is not positive.
    """
    distances, values = _finite(sqdist, "sqdist"), _finite(q, "q")
    try:
        np.broadcast_shapes(distances.shape, values.shape)
        fit = distances.shape[-1] == values.shape[-1]
    except ValueError:
        fit = False
    if not fit:
        shapes = f"{distances.shape} and {values.shape}"
        raise MemlabError(f"shapes {shapes}: give as many squared distances as values")
    if not (np.isfinite(delta) and delta > 0) or np.any(distances < 0):
        least = distances.min()
        raise MemlabError(f"delta={delta}, smallest squared distance {least}: need finite delta > 0, none < 0")
    kernel = 1.0 / (distances + delta)
    return (kernel * values).sum(axis=-1) / kernel.sum(axis=-1)


class Sized:
    """A policy that reads a ``shortlist`` of cases and shows up to ``k``: whole numbers, 0 or more."""

    k: int
    shortlist: int

    def __post_init__(self) -> None:
        for name in ("k", "shortlist"):
            size = getattr(self, name)
            if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 0:
                raise MemlabError(f"{name}={size!r}: give a number of cases, 0 or more")


@dataclass(frozen=True)
class TopK(Sized):
    """Read = TopK (Eq 16): of the ``shortlist`` nearest cases, the ``k`` most similar whose Q is at least ``min_q``.

    Cases less similar than ``min_similarity`` are not near at all. With ``newest`` only the newest near case of
    each action counts: a rule of reading that trusts what was seen last. μ is uniform over the cases shown.
    """

    k: int = 3
    shortlist: int = 16
    min_similarity: float = 0.5
    min_q: float = 0.5
    newest: bool = False

    def __call__(self, vector: np.ndarray, store: Store, rng: np.random.Generator) -> Retrieved:
        near = shortlist(vector, store, self.shortlist, self.min_similarity)
        near = newest_of_each_action(near) if self.newest else near
        shown = tuple(case for case in near.cases if case.q >= self.min_q)[: self.k]
        return Retrieved(shown, (1.0 / len(shown),) * len(shown) if shown else (), near)


def draw_soft(near: Hits, mu: Floats, k: int, rng: np.random.Generator) -> Retrieved:
    """Draws ``k`` of ``near`` and void without replacement; ``mu`` is (n + 1,), void last. Void ends the draw."""
    # Adding Gumbel noise and sorting draws from mu without replacement.
    drawn = np.argsort(-(np.log(np.maximum(mu, 1e-300)) + rng.gumbel(size=len(mu))))[:k]
    void = len(near)
    if void in drawn:
        drawn = drawn[: max(1, drawn.tolist().index(void))]
    options: tuple[Case | None, ...] = (*near.cases, None)
    return Retrieved(tuple(options[i] for i in drawn), tuple(float(mu[i]) for i in drawn), near)


def shortlist(vector: np.ndarray, store: Store, size: int, min_similarity: float) -> Hits:
    """The ``size`` nearest case memories at least ``min_similarity`` similar, best first."""
    hits = store.search(vector, size, kind="case")
    kept = int(np.sum(hits.similarity >= min_similarity))
    return Hits(hits.ids[:kept], hits.similarity[:kept], hits.cases[:kept])


def newest_of_each_action(near: Hits) -> Hits:
    """``near`` with only the newest case of each action left, order kept."""
    newest = {case.action: case.id for case in sorted(near.cases, key=lambda case: case.episode)}
    kept = [i for i, case in enumerate(near.cases) if newest[case.action] == case.id]
    return Hits(tuple(near.ids[i] for i in kept), near.similarity[kept], tuple(near.cases[i] for i in kept))


def _finite(x: ArrayLike, name: str) -> Floats:
    """``x`` as floats, shape (..., n) with n of at least 1."""
    try:
        if np.iscomplexobj(x):
            raise TypeError("they are complex")
        values = np.asarray(x, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise MemlabError(f"{name} holds what are not numbers ({error}); give real numbers") from None
    if values.ndim == 0 or values.shape[-1] == 0:
        raise MemlabError(f"{name} has shape {values.shape}: give at least one case (void counts) on the last axis")
    if not np.all(np.isfinite(values)):
        raise MemlabError(f"{name} holds NaN or infinity: give finite numbers")
    return values


def _check_alpha(alpha: float) -> None:
    if not (np.isfinite(alpha) and alpha > 0):
        raise MemlabError(f"alpha={alpha}: the temperature must be positive and finite; use a small one for greedy")
