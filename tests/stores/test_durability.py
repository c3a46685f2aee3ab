"""Power loss, torn files, flipped bits, and stores written by an older memlab."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import lancedb
import pyarrow as pa
import pytest

from memlab.core import Edit
from memlab.stores import StoreError, lance, open_store
from memlab.stores.rows import encode, to_json
from tests.stores.helpers import case, contents, plain_step, step, unit

X, Y, XY = unit(1, 0, 0), unit(0, 1, 0), unit(1, 1, 0)
FLIPS = 150
PARTS = ("log.lance/data", "log.lance/_versions")


def fill(store, n: int, start: int = 0) -> None:
    for i in range(start, start + n):
        edits = [Edit.write(case(f"c{i}", unit(i + 1, 1, 1), note="x" * i), reason="why", episode=i)]
        if i:
            edits += [Edit.rewrite(f"c{i - 1}", {"q": i / 7}, credit=i / 3), Edit.rewrite("c0", {"uses": i})]
        store.commit(edits, [step(Y, f"c{i}", task=f"t{i}")])


def everything(store) -> tuple:
    """All that can be read, comparable."""
    ids = [found.id for found in store.cases()]
    history = [
        (e.op, e.reason, e.credit, e.episode, e.author, repr(e.before), repr(e.after))
        for case_id in ids
        for e in store.history(case_id)
    ]
    return contents(store), history, [plain_step(found) for found in store.steps()], store.search(X, 9).ids


def newest(folder: Path) -> Path:
    return max((file for file in folder.iterdir() if file.suffix != ".json"), key=lambda file: file.stat().st_mtime_ns)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("keep", [0, 20, 0.5, -1])
def test_a_torn_newest_file_costs_its_own_commit_and_says_so(tmp_path, part, keep):
    store = open_store(tmp_path / "memory", 3)
    fill(store, 5)
    before = everything(store)
    fill(store, 1, 5)
    file = newest(tmp_path / "memory" / part)
    size = file.stat().st_size
    os.truncate(file, {0: 0, 20: 20, 0.5: size // 2, -1: size - 1}[keep])
    with pytest.warns(RuntimeWarning, match=r"torn.*at commit 5, the last whole one. Dropped.*1 later writes"):
        store = open_store(tmp_path / "memory")
    assert everything(store) == before
    fill(store, 3, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert everything(open_store(tmp_path / "memory")) == everything(store)


def test_several_torn_files_and_a_zeroed_tail(tmp_path):
    store = open_store(tmp_path / "memory", 3)
    fill(store, 4)
    before = everything(store)
    known = set((tmp_path / "memory" / PARTS[0]).iterdir())
    fill(store, 4, 4)
    data = sorted(set((tmp_path / "memory" / PARTS[0]).iterdir()) - known, key=lambda file: file.stat().st_mtime_ns)
    data[0].write_bytes(data[0].read_bytes()[:100] + bytes(data[0].stat().st_size - 100))
    data[2].write_bytes(b"")
    with pytest.warns(RuntimeWarning, match="at commit 4, the last whole one.*4 later writes"):
        assert everything(open_store(tmp_path / "memory")) == before


def test_a_checkpoint_of_dropped_commits_is_not_used_later(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 4)
    monkeypatch.setattr(lance, "COMPACT_EVERY", 4)
    monkeypatch.setattr(lance.LanceStore, "_compact", lambda store: None)
    store = open_store(tmp_path / "memory", 3)
    fill(store, 4)
    os.truncate(newest(tmp_path / "memory" / PARTS[0]), 10)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 100)
    with pytest.warns(RuntimeWarning, match="at commit 3"):
        store = open_store(tmp_path / "memory")
    store.commit([Edit.write(case("other", XY))])
    assert contents(open_store(tmp_path / "memory")) == contents(store)


def test_a_torn_checkpoint_is_replaced_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 2)
    monkeypatch.setattr(lance, "COMPACT_EVERY", 2)
    fill(open_store(tmp_path / "memory", 3), 2)
    for part in ("data", "_versions"):
        for file in (tmp_path / "memory" / "view.lance" / part).iterdir():
            file.write_bytes(b"")
    store = open_store(tmp_path / "memory")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fill(store, 2, 2)
    assert lancedb.connect(tmp_path / "memory").open_table("view").to_arrow()["applied_seq"][0].as_py() == 4
    assert everything(open_store(tmp_path / "memory")) == everything(store)


def test_a_damaged_file_that_is_not_torn_drops_nothing(tmp_path):
    fill(open_store(tmp_path / "memory", 3), 6)
    file = newest(tmp_path / "memory" / PARTS[0])
    data = bytearray(file.read_bytes())
    data[-30:-4] = bytes(26)
    file.write_bytes(data)
    with pytest.raises(StoreError, match="bring it back from a copy"):
        open_store(tmp_path / "memory")
    assert file.read_bytes() == data and not list((tmp_path / "memory").glob("torn*"))


def flip_bits(home: Path, seed: int, n: int) -> None:
    """Say of ``n`` copies with one bit flipped each whether all is as it was, and end where something else is read."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    rng, truth = random.Random(seed), everything(open_store(home))
    for i in range(n):
        copy = home.with_name(f"copy{seed}-{i}")
        shutil.copytree(home, copy)
        files = sorted(file for file in copy.rglob("*") if file.is_file() and file.stat().st_size)
        file = rng.choices(files, [file.stat().st_size for file in files])[0]
        data = bytearray(file.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        file.write_bytes(data)
        try:
            assert everything(open_store(copy)) == truth
            print("same", flush=True)
        except StoreError as error:
            assert str(copy) in str(error) and "copy" in str(error)
            print("told", flush=True)
        shutil.rmtree(copy)


def test_a_flipped_bit_is_an_error_or_nothing_and_never_another_value(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 4)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 8)
    fill(open_store(tmp_path / "memory", 3), 10)
    said = []
    for seed in range(3):
        code = "import sys, pathlib; from tests.stores.test_durability import flip_bits as flip; "
        code += f"flip(pathlib.Path(sys.argv[1]), {seed}, {FLIPS // 3})"
        command = [sys.executable, "-c", code, str(tmp_path / "memory")]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
        assert "AssertionError" not in done.stderr, done.stderr[-2000:]
        # LanceDB may ask for terabytes where a length was flipped: that ends the process, and is no wrong value.
        assert done.returncode in (0, -signal.SIGABRT), done.stderr[-2000:]
        said += done.stdout.split()
    assert len(said) > FLIPS / 2 and said.count("told") > FLIPS / 20


