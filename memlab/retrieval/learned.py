"""Retrieval that learns from past uses: Q(s, c) by kernel or by regression, and policies that act on it.

A value rule says what each near case is worth here; `Soft` and `Hybrid` turn values into a choice. Past uses are
the `Step` rows of the store. With one case a step (k = 1) each reward belongs to one case; with more, all cases of
a step share it, which is an approximation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import Case, Hits, MemlabError, Step
from memlab.retrieval.policies import Retrieved, Sized, draw_soft, kernel_q, shortlist, soft_policy
from memlab.stores.contract import Store

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Any, Any]]
"""Vectors (s, c) of a query and a case, each (d,)."""


ValueRule = Callable[[np.ndarray, Hits, Store], Floats]
"""Q(s, c) of each of the near cases for the query vector, shape (n,)."""


@dataclass(frozen=True)
class CaseQ:
    """One number a case, whatever the query: the Q that a credit rule wrote into it."""

    def __call__(self, vector: np.ndarray, near: Hits, store: Store) -> Floats:
        return np.array([case.q for case in near.cases], dtype=float)


@dataclass(frozen=True)
class KernelQ:
    """Kernel episodic control (2508.16153 Eq 9) over the past uses of each case, with `kernel_q`'s kernel.

    The case as it was written counts as its first use: its own vector with its own reward.
    """

    delta: float = 0.1

    def __call__(self, vector: np.ndarray, near: Hits, store: Store) -> Floats:
        return np.array([self._value(vector, case, store.steps(case.id)) for case in near.cases], dtype=float)

    def _value(self, vector: np.ndarray, case: Case, uses: Sequence[Step]) -> float:
        first = [] if case.vector is None else [case.vector]
        points = np.array([*first, *(step.vector for step in uses)], dtype=float)
        rewards = [*([case.reward] if first else []), *(step.reward for step in uses)]
        if not rewards:
            return case.q
        return float(kernel_q(((points - vector) ** 2).sum(axis=1), rewards, self.delta))


@dataclass
class ParametricQ:
    """Q(s, c; θ): a linear model on `pair_features`, fitted to all past uses (2508.16153 Eqs 14 and 15).

    ``loss="squared"`` is the mean of (Q − r)², by ridge regression; ``"binary"`` is cross-entropy, by logistic
    regression, and needs rewards of 0 and 1. ``penalty`` shrinks θ. θ is fitted again after every ``every`` uses; until
    both a success and a failure were seen, Q is the case's own. Raises `MemlabError` for an unknown loss.
    """

    loss: Literal["squared", "binary"] = "binary"
    penalty: float = 10.0
    every: int = 8
    _fitted: tuple[Any, int, Any] = field(default=(None, -1, None), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.loss not in ("squared", "binary"):
            raise MemlabError(f"loss={self.loss!r}: take 'squared' (Eq 14) or 'binary' (Eq 15)")
        if not self.penalty > 0 or self.every < 1:
            raise MemlabError(f"penalty={self.penalty}, every={self.every}: need penalty > 0 and every >= 1")

    def __call__(self, vector: np.ndarray, near: Hits, store: Store) -> Floats:
        model = self._model(store)
        if model is None or not len(near):
            return CaseQ()(vector, near, store)
        return self.predict(model, [(vector, case.vector) for case in near.cases])

    def fit(self, pairs: Pairs, rewards: ArrayLike) -> Any:
        """θ from ``n`` pairs (s, c) of vectors (d,) and their ``rewards`` (n,)."""
        from sklearn.linear_model import LogisticRegression, Ridge

        r = np.asarray(rewards, dtype=float)
        if self.loss == "squared":
            return Ridge(alpha=self.penalty).fit(pair_features(pairs), r)
        if not set(np.unique(r)) <= {0.0, 1.0}:
            raise MemlabError("loss='binary' needs rewards of 0 and 1: use loss='squared' for other rewards")
        return LogisticRegression(C=1 / self.penalty, max_iter=1000).fit(pair_features(pairs), r.astype(int))

    def predict(self, model: Any, pairs: Pairs) -> Floats:
        """Q of each pair under θ, shape (n,)."""
        x = pair_features(pairs)
        return model.predict_proba(x)[:, 1] if self.loss == "binary" else model.predict(x)

    def _model(self, store: Store) -> Any:
        steps = [step for step in store.steps() if step.shown]
        count = len(steps) - len(steps) % self.every
        if self._fitted[0] is not store or self._fitted[1] != count:
            self._fitted = (store, count, self._refit(store, steps[:count]))
        return self._fitted[2]

    def _refit(self, store: Store, steps: Sequence[Step]) -> Any:
        known = {case.id: case.vector for case in store.cases(kind="case")}
        uses = [(s.vector, known[c], s.reward) for s in steps for c in s.shown if known.get(c) is not None]
        rewards = [reward for *_, reward in uses]
        return self.fit([(s, c) for s, c, _ in uses], rewards) if len(set(rewards)) > 1 else None


def pair_features(pairs: Pairs) -> Floats:
    """φ(s, c) = (d·s∘c, √d·c) for ``n`` pairs of unit vectors (d,), shape (n, 2d).

    Weights on s∘c are a similarity that learns which directions count (all equal: the cosine); weights on c learn
    which cases are good anywhere.
    """
    s, c = (np.array([pair[i] for pair in pairs], dtype=float) for i in (0, 1))
    dim = s.shape[-1]
    return np.concatenate([dim * s * c, np.sqrt(dim) * c], axis=1)


@dataclass(frozen=True)
class Soft(Sized):
    """Draws ``k`` cases one after the other from μ ∝ exp(Q(s, c)/α) over a shortlist and the void case.

    Q is from ``value``. Drawing the void case, worth ``void_q``, ends the draw: with void first, no memory is used.
    """

    value: ValueRule
    k: int = 1
    alpha: float = 0.1
    void_q: float = 0.2
    shortlist: int = 4
    min_similarity: float = 0.2

    def policy(self, vector: np.ndarray, store: Store) -> tuple[Hits, Floats]:
        """The shortlist and μ over it, shape (n + 1,); the void case stands last."""
        near = shortlist(vector, store, self.shortlist, self.min_similarity)
        return near, soft_policy([*self.value(vector, near, store), self.void_q], self.alpha)

    def __call__(self, vector: np.ndarray, store: Store, rng: np.random.Generator) -> Retrieved:
        near, mu = self.policy(vector, store)
        return draw_soft(near, mu, self.k, rng)


@dataclass(frozen=True)
class Hybrid(Sized):
    """MemRL's read (2601.03192): of the near cases, the ``k`` with the highest (1−λ)·z(similarity) + λ·z(Q).

    λ = 0 is top-k by similarity. Where no case is ``min_similarity`` similar, nothing is shown.
    """

    value: ValueRule
    k: int = 1
    lam: float = 0.5
    shortlist: int = 4
    min_similarity: float = 0.2

    def policy(self, vector: np.ndarray, store: Store) -> tuple[Hits, Floats]:
        """The shortlist and μ over it, uniform over the best ``k``, shape (n + 1,); the void case stands last."""
        near = shortlist(vector, store, self.shortlist, self.min_similarity)
        mu = np.zeros(len(near) + 1)
        best = self._best(vector, near, store)
        mu[best if len(best) else [-1]] = 1 / max(1, len(best))
        return near, mu

    def __call__(self, vector: np.ndarray, store: Store, rng: np.random.Generator) -> Retrieved:
        near = shortlist(vector, store, self.shortlist, self.min_similarity)
        best = self._best(vector, near, store)
        return Retrieved(tuple(near.cases[i] for i in best), (1 / max(1, len(best)),) * len(best), near)

    def _best(self, vector: np.ndarray, near: Hits, store: Store) -> NDArray[np.intp]:
        scores = hybrid_score(near.similarity, self.value(vector, near, store), self.lam)
        return np.argsort(-scores, kind="stable")[: self.k]


def z_score(x: ArrayLike) -> Floats:
    """(x − mean) / standard deviation (ddof 0) over the last axis; zeros where all are equal."""
    values = np.asarray(x, dtype=float)
    if values.shape[-1] == 0:
        return values
    spread = values.std(axis=-1, keepdims=True)
    centered = values - values.mean(axis=-1, keepdims=True)
    return np.divide(centered, spread, out=np.zeros_like(centered), where=spread > 1e-9)


def hybrid_score(similarity: ArrayLike, q: ArrayLike, lam: float) -> Floats:
    """(1−λ)·z(similarity) + λ·z(Q) over the last axis (2601.03192). Raises `MemlabError` for λ outside [0, 1]."""
    if not 0 <= lam <= 1:
        raise MemlabError(f"lam={lam}: λ mixes similarity (0) and value (1), so it lies in [0, 1]")
    return (1 - lam) * z_score(similarity) + lam * z_score(q)
