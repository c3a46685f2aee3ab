"""One-step tasks without a language model: lessons from groups of rollouts, and what one correction changes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab import prompt
from memlab.core import MemlabError, Task
from memlab.llm.contract import Embedder
from memlab.retrieval.policies import soft_policy
from memlab.reward import Floats, group_relative, reported
from memlab.weights.linear import LinearPolicy


def lesson(pi: ArrayLike, actions: ArrayLike, advantage: ArrayLike) -> Floats:
    """g = (1/G) Σ_i A_i (onehot(a_i) − π), (..., actions): ``pi`` is (..., actions), the others (..., G)."""
    chance, a = np.asarray(pi, dtype=float), np.asarray(advantage, dtype=float)
    taken = np.eye(chance.shape[-1])[np.asarray(actions)]
    return (a[..., None] * (taken - chance[..., None, :])).mean(axis=-2)


@dataclass(frozen=True)
class Bandit:
    """A stream of one-step tasks: ``x`` (n, d) unit rows, ``reward`` (n, actions) of every action, ``family`` (n,)."""

    x: Floats
    reward: Floats
    family: NDArray[np.str_]

    def part(self, rows: slice) -> Bandit:
        """Some of its tasks."""
        return Bandit(self.x[rows], self.reward[rows], self.family[rows])


def bandit(tasks: Sequence[Task], embedder: Embedder) -> Bandit:
    """One-step tasks with the reward of every tool, for learners that need no language model."""
    texts = [prompt.shorten(task.subtasks[0], prompt.CASE_LENGTH) for task in tasks]
    rewards = [[reported(task, task.tools[name](task.subtasks[0])) for name in task.choices] for task in tasks]
    x = embedder.embed(texts).astype(float)
    return Bandit(x, np.array(rewards), np.array([task.family for task in tasks]))


def learn(
    stream: Bandit, place: LinearPolicy, lives: int = 1, group: int = 4, seed: int = 0, shuffle: bool = False
) -> Floats:
    """Live the stream with ``group`` rollouts a task, one lesson a task; gives the expected reward π·r, (lives, n).

    The advantage is relative to the group (leave-one-out). ``shuffle`` is the null: the advantages go to random
    actions.
    """
    rng = np.random.default_rng(seed)
    expected = np.empty((lives, len(stream.x)))
    for t, (x, reward) in enumerate(zip(stream.x, stream.reward, strict=True)):
        pi = np.broadcast_to(soft_policy(place.logits(x), 1.0), (lives, len(reward)))
        expected[:, t] = pi @ reward
        drawn, elsewhere = rng.random((lives, group, 1)), rng.integers(len(reward), size=(lives, group))
        taken = (drawn >= np.cumsum(pi, axis=1)[:, None, :-1]).sum(axis=2)
        place.write(x, lesson(pi, elsewhere if shuffle else taken, group_relative(reward[taken], "leave-one-out")))
    return expected


def correct(place: LinearPolicy, x: Floats, action: int, others: Floats, most: int = 400) -> tuple[NDArray, NDArray]:
    """Write "in ``x``, ``action`` is right" until it is the likeliest action there, and see what else has changed.

    Every write is the lesson onehot(action) − π(x), the exact gradient of log π(action). Gives the writes that each
    life needed (lives,), and in which of the ``others`` (n, d) the likeliest action is another one (lives, n). The
    ``place`` is left as it was. Raises `MemlabError` after ``most`` writes in vain.
    """
    place = copy.deepcopy(place)
    before = place.logits(others).argmax(axis=-1)
    writes, changed = np.full(before.shape[:-1], -1), np.zeros(before.shape, dtype=bool)
    for written in range(most):
        pi = soft_policy(place.logits(x), 1.0)
        done = (pi.argmax(axis=-1) == action) & (writes < 0)
        if done.any():
            now = place.logits(others).argmax(axis=-1) != before
            writes, changed = np.where(done, written, writes), np.where(done[..., None], now, changed)
        if (writes >= 0).all():
            return writes, changed
        place.write(x, np.eye(pi.shape[-1])[action] - pi)
    raise MemlabError(f"{most} writes did not make action {action} the likeliest: raise the step size or most=")


def interference(place: LinearPolicy, stream: Bandit) -> dict[str, float]:
    """Correct one answer of each family: mean ``writes`` that took, and the shares of answers that changed.

    ``near`` are the other tasks of its family in the ``stream``, where a change is wanted; ``far`` all other families.
    """
    found = []
    for at in np.unique(stream.family, return_index=True)[1]:
        writes, changed = correct(place, stream.x[at], int(stream.reward[at].argmax()), stream.x)
        far = stream.family != stream.family[at]
        near = ~far & (np.arange(len(far)) != at)
        found.append([writes.mean(), changed[..., near].mean(), changed[..., far].mean()])
    return dict(zip(("writes", "near", "far"), np.mean(found, axis=0).tolist(), strict=True))


def live_moved(
    stream: Bandit, place: LinearPolicy, lives: int, seed: int, shuffle: bool = False
) -> tuple[Floats, dict[str, float]]:
    """`learn` a stream whose tools move in its middle: π·r, (lives, n), and the `interference` before they do."""
    middle = len(stream.x) // 2
    first, then = stream.part(slice(middle)), stream.part(slice(middle, None))
    before, moved = learn(first, place, lives, seed=seed, shuffle=shuffle), interference(place, then)
    return np.hstack([before, learn(then, place, lives, seed=1000 + seed, shuffle=shuffle)]), moved
