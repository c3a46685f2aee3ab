"""What only the store on disk can get wrong: opening, checkpoints, foreign files, full and read-only disks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pytest

from memlab.core import Edit
from memlab.stores import StoreError, lance, open_store
from memlab.stores.rows import decode, encode, log_schema
from tests.stores.helpers import case, contents, plain_step, step, unit

X, Y, XY = unit(1, 0, 0), unit(0, 1, 0), unit(1, 1, 0)


def filled(path: Path) -> None:
    """Nine commits: writes, rewrites with and without a vector, forgotten cases, a case without a vector."""
    with open_store(path, 3) as store:
        store.commit([Edit.write(case("a", X)), Edit.write(case("none")), Edit.write(case("b", Y))], [step(X, "a")])
        store.commit([Edit.rewrite("a", {"vector": XY, "q": 0.1})])
        store.commit([Edit.forget("b"), Edit.rewrite("none", {"note": "n"})])
        store.commit([Edit.rewrite("a", {"q": 0.3})], [step(Y, "a", "none")])
        store.commit([Edit.restore("b"), Edit.rewrite("b", {"vector": None})])
        store.commit([], [step(X)])
        store.commit([Edit.write(case("c", XY)), Edit.forget("none")])
        store.commit([Edit.rewrite("b", {"vector": X})])
        store.commit([], [step(X)])


@pytest.mark.parametrize("every", [1, 2, 3, 5, 100])
def test_opening_from_a_checkpoint_is_the_same_as_folding_the_log(tmp_path, monkeypatch, every):
    monkeypatch.setattr(lance, "COMPACT_EVERY", every)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", every)
    filled(tmp_path / "memory")
    store = open_store(tmp_path / "memory")
    opened, gone, version = contents(store), dict(store._view.gone), store.version
    store.rebuild()
    assert contents(store) == opened and store._view.gone == gone and store.version == version == 9
    assert [s.shown for s in store.steps("a")] == [("a",), ("a", "none")]
    assert store.get("a").q == 0.3 and store.search(X, 9).ids == ("b", "a", "c")


@pytest.mark.parametrize("what", ["gone", "foreign", "ahead", "garbage", "another field", "no vector"])
def test_a_checkpoint_that_is_no_good_costs_nothing(tmp_path, monkeypatch, what):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 2)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 2)
    filled(tmp_path / "memory")
    before = contents(open_store(tmp_path / "memory"))
    db = lancedb.connect(tmp_path / "memory")
    if what == "gone":
        db.drop_table("view")
    elif what == "foreign":
        db.create_table("view", [{"name": "x"}], mode="overwrite")
    elif what == "ahead":
        row = {"case_id": "z", "live": True, "fields": "{}", "applied_seq": 99}
        db.create_table("view", [row], mode="overwrite")
    elif what in ("another field", "no vector"):
        fields = '{"vector": null, "mood": 1}' if what == "another field" else '{"vector": true, "text": "t"}'
        row = {"case_id": "z", "live": True, "fields": fields, "applied_seq": 8}
        db.create_table("view", [row], mode="overwrite")
    else:
        for file in (tmp_path / "memory" / "view.lance" / "data").iterdir():
            file.write_bytes(b"garbage")
    assert contents(open_store(tmp_path / "memory")) == before


def test_a_checkpoint_holds_no_vectors_and_the_log_holds_each_once(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 1)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 1)
    store = open_store(tmp_path / "memory", 3)
    store.commit([Edit.write(case("a", X))], [step(X, "a"), step(Y, "a"), step(Y, "a")])
    store.commit([Edit.forget("a")])
    store.commit([Edit.restore("a"), Edit.rewrite("a", {"q": 1.0})])
    db = lancedb.connect(tmp_path / "memory")
    assert db.open_table("view").schema.names == ["case_id", "live", "fields", "applied_seq"]
    log = db.open_table("log").to_arrow()
    assert log.num_rows == 7 and len(log["point"].drop_null()) == 2


def test_rows_come_back_as_they_were(tmp_path):
    edits = [
        Edit.write(case("a", X, note="Ω\x00"), episode=3, credit=0.1),
        Edit.rewrite("a", {"vector": None}),
    ]
    steps = [step(X, "a", episode=1), step(Y)]
    back = [item for _, _, item in decode(encode(1, 7, edits, steps, 3))]
    assert back[0].after["note"] == "Ω\x00" and (back[0].after["vector"] == X).all() and back[0].credit == 0.1
    assert back[1].after == {"vector": None}
    assert [plain_step(s) for s in back[2:]] == [plain_step(s) for s in steps]
    assert decode(log_schema(3).empty_table()) == []


def test_the_dim_is_the_store_s_own_unless_told_otherwise(tmp_path):
    assert open_store().dim == 256
    open_store(tmp_path / "memory", 3)
    assert open_store(tmp_path / "memory").dim == 3
    with pytest.raises(StoreError, match="vectors of length 3, not 4"):
        open_store(tmp_path / "memory", 4)
    for dim in (0, -1, 2.5, "3", True):
        with pytest.raises(StoreError, match="dim is"):
            open_store(tmp_path / "new", dim)
        with pytest.raises(StoreError, match="dim is"):
            open_store(dim=dim)
    assert not (tmp_path / "new").exists()


def test_a_path_that_is_a_file(tmp_path):
    path = tmp_path / "memory"
    path.write_text("my thesis")
    with pytest.raises(StoreError, match="is a file; give the path of a folder"):
        open_store(path)
    assert path.read_text() == "my thesis"


def test_a_path_that_the_system_does_not_take_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"cannot open memory at .*File name too long.*; check the path"):
        open_store(tmp_path / ("x" * 300), 3)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"other files \(thesis.txt\); give a new or empty folder"):
        open_store(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_table_of_somebody_else(tmp_path):
    lancedb.connect(tmp_path / "memory").create_table("log", pa.table({"x": [1.0]}))
    with pytest.raises(StoreError, match="memlab did not make"):
        open_store(tmp_path / "memory")
    assert lancedb.connect(tmp_path / "memory").open_table("log").count_rows() == 1


@pytest.mark.parametrize("part", ["_versions", "data"])
@pytest.mark.parametrize("damage", ["garbage", "gone"])
def test_a_damaged_table_is_an_error_and_is_not_overwritten(tmp_path, part, damage):
    filled(tmp_path / "memory")
    left = []
    for file in (tmp_path / "memory" / "log.lance" / part).iterdir():
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(b"garbage")
            left.append(file)
    with pytest.raises(StoreError, match="bring it back from a copy"):
        open_store(tmp_path / "memory")
    assert all(file.read_bytes() == b"garbage" for file in left)


def test_a_hole_in_the_log_is_an_error(tmp_path):
    filled(tmp_path / "memory")
    lancedb.connect(tmp_path / "memory").open_table("log").delete("version = 4")
    with pytest.raises(StoreError, match="has no commit 4"):
        open_store(tmp_path / "memory")


def test_a_store_whose_first_opening_was_killed_can_be_opened(tmp_path):
    (tmp_path / "memory" / "log.lance" / "_versions").mkdir(parents=True)
    (tmp_path / "memory" / "memlab.lock").touch()
    assert open_store(tmp_path / "memory", 3).commit([Edit.write(case("a", X))]) == 1


def test_a_writer_that_holds_the_lock_too_long_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "LOCK_SECONDS", 0.05)
    first, second = open_store(tmp_path / "memory", 3), open_store(tmp_path / "memory")
    with first._writing(), pytest.raises(StoreError, match="another writer has held"):
        second.commit([Edit.write(case("a", X))])
    assert second.commit([Edit.write(case("a", X))]) == 1


def test_a_store_that_is_taken_away_says_so(tmp_path):
    store = open_store(tmp_path / "memory", 3)
    (tmp_path / "memory").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="cannot read memory at"):
        store.search(X, 1)


def test_files_stay_few_however_many_commits(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 4)
    store = open_store(tmp_path / "memory", 3)
    store.commit([Edit.write(case("a", X))])
    most = 0
    for i in range(15):
        store.commit([Edit.rewrite("a", {"uses": i})])
        most = max(most, sum(1 for file in (tmp_path / "memory").rglob("*") if file.is_file()))
    assert most < 30


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, where this machine lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    with suppress(OSError):
        subprocess.run(["umount", "-l", folder], capture_output=True)


def test_a_full_disk_loses_nothing_and_can_be_freed(disk):
    ballast, rng = disk / "ballast", np.random.default_rng(0)
    store = open_store(disk / "memory", 3)
    ballast.write_bytes(bytes(300_000))
    written = 0
    with pytest.raises(StoreError, match=r"No space left.*memory is as it was; free space"):
        while True:
            store.commit([Edit.write(case(f"c{written:03d}", X, note=rng.bytes(20_000).hex()))])
            written += 1
    assert 0 < written == store.version == len(store) == len(store.search(X, 99)) == len(open_store(disk / "memory"))
    ballast.unlink()
    assert store.commit([Edit.write(case("more", X))]) == written + 1


def test_a_read_only_disk_can_be_read(disk):
    filled(disk / "memory")
    if subprocess.run(["mount", "-o", "remount,ro", disk], capture_output=True).returncode:
        pytest.skip("this machine does not mount read-only")
    store = open_store(disk / "memory")
    assert store.search(X, 1).ids == ("b",) and store.at(1).get("a").q == 0.0
    with pytest.raises(StoreError, match=r"cannot write to .*make the folder writable"):
        store.commit([Edit.forget("a")])
    assert store.version == 9 and store.get("a").id == "a"
    with pytest.raises(StoreError, match="Read-only file system"):
        open_store(disk / "new")


def test_the_caches_of_lancedb_do_not_grow_with_the_log(tmp_path, monkeypatch):
    sessions, made = [], lancedb.Session
    monkeypatch.setattr(lancedb, "Session", lambda *bounds: sessions.append(made(*bounds)) or sessions[-1])
    monkeypatch.setattr(lance, "CACHE_BYTES", 100_000)
    store = open_store(tmp_path / "memory", 3)
    for i in range(30):
        store.commit([Edit.write(case(f"c{i}", X))])
        store.history("c0")
    assert len(sessions) == 1 and sessions[0].size_bytes < 300_000
