"""Read-only views of a store: as it was (`Pinned`), and as it would be without some cases (`Without`)."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, NoReturn, Self

import numpy as np

from memlab.core import Case, Edit, Hits, Step
from memlab.stores.contract import ReadOnlyError, Store, StoreError, check_ids, check_k
from memlab.stores.log import View
from memlab.stores.reading import Reading


class ReadOnly:
    """Every way to change memory is an error that says which store to change instead."""

    what = "a read-only view"

    def commit(self, edits: Iterable[Edit], steps: Iterable[Step] = ()) -> NoReturn:
        raise ReadOnlyError(f"this is {self.what}, it cannot be changed; commit to the store it was made from")

    def revert(self, *args: Any, **options: Any) -> NoReturn:
        raise ReadOnlyError(f"this is {self.what}, it cannot be changed; revert the store it was made from")

    def close(self) -> None:
        """Nothing to let go of: the store it was made from stays open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def without(self: Any, ids: Iterable[str]) -> Without:
        return Without(self, ids)


class Pinned(ReadOnly, Reading):
    """Memory as it was after one commit; later commits do not show. Vectors are shared with the store."""

    def __init__(self, store: Any, view: View) -> None:
        super().__init__(store.dim, view)
        self._store = store
        self.what = f"a view of version {view.version}"

    def _sync(self) -> None:
        """The past does not change."""

    def history(self, case_id: str) -> list[Edit]:
        return list(self._store._history(case_id, self.version))

    def steps(self, case_id: str | None = None) -> list[Step]:
        return list(self._store._uses(case_id, self.version))

    def at(self, version: int) -> Pinned:
        if version == self.version:
            return self
        if isinstance(version, int) and version > self.version:
            raise StoreError(f"version {version} is later than this view of version {self.version}; ask the store")
        return Pinned(self._store, self._store._view_at(version))


class Without(ReadOnly):
    """A store less some of its live cases. It follows the store; making one copies nothing."""

    def __init__(self, store: Store, ids: Iterable[str]) -> None:
        self._store = store
        self._hidden = frozenset(check_ids(ids, "the ids to leave out"))
        for case_id in self._hidden:
            store.get(case_id)
        self.what = f"a view without {len(self._hidden)} of the cases"

    @property
    def dim(self) -> int:
        return self._store.dim

    @property
    def version(self) -> int:
        return self._store.version

    def __len__(self) -> int:
        return len(self.cases())

    def search(self, vector: np.ndarray, k: int, kind: str | None = None) -> Hits:
        k = check_k(k)
        hits = self._store.search(vector, k + len(self._hidden), kind)
        keep = [i for i, case_id in enumerate(hits.ids) if case_id not in self._hidden][:k]
        return Hits(tuple(hits.ids[i] for i in keep), hits.similarity[keep], tuple(hits.cases[i] for i in keep))

    def get(self, case_id: str) -> Case:
        if case_id in self._hidden:
            raise StoreError(f"case {case_id!r} is left out of this view; ask the store it was made from")
        return self._store.get(case_id)

    def cases(self, kind: str | None = None) -> tuple[Case, ...]:
        return tuple(case for case in self._store.cases(kind) if case.id not in self._hidden)

    def history(self, case_id: str) -> list[Edit]:
        return self._store.history(case_id)

    def steps(self, case_id: str | None = None) -> list[Step]:
        return self._store.steps(case_id)

    def at(self, version: int) -> Without:
        past = self._store.at(version)
        there = {case.id for case in past.cases()}
        return Without(past, self._hidden & there)
