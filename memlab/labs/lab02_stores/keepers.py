"""Ways to keep a memory on disk, one commit for each case: the arms that lab 02 measures."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from memlab.core import Case, Edit
from memlab.stores import open_store

DIM = 384
NAME = "memory.json"
Write = Callable[[Sequence[Case]], None]


def many_cases(n: int, seed: int) -> list[Case]:
    """``n`` cases with random unit vectors of length `DIM`."""
    rows = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [Case(f"c{i:07d}", f"question {i}", "sum", 1.0, 1.0, vector=row) for i, row in enumerate(rows)]


def as_json(case: Case) -> dict[str, Any]:
    """A case as JSON and LanceDB take it."""
    return asdict(case) | {"vector": np.asarray(case.vector).tolist()}


def json_lines(folder: Path) -> Write:
    """A file to which each case is appended as one line of JSON."""

    def write(more: Sequence[Case]) -> None:
        with (folder / NAME).open("a") as file:
            file.writelines(json.dumps({case.id: as_json(case)}) + "\n" for case in more)

    return write


def json_file(folder: Path, renamed: bool = False) -> Write:
    """A dict, saved whole over the last file, or beside it and put in its place by one rename.

    Given several cases it saves once: of all their saves only the last would be left.
    """
    memory: dict[str, Any] = {}

    def write(more: Sequence[Case]) -> None:
        memory.update({case.id: as_json(case) for case in more})
        path = folder / f"{NAME}{'.part' * renamed}"
        with path.open("w") as file:
            json.dump(memory, file)
            file.write("\n")
        os.replace(path, folder / NAME)

    return write


def count_json(folder: Path) -> int:
    """Cases in whole lines (one without its end was never acknowledged); -1 where not even one can be read."""
    lines = (folder / NAME).read_text().splitlines(keepends=True)
    whole = [json.loads(line) for line in lines if line.endswith("\n")]
    return sum(map(len, whole)) if whole else -1


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
    "null: JSON file": (json_file, count_json),
    "null: JSON file, renamed": (partial(json_file, renamed=True), count_json),
    "null: JSON lines": (json_lines, count_json),
}
"""Name to what opens a way of keeping in a folder (it then makes cases durable), and to what reads all back."""
