"""A world in which it is known which memories help, so that every credit rule has an exact regret.

Each of ``F`` families of tasks has ``M`` cases nearby. The frozen model copies a shown case in proportion to its
*pull* (Luce's choice rule): p(right | S) = (w₀ p₀ + Σ_{c∈S} w_c h_c) / (w₀ + Σ_{c∈S} w_c), with h = 1 where the
case's action is right. So a case with pull helps (h = 1) or harms (h = 0), and one without pull is useless.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from memlab.core import MemlabError
from memlab.credit import td

Floats = NDArray[np.floating]

SHOWN = 3
SUBSETS = np.array(list(itertools.product((0, 1), repeat=SHOWN)), dtype=bool)
"""The 2³ subsets of three shown cases, shape (8, 3), from none to all."""
_FULL = len(SUBSETS) - 1
CALLS: dict[str, int] = {
    "no credit": 1,
    "random": 1,
    "every": 1,
    "similarity": 1,
    "leave-one-out": SHOWN + 1,
    "one order": SHOWN + 1,
    "Shapley": 2**SHOWN,
}
"""Each credit rule with the model calls that it needs for one episode, the answer itself included."""


@dataclass(frozen=True)
class CreditWorld:
    """``pull`` and ``right`` (F, M) of the cases, their ``similarity`` (F, M), and p₀ ``habit`` (F,) with w₀ = 1."""

    pull: Floats
    right: Floats
    similarity: Floats
    habit: Floats


def generate(families: int = 4, helpful: int = 3, harmful: int = 3, useless: int = 3, seed: int = 0) -> CreditWorld:
    """Draw a world with so many cases of each sort in each family, in random order.

    A case that has pull is copied against the model's habit with weight 1 to 4; similarity, uniform in [.5, 1],
    says nothing about which case helps.
    """
    rng = np.random.default_rng(seed)
    sort = np.array([1] * helpful + [-1] * harmful + [0] * useless)
    if len(sort) < SHOWN:
        raise MemlabError(f"{len(sort)} cases in a family: have at least {SHOWN}, the number shown at once")
    sorts = np.array([rng.permutation(sort) for _ in range(families)])
    pull = rng.uniform(1, 4, size=sorts.shape) * (sorts != 0)
    return CreditWorld(pull, (sorts > 0).astype(float), rng.uniform(0.5, 1, sorts.shape), rng.uniform(0, 0.4, families))


def drifted(world: CreditWorld) -> CreditWorld:
    """The world after its tools changed: in every family the helpful cases now harm, and the harmful help."""
    return replace(world, right=np.where(world.pull > 0, 1 - world.right, world.right))


def value(world: CreditWorld, family: int, cases: Sequence[int]) -> float:
    """p(right) in ``family`` when exactly ``cases`` are shown."""
    chosen = list(cases)
    pull = world.pull[family, chosen]
    return float((world.habit[family] + pull @ world.right[family, chosen]) / (1 + pull.sum()))


def best(world: CreditWorld) -> Floats:
    """The oracle: p(right) of the best `SHOWN` cases in each family, shape (F,), by trying all sets."""
    families, cases = world.pull.shape
    sets = list(itertools.combinations(range(cases), SHOWN))
    return np.array([max(value(world, f, chosen) for chosen in sets) for f in range(families)])


@dataclass(frozen=True)
class Draws:
    """All random numbers of a simulation (T episodes, N learners), drawn once so that a slider only recomputes."""

    family: NDArray[np.integer]
    explore: NDArray[np.bool_]
    keys: Floats
    answers: Floats
    order: NDArray[np.integer]


def draw(world: CreditWorld, episodes: int, learners: int, explore: float = 0.2, seed: int = 0) -> Draws:
    """Random numbers for ``learners`` that show random cases in a share ``explore`` of their episodes."""
    rng = np.random.default_rng(seed)
    families, cases = world.pull.shape
    shape = (episodes, learners)
    keys = rng.random((*shape, cases), dtype=np.float32)
    answers = rng.random((*shape, len(SUBSETS)), dtype=np.float32)
    order = rng.integers(len(_CHAINS), size=shape)
    return Draws(rng.integers(families, size=shape), rng.random(shape) < explore, keys, answers, order)


def join(worlds: Sequence[CreditWorld], draws: Sequence[Draws]) -> tuple[CreditWorld, Draws]:
    """Several worlds as one, families and learners side by side, so that one simulation runs them all."""
    names = ("pull", "right", "similarity", "habit")
    world = CreditWorld(*(np.concatenate([getattr(one, name) for one in worlds]) for name in names))
    starts = np.cumsum([0, *(len(one.habit) for one in worlds)])
    moved = [replace(one, family=one.family + start) for one, start in zip(draws, starts, strict=False)]
    parts = ("family", "explore", "keys", "answers", "order")
    return world, Draws(*(np.concatenate([getattr(one, part) for one in moved], axis=1) for part in parts))


_ORDERS = np.array(list(itertools.permutations(range(SHOWN))))
_CHAINS = np.array([[sum(1 << (SHOWN - 1 - c) for c in order[:n]) for n in range(SHOWN + 1)] for order in _ORDERS])
"""For each order of the shown cases, the subsets (rows of `SUBSETS`) met on the way from none to all."""
_WITHOUT = np.array([_FULL - (1 << (SHOWN - 1 - c)) for c in range(SHOWN)])


def credit(rule: str, rewards: Floats, similarity: Floats, order: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """What each shown case is told, and the weight of the telling; both (N, 3).

    ``rewards`` (N, 8) in {-1, 1} are the answers to the subsets of `SUBSETS` (the last one is the answer given),
    ``similarity`` is (N, 3), ``order`` (N,) picks the order of "one order". A rule looks only at the columns that
    `CALLS` charges for.
    """
    own = np.repeat(rewards[:, [_FULL]], SHOWN, axis=1)
    alike = np.ones_like(own)
    if rule == "every":
        return own, alike
    if rule == "random":
        return np.roll(own, 1, axis=0), alike
    if rule == "similarity":
        return own, SHOWN * similarity / similarity.sum(axis=1, keepdims=True)
    if rule == "leave-one-out":
        return own - rewards[:, _WITHOUT], alike
    if rule == "one order":
        gains = np.diff(np.take_along_axis(rewards, _CHAINS[order], axis=1), axis=1)
        told = np.empty_like(gains)
        np.put_along_axis(told, _ORDERS[order], gains, axis=1)
        return told, alike
    if rule == "Shapley":
        return rewards @ _SHAPLEY, alike
    raise MemlabError(f"unknown credit rule {rule!r}; the rules are {', '.join(CALLS)}")


def _shapley_matrix() -> Floats:
    """(8, 3): rewards of the subsets times this are the Shapley values."""
    matrix = np.zeros((len(SUBSETS), SHOWN))
    for chain, order in zip(_CHAINS, _ORDERS, strict=True):
        for place, case in enumerate(order):
            matrix[chain[place + 1], case] += 1 / len(_CHAINS)
            matrix[chain[place], case] -= 1 / len(_CHAINS)
    return matrix


_SHAPLEY = _shapley_matrix()


def simulate(
    world: CreditWorld, draws: Draws, rule: str, step: float | Floats, drift: int | None = None
) -> tuple[Floats, Floats]:
    """Learners that show the three cases of highest Q and rewrite Q by ``rule`` with step size ``step``, one or (N, 1).

    Gives the regret (T, N), oracle less p(right) of the three cases that Q ranks highest, and the final Q (N, F, M).
    From episode ``drift`` on the world is `drifted`. The model's answers are drawn, the regret is exact.
    """
    if rule not in CALLS:
        raise MemlabError(f"unknown credit rule {rule!r}; the rules are {', '.join(CALLS)}")
    episodes, learners, cases = draws.keys.shape
    families = len(world.habit)
    rows = np.arange(learners)
    q = np.zeros((learners, families, cases))
    regret = np.empty((episodes, learners))
    now, top = world, best(world)
    for t in range(episodes):
        if t == drift:
            now = drifted(world)
            top = best(now)
        family = draws.family[t]
        values = q[rows, family]
        ranked = _top(values + 1e-6 * draws.keys[t])
        regret[t] = top[family] - _p_right(now, family, ranked)[:, _FULL]
        if rule == "no credit":
            continue
        shown = np.where(draws.explore[t][:, None], _top(draws.keys[t]), ranked)
        answers = np.where(draws.answers[t] < _p_right(now, family, shown), 1.0, -1.0)
        told, weight = credit(rule, answers, now.similarity[family[:, None], shown], draws.order[t])
        old = values[rows[:, None], shown]
        q[rows[:, None], family[:, None], shown] = old + np.minimum(weight * step, 1) * (td(old, told, 1.0) - old)
    return regret, q


def _top(scores: Floats) -> NDArray[np.integer]:
    return np.argpartition(-scores, SHOWN - 1, axis=1)[:, :SHOWN]


def _p_right(world: CreditWorld, family: NDArray[np.integer], shown: NDArray[np.integer]) -> Floats:
    """(N, 8): p(right) of every subset of the shown cases."""
    at = family[:, None], shown
    pull = world.pull[at]
    return (world.habit[family, None] + (pull * world.right[at]) @ SUBSETS.T) / (1 + pull @ SUBSETS.T)
