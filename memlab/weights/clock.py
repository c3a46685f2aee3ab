"""What a clock says of the work that `memlab.weights.cost` counts: processor seconds of steps and of reads, measured.

Hidden states are drawn at random, since the time does not depend on them. Processor seconds count all threads, so other
work on the machine matters less than in seconds of a wall clock. Needs the extra ``adapters`` and the model's weights.
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable
from typing import Any

import numpy as np

from memlab.weights import llama, lora
from memlab.weights.cost import PREFIX
from memlab.weights.lora import BATCH, ON
from memlab.weights.served import model

LENGTH = 64
"""Tokens of each question, padding included: the smallest length into which most of ours fall."""


def drawn_states(batch: int, seed: int = 0) -> llama.Waiting:
    """Random hidden states of ``batch`` prompts of LENGTH tokens behind the shared prefix."""
    rng = np.random.default_rng(seed)
    wide = model().embed.shape[1]
    prefix, suffix = rng.normal(size=(PREFIX, wide)), rng.normal(size=(batch, LENGTH, wide))
    return llama.Waiting(prefix.astype(np.float32), suffix.astype(np.float32), np.full(batch, LENGTH - 1))


def spent(work: Callable[[], Any], repeats: int = 3) -> list[float]:
    """Processor seconds of ``work``, once it was compiled."""
    work()
    return timeit.repeat(work, timer=time.process_time, number=1, repeat=repeats)


def a_step(top: int, batch: int = BATCH, steps: int = 2) -> list[dict[str, Any]]:
    """Steps of training on the ``top`` blocks, r = 8 on six matrices."""
    cut, prompts = len(model().blocks["attn_q"]) - top, drawn_states(batch)
    start = lora.fresh(model(), cut, on=ON)

    def work() -> None:
        lora.fit(model(), start, cut, prompts, [5] * batch, steps=steps, rate=0.001, batch=batch)

    return [_row("step", top, batch, seconds / steps) for seconds in spent(work)]


def a_read(blocks: int, batch: int = BATCH) -> list[dict[str, Any]]:
    """Prompts through the first ``blocks``, no logits."""
    prompts, through = drawn_states(batch), llama.compiled()[0]
    part = model().part(0, blocks)

    def work() -> None:
        np.asarray(through(model().shape, part, {}, prompts.prefix, prompts.suffix)[1])

    return [_row("read", blocks, batch, seconds) for seconds in spent(work)]


def _row(what: str, blocks: int, batch: int, seconds: float) -> dict[str, Any]:
    return {"what": what, "blocks": blocks, "prefix": PREFIX, "suffix": LENGTH, "batch": batch, "seconds": seconds,
            "backend": "embedded", "model": "smollm2:135m"}  # fmt: skip