@pytest.mark.parametrize("part", PARTS)
def test_a_flipped_bit_in_the_end_of_a_file_drops_nothing(tmp_path, part):
    fill(open_store(tmp_path / "memory", 3), 3)
    file = newest(tmp_path / "memory" / part)
    file.write_bytes(file.read_bytes()[:-1] + b"B")
    with suppress(StoreError):  # LanceDB looks at the end of a data file, and not at that of a manifest
        assert len(open_store(tmp_path / "memory")) == 3
    assert not list((tmp_path / "memory").glob("torn*"))


def test_a_wrong_value_names_its_commit(tmp_path):
    store = open_store(tmp_path / "memory", 3)
    fill(store, 4)
    store._table.update(where="version = 3 AND position = 0", values={"reason": "another"})
    for work in (lambda: open_store(tmp_path / "memory"), store.steps, lambda: store.at(3)):
        with pytest.raises(
            StoreError, match=r"commit 3 is not what was written, a file in log\.lance is damaged; bring"
        ):
            work()


def test_a_case_read_alone_is_checked_too(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 4)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 4)
    fill(open_store(tmp_path / "memory", 3), 4)
    lancedb.connect(tmp_path / "memory").open_table("log").update(
        where="version = 2 AND position = 2", values={"case_id": "c9"}
    )
    store = open_store(tmp_path / "memory")
    assert store.get("c0").uses == 3
    with pytest.raises(StoreError, match="commit 2 is not what was written"):
        store.history("c0")


class Power:
    """What a disk holds of a folder: files as they were when they were last synced, names when their folder was."""

    def __init__(self, monkeypatch, home: Path) -> None:
        self.home, self.files, self.names = home, {}, {}
        sync = os.fsync

        def synced(handle: int) -> None:
            sync(handle)
            path = Path(os.readlink(f"/proc/self/fd/{handle}"))
            if path.is_dir():
                self.names[path] = {child.name for child in path.iterdir()}
            else:
                self.files[path] = path.read_bytes()

        monkeypatch.setattr(os, "fsync", synced)

    def lose(self, to: Path) -> Path:
        """The folder as a power loss may leave it: unlinked files stay gone, files not synced are empty."""
        to.mkdir()
        for path in self.home.rglob("*"):
            copy = to / path.relative_to(self.home)
            if path.is_dir():
                copy.mkdir(parents=True, exist_ok=True)
            elif path in self.files and path.name in self.names.get(path.parent, ()):
                copy.write_bytes(self.files[path])
            else:
                copy.write_bytes(b"")
        return to


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="finds synced files in /proc")


@needs_proc
@pytest.mark.parametrize("n", [1, 5, 9])
def test_a_durable_commit_outlives_the_power(tmp_path, monkeypatch, n):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 4)
    power = Power(monkeypatch, tmp_path / "memory")
    store = open_store(tmp_path / "memory", 3, durable=True)
    fill(store, n)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert everything(open_store(power.lose(tmp_path / "after"))) == everything(store)


