"""One lesson, stored in two places: added to the weights of a softmax policy, or kept as a row of memory.

A lesson is a context x with g = (1/G) Σ_i A_i ∇ log π(a_i) over a group of rollouts (our reconstruction of 2508.10839):
x (d,), g (actions,). Weights add η x gᵀ once and forget the lesson; memory keeps (x, g) and reads logits(y) =
η Σ k(y, x) g. With the linear kernel k = y·x both are the same function, so what differs is how lessons are *read*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import MemlabError
from memlab.credit import td
from memlab.retrieval.policies import soft_policy
from memlab.reward import group_relative
from memlab.tasks.frozenlake import Lake, Trips, rollouts, success
from memlab.weights.policy import tabular_gradient

Floats = NDArray[np.float64]
Kernel = Callable[[Floats], Floats]


def linear(cosine: Floats) -> Floats:
    """k = y·x: every lesson speaks wherever the two texts have anything in common, as weights do."""
    return cosine


def local(floor: float) -> Kernel:
    """k = y·x where it is at least ``floor``, else 0: a lesson speaks nearby only."""
    return lambda cosine: np.where(cosine >= floor, cosine, 0.0)


class Place(Protocol):
    """Where lessons are stored."""

    def write(self, x: Floats, g: Floats) -> None: ...

    def logits(self, y: ArrayLike) -> Floats: ...


class Weights:
    """A linear softmax policy: logits(y) = y W with W (d, actions), ``step`` η."""

    def __init__(self, dim: int, actions: int, step: float) -> None:
        self.w, self.step = np.zeros((dim, actions)), step

    def write(self, x: Floats, g: Floats) -> None:
        """W ← W + η x gᵀ."""
        self.w += self.step * np.outer(x, g)

    def logits(self, y: ArrayLike) -> Floats:
        """(..., actions) for contexts ``y`` (..., d)."""
        return np.asarray(y, dtype=float) @ self.w


class Delta(Weights):
    """Weights that are rewritten: the delta rule moves x·W toward the lesson, W ← W + η x (g − x W)ᵀ.

    This is TD on a linear Q of advantages; ``sharpness`` turns that Q into logits.
    """

    def __init__(self, dim: int, actions: int, step: float, sharpness: float) -> None:
        super().__init__(dim, actions, step)
        self.sharpness = sharpness

    def write(self, x: Floats, g: Floats) -> None:
        """Move the prediction at x toward g."""
        self.w += self.step * np.outer(x, g - x @ self.w)

    def logits(self, y: ArrayLike) -> Floats:
        """(..., actions) for contexts ``y`` (..., d)."""
        return self.sharpness * super().logits(y)


class Lessons:
    """A memory of lessons: logits(y) = η Σ_i k(y·x_i) g_i. A row can be taken out again, exactly."""

    def __init__(self, dim: int, actions: int, step: float, kernel: Kernel = linear) -> None:
        self.x, self.g = np.zeros((0, dim)), np.zeros((0, actions))
        self.step, self.kernel = step, kernel

    def write(self, x: Floats, g: Floats) -> None:
        """Append the lesson."""
        self.x, self.g = np.vstack([self.x, x]), np.vstack([self.g, g])

    def forget(self, row: int) -> None:
        """Remove the lesson in ``row``; nothing of it remains. Raises `MemlabError` for an unknown row."""
        if not 0 <= row < len(self.x):
            raise MemlabError(f"row {row}: this memory holds lessons 0 to {len(self.x) - 1}")
        self.x, self.g = np.delete(self.x, row, axis=0), np.delete(self.g, row, axis=0)

    def logits(self, y: ArrayLike) -> Floats:
        """(..., actions) for contexts ``y`` (..., d)."""
        return self.step * self.kernel(np.asarray(y, dtype=float) @ self.x.T) @ self.g


class Rewriting(Lessons):
    """A memory that rewrites: each near row moves toward the new lesson by `credit.td`; reading averages near rows.

    ``step`` is the η of the rewrite; ``sharpness`` turns the mean of near rows into logits.
    """

    def __init__(self, dim: int, actions: int, step: float, kernel: Kernel, sharpness: float) -> None:
        super().__init__(dim, actions, step, kernel)
        self.sharpness = sharpness

    def write(self, x: Floats, g: Floats) -> None:
        """Rewrite near rows where the lesson says something, then append it."""
        near = self.kernel(x @ self.x.T) > 0
        self.g = np.where(near[:, None], td(self.g, g, self.step), self.g)
        super().write(x, g)

    def logits(self, y: ArrayLike) -> Floats:
        """(..., actions): sharpness times the kernel-weighted mean of the rows (0 where no row is near)."""
        k = self.kernel(np.asarray(y, dtype=float) @ self.x.T)
        total = k.sum(axis=-1, keepdims=True)
        mean = np.divide(k @ self.g, total, out=np.zeros((*k.shape[:-1], self.g.shape[1])), where=total > 1e-12)
        return self.sharpness * mean


def lesson(pi: ArrayLike, actions: ArrayLike, advantage: ArrayLike) -> Floats:
    """g = (1/G) Σ_i A_i (onehot(a_i) − π): ``pi`` (actions,), ``actions`` and ``advantage`` (G,)."""
    chance, taken, a = np.asarray(pi, dtype=float), np.asarray(actions), np.asarray(advantage, dtype=float)
    return np.bincount(taken, a, len(chance)) / len(a) - chance * a.mean()


@dataclass(frozen=True)
class Bandit:
    """A stream of one-step tasks: ``x`` (n, d) unit rows, ``reward`` (n, actions) of every action, ``family`` (n,)."""

    x: Floats
    reward: Floats
    family: NDArray[np.str_]


def learn(stream: Bandit, place: Place, group: int = 4, seed: int = 0, shuffle: bool = False) -> Floats:
    """Live the stream with ``group`` rollouts a task, one lesson a task; gives the expected reward π·r of each (n,).

    The advantage is relative to the group (leave-one-out). ``shuffle`` is the null: a lesson carries the advantages
    of other rollouts than its own, in random order over random actions.
    """
    rng = np.random.default_rng(seed)
    expected = np.empty(len(stream.x))
    for t, (x, reward) in enumerate(zip(stream.x, stream.reward, strict=True)):
        pi = soft_policy(place.logits(x), 1.0)
        expected[t] = pi @ reward
        taken = np.searchsorted(np.cumsum(pi)[:-1], rng.random(group), side="right")
        elsewhere = rng.integers(len(pi), size=group)
        advantage = group_relative(reward[taken], "leave-one-out")
        place.write(x, lesson(pi, elsewhere if shuffle else taken, advantage))
    return expected


@dataclass(frozen=True)
class Change:
    """What one lesson did elsewhere: mean total variation of π, and the share whose likeliest action changed."""

    variation: float
    flipped: float


def change(before: ArrayLike, after: ArrayLike) -> Change:
    """Compares the policies (n, actions) of ``n`` contexts before and after one lesson was written."""
    old, new = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if old.shape != new.shape or old.ndim != 2 or not len(old):
        raise MemlabError(f"policies {old.shape} and {new.shape}: compare two equal tables of at least one context")
    variation = np.abs(old - new).sum(axis=1).mean() / 2
    return Change(float(variation), float(np.mean(old.argmax(axis=1) != new.argmax(axis=1))))


@dataclass(frozen=True)
class Correction:
    """What it took to correct one answer: ``writes`` needed, and the `Change` of near and of far contexts."""

    writes: int
    near: Change
    far: Change


def correct(place: Place, x: Floats, action: int, near: Floats, far: Floats, most: int = 400) -> Correction:
    """Write "in ``x``, ``action`` is right" until it is the likeliest action there, and see what else has changed.

    Every write is the lesson onehot(action) − π(x), the exact gradient of log π(action). ``near`` and ``far``
    (n, d) are other contexts, of the same family and of others. Raises `MemlabError` after ``most`` writes in vain.
    """
    before = [soft_policy(place.logits(y), 1.0) for y in (near, far)]
    for writes in range(most):
        pi = soft_policy(place.logits(x), 1.0)
        if pi.argmax() == action:
            after = [soft_policy(place.logits(y), 1.0) for y in (near, far)]
            return Correction(writes, change(before[0], after[0]), change(before[1], after[1]))
        place.write(x, np.eye(len(pi))[action] - pi)
    raise MemlabError(f"{most} writes did not make action {action} the likeliest: raise the step size or most=")


def step_lessons(trips: Trips, pi: Floats) -> Floats:
    """All lessons of a group of trips, summed by state, (S, A): each step gets its episode's advantage."""
    advantage = group_relative(trips.rewards.sum(axis=-1), "leave-one-out")
    return tabular_gradient(pi, trips.states, trips.actions, advantage[:, None] * trips.alive) / len(advantage)


