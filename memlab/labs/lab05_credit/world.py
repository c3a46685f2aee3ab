"""A world in which it is known which memories help, so that every credit rule has an exact regret."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from memlab.credit import td
from memlab.rivals.credited import CALLS, SHOWN, SUBSETS, Floats, told

Ints = NDArray[np.integer]


@dataclass(frozen=True)
class CreditWorld:
    """F families of tasks with M cases nearby: ``pull`` w and ``right`` h (F, M), and the model's ``habit`` p₀ (F,).

    The frozen model copies a shown case in proportion to its pull (Luce's choice rule):
    v(S) = p(right | S) = (p₀ + Σ_{c∈S} w_c h_c) / (1 + Σ_{c∈S} w_c). A case without pull is useless.
    """

    pull: Floats
    right: Floats
    habit: Floats

    @classmethod
    def draw(cls, families: int = 4, each: int = 3, seed: int = 0) -> Self:
        """A world with ``each`` helpful, harmful and useless cases in every family; pulls lie between 1 and 4."""
        rng = np.random.default_rng(seed)
        sort = np.array([rng.permutation(np.repeat([1, -1, 0], each)) for _ in range(families)])
        return cls(rng.uniform(1, 4, sort.shape) * (sort != 0), (sort > 0) * 1.0, rng.uniform(0, 0.4, families))

    @property
    def sorts(self) -> dict[str, NDArray[np.bool_]]:
        """Which cases (F, M) are helpful, harmful and useless."""
        pulled, right = self.pull > 0, self.right > 0
        return {"helpful": pulled & right, "harmful": pulled & ~right, "useless": ~pulled}

    def turned(self) -> Self:
        """The world after its tools changed: the helpful cases harm now, and the harmful help."""
        return replace(self, right=self.sorts["harmful"] * 1.0)

    def value(self, family: int, cases: Sequence[int]) -> float:
        """v of exactly these ``cases``."""
        pull, right = (table[family, list(cases)] for table in (self.pull, self.right))
        return float((self.habit[family] + pull @ right) / (1 + pull.sum()))

    def best(self) -> Floats:
        """The oracle: v of the best `SHOWN` cases in each family, (F,), by trying all sets."""
        sets = list(itertools.combinations(range(self.pull.shape[1]), SHOWN))
        return np.array([max(self.value(f, chosen) for chosen in sets) for f in range(len(self.habit))])

    def values(self, family: Ints, shown: Ints) -> Floats:
        """v of every subset of the ``shown`` cases (N, 3), one ``family`` (N,) each; gives (N, 8)."""
        pull, right = (table[family[:, None], shown] for table in (self.pull, self.right))
        return (self.habit[family, None] + (pull * right) @ SUBSETS.T) / (1 + pull @ SUBSETS.T)

    def live(
        self, rule: str, step: float, calls: int, learners: int, seed: int = 0, turn: int | None = None
    ) -> tuple[Floats, Floats, Ints]:
        """N ``learners`` show the three cases of highest Q, a fifth of the time any three, and rewrite Q by ``rule``.

        They live the T episodes that ``calls`` pay for; after ``turn`` calls the world is `turned`. Gives the regret
        (T, N), oracle less v of the three cases that Q ranks highest, and at the end Q and the uses of each case,
        (N, F, M). Answers are drawn, with the same luck for every rule; the regret is exact.
        """
        world, rng, rows, cost = self, np.random.default_rng(seed), np.arange(learners), CALLS[rule]
        q, uses = np.zeros((learners, *self.pull.shape)), np.zeros((learners, *self.pull.shape), dtype=int)
        top, regret = world.best(), []
        for t in range(calls // cost):
            if turn is not None and t == -(-turn // cost):
                world = self.turned()
                top = world.best()
            family = rng.integers(len(top), size=learners)
            keys, draws = rng.random((learners, self.pull.shape[1])), rng.random((learners, len(SUBSETS)))
            ranked = _highest(q[rows, family] + 1e-6 * keys)
            regret.append(top[family] - world.values(family, ranked)[:, -1])
            shown = np.where(rng.random((learners, 1)) < 0.2, _highest(keys), ranked)
            answers = np.where(draws < world.values(family, shown), 1.0, -1.0)
            at = rows[:, None], family[:, None], shown
            q[at] = td(q[at], told(rule, answers), step)
            uses[at] += 1
        return np.array(regret), q, uses


def _highest(scores: Floats) -> Ints:
    return np.argpartition(-scores, SHOWN - 1, axis=1)[:, :SHOWN]
