"""Kill -9, Ctrl-C, a full disk: what was acknowledged is there, and nothing half-written is read."""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from memlab.core import Edit
from memlab.stores import StoreError, lance, open_store
from tests.stores.helpers import case, contents, unit
from tests.stores.workers import UNDO, batch, commit_until_killed, undone

KILLS, CHAINS = 50, 2
X, Y = unit(1, 0, 0), unit(0, 1, 0)


def kill_one(context: multiprocessing.context.BaseContext, path: Path, wait: float) -> int:
    """Start a child that commits, kill it ``wait`` seconds after its first commit, give its last acknowledged one."""
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=commit_until_killed, args=(str(path), there))
    child.start()
    there.close()
    acknowledged = 0
    try:
        assert here.poll(60), "the child made no commit within a minute"
        acknowledged = here.recv()
        time.sleep(wait)
    finally:
        child.kill()
        child.join()
    with suppress(EOFError, OSError):
        while here.poll(0):
            acknowledged = here.recv()
    return acknowledged


def check(path: Path, acknowledged: int) -> None:
    """Every commit up to the newest is there as a whole, and the view is what follows from them."""
    with open_store(path) as store:
        newest = store.version
        assert acknowledged <= newest <= acknowledged + 1
        program = {v: batch(v) if v % UNDO else (undone(v), []) for v in range(1, newest + 1)}
        assert [s.task for s in store.steps()] == [one.task for _, steps in program.values() for one in steps]
        ops = [(entry.version, entry.edit.op, entry.edit.case_id, entry.edit.author) for entry in store._entries()]
        assert ops == [(v, e.op, e.case_id, e.author) for v, (edits, _) in program.items() for e in edits]
        ids = {edit.case_id: edit.op for edits, _ in program.values() for edit in edits}
        assert {found.id for found in store.cases()} == {case_id for case_id, op in ids.items() if op == "write"}
        live = contents(store)
        store.rebuild()
        assert contents(store) == live


def kill_chain(context: multiprocessing.context.BaseContext, path: Path, seed: int) -> set[int]:
    """Kill one child after another on the same store; give where in the compaction schedule they died."""
    rng, died = random.Random(seed), set()
    for _ in range(KILLS // CHAINS):
        acknowledged = kill_one(context, path, rng.uniform(0.0, 0.06))
        check(path, acknowledged)
        died.add(acknowledged % 4)
    return died


def test_fifty_kills_lose_nothing_acknowledged_and_show_nothing_half_written(tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lancedb", "memlab.stores.lance"])
    paths = [tmp_path / f"memory{i}" for i in range(CHAINS)]
    with ThreadPoolExecutor(CHAINS) as pool:
        died = set().union(*pool.map(kill_chain, [context] * CHAINS, paths, range(CHAINS)))
    assert len(died) > 1


@pytest.mark.parametrize("moment", ["_append", "_apply", "_tidy"])
@pytest.mark.parametrize("after", [False, True])
def test_an_interrupt_inside_a_commit_leaves_all_of_it_or_nothing(make, monkeypatch, moment, after):
    store = make()
    store.commit([Edit.write(case("a", X))])
    work = getattr(store, moment)

    def interrupted(*args):
        if after:
            work(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(store, moment, interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.commit([Edit.write(case("b", X)), Edit.rewrite("a", {"q": 1.0})])
    monkeypatch.undo()
    there = moment != "_append" or after
    assert store.version == (2 if there else 1) and store.get("a").q == (1.0 if there else 0.0)
    assert store.search(X, 5).ids == (("a", "b") if there else ("a",))
    assert store.commit([Edit.write(case("c", Y))]) == store.version


def test_ctrl_c_waits_for_the_commit_to_end(make, monkeypatch):
    store = make()
    append = store._append

    def pressed(*args):
        os.kill(os.getpid(), signal.SIGINT)
        return append(*args)

    monkeypatch.setattr(store, "_append", pressed)
    with pytest.raises(KeyboardInterrupt):
        store.commit([Edit.write(case("a", X))])
    assert store.version == 1 and store._stale is False and store.search(X, 1).ids == ("a",)


def test_an_append_that_fails_leaves_memory_as_it_was(tmp_path, monkeypatch):
    store = open_store(tmp_path / "memory", 3)
    store.commit([Edit.write(case("a", X))])

    def full(rows):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store._table, "add", full)
        with pytest.raises(StoreError, match=r"No space left on device; memory is as it was; free space"):
            store.commit([Edit.write(case("b", Y))])
        assert store.version == 1 and len(store) == 1 and store.search(Y, 5).ids == ("a",)
    assert store.commit([Edit.write(case("b", Y))]) == 2


def test_a_compaction_that_fails_is_a_warning_and_not_a_lost_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(lance, "COMPACT_EVERY", 1)
    store = open_store(tmp_path / "memory", 3)

    def full(**options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store._table, "optimize", full)
    with pytest.warns(RuntimeWarning, match="nothing is lost"):
        assert store.commit([Edit.write(case("a", X))]) == 1
    assert store.get("a").id == "a" and len(open_store(tmp_path / "memory")) == 1


FILL = """
import resource, sys
import numpy as np
from memlab.core import Case, Edit
from memlab.stores import StoreError, open_store
store = open_store(sys.argv[1], 3)
vector = np.array([1, 0, 0], np.float32)
store.commit([Edit.write(Case("a", "small", vector=vector))])
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
rng = np.random.default_rng(0)
try:
    store.commit([Edit.write(Case("b", rng.bytes(200_000).hex(), vector=vector))])
except StoreError as error:
    print("told:", error)
print(store.version, len(store), store.search(vector, 5).ids)
print(store.commit([Edit.write(Case("c", "small again", vector=vector))]))
"""


def test_a_file_that_the_system_will_not_let_grow_is_an_error_and_memory_goes_on(tmp_path):
    path = tmp_path / "memory"
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0].startswith("told: commit failed") and "memory is as it was" in lines[0]
    assert lines[1:] == ["1 1 ('a',)", "2"]
    assert [found.id for found in open_store(path).cases()] == ["a", "c"]
