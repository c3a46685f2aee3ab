"""What memories are worth: TD updates of a value, and a case's worth on this very query, with it and without it."""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.core import MemlabError

MOST_EXACT = 12


def td(q: Any, r: Any, step: float) -> Any:
    """Q ← Q + η(r − Q) for floats or arrays of one shape; constant η keeps Var(Q) → η/(2−η)·Var(r).

    Raises `MemlabError` where ``step`` (η) is not in (0, 1].
    """
    if not 0 < step <= 1:
        raise MemlabError(f"step={step}: the step size η lies in (0, 1]")
    return q + step * (r - q)


def counterfactual(
    value: Callable[[frozenset[str]], float], ids: Sequence[str], samples: int | None = None, seed: int = 0
) -> dict[str, float]:
    """What each case is worth on this very query: its Shapley value under ``value``, with it and without it.

    ``value`` gives the reward of the query when exactly the cases of a set are shown. ``samples=None`` averages
    over every order (2^n calls of ``value``; n ≤ 12); a number averages that many random orders, without bias.
    The worths add up to value(all) − value(none). Raises `MemlabError` for repeated ids and for n > 12 exact.
    """
    names = _distinct(ids)
    if samples is None:
        if len(names) > MOST_EXACT:
            raise MemlabError(f"{len(names)} cases: exact credit takes 2^{len(names)} queries; give samples=")
        sets = [frozenset(itertools.compress(names, row)) for row in subsets(len(names))]
        exact = np.array([value(one) for one in sets]) @ shapley_weights(len(names))
        return dict(zip(names, exact.tolist(), strict=True))
    if samples < 1:
        raise MemlabError(f"samples={samples}: draw at least one order")
    cached = functools.cache(value)
    rng, worth = np.random.default_rng(seed), dict.fromkeys(names, 0.0)
    for _ in range(samples):
        so_far: frozenset[str] = frozenset()
        for name in rng.permutation(names).tolist():
            worth[name] += (cached(so_far | {name}) - cached(so_far)) / samples
            so_far |= {name}
    return worth


def subsets(n: int) -> NDArray[np.bool_]:
    """All sets of ``n`` cases, (2^n, n), from none to all: row i holds the binary digits of i."""
    return (np.arange(2**n)[:, None] >> np.arange(n)[::-1]) & 1 == 1


def shapley_weights(n: int) -> NDArray[np.float64]:
    """The values of all `subsets`, (..., 2^n), times this (2^n, n) are the Shapley values of the ``n`` cases."""
    from scipy.special import comb

    inside = subsets(n)
    before = inside.sum(axis=1, keepdims=True) - inside
    return np.where(inside, 1, -1) / (n * comb(n - 1, before))


def leave_one_out(value: Callable[[frozenset[str]], float], ids: Sequence[str]) -> dict[str, float]:
    """value(all) − value(all but c) for each case c: n + 1 calls of ``value``. Cases that can replace each other get 0.

    Raises `MemlabError` for repeated ids.
    """
    everything = frozenset(_distinct(ids))
    whole = value(everything)
    return {name: whole - value(everything - {name}) for name in ids}


def _distinct(ids: Sequence[str]) -> list[str]:
    if isinstance(ids, str):
        raise MemlabError(f"ids is the str {ids!r}; give a list of ids")
    if len(set(ids)) != len(ids):
        raise MemlabError(f"ids repeat: {list(ids)}; give each case once")
    return list(ids)
