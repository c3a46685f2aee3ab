"""What adapters of one size or another make of the same eight lessons: learned, disturbed, seconds and bytes."""

from __future__ import annotations

import timeit
from collections.abc import Sequence
from typing import Any

import numpy as np

from memlab.core import Task
from memlab.tasks import stream
from memlab.weights import lora
from memlab.weights.lora import BATCH, CUT, ON, QV, STEPS
from memlab.weights.served import UNRELATED, Adapted

WORLD, TASKS, PROBES, KINDS = "toolbox12-b", 48, 6, 12
"""The set of the report, tasks of a stream, questions off it, and kinds of question in a set."""
SIZES: dict[str, tuple[int, int, tuple[str, ...]]] = {f"last block, r = {r}": (CUT, r, ON) for r in (1, 4, 8, 16)}
SIZES |= {f"last {n}, q and v, r = 8": (cut, 8, QV) for n, cut in (("block", CUT), ("two", CUT - 1))}
"""Where an adapter begins, its rank, and the matrices that learn."""


def off_stream(world: str, tasks: Sequence[Task], seed: int) -> list[Task]:
    """Up to 6 questions of the set's first kinds that the stream does not hold, served by the tool of that name."""
    kinds = {task.family for task in tasks}
    return [task for task in stream(world, "stationary", 3 * PROBES, seed, KINDS) if task.family not in kinds][:PROBES]


def pupil(seed: int, size: str) -> tuple[Adapted, list[Task], list[Task], list[Task]]:
    """A model without adapter yet; behind a drift two lessons and two other questions a kind; and other kinds."""
    tasks, kinds = stream(WORLD, "drift", TASKS, seed), dict[str, list[Task]]()
    far = off_stream(WORLD, tasks, seed)
    for task in tasks[TASKS // 2 :]:
        kinds.setdefault(task.family, []).append(task)
    lessons, held = ([task for of in kinds.values() for task in of[start : start + 2]] for start in (0, 2))
    return Adapted(None, [*tasks, *far], *SIZES[size]), lessons, held, far


RESET, FULL = "last block, reset once, r = 8", "last block, full update"
OTHERS: dict[str, float] = {RESET: 0.003, FULL: 0.003, f"{FULL}, rate / 10": 0.0003}
"""Other updates of the same matrices, and Adam's rate."""


def taught(size: str, seed: int) -> dict[str, Any]:
    """What an adapter of this size, or one of `OTHERS`, makes of eight lessons, in 32 steps on all of them."""
    brain, lessons, held, far = pupil(seed, size if size in SIZES else "last block, r = 8")
    before, told = np.array(brain.chosen(far)), [(task, task.serves[0], 1.0) for task in lessons]

    def learn() -> None:
        rate = OTHERS.get(size, 0.003)
        if size.startswith(FULL):
            brain.adapter = lora.whole(brain.model, brain.cut, ON)
        for part in range(2 if size == RESET else 1):
            if part:
                brain.settle()
            steps = STEPS if size == RESET else 2 * STEPS
            brain.learn(told, steps=steps, rate=rate, batch=BATCH, seed=part, held="a" if size.startswith(FULL) else "")

    seconds = timeit.timeit(learn, number=1)
    weights = (brain.adapter or {}).values()
    numbers = sum(ab["b"].size + (0 if size.startswith(FULL) else ab["a"].size) for ab in weights)
    return {"arm": size, "seed": seed, "learned": brain.right(lessons), "held": brain.right(held),
            "moved": float(np.mean(before != brain.chosen(far))), "leak": brain.leak(UNRELATED),
            "seconds": seconds, "kilobytes": numbers / 256, "backend": "embedded", "model": "smollm2:135m"}  # fmt: skip
