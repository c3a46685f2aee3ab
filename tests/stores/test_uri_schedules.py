"""Writers at a URI in the orders that hypothesis thinks of: what was acknowledged stays, whoever is killed where."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lancedb.table import LanceTable

from memlab.core import Edit
from memlab.stores import lance, open_store
from tests.stores.helpers import case, contents, step, unit

X, Y = unit(1, 0, 0), unit(0, 1, 0)
HERE = threading.local()
SCHEDULES = 60


class Killed(BaseException):
    pass


class Writer:
    """A process, played by a thread: it stops before and after each call that changes the log, until told to go on."""

    def __init__(self, uri: str, name: str) -> None:
        self.uri, self.name = uri, name
        self.store: Any = None
        self.tried: list[str] = []
        self.acknowledged: dict[int, str] = {}
        self.error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._killed = False

    def go(self) -> None:
        """Run to the next stop; begin a new commit where the last one is done, in a new process where it was killed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._commit)
            self._thread.start()
        else:
            self._go.release()
        assert self._stopped.acquire(timeout=120)
        if self.error is not None:
            raise self.error

    def kill(self) -> None:
        self.store = None
        if self._thread is not None:
            self._killed = True
            self.go()

    def stop(self) -> None:
        self._stopped.release()
        self._go.acquire()
        if self._killed:
            raise Killed

    def _commit(self) -> None:
        HERE.writer = self
        self.tried.append(f"{self.name}{len(self.tried)}")
        try:
            self.store = self.store or open_store(self.uri)
            edits = [Edit.write(case(self.tried[-1], X)), Edit.rewrite(self.tried[-1], {"q": 1.0})]
            self.acknowledged[self.store.commit(edits, [step(Y, task=self.tried[-1])])] = self.tried[-1]
        except Killed:
            self._killed = False
        except BaseException as error:
            self.error = error
        finally:
            self._thread = None
            self._stopped.release()


def stopping(work: Callable[..., Any]) -> Callable[..., Any]:
    def stops(*args: Any, **options: Any) -> Any:
        writer = getattr(HERE, "writer", None)
        if writer is not None:
            writer.stop()
        done = work(*args, **options)
        if writer is not None:
            writer.stop()
        return done

    return stops


def check(uri: str, writers: list[Writer]) -> None:
    """Each acknowledged commit is the whole of its version, and each other version is the whole of some commit."""
    store = open_store(uri)
    acknowledged = [item for writer in writers for item in writer.acknowledged.items()]
    assert len({version for version, _ in acknowledged}) == len(acknowledged)
    told, tried = dict(acknowledged), {name for writer in writers for name in writer.tried}
    steps = [found.task for found in store.steps()]
    assert max(told, default=0) <= store.version == len(store) == len(steps)
    for version in range(1, store.version + 1):
        name = steps[version - 1]
        assert name in tried and told.get(version, name) == name
        edits = [entry.edit for entry in store._entries(version - 1, version)]
        assert [(edit.op, edit.case_id) for edit in edits] == [("write", name), ("rewrite", name)]


ACTIONS = st.sampled_from(["go"] * 7 + ["kill"])


def play(names: str, schedule: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(lance, "COMPACT_EVERY", 2)
        patch.setattr(lance, "CHECKPOINT_EVERY", 4)
        for call in ("add", "delete", "optimize"):
            patch.setattr(LanceTable, call, stopping(getattr(LanceTable, call)))
        uri = f"file://{home}/memory"
        open_store(uri, 3)
        writers = {name: Writer(uri, name) for name in names}
        try:
            for name, action in schedule:
                getattr(writers[name], action)()
        finally:
            for writer in writers.values():
                writer.kill()
        check(uri, list(writers.values()))
        open_store(uri)._compact()
        check(uri, list(writers.values()))


def spelled(text: str) -> list[tuple[str, str]]:
    """``"A A Bk"``: A goes on, A goes on, B is killed."""
    return [(word[0], "kill" if word.endswith("k") else "go") for word in text.split()]


# B plans version 2, A commits it and stops before it compacts; B appends and is killed; A compacts and is done.
LATE = spelled("A A A B A A A B Bk A A A")


@example(LATE)
@example([*LATE, *spelled("A A A A A A A A")])
@given(st.lists(st.tuples(st.sampled_from("AB"), ACTIONS), max_size=40))
@settings(max_examples=SCHEDULES, deadline=None, suppress_health_check=list(HealthCheck))
def test_two_writers_in_any_order(schedule):
    play("AB", schedule)


@example(spelled("A A A B C A A A B Bk C Ck A A A"))
@given(st.lists(st.tuples(st.sampled_from("ABC"), ACTIONS), max_size=50))
@settings(max_examples=SCHEDULES, deadline=None, suppress_health_check=list(HealthCheck))
def test_three_writers_in_any_order(schedule):
    play("ABC", schedule)


def test_rows_appended_while_the_log_is_compacted_do_not_replace_an_acknowledged_commit(tmp_path, monkeypatch):
    uri = f"file://{tmp_path}/memory"
    first = open_store(uri, 3)
    for i in range(63):
        first.commit([Edit.write(case(f"a{i}", X))])
    second = open_store(uri)
    optimize = LanceTable.optimize

    def killed(*args, **options):
        raise Killed

    def late(table, **options):
        monkeypatch.undo()
        monkeypatch.setattr(second, "_read", killed)
        with pytest.raises(Killed):
            second._append(64, [Edit.write(case("never acknowledged", Y))], [])
        return optimize(table, **options)

    monkeypatch.setattr(LanceTable, "optimize", late)
    assert first.commit([Edit.write(case("acknowledged", X))]) == 64
    third = open_store(uri)
    assert third.get("acknowledged").id and len(third) == third.version == 64
    assert third.commit([Edit.write(case("more", Y))]) == 65
    assert contents(open_store(uri)) == contents(third)