@needs_proc
def test_without_durable_a_power_loss_costs_only_the_commits_since_compaction(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 4)
    power = Power(monkeypatch, tmp_path / "memory")
    store = open_store(tmp_path / "memory", 3)
    fill(store, 4)
    before = everything(store)
    assert everything(open_store(power.lose(tmp_path / "one"))) == before
    fill(store, 2, 4)
    with pytest.warns(RuntimeWarning, match="at commit 4, the last whole one"):
        assert everything(open_store(power.lose(tmp_path / "two"))) == before


@needs_proc
@pytest.mark.parametrize("merged", [True, False])
def test_compaction_syncs_what_outlives_it_and_no_more(tmp_path, monkeypatch, merged):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 16)
    if not merged:
        monkeypatch.setattr(lancedb.table.LanceTable, "optimize", lambda table, **_: None)
    power = Power(monkeypatch, tmp_path / "memory")
    for start in (0, 16):  # a store opened anew knows of nothing that was synced
        store = open_store(tmp_path / "memory", 3)
        fill(store, 16, start)
        before = everything(store)
        assert everything(open_store(power.lose(tmp_path / f"after{start}"))) == before
    assert (len(power.files) < 16) == merged


def test_durable_is_refused_where_it_cannot_be_kept(tmp_path):
    with pytest.raises(StoreError, match="give a path"):
        open_store(durable=True)
    with pytest.raises(StoreError, match="durable=True is for a folder"):
        open_store(f"file://{tmp_path}/memory", 3, durable=True)


def test_a_commit_that_cannot_be_synced_is_told_and_there(tmp_path, monkeypatch):
    store = open_store(tmp_path / "memory", 3, durable=True)

    def broken(handle):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(StoreError, match=r"commit 1 is written but not synced.*Input/output error"):
            store.commit([Edit.write(case("a", X))])
    assert store.version == 1 and store.commit([Edit.write(case("b", X))]) == 2
    assert len(open_store(tmp_path / "memory")) == 2


FIRST_COLUMNS = ["version", "position", "token", "op", "case_id", "before", "after", "point", "point_at"]
FIRST_COLUMNS += ["reason", "credit", "episode", "author", "verdict", "time"]


def first_format(path: str) -> None:
    """Three commits as the first memlab wrote them: no identity, no checksums, a checkpoint that says "true"."""
    whole = [
        ([Edit.write(case("a", X)), Edit.write(case("b", Y))], [step(X, "a")]),
        ([Edit.rewrite("a", {"q": 0.5, "vector": XY}, before={"q": 0.0})], []),
        ([Edit.forget("b")], []),
    ]
    tables = [encode(v, 70 + v, *commit, 3).select(FIRST_COLUMNS) for v, commit in enumerate(whole, 1)]
    schema = tables[0].schema.with_metadata({b"memlab.dim": b"3"})
    db = lancedb.connect(path)
    log = db.create_table("log", schema=schema)
    for table in tables:
        log.add(table)
    fields = {"kind": "case", "action": "", "reward": 0.0, "uses": 0, "episode": -1, "note": "", "vector": True}
    view = [
        {
            "case_id": name,
            "live": True,
            "fields": to_json({"text": f"text of {name}", "q": q, **fields}),
            "applied_seq": 2,
        }
        for name, q in (("a", 0.5), ("b", 0.0))
    ]
    db.create_table("view", pa.Table.from_pylist(view))


@pytest.mark.parametrize("at", ["path", "uri"])
def test_a_store_of_the_first_format_opens_and_goes_on(tmp_path, monkeypatch, at):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 2)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 4)
    monkeypatch.setattr(lance, "URI_REFRESH_SECONDS", 0.0)
    path = str(tmp_path / "memory") if at == "path" else f"file://{tmp_path}/memory"
    first_format(path)
    store = open_store(path)
    assert (store.version, len(store), store.get("a").q) == (3, 1, 0.5) and store.at(1).get("b").id == "b"
    assert [edit.op for edit in store.history("a")] == ["write", "rewrite"] and len(store.steps()) == 1
    other = open_store(path)
    for i in range(4):
        assert store.commit([Edit.write(case(f"new{i}", X)), Edit.rewrite("a", {"uses": i + 1})]) == 4 + i
    assert other.commit([Edit.restore("b")]) == 8
    again = open_store(path)
    assert contents(again) == contents(store) == contents(other) and again.get("a").uses == 4
    again.rebuild()
    assert contents(again) == contents(store) and len(again.history("a")) == 6
