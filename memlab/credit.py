"""Reward into edits: which memories earn what, and how they are rewritten.

A credit rule is a callable ``(episodes, store) -> list[Edit]``. The agent itself writes one new case a step;
a rule decides what becomes of the memories that were there before.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from memlab.core import Case, Edit, Episode, Hits, MemlabError, Step

GOOD = 0.5
MOST_EXACT = 12


class Memory(Protocol):
    """The part of a store that credit reads."""

    def search(self, vector: np.ndarray, k: int, kind: str | None = None) -> Hits: ...


class CreditRule(Protocol):
    """Turns episodes into edits."""

    def __call__(self, episodes: Sequence[Episode], store: Memory) -> list[Edit]: ...


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
    names = list(ids)
    if len(set(names)) != len(names):
        raise MemlabError(f"ids repeat: {names}; give each case once")
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


def append_only(episodes: Sequence[Episode], store: Memory) -> list[Edit]:
    """No credit: memories stay as they were written."""
    return []


@dataclass(frozen=True)
class RewriteQ:
    """TD credit into the Q of every near case that gave the advice that was followed.

    Where advice that used to be good (Q ≥ 0.5) falls below 0.5, something has changed; the failures noted nearby
    are as old as the broken advice, so with ``renew`` they are forgotten and those tools may be tried again.
    """

    step: float = 0.5
    near: int = 16
    min_similarity: float = 0.5
    renew: bool = True

    def __call__(self, episodes: Sequence[Episode], store: Memory) -> list[Edit]:
        cases: dict[str, Case] = {}
        q: dict[str, float] = {}
        why: dict[str, tuple[int, float]] = {}
        stale: dict[str, int] = {}
        for episode in episodes:
            for step in episode.steps:
                followed, others = self._split(step, store)
                broken = False
                for case in followed:
                    before = q.get(case.id, case.q)
                    q[case.id] = float(td(before, step.reward, self.step))
                    cases[case.id], why[case.id] = case, (episode.index, step.reward - before)
                    broken |= before >= GOOD > q[case.id]
                if broken and self.renew:
                    stale |= {case.id: episode.index for case in others if case.q < GOOD}
        rewrites = [
            Edit.rewrite(
                name,
                {"q": q[name], "uses": cases[name].uses + 1},
                before={"q": cases[name].q, "uses": cases[name].uses},
                reason="its advice was followed",
                credit=why[name][1],
                episode=why[name][0],
            )
            for name in q
            if name not in stale
        ]
        forgets = [
            Edit.forget(name, reason="a failure older than the change nearby", episode=index)
            for name, index in stale.items()
        ]
        return rewrites + forgets

    def _split(self, step: Step, store: Memory) -> tuple[list[Case], list[Case]]:
        """The near cases that advise the action taken, and those that advise another."""
        hits = store.search(step.vector, self.near, kind="case")
        near = [case for case, close in zip(hits.cases, hits.similarity, strict=True) if close >= self.min_similarity]
        return [c for c in near if c.action == step.action], [c for c in near if c.action != step.action]
