"""The resident search index: one dense float32 matrix, the vectors of live cases that have one."""

import threading
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from memlab.core import KINDS, Case

FEW = 9_216  # below it OpenBLAS has one thread anyway, and setting that would cost more than the product
_turn = threading.Lock()  # threadpoolctl lets one thread at a time set the number


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``left @ right`` by one thread: BLAS with two waits 5-50 ms where another program is busy."""
    if max(left.size, right.size) < FEW:
        return np.asarray(left @ right)
    with _turn, _blas().limit(limits=1):
        return np.asarray(left @ right)


class Index:
    """Unit vectors with their ids; removal moves the last one into the hole, so no hole stays.

    They stand as columns, shape ``(d, capacity)``: BLAS reads these in the order of memory, and then one thread is as
    fast as two are with rows.
    """

    def __init__(self, dim: int, cases: Iterable[Case] = ()) -> None:
        self._columns = np.empty((dim, 0), np.float32)
        self._kinds = np.empty(0, np.int8)
        self._ids: list[str] = []
        self._vectors: list[np.ndarray] = []
        self._slot: dict[str, int] = {}
        # How far two float32 products of unit vectors can be off, and the rounding of two similarities to 1e-6.
        self._margin = np.float32(2 * dim * 2**-24 + 1e-6)
        with_vector = [case for case in cases if case.vector is not None]
        self._reserve(len(with_vector))
        for case in with_vector:
            self.put(case)

    def __len__(self) -> int:
        return len(self._ids)

    def _reserve(self, size: int) -> None:
        columns = np.empty((len(self._columns), size), np.float32)
        kinds = np.empty(size, np.int8)
        n = len(self._ids)
        columns[:, :n], kinds[:n] = self._columns[:, :n], self._kinds[:n]
        self._columns, self._kinds = columns, kinds

    def put(self, case: Case) -> None:
        """Add ``case``, which has a vector, or replace it."""
        assert case.vector is not None
        slot = self._slot.get(case.id)
        if slot is None:
            slot = len(self._ids)
            if slot == len(self._kinds):
                self._reserve(max(64, 2 * slot))
            self._ids.append(case.id)
            self._vectors.append(case.vector)
            self._slot[case.id] = slot
        self._vectors[slot] = self._columns[:, slot] = case.vector
        self._kinds[slot] = KINDS.index(case.kind)

    def drop(self, case_id: str) -> None:
        """Take one case out, if it is there."""
        slot = self._slot.pop(case_id, None)
        if slot is None:
            return
        last_id, last_vector, last = self._ids.pop(), self._vectors.pop(), len(self._ids)
        if last_id != case_id:
            self._columns[:, slot], self._kinds[slot] = last_vector, self._kinds[last]
            self._ids[slot], self._vectors[slot], self._slot[last_id] = last_id, last_vector, slot
        if len(self._kinds) > 256 and 4 * len(self._ids) < len(self._kinds):
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
        near = product(vector, self._columns[:, :n])
        if kind is not None:
            right = self._kinds[:n] == KINDS.index(kind)
            near[~right] = -np.inf
            n = int(right.sum())
        k = min(k, n)
        if k == 0:
            return [], np.empty(0)
        cut = np.partition(near, len(near) - k)[len(near) - k]
        slots = np.flatnonzero(near >= cut - self._margin)
        found = np.array([self._vectors[slot] for slot in slots], np.float64)
        exact = np.round(product(found, vector.astype(np.float64)), 6) + 0.0
        ids = [self._ids[slot] for slot in slots]
        best = sorted(range(len(ids)), key=lambda i: (-exact[i], ids[i]))[:k]
        return [ids[i] for i in best], exact[best]