def walk(
    world: Lake, overlap: Floats, step: float, updates: int, group: int = 16, horizon: int = 100, seed: int = 0
) -> tuple[Floats, Floats]:
    """Learn on a lake; logits = η K (sum of lessons), where ``overlap`` K (S, S) is φφᵀ for weights, k for memory.

    Gives the exact success before each update (updates,), and the change of π (total variation, mean over states of
    the lake that none of the update's trips visited) that each update caused (updates,).
    """
    rng = np.random.default_rng(seed)
    kept = np.zeros(world.reward.shape[:2])
    found, spill = np.empty(updates), np.empty(updates)
    for update in range(updates):
        pi = soft_policy(step * overlap @ kept, 1.0)
        found[update] = success(world, pi, horizon)
        trips = rollouts(world, pi, rng.random((2, group, horizon)))
        kept += step_lessons(trips, pi)
        visited = np.zeros(len(pi), dtype=bool)
        visited[trips.states[trips.alive]] = True
        others = ~visited & ~world.ended
        after = soft_policy(step * overlap @ kept, 1.0)
        spill[update] = change(pi[others], after[others]).variation if others.any() else np.nan
    return found, spill


def coarse_features(size: int = 4) -> Floats:
    """φ (S, 2·size): a state as its row and its column, so that states of one row share weights; φφᵀ ∈ {0, .5, 1}."""
    row, column = np.divmod(np.arange(size * size), size)
    return np.hstack([np.eye(size)[row], np.eye(size)[column]]) / np.sqrt(2)
