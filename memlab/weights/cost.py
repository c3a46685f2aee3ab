"""What a lesson costs by each route, in floating-point operations: pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from memlab.reward import Floats


@dataclass(frozen=True)
class Dims:
    """A Llama: blocks, width, width of keys and of values, width of the gate, words."""

    blocks: int = 30
    width: int = 576
    kv: int = 192
    gate: int = 1536
    words: int = 49152

    @property
    def block(self) -> int:
        """Weights of one block."""
        return 2 * self.width * (self.width + self.kv) + 3 * self.width * self.gate


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
