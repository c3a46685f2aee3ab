"""What memories are worth: TD updates of a value, and a case's worth on this very query, with it and without it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

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
    known: dict[frozenset[str], float] = {}

    def cached(subset: frozenset[str]) -> float:
        if subset not in known:
            known[subset] = value(subset)
        return known[subset]

    if samples is None:
        return _exact_shapley(cached, names)
    if samples < 1:
        raise MemlabError(f"samples={samples}: draw at least one order")
    rng, worth = np.random.default_rng(seed), dict.fromkeys(names, 0.0)
    for _ in range(samples):
        so_far: frozenset[str] = frozenset()
        for name in rng.permutation(names).tolist():
            worth[name] += (cached(so_far | {name}) - cached(so_far)) / samples
            so_far |= {name}
    return worth


def _exact_shapley(value: Callable[[frozenset[str]], float], names: list[str]) -> dict[str, float]:
    n = len(names)
    if n > MOST_EXACT:
        raise MemlabError(f"{n} cases: exact credit takes 2^{n} queries; give samples= above {MOST_EXACT}")
    worth = {}
    for name in names:
        others = [other for other in names if other != name]
        worth[name] = sum(
            math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            * (value(frozenset(subset) | {name}) - value(frozenset(subset)))
            for size in range(n)
            for subset in itertools.combinations(others, size)
        )  # fmt: skip
    return worth


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
