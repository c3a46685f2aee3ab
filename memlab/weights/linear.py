"""One lesson, stored in two places: added to the weights of a softmax policy, or kept as a row of memory.

A lesson is a context x with g = (1/G) Σ_i A_i ∇ log π(a_i) over a group of rollouts (our reconstruction of 2508.10839):
x (d,), g (..., actions); leading axes are lives that share their contexts. Weights add η x gᵀ and forget the lesson;
memory keeps (x, g) and reads logits(y) = η Σ k(y, x) g. With the linear kernel k = y·x both are the same function, so
what differs is how lessons are *read* (the kernel) and *written* (added, or moved toward the new lesson).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from memlab.credit import td
from memlab.reward import Floats

Kernel = Callable[[Floats], Floats]


def linear(cosine: Floats) -> Floats:
    """k = y·x: every lesson speaks wherever the two texts have anything in common, as weights do."""
    return cosine


def local(floor: float) -> Kernel:
    """k = y·x where it is at least ``floor``, else 0: a lesson speaks nearby only."""
    return lambda cosine: np.where(cosine >= floor, cosine, 0.0)


class LinearPolicy(Protocol):
    """Where lessons are stored."""

    def write(self, x: Floats, g: Floats) -> None: ...

    def logits(self, y: ArrayLike) -> Floats: ...


class Weights:
    """A linear softmax policy: logits(y) = y W with W (..., d, actions), ``step`` η."""

    def __init__(self, dim: int, actions: int, step: float) -> None:
        self.w, self.step = np.zeros((dim, actions)), step

    def write(self, x: Floats, g: Floats) -> None:
        """W ← W + η x gᵀ."""
        self.w = self.w + self.step * x[:, None] * g[..., None, :]

    def logits(self, y: ArrayLike) -> Floats:
        """(..., actions) for one context ``y`` (d,), (..., n, actions) for n of them (n, d)."""
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
        super().write(x, g - x @ self.w)

    def logits(self, y: ArrayLike) -> Floats:
        """As `Weights.logits`, times the sharpness."""
        return self.sharpness * super().logits(y)


class Lessons:
    """A memory of lessons: logits(y) = η Σ_i k(y·x_i) g_i with x (n, d) and g (..., n, actions)."""

    def __init__(self, dim: int, actions: int, step: float, kernel: Kernel = linear) -> None:
        self.x, self.g = np.zeros((0, dim)), np.zeros((0, actions))
        self.step, self.kernel = step, kernel

    def write(self, x: Floats, g: Floats) -> None:
        """Append the lesson."""
        kept = np.broadcast_to(self.g, (*g.shape[:-1], *self.g.shape[-2:]))
        self.x, self.g = np.vstack([self.x, x]), np.concatenate([kept, g[..., None, :]], axis=-2)

    def logits(self, y: ArrayLike) -> Floats:
        """As `Weights.logits`."""
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
        self.g = np.where(near[:, None], td(self.g, g[..., None, :], self.step), self.g)
        super().write(x, g)

    def logits(self, y: ArrayLike) -> Floats:
        """Sharpness times the kernel-weighted mean of the rows (0 where no row is near)."""
        k = self.kernel(np.asarray(y, dtype=float) @ self.x.T)
        total = k.sum(axis=-1, keepdims=True)
        return self.sharpness * np.divide(k, total, out=np.zeros_like(k), where=total > 1e-12) @ self.g


FLOOR, SHARPNESS = 0.5, 100.0
PLACES: dict[str, Callable[[int, int, float], LinearPolicy]] = {
    "weights, add": Weights,
    "memory, add": lambda d, a, step: Lessons(d, a, step, local(FLOOR)),
    "weights, rewrite": lambda d, a, step: Delta(d, a, step, SHARPNESS),
    "memory, rewrite": lambda d, a, step: Rewriting(d, a, step, local(FLOOR), SHARPNESS),
}
"""Where a lesson is stored and how it is written, by name; both memories are read by the local kernel."""
