"""Lab 10's measurement beside the study: one lesson by each route."""

from __future__ import annotations

import timeit
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from memlab import prompt
from memlab.agent import action_values
from memlab.core import Task
from memlab.labs.lab10_weights import world
from memlab.llm.contract import Embedder
from memlab.stores import open_store
from memlab.weights.live import as_case
from memlab.weights.lora import BATCH
from memlab.weights.school import pupil


def one_lesson(seed: int, embedder: Embedder) -> list[dict[str, Any]]:
    """One lesson by each route: seconds to write it, to take it back among others, and what else it changed.

    ``near``: questions of its kind that then get the tool; ``moved``: other kinds' answers that changed.
    """
    brain, lessons, held, far = pupil(seed, "last block, r = 8")
    task, others = lessons[0], [t for t in lessons if t.family != lessons[0].family]
    near, tool, elsewhere = (
        [t for t in (*lessons[1:], *held) if t.family == task.family],
        task.serves[0],
        [*others, *far],
    )
    before, steps, spent = np.array(brain.chosen(elsewhere)), 0, 0.0
    while brain.chosen([task]) != [tool] and steps < 64:
        spent += timeit.timeit(lambda: brain.learn([(task, tool, 1.0)], steps=4, rate=0.003, batch=BATCH), number=1)
        steps += 4
    weights: dict[str, Any] = {"near": brain.right(near), "moved": float(np.mean(before != brain.chosen(elsewhere)))}
    brain.adapter, again = None, [(t, t.serves[0], 1.0) for t in others]
    removed = timeit.timeit(lambda: brain.learn(again, steps=max(steps, 4), rate=0.003, batch=BATCH), number=1)
    weights |= {"arm": "adapter", "seconds": spent, "steps": steps, "removed": removed, "backend": "embedded"}
    with TemporaryDirectory() as folder:
        store = open_store(folder, dim=embedder.dim)

        def values(t: Task) -> dict[str, float]:
            vector = embedder.embed([prompt.shorten(t.text, prompt.CASE_LENGTH)])[0]
            return action_values(world.NEWEST(vector, store, np.random.default_rng(0)).near)

        store.commit([as_case(t, t.serves[0], embedder) for t in others])
        said = [values(t) for t in elsewhere]
        spent = timeit.timeit(lambda: store.commit([as_case(task, tool, embedder)]), number=1)
        moved = float(np.mean([values(t) != was for t, was in zip(elsewhere, said, strict=True)]))
        told = float(np.mean([values(t).get(tool, 0.0) >= 0.5 for t in near]))
        memory = {"arm": "memory", "seconds": spent, "steps": 0, "near": told, "moved": moved, "backend": "computed"}
        memory["removed"] = timeit.timeit(lambda: store.revert(ids=[task.id]), number=1)
    return [row | {"seed": seed, "model": "smollm2:135m"} for row in (weights, memory)]
