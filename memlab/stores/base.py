"""What the array store and the LanceDB store share: reading the view, committing, reverting."""

import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType

import numpy as np

from memlab.core import Edit, Step
from memlab.stores.checks import StoreError, check_count, check_ids, check_step, check_text
from memlab.stores.contract import Store
from memlab.stores.log import Entry, Pair, View, advance, replay, resolve
from memlab.stores.reverts import pick, take_back


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back until the block is done, so that a commit is either there or not."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[tuple[int, FrameType | None]] = []
    old = signal.signal(signal.SIGINT, lambda number, frame: caught.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if old is None else old)
        if caught and callable(old):
            old(*caught[0])


class LogStore(Store, ABC):
    """A log of commits and the view that follows from it. Subclasses say where the log is kept."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, View())
        self._past: dict[str | None, list[tuple[int, Step]]] | None = None
        self._stale = False
        self._closed = False

    @abstractmethod
    def _append(self, version: int, edits: list[Edit], steps: list[Step]) -> bool:
        """Make one commit durable; False when another writer's commit came first. Nothing is kept if this raises."""

    @abstractmethod
    def _entries(self, after: int = 0, upto: int | None = None, case_id: str | None = None) -> list[Entry]:
        """Edits in log order: of versions in ``(after, upto]``, of one case."""

    @abstractmethod
    def _steps(self) -> list[tuple[int, Step]]:
        """All steps in log order, each with the version it was committed in."""

    @abstractmethod
    def _newest(self) -> int:
        """How many commits the log was last seen to have."""

    def _moved(self) -> bool:
        """Whether somebody else may have committed to the log since it was last read."""
        return False

    def _look(self) -> None:
        """Take in which commits the log has now, where another may write it."""

    def _writing(self) -> AbstractContextManager[None]:
        """Keep other writers out."""
        return nullcontext()

    def _tidy(self) -> None:
        """Compact the log where that is due; failing to is no reason to fail a commit."""

    def close(self) -> None:
        self._closed = True

    def _sync(self) -> None:
        if self._closed:
            raise StoreError("this store is closed; open it again with memlab.open_store(path)")
        if self._stale:
            self.rebuild()
        elif self._moved():
            self._catch_up()

    def _catch_up(self) -> None:
        self._stale = True
        self._look()
        for version, _, edit in self._entries(after=self._view.version):
            pair, _ = advance(self._view.pair(edit.case_id), edit)
            self._apply(version, {edit.case_id: pair})
        self._view.version = self._newest()
        self._past = None
        self._stale = False

    def rebuild(self) -> None:
        """Make the view and the index anew from the log alone."""
        with self._guard:
            self._look()
            view = View()
            replay(view, self._entries(), self._newest())
            self._view, self._index, self._past, self._stale = view, None, None, False

    def commit(self, edits: Iterable[Edit], steps: Iterable[Step] = ()) -> int:
        """Write ``edits`` and ``steps`` as one version, all or nothing; give that version.

        Raises `StoreError` before anything is written when any of them is bad, or when the log cannot be written.
        """
        try:
            edits, steps = list(edits), list(steps)
        except TypeError:
            raise StoreError("commit takes a list of edits and a list of steps") from None
        if not edits and not steps:
            return self.version
        if any(isinstance(edit, Edit) and edit.undoes for edit in edits):
            raise StoreError("commit was given an edit with undoes, which only a revert makes; leave undoes out")
        clean = [check_step(step, self._dim) for step in steps]
        with self._guard, self._writing():
            self._sync()
            return self._commit(lambda: edits, clean)

    def _commit(self, make: Callable[[], list[Edit]], steps: list[Step]) -> int:
        """Write what ``make`` gives; where another writer comes first, what it gives then."""
        while True:
            edits = make()
            if not edits and not steps:
                return self._view.version
            full, touched = resolve(self._view, edits, self._dim)
            version = self._view.version + 1
            with interrupts_wait():
                self._stale = True
                done = self._append(version, full, steps)
                if done:
                    self._apply(version, touched)
                    if self._past is not None:
                        self._remember((version, step) for step in steps)
                self._stale = False
                if done:
                    self._tidy()
                    return version
            self._sync()

    def _apply(self, version: int, touched: dict[str, Pair]) -> None:
        for case_id, pair in touched.items():
            old = self._view.live.get(case_id)
            self._view.put(case_id, pair)
            if self._index is not None:
                self._index.follow(old, pair[0], case_id)
        self._view.version = version

    def _history(self, case_id: str, upto: int) -> list[Edit]:
        with self._guard:
            return [entry.edit for entry in replay(View(), self._entries(upto=upto, case_id=case_id))]

    def _uses(self, case_id: str | None, upto: int) -> list[tuple[int, Step]]:
        with self._guard:
            past = self._remember(self._steps()) if self._past is None else self._past
            return [use for use in past.get(case_id, []) if use[0] <= upto]

    def _remember(self, rows: Iterable[tuple[int, Step]]) -> dict[str | None, list[tuple[int, Step]]]:
        """Past steps by each case they were shown, and all of them under None, with ``rows`` at the end."""
        past = self._past or {}
        for row in rows:
            for case_id in {None, *row[1].shown}:
                past.setdefault(case_id, []).append(row)
        self._past = past
        return past

    def _view_at(self, version: int) -> View:
        with self._guard:
            view, upto = View(), self._check_version(version)
            replay(view, self._entries(upto=upto), upto)
            return view

    def _check_version(self, version: object) -> int:
        newest = self.version
        if isinstance(version, bool) or not isinstance(version, int | np.integer) or not 0 <= version <= newest:
            raise StoreError(f"version {version!r} does not exist; this store has versions 0 to {newest}")
        return int(version)

    def revert(
        self,
        version: int | None = None,
        episode: int | None = None,
        ids: Iterable[str] | None = None,
        author: str | None = None,
        since: int | None = None,
        derived: bool = False,
        keep_later: bool = False,
    ) -> int:
        """Take edits back with new ones by author "revert"; the log keeps everything. Give the new version.

        ``episode=``: the edits of that episode. ``author=``: of that author, which is what the writer called itself.
        ``since=``: of the versions after that one. ``ids=``: the last commit that changed each of these cases, so doing
        it twice takes the first one back. Given together, the edits that fit all of them. ``version=``: every case as
        it was after that commit, or only ``ids``.

        With ``derived`` all that came of those edits, by `Edit.sources`, goes with them. A case that they wrote is
        forgotten, whatever became of it. Where an edit that stays changed the same field later, or wrote a new case
        under the id, `StoreError` names it and nothing is changed; with ``keep_later`` that is kept, and only what
        still stands is taken back. Steps, the record of what was done, stay.
        """
        asked = (episode, author, since)
        if version is None and ids is None and asked == (None, None, None):
            raise StoreError("revert takes version=, episode=, author=, since= or ids=; give at least one")
        if version is not None and asked != (None, None, None):
            raise StoreError("revert to version= takes everything later back; give ids= with it, and nothing else")
        with self._guard, self._writing():
            self._sync()
            what = f"revert {self._words(version, episode, author, since)}{' and what came of it' * derived}"
            known = None if ids is None else self._known(ids)

            def make() -> list[Edit]:
                log = replay(View(), self._entries())
                picked = pick(log, episode, author, since if version is None else version, known)
                if not picked and (episode is not None or author is not None):
                    raise StoreError(f"{what}: no edits fit; see episode and author of those in store.history(id)")
                return take_back(self._view, log, picked, derived, keep_later, what)

            return self._commit(make, [])

    def _words(self, version: int | None, episode: int | None, author: str | None, since: int | None) -> str:
        """What is taken back, in words; raises `StoreError` for what cannot be."""
        if version is not None:
            return f"to version {self._check_version(version)}"
        given = [
            *([] if episode is None else [f"episode {check_count(episode, 'episode')}"]),
            *([] if author is None else [f"author {check_text(author, 'author')!r}"]),
            *([] if since is None else [f"versions after {self._check_version(since)}"]),
        ]
        return f"of {', '.join(given) or 'the last change'}"

    def _known(self, ids: Iterable[str]) -> tuple[str, ...]:
        known = check_ids(ids, "ids")
        for case_id in known:
            if self._view.pair(case_id) == (None, None):
                raise StoreError(f"case {case_id!r} was never in memory; see store.cases()")
        return known
