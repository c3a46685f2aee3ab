"""The resident search index: one dense float32 matrix, rows of live cases that have a vector."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from memlab.core import KINDS, Case

MARGIN = 4e-6  # wider than float32 rounding of a unit product plus the rounding of similarities to 1e-6
FEW = 9_216  # below it OpenBLAS has one thread anyway, and setting that would cost more than the product
MANY = 2_000_000  # above it, 8 MB, one thread takes more than twice the time of two on a quiet machine
_turn = threading.Lock()  # threadpoolctl lets one thread at a time set the number


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def product(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """``rows @ vector``, by one thread where that is as fast: two wait 5-50 ms where another program is busy."""
    if not FEW <= rows.size <= MANY:
        return np.asarray(rows @ vector)
    with _turn, _blas().limit(limits=1):
        return np.asarray(rows @ vector)


class Index:
    """Unit rows, shape ``(n, d)``, with their ids; removal moves the last row into the hole, so no hole stays."""

    def __init__(self, dim: int, cases: Iterable[Case] = ()) -> None:
        self._rows = np.empty((0, dim), np.float32)
        self._kinds = np.empty(0, np.int8)
        self._ids: list[str] = []
        self._slot: dict[str, int] = {}
        rows = [case for case in cases if case.vector is not None]
        self._reserve(len(rows))
        for case in rows:
            self.put(case)

    def __len__(self) -> int:
        return len(self._ids)

    def _reserve(self, size: int) -> None:
        rows = np.empty((size, self._rows.shape[1]), np.float32)
        kinds = np.empty(size, np.int8)
        n = len(self._ids)
        rows[:n], kinds[:n] = self._rows[:n], self._kinds[:n]
        self._rows, self._kinds = rows, kinds

    def put(self, case: Case) -> None:
        """Add ``case``, or replace its row."""
        slot = self._slot.get(case.id)
        if slot is None:
            slot = len(self._ids)
            if slot == len(self._rows):
                self._reserve(max(64, 2 * slot))
            self._ids.append(case.id)
            self._slot[case.id] = slot
        self._rows[slot] = case.vector
        self._kinds[slot] = KINDS.index(case.kind)

    def drop(self, case_id: str) -> None:
        """Take one row out, if it is there."""
        slot = self._slot.pop(case_id, None)
        if slot is None:
            return
        last_id = self._ids.pop()
        if last_id != case_id:
            last = len(self._ids)
            self._rows[slot], self._kinds[slot] = self._rows[last], self._kinds[last]
            self._ids[slot], self._slot[last_id] = last_id, slot
        if len(self._rows) > 256 and 4 * len(self._ids) < len(self._rows):
            self._reserve(2 * len(self._ids))

    def follow(self, old: Case | None, new: Case | None, case_id: str) -> None:
        """Take in that a case which was ``old`` is now ``new``; None is a case that is not live."""
        if new is None or new.vector is None:
            self.drop(case_id)
        elif old is None or old.vector is not new.vector or old.kind != new.kind:
            self.put(new)

    def search(self, vector: np.ndarray, k: int, kind: str | None = None) -> tuple[list[str], np.ndarray]:
        """Ids and cosines, best first: rounded to 1e-6, ties by id, whatever order the rows were added in.

        The float32 product only picks candidates; their cosines are computed again in float64, so that the
        answer does not depend on where in the matrix a row happens to stand.
        """
        n = len(self._ids)
        near = product(self._rows[:n], vector)
        if kind is not None:
            right = self._kinds[:n] == KINDS.index(kind)
            near[~right] = -np.inf
            n = int(right.sum())
        k = min(k, n)
        if k == 0:
            return [], np.empty(0)
        cut = np.partition(near, len(near) - k)[len(near) - k]
        slots = np.flatnonzero(near >= cut - np.float32(MARGIN))
        exact = np.round(product(self._rows[slots].astype(np.float64), vector.astype(np.float64)), 6) + 0.0
        ids = [self._ids[slot] for slot in slots]
        best = sorted(range(len(ids)), key=lambda i: (-exact[i], ids[i]))[:k]
        return [ids[i] for i in best], exact[best]
