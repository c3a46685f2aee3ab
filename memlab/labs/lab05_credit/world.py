"""A world in which it is known which memories help, so that every credit rule has an exact regret.

Each of F families of tasks has M cases nearby. The frozen model copies a shown case in proportion to its *pull* w
(Luce's choice rule): p(right | S) = (p₀ + Σ_{c∈S} w_c h_c) / (1 + Σ_{c∈S} w_c), with h = 1 where the case's action is
right. So a case with pull helps (h = 1) or harms (h = 0), and one without pull is useless.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from memlab.core import MemlabError
from memlab.credit.worth import shapley_weights, subsets, td

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
SHOWN = 3
SUBSETS = subsets(SHOWN)
BITS = 2 ** np.arange(SHOWN)[::-1]
"""What each shown case adds to the row of `SUBSETS`."""
CALLS = {"random": 1, "every": 1, "leave-one-out": SHOWN + 1, "Shapley": 2**SHOWN}
"""Each credit rule with the model calls that it needs for one episode, the answer itself included."""
_SHAPLEY = shapley_weights(SHOWN)


@dataclass(frozen=True)
class CreditWorld:
    """``pull`` w and ``right`` h (F, M) of the cases, and ``habit`` p₀ (F,)."""

    pull: Floats
    right: Floats
    habit: Floats


def generate(families: int = 4, each: int = 3, seed: int = 0) -> CreditWorld:
    """Draw a world with ``each`` helpful, harmful and useless cases in every family; pulls lie between 1 and 4."""
    rng = np.random.default_rng(seed)
    sort = np.array([rng.permutation(np.repeat([1, -1, 0], each)) for _ in range(families)])
    return CreditWorld(rng.uniform(1, 4, sort.shape) * (sort != 0), (sort > 0) * 1.0, rng.uniform(0, 0.4, families))


def value(world: CreditWorld, family: int, cases: Sequence[int]) -> float:
    """v(S) = p(right) in ``family`` when exactly ``cases`` are shown."""
    pull = world.pull[family, list(cases)]
    return float((world.habit[family] + pull @ world.right[family, list(cases)]) / (1 + pull.sum()))


def best(world: CreditWorld) -> Floats:
    """The oracle: v of the best `SHOWN` cases in each family, (F,), by trying all sets."""
    families, cases = world.pull.shape
    sets = list(itertools.combinations(range(cases), SHOWN))
    return np.array([max(value(world, f, chosen) for chosen in sets) for f in range(families)])


def credit(rule: str, rewards: Floats) -> Floats:
    """What each shown case is told, (N, 3); ``rewards`` (N, 8) are the answers to `SUBSETS`, of which `CALLS` are read.

    The null "random" tells a learner the reward of another one. Raises `MemlabError` for an unknown rule.
    """
    own = np.repeat(rewards[:, -1:], SHOWN, axis=1)
    told = {
        "random": lambda: np.roll(own, 1, axis=0),
        "every": lambda: own,
        "leave-one-out": lambda: own - rewards[:, -1 - BITS],
        "Shapley": lambda: rewards @ _SHAPLEY,
    }
    if rule not in told:
        raise MemlabError(f"unknown credit rule {rule!r}; the rules are {', '.join(told)}")
    return told[rule]()


def simulate(
    world: CreditWorld, rule: str, step: float, calls: int, learners: int, seed: int = 0, turn: int | None = None
) -> tuple[Floats, Floats, Ints]:
    """N ``learners`` show the three cases of highest Q, a fifth of the time any three, and rewrite Q by ``rule``.

    They live the T episodes that ``calls`` pay for. After ``turn`` calls the world turns: helpful cases harm, harmful
    ones help. Gives the regret (T, N), oracle less v of the three cases that Q ranks highest, and at the end Q and the
    uses of each case, (N, F, M). Answers are drawn, with the same luck for every rule; the regret is exact.
    """
    rng, rows, cost = np.random.default_rng(seed), np.arange(learners), CALLS[rule]
    q, uses = np.zeros((learners, *world.pull.shape)), np.zeros((learners, *world.pull.shape), dtype=int)
    top, regret = best(world), []
    for t in range(calls // cost):
        if turn is not None and t == -(-turn // cost):
            world = replace(world, right=np.where(world.pull > 0, 1 - world.right, world.right))
            top = best(world)
        family = rng.integers(len(top), size=learners)
        keys, draws = rng.random((learners, world.pull.shape[1])), rng.random((learners, len(SUBSETS)))
        ranked = _top(q[rows, family] + 1e-6 * keys)
        regret.append(top[family] - _p_right(world, family, ranked)[:, -1])
        shown = np.where(rng.random((learners, 1)) < 0.2, _top(keys), ranked)
        answers = np.where(draws < _p_right(world, family, shown), 1.0, -1.0)
        at = rows[:, None], family[:, None], shown
        q[at] = td(q[at], credit(rule, answers), step)
        uses[at] += 1
    return np.array(regret), q, uses


def _top(scores: Floats) -> Ints:
    return np.argpartition(-scores, SHOWN - 1, axis=1)[:, :SHOWN]


def _p_right(world: CreditWorld, family: Ints, shown: Ints) -> Floats:
    """(N, 8): p(right) of every subset of the shown cases."""
    pull, right = (table[family[:, None], shown] for table in (world.pull, world.right))
    return (world.habit[family, None] + (pull * right) @ SUBSETS.T) / (1 + pull @ SUBSETS.T)
