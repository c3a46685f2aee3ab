"""Ways to keep a memory on disk, one commit for each case: the arms that lab 02 measures."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from memlab.core import Case, Edit
from memlab.stores import open_store

DIM = 384
BLOCK = 64
"""Commits that are timed at each size: as many as memlab makes between two compactions, so their mean holds one."""
Row = dict[str, Any]


def cases(n: int, seed: int, dim: int = DIM) -> list[Case]:
    """``n`` cases with random unit vectors."""
    rows = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [Case(f"c{i:07d}", f"question {i}", "sum", 1.0, 1.0, vector=row) for i, row in enumerate(rows)]


def fields(case: Case) -> Row:
    """A case as JSON and LanceDB take it."""
    assert case.vector is not None
    return asdict(case) | {"vector": case.vector.tolist()}


class Keeper(Protocol):
    """One way to keep cases in ``folder``; ``block`` commits are timed at each size."""

    block: int

    def __init__(self, folder: Path) -> None: ...

    def fill(self, more: Sequence[Case]) -> None:
        """Commit ``more``, one at a time; nobody times this."""

    def commit(self, case: Case) -> object:
        """One case becomes durable."""

    @staticmethod
    def count(folder: Path) -> int:
        """Read everything back as a new process would; how many cases are there."""


class Naive:
    """A LanceDB table, one row added at a time."""

    block = BLOCK

    def __init__(self, folder: Path) -> None:
        import lancedb

        self._db = lancedb.connect(folder)
        self._table: Any = None

    def fill(self, more: Sequence[Case]) -> None:
        for case in more:
            self.commit(case)

    def commit(self, case: Case) -> object:
        if self._table is None:
            self._table = self._db.create_table("cases", [fields(case)])
            return self._table
        return self._table.add([fields(case)])

    @staticmethod
    def count(folder: Path) -> int:
        import lancedb

        return len(lancedb.connect(folder).open_table("cases").to_arrow())


class Memlab:
    """memlab's store: every case a commit, compacted as the log grows."""

    block = BLOCK

    def __init__(self, folder: Path) -> None:
        self._store = open_store(folder / "memory", DIM)

    def fill(self, more: Sequence[Case]) -> None:
        for case in more:
            self.commit(case)

    def commit(self, case: Case) -> object:
        return self._store.commit([Edit.write(case)])

    @staticmethod
    def count(folder: Path) -> int:
        with open_store(folder / "memory") as store:
            return len(store)


class Batched(Memlab):
    """memlab's store, `BLOCK` cases a commit. A case that still waits for its commit is lost in a crash."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._waiting: list[Edit] = []

    def commit(self, case: Case) -> object:
        self._waiting.append(Edit.write(case))
        if len(self._waiting) == BLOCK:
            self._store.commit(self._waiting)
            self._waiting = []
        return None


class JsonFile:
    """A dict, saved whole after each change, over the last file."""

    block = 2

    def __init__(self, folder: Path) -> None:
        self._path = folder / "memory.json"
        self._memory: dict[str, Row] = {}

    def fill(self, more: Sequence[Case]) -> None:
        # Only the last save is left of all the saves before it, so the others need not be made.
        self._memory |= {case.id: fields(case) for case in more[:-1]}
        self.commit(more[-1])

    def commit(self, case: Case) -> object:
        self._memory[case.id] = fields(case)
        with self._path.open("w") as file:
            json.dump(self._memory, file)
        return None

    @staticmethod
    def count(folder: Path) -> int:
        return len(json.loads((folder / "memory.json").read_text()))


class JsonSwapped(JsonFile):
    """The same dict, saved beside the last file and put in its place by one rename."""

    def commit(self, case: Case) -> object:
        self._memory[case.id] = fields(case)
        part = self._path.with_suffix(".part")
        with part.open("w") as file:
            json.dump(self._memory, file)
        os.replace(part, self._path)
        return None


class JsonLines:
    """A file to which each change is appended as one line of JSON."""

    block = BLOCK

    def __init__(self, folder: Path) -> None:
        self._path = folder / "memory.jsonl"

    def fill(self, more: Sequence[Case]) -> None:
        for case in more:
            self.commit(case)

    def commit(self, case: Case) -> object:
        with self._path.open("a") as file:
            return file.write(json.dumps(fields(case)) + "\n")

    @staticmethod
    def count(folder: Path) -> int:
        lines = (folder / "memory.jsonl").read_text().splitlines(keepends=True)
        # A line without its end was never acknowledged.
        return len([json.loads(line) for line in lines if line.endswith("\n")])


KEEPERS: dict[str, type[Keeper]] = {
    "LanceDB, row by row": Naive,
    "memlab": Memlab,
    "memlab, 64 a commit": Batched,
    "null: JSON file": JsonFile,
    "null: JSON file, renamed": JsonSwapped,
    "null: JSON lines": JsonLines,
}
