"""A store that took another's place at its path is not written to by handles of the old one."""

from __future__ import annotations

import shutil

import pytest

from memlab.core import Edit
from memlab.stores import StoreError, lance, open_store
from tests.stores.helpers import case, contents, unit

X, Y = unit(1, 0, 0), unit(0, 1, 0)


def fill(store, name: str, n: int) -> None:
    for i in range(n):
        store.commit([Edit.write(case(f"{name}{i}", X))])


@pytest.mark.parametrize("at", ["path", "uri"])
@pytest.mark.parametrize("known", [0, 3])
@pytest.mark.parametrize("remade", [0, 2, 3, 4])
def test_a_handle_of_a_store_that_was_remade_writes_nothing(tmp_path, at, known, remade):
    path = str(tmp_path / "memory") if at == "path" else f"file://{tmp_path}/memory"
    old = open_store(path, 3)
    fill(old, "old", known)
    shutil.rmtree(tmp_path / "memory")
    new = open_store(path, 3)
    fill(new, "new", remade)
    with pytest.raises(StoreError, match=r"holds another store.*nothing was written. Open it again"):
        old.commit([Edit.write(case("stale", Y))])
    with pytest.raises(StoreError, match="open it again"):
        old.commit([Edit.write(case("stale", Y))])
    fill(new, "later", 2)
    assert contents(open_store(path)) == contents(new) and len(new) == remade + 2


def test_reading_a_store_that_was_remade_is_an_error_too(tmp_path):
    old = open_store(tmp_path / "memory", 3)
    fill(old, "old", 3)
    shutil.rmtree(tmp_path / "memory")
    fill(open_store(tmp_path / "memory", 3), "new", 3)
    with pytest.raises(StoreError, match="holds another store"):
        old.search(X, 1)


@pytest.mark.parametrize("compacted", [False, True])
def test_an_older_copy_put_back_in_its_place_is_not_written_to(tmp_path, monkeypatch, compacted):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 2 if compacted else 64)
    store = open_store(tmp_path / "memory", 3)
    fill(store, "a", 3)
    shutil.copytree(tmp_path / "memory", tmp_path / "copy")
    fill(store, "b", 3)
    shutil.rmtree(tmp_path / "memory")
    (tmp_path / "copy").rename(tmp_path / "memory")
    with pytest.raises(StoreError, match="an older copy"):
        store.commit([Edit.write(case("c", Y))])
    assert len(open_store(tmp_path / "memory")) == 3


def test_a_store_that_went_away_and_came_back_goes_on(tmp_path):
    store = open_store(tmp_path / "memory", 3)
    fill(store, "a", 3)
    shutil.copytree(tmp_path / "memory", tmp_path / "copy")
    shutil.rmtree(tmp_path / "memory")
    (tmp_path / "copy").rename(tmp_path / "memory")
    fill(store, "b", 2)
    assert len(open_store(tmp_path / "memory")) == 5
