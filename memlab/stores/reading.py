"""Reading a view: what a live store and a view of a past version answer in the same way."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np

from memlab.core import Case, Hits, Step
from memlab.stores.contract import StoreError, check_k, check_kind, check_text, check_vector
from memlab.stores.index import Index
from memlab.stores.log import View


class Reading(ABC):
    """A view, the index over it (made when first searched), and the questions they answer; see `Store`."""

    def __init__(self, dim: int, view: View) -> None:
        self._dim = dim
        self._guard = threading.RLock()
        self._view = view
        self._index: Index | None = None

    @abstractmethod
    def _sync(self) -> None:
        """Bring the view up to date; called with the guard held, before anything is read."""

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def version(self) -> int:
        with self._guard:
            self._sync()
            return self._view.version

    def __len__(self) -> int:
        with self._guard:
            self._sync()
            return len(self._view.live)

    def search(self, vector: np.ndarray, k: int, kind: str | None = None) -> Hits:
        query = check_vector(vector, self._dim, "search")
        k = check_k(k)
        if kind is not None:
            check_kind(kind, "search")
        with self._guard:
            self._sync()
            if self._index is None:
                self._index = Index(self._dim, self._view.live.values())
            ids, similarity = self._index.search(query, k, kind)
            return Hits(tuple(ids), similarity, tuple(self._view.live[case_id] for case_id in ids))

    def get(self, case_id: str) -> Case:
        check_text(case_id, "the case id")
        with self._guard:
            self._sync()
            live, gone = self._view.pair(case_id)
        if live is None:
            state = "was forgotten; an earlier at(version) shows it" if gone else "is not in memory; see cases()"
            raise StoreError(f"case {case_id!r} {state}")
        return live

    def cases(self, kind: str | None = None) -> tuple[Case, ...]:
        if kind is not None:
            check_kind(kind, "cases")
        with self._guard:
            self._sync()
            live = self._view.live
            return tuple(live[case_id] for case_id in sorted(live) if kind is None or live[case_id].kind == kind)


class Past:
    """Past uses of memory, found by case without reading all of them."""

    def __init__(self, rows: Iterable[tuple[int, Step]]) -> None:
        self._all: list[tuple[int, Step]] = []
        self._of: dict[str, list[tuple[int, Step]]] = {}
        self.add(rows)

    def add(self, rows: Iterable[tuple[int, Step]]) -> None:
        """Append ``(version, step)`` rows in log order."""
        for row in rows:
            self._all.append(row)
            for case_id in set(row[1].shown):
                self._of.setdefault(case_id, []).append(row)

    def steps(self, case_id: str | None, upto: int) -> list[Step]:
        """Steps of one case, or of all, up to and including a version."""
        rows = self._all if case_id is None else self._of.get(case_id, [])
        return [step for version, step in rows if version <= upto]
