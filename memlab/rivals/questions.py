"""What many lives are asked, as arrays: streams, similarities and chances, made once for `memlab.rivals.quick`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from memlab import prompt
from memlab.llm.contract import Embedder
from memlab.llm.shown import word_row
from memlab.llm.simulated import SimulatedLLM
from memlab.tasks import stream

Floats, Ints = NDArray[np.floating], NDArray[np.integer]
WIDTH, SIMILAR = 24, 0.5
"""Near cases that are looked at (of the 16 that a shortlist has, and some to fill gaps), and the least similarity."""


@dataclass(frozen=True)
class Questions:
    """What ``L`` lives of ``n`` tasks are asked, whatever moves: all that no setting changes.

    ``near``, ``close`` and ``alike`` (n, L, `WIDTH`) are the places of the nearest earlier tasks (the last place of all
    holds nothing), their similarity, and the cosine of hashed words; ``bare`` (n, L, A) the model's scores without a
    case, ``length`` (L, n) the prompt's characters then, ``case`` (L * n + 1,) those that a case adds.
    """

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


@lru_cache(maxsize=64)
def serves(world: str, kind: str, n: int, seeds: tuple[int, ...]) -> Ints:
    """Which tool serves each task, (L, n) places in the list of tools."""
    lives = [stream(world, kind, n, seed) for seed in seeds]
    place = {name: i for i, name in enumerate(lives[0][0].choices)}
    return np.array([[place[task.serves[0]] for task in life] for life in lives])


def questions(model: SimulatedLLM, embedder: Embedder, world: str, n: int, seeds: Sequence[int]) -> Questions:
    """The questions of these seeds, which are the same in every kind of stream."""
    lives = [stream(world, "stationary", n, seed) for seed in seeds]
    texts, at = np.unique([task.text for life in lives for task in life], return_inverse=True)
    at, (names, about) = at.reshape(len(lives), n), (lives[0][0].choices, lives[0][0].about)
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
    order = np.argsort(-similarity, axis=2, kind="stable")[:, :, :WIDTH]
    close = np.take_along_axis(similarity, order, axis=2)
    earlier, row = by_id[order], np.arange(len(lives))[:, None, None]
    near = np.where(close >= SIMILAR, row * n + earlier, len(lives) * n)
    alike = words[at[:, :, None], at[row, earlier]]
    head = len(prompt.render(about, [], asked[0])) - len(asked[0])
    draws = [np.random.default_rng([seed, 14]) for seed in seeds]
    return Questions(
        names=tuple(names),
        kind=np.array([np.unique([task.family for task in life], return_inverse=True)[1] for life in lives]),
        near=np.ascontiguousarray(near.swapaxes(0, 1)),
        close=np.ascontiguousarray(close.swapaxes(0, 1)),
        alike=np.ascontiguousarray(alike.swapaxes(0, 1)),
        bare=np.ascontiguousarray((documented + model.prior(asked, names))[at].swapaxes(0, 1)),
        length=head + np.array([len(text) for text in asked])[at],
        case=np.append(len('Q: \nA: ""\n') + np.array([len(text) for text in short])[at].ravel(), 0),
        chance=np.array([rng.random((5, n)) for rng in draws]).transpose(1, 2, 0),
        gumbel=np.array([rng.gumbel(size=(n, WIDTH + 1)) for rng in draws]).swapaxes(0, 1),
    )  # fmt: skip
