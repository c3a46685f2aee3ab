"""What many lives are asked, as arrays: questions, likeness and chances, made once for `memlab.rivals.quick`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from memlab import prompt
from memlab.llm.contract import Embedder
from memlab.llm.simulated import SimulatedLLM, word_row
from memlab.retrieval import TopK
from memlab.tasks import stream

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
SIMILAR = TopK.min_similarity
"""The least similarity of a near case."""


@dataclass(frozen=True)
class Questions:
    """What the ``P`` = lives × ``n`` tasks ask, life after life, whatever moves: all that no setting changes.

    ``near``, ``close`` and ``alike`` (P, W) are the places of all near earlier tasks of the same life, nearest first
    (place P holds nothing), their similarity, and the cosine of hashed words; ``bare`` (P, A) is the model's score
    without a case, ``length`` (P,) the prompt's characters then, ``case`` (P + 1,) those that a case adds; ``chance``
    (5, P) and ``gumbel`` (P, 1 + W), the void case's first, are drawn. ``batches`` are places that do not wait for each
    other: no two of a batch read or pay for the same case.
    """

    n: int
    names: tuple[str, ...]
    kind: Ints
    near: Ints
    close: Floats
    alike: Floats
    bare: Floats
    length: Ints
    case: Ints
    chance: Floats
    gumbel: Floats
    batches: tuple[Ints, ...]


@lru_cache(maxsize=512)
def serves(world: str, kind: str, n: int, seeds: tuple[int, ...]) -> Ints:
    """Which tool serves each task, places in the list of tools, (P,)."""
    tasks = [task for seed in seeds for task in stream(world, kind, n, seed)]
    place = {name: i for i, name in enumerate(tasks[0].choices)}
    return np.array([place[task.serves[0]] for task in tasks])


def ask_all(model: SimulatedLLM, embedder: Embedder, world: str, n: int, seeds: Sequence[int]) -> Questions:
    """The questions of these seeds, which are the same in every kind of stream."""
    lives = [stream(world, "stationary", n, seed) for seed in seeds]
    texts, at = np.unique([task.text for life in lives for task in life], return_inverse=True)
    at, names, about = at.reshape(len(lives), n), lives[0][0].choices, lives[0][0].about
    short = [prompt.shorten(text, prompt.CASE_LENGTH) for text in texts]
    asked = [prompt.shorten(text, prompt.QUESTION_LENGTH) for text in texts]
    vectors = embedder.embed(short).astype(float)
    here = np.array([word_row(question, 256) for question in asked])
    words = here @ np.array([word_row(text, 256) for text in short]).T
    documented = here @ np.array([word_row(about[name], 256) for name in names]).T * model.beta["about"]
    # Equal ones in the order of the cases' ids, which end in the task's number as text.
    by_id = np.argsort([f"{i}/" for i in range(n)])
    similarity = (vectors @ vectors.T).round(6)[at[:, :, None], at[:, None, by_id]]
    similarity[:, by_id[None, :] >= np.arange(n)[:, None]] = -1
    width = int((similarity >= SIMILAR).sum(axis=2).max())
    order = np.argsort(-similarity, axis=2, kind="stable")[:, :, :width]
    close = np.take_along_axis(similarity, order, axis=2).reshape(-1, width)
    earlier, life = by_id[order], np.arange(len(lives))[:, None, None]
    near = np.where(close >= SIMILAR, (life * n + earlier).reshape(-1, width), at.size)
    draws = [np.random.default_rng([seed, 14]) for seed in seeds]
    return Questions(
        n=n,
        names=tuple(names),
        kind=np.concatenate([np.unique([task.family for task in tasks], return_inverse=True)[1] for tasks in lives]),
        near=near,
        close=close,
        alike=words[at[:, :, None], at[life, earlier]].reshape(-1, width),
        bare=(documented + model.prior(asked, names))[at.ravel()],
        length=len(prompt.render(about, [], "")) + np.array([len(text) for text in asked])[at.ravel()],
        case=np.append(len('Q: \nA: ""\n') + np.array([len(text) for text in short])[at.ravel()], 0),
        chance=np.concatenate([rng.random((5, n)) for rng in draws], axis=1),
        gumbel=np.concatenate([rng.gumbel(size=(width + 1, n)).T for rng in draws]),
        batches=tuple(_batches(near, n)),
    )


def _batches(near: Ints, n: int) -> list[Ints]:
    """Places that may go on at once: each comes after all earlier tasks that touch a case which it touches."""
    last, starts = np.full(len(near) + 1, -1), np.arange(0, len(near), n)
    level = np.zeros(len(near), dtype=int)
    for places in (starts + t for t in range(n)):
        touched = np.where(near[places] < len(near), last[near[places]], -1)
        level[places] = 1 + touched.max(axis=1)
        last[near[places]] = np.where(near[places] < len(near), level[places][:, None], -1)
        last[places] = level[places]
    return np.split(np.argsort(level, kind="stable"), np.cumsum(np.bincount(level))[:-1])
