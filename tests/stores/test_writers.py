"""Several handles and several processes on one store: nothing is lost, and everybody sees it."""

from __future__ import annotations

import multiprocessing
import threading

import pytest

from memlab.core import Edit
from memlab.stores import StoreError, lance, open_store
from tests.stores.helpers import case, contents, step, unit
from tests.stores.workers import write_many

X, Y = unit(1, 0, 0), unit(0, 1, 0)
EACH = 20


def two_writers(path: str) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lancedb", "memlab.stores.lance"])
    pipes = [context.Pipe(duplex=False) for _ in "ab"]
    children = [
        context.Process(target=write_many, args=(path, name, EACH, there))
        for name, (_, there) in zip("ab", pipes, strict=True)
    ]
    for child in children:
        child.start()
    versions = []
    for here, _ in pipes:
        assert here.poll(120), "a writer did not come back"
        versions += here.recv()
    for child in children:
        child.join()
    assert sorted(versions) == list(range(1, 2 * EACH + 1))
    with open_store(path) as store:
        assert [found.id for found in store.cases()] == [f"{name}{i:03d}" for name in "ab" for i in range(EACH)]
        assert store.version == 2 * EACH
        for version in range(1, 2 * EACH + 1):
            assert len(store.at(version)) == version


def test_two_processes_take_turns_by_the_lock(tmp_path):
    open_store(tmp_path / "memory", 3).close()
    two_writers(str(tmp_path / "memory"))


def test_two_processes_without_a_lock_lose_nothing(tmp_path):
    uri = f"file://{tmp_path}/memory"
    open_store(uri, 3).close()
    two_writers(uri)


def test_several_threads_may_create_the_store_at_once(tmp_path):
    path = tmp_path / "memory"
    stores, barrier = [], threading.Barrier(4)

    def create():
        barrier.wait()
        stores.append(open_store(path, 3))

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, store in enumerate(stores):
        assert store.commit([Edit.write(case(f"c{i}", X))]) == i + 1
    assert len(stores) == 4 and all(len(store) == 4 for store in stores)


def test_a_second_handle_sees_new_commits_also_after_compaction(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 2)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 2)
    first = open_store(tmp_path / "memory", 3)
    second = open_store(tmp_path / "memory")
    assert second.steps() == []
    for i in range(7):
        first.commit([Edit.write(case(f"c{i}", X))], [step(X, f"c{i}")])
        assert second.version == i + 1 and len(second.search(X, 99)) == i + 1 and len(second.steps()) == i + 1
    second.commit([Edit.forget("c0")])
    assert len(first) == 6 and first.version == 8
    assert contents(first) == contents(second)


def test_a_second_writer_is_checked_against_what_the_first_wrote(tmp_path):
    first = open_store(tmp_path / "memory", 3)
    second = open_store(tmp_path / "memory")
    first.commit([Edit.write(case("a", X))])
    with pytest.raises(StoreError, match="in memory already"):
        second.commit([Edit.write(case("a", Y))])
    with pytest.raises(StoreError, match="read the case again"):
        second.commit([Edit.rewrite("a", {"q": 1.0}, before={"q": 0.5})])
    assert second.commit([Edit.rewrite("a", {"q": 1.0}, before={"q": 0.0})]) == 2


@pytest.mark.parametrize("clash", [False, True])
def test_without_a_lock_the_first_of_two_commits_of_one_version_counts(tmp_path, monkeypatch, clash):
    uri = f"file://{tmp_path}/memory"
    first, second = open_store(uri, 3), open_store(uri)
    append = second._append

    def late(*args):
        monkeypatch.undo()
        first.commit([Edit.write(case("a" if clash else "b", Y))])
        return append(*args)

    monkeypatch.setattr(second, "_append", late)
    if clash:
        with pytest.raises(StoreError, match="in memory already"):
            second.commit([Edit.write(case("a", X))])
    else:
        assert second.commit([Edit.write(case("a", X))]) == 2
    third = open_store(uri)
    assert third.version == (1 if clash else 2) and contents(third) == contents(second)
    assert third._table.count_rows() == third.version


def test_a_revert_that_came_second_is_worked_out_anew(tmp_path, monkeypatch):
    uri = f"file://{tmp_path}/memory"
    first, second = open_store(uri, 3), open_store(uri)
    first.commit([Edit.write(case("a", X)), Edit.write(case("lie", X), author="eve")])
    append = second._append

    def late(*args):
        monkeypatch.undo()
        first.commit([Edit.rewrite("a", {"q": 1.0}, author="eve"), Edit.forget("lie")])
        return append(*args)

    second.version  # noqa: B018
    monkeypatch.setattr(second, "_append", late)
    assert second.revert(author="eve") == 3
    assert [found.id for found in second.cases()] == ["a"] and second.get("a").q == 0.0
    assert contents(open_store(uri)) == contents(second)


def test_rows_of_a_commit_that_lost_are_never_read_even_if_its_writer_died(tmp_path, monkeypatch):
    uri = f"file://{tmp_path}/memory"
    first, second = open_store(uri, 3), open_store(uri)
    append = second._append

    def late(*args):
        monkeypatch.undo()
        first.commit([Edit.write(case("a", Y))], [step(Y, "a")])
        monkeypatch.setattr(second._table, "delete", lambda where: (_ for _ in ()).throw(KeyboardInterrupt))
        return append(*args)

    monkeypatch.setattr(second, "_append", late)
    with pytest.raises(KeyboardInterrupt):
        second.commit([Edit.write(case("a", X, note="lost"))], [step(X, "a")])
    assert first._table.count_rows() == 2
    third = open_store(uri)
    assert third._table.count_rows() == 4
    for store in (second, third):
        assert store.version == 1 and store.get("a").note == "" and len(store.history("a")) == 1
        assert len(store.steps()) == 1 and store.search(Y, 1).similarity.tolist() == [1.0]
    assert third.commit([Edit.rewrite("a", {"q": 1.0})]) == 2


def test_threads_may_share_one_handle(make):
    store = make()

    def write(name):
        for i in range(10):
            store.commit([Edit.write(case(f"{name}{i}", X))])
            store.search(X, 3)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.version == 30 and len(store.search(X, 99)) == 30
