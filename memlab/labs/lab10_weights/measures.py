"""Lab 10's measurements beside the study: one lesson by each route, adapters of several sizes, and served answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from memlab import prompt
from memlab.core import Case, Edit, Task
from memlab.labs.lab10_weights import world
from memlab.llm.contract import LLM, Embedder
from memlab.llm.ollama import OllamaLLM
from memlab.rivals.knn import KnnVote
from memlab.stores import open_store
from memlab.tasks import stream
from memlab.weights import cost
from memlab.weights.served import Adapted, asked, model, on_server

BIG = {"top 2, r = 1": (28, 1), "top 2, r = 4": (28, 4), "top 2, r = 8": (28, 8), "top 2, r = 16": (28, 16),
       "top 6, r = 8": (24, 8), "all 30, r = 8": (0, 8), "top 2, full rank": (28, 576)}  # fmt: skip
"""Sizes of adapters: where they begin, and their rank."""


def course(seed: int, each: int) -> tuple[list[Task], list[Task], list[Task]]:
    """Lessons (``each`` a kind), held-out questions of the same kinds, both behind a drift, and questions of others."""
    tasks = stream("toolbox12-b", "drift", world.TASKS, seed)
    kinds: dict[str, list[Task]] = {}
    for task in tasks[world.TASKS // 2 :]:
        kinds.setdefault(task.family, []).append(task)
    lessons, held = ([task for of in kinds.values() for task in of[start : start + each]] for start in (0, each))
    return lessons, held, world.off_stream("toolbox12-b", tasks, seed)


def taught(size: str, seed: int, steps: int, rate: float, reset: bool = False) -> dict[str, Any]:
    """What an adapter of this ``size`` makes of eight lessons; with ``reset`` in two halves, each from a fresh one."""
    cut, rank = BIG[size]
    lessons, held, far = course(seed, 2)
    brain = Adapted(None, [*lessons, *held, *far], cut, rank)
    before, began = brain.chosen(far), time.perf_counter()
    for part in (lessons[::2], lessons[1::2]) if reset else (lessons,):
        brain.adapter = None
        brain.learn([(t, t.serves[0], 1.0) for t in part], steps=steps, rate=rate, batch=world.BATCH, seed=seed)
    return {
        "size": size + ", reset" * reset, "seed": seed, "seconds": time.perf_counter() - began,
        "learned": right(brain, lessons), "held": right(brain, held), "leak": brain.leak(world.UNRELATED),
        "moved": float(np.mean(np.array(before) != brain.chosen(far))), "bytes": brain.size(),
        "flops": steps * cost.step(cost.Dims(), *brain.tokens(world.BATCH), world.BATCH, 30 - cut),
    }  # fmt: skip


def right(brain: Adapted, tasks: list[Task]) -> float:
    """The share of tasks whose likeliest tool is the one that serves."""
    return float(np.mean([tool == task.serves[0] for tool, task in zip(brain.chosen(tasks), tasks, strict=True)]))
