"""What a lesson costs by each route, in floating-point operations, bytes and seconds: pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from memlab.reward import Floats
from memlab.weights.lora import BATCH, RANK, STEPS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dims:
    """A Llama: blocks, width, width of keys and of values, width of the gate, words."""

    blocks: int = 30
    width: int = 576
    kv: int = 192
    gate: int = 1536
    words: int = 49152

    @property
    def weights(self) -> int:
        """Weights of all blocks and of the words."""
        return self.blocks * self.block + self.words * self.width

    @property
    def block(self) -> int:
        """Weights of one block."""
        return 2 * self.width * (self.width + self.kv) + 3 * self.width * self.gate

    def thin(self, rank: float, keys: bool = True) -> float:
        """Numbers of an adapter on all matrices of a block, or on all but that of the ``keys``."""
        return rank * (4 * self.width + (1 + keys) * (self.width + self.kv) + 3 * (self.width + self.gate))

    def horizon(
        self,
        shown: float,
        steps: float = STEPS,
        share: float = 1.0,
        price: float = 1.0,
        rank: float = RANK,
        uncached: float = 0,
    ) -> float:
        """Tasks that must read a lesson before an adapter is cheaper than ``shown`` tokens of it in each prompt.

        The adapter sits on the top ``share`` of the blocks, unmerged, so it works at each token too; ``uncached`` is
        the share of the common prefix that is read again since each adapter has its own cache; ``price`` is that of an
        operation in training by one in reading. Infinite where its answers cost more than those with the lesson shown.
        """
        top, again = max(1.0, share * self.blocks), uncached * PREFIX
        wide = 2 * top * self.thin(rank) * (SUFFIX + again)
        spared = forward(self, shown, last=0, ahead=PREFIX) - forward(self, again, last=0) - wide
        return price * steps * step(self, PREFIX, SUFFIX, BATCH, top) / spared if spared > 0 else float("inf")

    def a_task(
        self, tasks: ArrayLike, shown: float = 35, steps: float = STEPS, share: float = 1 / 30, rank: float = RANK
    ) -> dict[str, Floats]:
        """Operations a task over a horizon of ``tasks`` (n,), by route, all learning included; the prefix cached."""
        answer, over, top = forward(self, SUFFIX, ahead=PREFIX), np.asarray(tasks, float), max(1.0, share * self.blocks)
        wide = answer + 2 * top * SUFFIX * self.thin(rank)
        return {
            "no lesson, or one that a program applies": answer + 0 * over,
            "memory, in the prompt": answer + forward(self, shown, last=0, ahead=PREFIX) + 0 * over,
            "adapter": wide + steps * step(self, PREFIX, SUFFIX, BATCH, top) / over,
        }

    def checked(self, points: pd.DataFrame, known: int = 5) -> pd.DataFrame:
        """The count beside the clock: rows of `memlab.weights.clock`, seconds an operation and a byte from some.

        The two rates are fitted to the points of at most ``known`` blocks; all others are predicted.
        """
        table = points.groupby(["what", "blocks", "prefix", "suffix", "batch"])["seconds"].median().reset_index()
        counts = {"read": reading, "step": stepping}
        work = np.array([counts[p.what](self, p.prefix, p.suffix, p.batch, p.blocks) for p in table.itertuples()])
        clock, fitted = table["seconds"], table["blocks"] <= known
        told = work @ rates(work[fitted], clock[fitted])
        found = table[["what", "blocks", "batch"]].assign(gflop=work[:, 0] / 1e9, measured=clock, model=told)
        return found.assign(ratio=told / clock, fitted=fitted)


SHAPES = {
    "SmolLM2 135M": Dims(),
    "Llama 3.2 1B": Dims(16, 2048, 512, 8192, 128256),
    "Llama 3.1 8B": Dims(32, 4096, 1024, 14336, 128256),
    "Llama 3.1 70B": Dims(80, 8192, 1024, 28672, 128256),
}
"""The model that was measured, and those to which the count is carried on: their published shapes, none was run."""
PREFIX, SUFFIX = 129, 43
"""Tokens that all prompts of our streams share, and tokens of a question with its chat frame (mean)."""


def forward(dims: Dims, tokens: float, blocks: float | None = None, last: float = 1.0, ahead: float = 0.0) -> float:
    """Operations to read ``tokens`` behind ``ahead`` cached ones through ``blocks``, with logits at ``last``."""
    through = dims.blocks if blocks is None else blocks
    attention = 4 * dims.width * tokens * (ahead + tokens / 2)
    return through * (2 * dims.block * tokens + attention) + 2 * dims.width * dims.words * last


def step(dims: Dims, prefix: float, suffix: float, batch: float, top: float) -> float:
    """Operations of a training step on the ``top`` blocks; backward through frozen weights costs as much as forward.

    The last block makes keys and values for all tokens, and the rest for the last ones alone.
    """
    tokens = prefix + batch * suffix
    whole = forward(dims, prefix, top - 1, 0) + batch * forward(dims, suffix, top - 1, 0, prefix)
    ended = 4 * dims.width * dims.kv * tokens + 2 * dims.block * batch
    return 2 * (whole + ended + 2 * dims.width * dims.words * batch)


def crossover(
    steps: ArrayLike, tokens: ArrayLike, share: ArrayLike, shown: ArrayLike, price: ArrayLike = 1.0
) -> Floats:
    """Reads of one lesson from which weights are cheaper than showing ``shown`` tokens of it at each read.

    A lesson takes ``steps`` on ``tokens`` (a batch) through a ``share`` of the blocks, forward and backward; ``price``
    is that of an operation in training by one in reading. The size of the model cancels out.
    """
    made = np.asarray(price) * 2 * np.asarray(steps) * np.asarray(tokens) * np.asarray(share)
    with np.errstate(divide="ignore"):
        return made / np.asarray(shown, dtype=float)


def reading(dims: Dims, prefix: float, suffix: float, batch: float, blocks: float) -> tuple[float, float]:
    """Operations, and bytes of float32 weights, to read prompts behind one ``prefix`` through ``blocks``; no logits."""
    read = forward(dims, prefix, blocks, 0) + batch * forward(dims, suffix, blocks, 0, prefix)
    return read, 4 * blocks * dims.block


def stepping(dims: Dims, prefix: float, suffix: float, batch: float, top: float) -> tuple[float, float]:
    """Operations of a `step`, and the bytes of float32 weights that it goes through, forward and backward."""
    return step(dims, prefix, suffix, batch, top), 2 * 4 * (top * dims.block + dims.words * dims.width)


def rates(work: ArrayLike, seconds: ArrayLike) -> Floats:
    """Seconds an operation and seconds a byte, (2,), none below 0: least squares of relative errors.

    ``work`` (n, 2) holds operations and bytes, ``seconds`` (n,) what a clock said.
    """
    from scipy.optimize import nnls

    done, clock = np.asarray(work, dtype=float), np.asarray(seconds, dtype=float)
    return nnls(done / (unit := done.max(axis=0)) / clock[:, None], np.ones(len(clock)))[0] / unit
