"""Short ways to say unit vectors, cases and steps, and a slow search that is right by sight."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from memlab.core import CASE_FIELDS, Case, Step
from memlab.stores import Store


def unit(*values: float) -> np.ndarray:
    row = np.array(values, dtype=np.float64)
    return (row / np.linalg.norm(row)).astype(np.float32)


def case(case_id: str, vector: np.ndarray | None = None, **fields: object) -> Case:
    return Case(case_id, **{"text": f"text of {case_id}", "vector": vector, **fields})


def step(vector: np.ndarray, *shown: str, task: str = "t", episode: int = -1) -> Step:
    return Step(task, vector, shown, tuple(1 / len(shown) for _ in shown), "tool", 1.0, episode)


def plain(found: Case) -> tuple:
    """All of a case, comparable with ``==``."""
    values = (getattr(found, name) for name in CASE_FIELDS)
    return (found.id, *(value.tobytes() if isinstance(value, np.ndarray) else value for value in values))


def plain_step(found: Step) -> tuple:
    return (found, found.vector.tobytes())


def contents(store: Store) -> list[tuple]:
    return [plain(found) for found in store.cases()]


def slow_search(cases: Iterable[Case], vector: np.ndarray, k: int) -> list[tuple[str, float]]:
    """Every cosine in float64, rounded to 1e-6; sorted by falling cosine, then id."""
    query = vector.astype(np.float64)
    rows = [(round(float(c.vector.astype(np.float64) @ query), 6), c.id) for c in cases if c.vector is not None]
    return [(case_id, cosine) for cosine, case_id in sorted(rows, key=lambda row: (-row[0], row[1]))[:k]]
