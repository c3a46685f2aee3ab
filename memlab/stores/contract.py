"""What every store promises, and how a view is read (`Store`); views of the past (`Pinned`) and of less (`Without`)."""

import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from memlab.core import Case, Edit, Hits, Step
from memlab.stores.checks import ReadOnlyError, StoreError, check_count, check_ids, check_kind, check_text, check_vector
from memlab.stores.index import Index
from memlab.stores.log import View


class Store(AbstractContextManager["Store"]):
    """Case, subtask and tool memory: a log of edits, and the current view that follows from it.

    Every method raises `StoreError` on bad input. ``version`` counts commits from 0, the empty store. What changes
    memory is here the error of a read-only view; `memlab.stores.base.LogStore` can.
    """

    what = "a read-only view"

    def __init__(self, dim: int, view: View, log: Any = None) -> None:
        self._dim, self._view = dim, view
        self._log: Any = self if log is None else log
        self._guard = threading.RLock()
        self._index: Index | None = None  # made when first searched

    def _sync(self) -> None:
        """Bring the view up to date; called with the guard held, before anything is read. The past does not change."""

    @property
    def dim(self) -> int:
        """Length ``d`` of every vector."""
        return self._dim

    @property
    def version(self) -> int:
        """The number of the last commit this store shows."""
        with self._guard:
            self._sync()
            return self._view.version

    def __len__(self) -> int:
        """How many cases are live."""
        with self._guard:
            self._sync()
            return len(self._view.live)

    def search(self, vector: np.ndarray, k: int, kind: str | None = None) -> Hits:
        """The ``k`` live cases nearest to the unit ``vector``: cosine rounded to 1e-6, ties broken by id."""
        query = check_vector(vector, self._dim, "search: vector")
        k = check_count(k, "k", wanted="a number of cases")
        if kind is not None:
            check_kind(kind, "search")
        with self._guard:
            self._sync()
            if self._index is None:
                self._index = Index(self._dim, self._view.live.values())
            ids, similarity = self._index.search(query, k, kind)
            return Hits(tuple(ids), similarity, tuple(self._view.live[case_id] for case_id in ids))

    def get(self, case_id: str) -> Case:
        """One live case."""
        check_text(case_id, "the case id")
        with self._guard:
            self._sync()
            live, gone = self._view.pair(case_id)
        if live is None:
            state = "was forgotten; an earlier at(version) shows it" if gone else "is not in memory; see cases()"
            raise StoreError(f"case {case_id!r} {state}")
        return live

    def cases(self, kind: str | None = None) -> tuple[Case, ...]:
        """The live cases, sorted by id."""
        if kind is not None:
            check_kind(kind, "cases")
        with self._guard:
            self._sync()
            live = self._view.live
            return tuple(live[case_id] for case_id in sorted(live) if kind is None or live[case_id].kind == kind)

    def history(self, case_id: str) -> list[Edit]:
        """Every edit of one case, oldest first, with ``before`` and ``after`` filled in."""
        return self._log._history(check_text(case_id, "the case id"), self.version)

    def uses(self, case_id: str | None = None) -> list[tuple[int, Step]]:
        """Past uses of memory, oldest first, each with the version that recorded it; of one case if one is given."""
        return self._log._uses(case_id, self.version)

    def steps(self, case_id: str | None = None) -> list[Step]:
        """As `uses`, without the versions."""
        return [step for _, step in self.uses(case_id)]

    def at(self, version: int) -> "Store":
        """A read-only view of memory as it was after commit ``version``; vectors are shared with the store."""
        return Pinned(self._log, self._log._view_at(version))

    def without(self, ids: Iterable[str]) -> "Store":
        """A read-only view of this store less ``ids``; it follows later commits of this store."""
        return Without(self, ids)

    def commit(self, edits: Iterable[Edit], steps: Iterable[Step] = ()) -> int:
        """Write all of it or nothing; give the new version (the current one when there is nothing to write)."""
        raise ReadOnlyError(f"this is {self.what}, it cannot be changed; commit to the store it was made from")

    def revert(self, *args: Any, **options: Any) -> int:
        """Take changes back by committing more edits; `memlab.stores.base.LogStore.revert` says how."""
        raise ReadOnlyError(f"this is {self.what}, it cannot be changed; revert the store it was made from")

    def close(self) -> None:
        """Let go of files; a closed store answers nothing more, a closed view leaves its store open."""

    def __exit__(self, *exc: object) -> None:
        self.close()


class Pinned(Store):
    """Memory as it was after one commit; later commits do not show."""

    def __init__(self, log: Any, view: View) -> None:
        super().__init__(log.dim, view, log)
        self.what = f"a view of version {view.version}"

    def at(self, version: int) -> "Store":
        if isinstance(version, int) and version > self.version:
            raise StoreError(f"version {version} is later than this view of version {self.version}; ask the store")
        return super().at(version)


class Without(Store):
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
        k = check_count(k, "k", wanted="a number of cases")
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

    def uses(self, case_id: str | None = None) -> list[tuple[int, Step]]:
        return self._store.uses(case_id)

    def at(self, version: int) -> "Store":
        past = self._store.at(version)
        return Without(past, self._hidden & {case.id for case in past.cases()})
