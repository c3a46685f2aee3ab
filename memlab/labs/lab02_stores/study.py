"""Lab 02: what it costs to keep a memory on disk, measured. No language model takes part, and no claim is judged.

A row: what a commit costs when ``size`` cases are there and what reading all back does (``cpu_ms`` and ``open_cpu_ms``,
processor time of all threads), and ``mb`` of disk. The arms are ways to keep cases, one commit for each.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from memlab.core import Case, Edit
from memlab.experiments import Study, grid
from memlab.stores import open_store

DIM, BLOCK = 384, 64
"""Length of a vector; commits timed at each size, as many as memlab makes between two compactions."""
Write = Callable[[Sequence[Case]], None]


def many_cases(n: int, seed: int) -> list[Case]:
    """``n`` cases with random unit vectors of length `DIM`."""
    drawn = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    rows = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return [Case(f"c{i:07d}", f"question {i}", "sum", 1.0, 1.0, vector=row) for i, row in enumerate(rows)]


def as_json(case: Case) -> dict[str, Any]:
    """A case as JSON and LanceDB take it."""
    return asdict(case) | {"vector": np.asarray(case.vector).tolist()}


def in_json(folder: Path, whole: bool) -> Write:
    """A JSON file: a dict saved ``whole`` over the last one, once however many cases are given; or a line a case."""
    memory: dict[str, Any] = {}

    def write(more: Sequence[Case]) -> None:
        memory.update({case.id: as_json(case) for case in more})
        parts = [memory] if whole else [{case.id: memory[case.id]} for case in more]
        with (folder / "memory.json").open("w" if whole else "a") as file:
            file.writelines(json.dumps(part) + "\n" for part in parts)

    return write


def count_json(folder: Path) -> int:
    """Cases in all lines of the file."""
    return sum(len(json.loads(line)) for line in (folder / "memory.json").read_text().splitlines())


def in_memlab(folder: Path) -> Write:
    """memlab's store: every case a commit, compacted as the log grows."""
    store = open_store(folder / "memory", DIM)

    def write(more: Sequence[Case]) -> None:
        for case in more:
            store.commit([Edit.write(case)])

    return write


def row_by_row(folder: Path) -> Write:
    """A LanceDB table, one row added at a time."""
    import lancedb

    table, db = None, lancedb.connect(folder)

    def write(more: Sequence[Case]) -> None:
        nonlocal table
        for case in more:
            if table is None:
                table = db.create_table("cases", [as_json(case)])
            else:
                table.add([as_json(case)])

    return write


def count_rows(folder: Path) -> int:
    """Rows of LanceDB's table, all of them read."""
    import lancedb

    return len(lancedb.connect(folder).open_table("cases").to_arrow())


KEEPERS: dict[str, tuple[Callable[[Path], Write], Callable[[Path], int]]] = {
    "LanceDB, row by row": (row_by_row, count_rows),
    "memlab": (in_memlab, lambda folder: len(open_store(folder / "memory"))),
    "null: JSON file": (partial(in_json, whole=True), count_json),
    "null: JSON lines": (partial(in_json, whole=False), count_json),
}
"""Name to what opens a way of keeping in a folder (it then makes cases durable), and to what reads all back."""


def cpu_ms(work: Callable[..., object], *args: Any) -> float:
    """Processor time of ``work(*args)``, in milliseconds."""
    start = time.process_time()
    work(*args)
    return 1e3 * (time.process_time() - start)


def measure_keeping(arm: str, seed: int, size: int) -> list[dict[str, Any]]:
    """One row: what the last commits up to ``size`` cases cost, disk, and an opening, in a temporary folder."""
    (keep, count), many = KEEPERS[arm], many_cases(size, seed)
    first = max(1, size - (2 if "file" in arm else BLOCK))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write = keep(home)
        write(many[:first])
        commit = np.mean([cpu_ms(write, [case]) for case in many[first:]])
        mb = sum(file.stat().st_size for file in home.rglob("*") if file.is_file()) / 1e6
        found = {"cpu_ms": commit, "mb": mb, "open_cpu_ms": cpu_ms(count, home)}
    return [{"arm": arm, "seed": seed, "size": size, "backend": "measured"} | found]


STUDY = Study(
    "lab02",
    measure_keeping,
    lambda rows: rows[["cpu_ms", "open_cpu_ms", "mb"]].mean().to_dict(),  # nothing is judged, and less is better
    report=grid(size=(64, 512, 1024), seed=range(100, 108), arm=tuple(KEEPERS))
    + grid(size=(2048, 3072), seed=range(100, 102), arm=tuple(KEEPERS)),  # row by row is slow by then
    nulls=("null: JSON file", "null: JSON lines"),
    repeats=False,
)
