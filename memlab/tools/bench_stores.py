"""The promises of memory, measured: search beside bare numpy, flat cost over a long life, disk beside what it holds.

Each function builds its own stores in a temporary folder and gives lines of `memlab bench`.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from memlab.core import Case, Edit, Step
from memlab.stores import Store, open_store
from memlab.stores.rows import encode
from memlab.tools import bench_peers
from memlab.tools.bench_peers import Measured, random_rows


def bytes_in(folder: Path) -> int:
    """Size of all files below ``folder``, in bytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def seconds_of(work: Callable[..., Any], *args: Any) -> float:
    """Wall time of ``work(*args)``."""
    start = time.perf_counter()
    work(*args)
    return time.perf_counter() - start


def bare_top(rows: np.ndarray, query: np.ndarray, k: int) -> np.ndarray:
    """The product and argpartition that search is measured against."""
    return np.argpartition(rows @ query, len(rows) - k)[-k:]


def fill(store: Store, rows: np.ndarray) -> None:
    """Write one case for each row, in one commit."""
    store.commit([Edit.write(Case(f"c{i:07d}", f"case {i}", vector=row)) for i, row in enumerate(rows)])


def quickest_search(n: int, dim: int, k: int, repeats: int) -> tuple[float, float]:
    """Milliseconds of a search on disk and of bare numpy's: taken in turns, the quickest of each, as timeit does."""
    rows, queries = random_rows(n, dim), random_rows(repeats, dim, seed=1)
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "memory", dim) as store:
        fill(store, rows)
        store.search(queries[0], k)
        pairs = [(seconds_of(store.search, query, k), seconds_of(bare_top, rows, query, k)) for query in queries]
    ours, bare = (1e3 * min(times) for times in zip(*pairs, strict=True))
    return ours, bare


def search_beside_numpy(n: int = 10_000, dim: int = 384, k: int = 8, repeats: int = 101) -> Iterator[Measured]:
    """A search over bare numpy's."""
    ours, bare = quickest_search(n, dim, k, repeats)
    note = f"{ours:.2f} ms against {bare:.2f} ms"
    yield Measured("search, 10,000 x 384, top 8, over bare numpy", ours / bare, "x", 2.0, note)


def growth_beside_numpy(small: int = 2_000, large: int = 20_000, dim: int = 384, k: int = 8) -> Iterator[Measured]:
    """How search slows down from ``small`` to ``large`` live cases when nothing is forgotten, beside bare numpy."""
    (ours, bare), (late, late_bare) = (quickest_search(n, dim, k, repeats=31) for n in (small, large))
    note = f"bare numpy: {late_bare / bare:.2f} x"
    yield Measured("search with 10 times the cases, nothing forgotten", late / ours, "x", None, note)


def long_life(episodes: int = 20_000, live: int = 2_000, dim: int = 384) -> Iterator[Measured]:
    """Search and commit over ``episodes`` that hold ``live`` cases: the last tenth over a first tenth.

    An episode searches, writes a case, rewrites two, forgets the oldest and records a step, in one commit. The first
    tenth is lived again by a young store in turns with the last tenth of the old one, so that both meet the same
    machine. Means of wall time, compaction included. Of disk, the most the old store took after its first tenth, for
    each row so far, over what its live rows and its log take for each when written at once.
    """
    vectors, tenth, disk = random_rows(live + episodes, dim), max(1, episodes // 10), []
    with (
        tempfile.TemporaryDirectory() as home,
        open_store(Path(home) / "old", dim) as old,
        open_store(Path(home) / "young", dim) as young,
    ):
        fill(old, vectors[:live])
        for episode in range(episodes - tenth):
            _live_once(old, vectors, live, episode)
            if episode >= tenth and episode % 50 == 0:
                disk.append(bytes_in(Path(home) / "old") / (episode + live))
        fill(young, vectors[:live])
        late, early = [], []
        for episode in range(tenth):
            late.append(_live_once(old, vectors, live, episodes - tenth + episode))
            early.append(_live_once(young, vectors, live, episode))
        least = _compact_bytes(old) / (episodes + live)
        disk.append(bytes_in(Path(home) / "old") / (episodes + live))
    (search, commit), (search_first, commit_first) = 1e3 * np.mean(late, axis=0), 1e3 * np.mean(early, axis=0)
    what = "20,000 episodes, 2,000 live, last tenth over first"
    yield Measured(f"search, {what}", search / search_first, "x", 1.5, f"{search:.2f} ms at the end")
    note = f"{commit:.2f} ms at the end, compaction included"
    yield Measured(f"commit, {what}", commit / commit_first, "x", 1.5, note)
    yield Measured("disk over live rows and compact log", max(disk) / least, "x", 4.0, "the most it ever took")


def _live_once(store: Store, vectors: np.ndarray, live: int, episode: int) -> tuple[float, float]:
    """One episode; seconds of its search and of its commit."""
    newest = live + episode
    searched = seconds_of(store.search, vectors[newest], 4)
    return searched, seconds_of(store.commit, *_lived(store, episode, newest, vectors[newest]))


def _lived(store: Store, episode: int, newest: int, query: np.ndarray) -> tuple[list[Edit], list[Step]]:
    oldest = f"c{episode:07d}"
    ids = [case_id for case_id in store.search(query, 4).ids if case_id != oldest]
    edits = [Edit.write(Case(f"c{newest:07d}", f"case {newest}", vector=query), episode=episode, reason="new")]
    edits += [Edit.rewrite(i, {"q": episode / 7, "uses": episode}, episode=episode, reason="td") for i in ids[:2]]
    edits.append(Edit.forget(oldest, episode=episode, reason="the oldest of too many"))
    return edits, [Step(f"t{episode}", query, tuple(ids), (1 / len(ids),) * len(ids), "tool", 1.0, episode)]


def _compact_bytes(store: Any) -> int:
    """Bytes of the live rows and of the log, each written at once."""
    import lancedb

    with tempfile.TemporaryDirectory() as folder:
        db = lancedb.connect(folder)
        db.create_table("live", encode(1, 0, [Edit.write(case) for case in store.cases()], [], store.dim))
        db.create_table("log", store._table.to_arrow())
        return bytes_in(Path(folder))


def resident(episodes: int = 20_000, early: int = 1_000, live: int = 500, dim: int = 384) -> Iterator[Measured]:
    """Resident megabytes of a process of its own after ``early`` and after all ``episodes`` of a long life."""
    code = "import sys, json; from memlab.tools.bench_stores import _live_resident as live; "
    code += "print(json.dumps(live(*map(int, sys.argv[1:]))))"
    command = [sys.executable, "-c", code, *map(str, (episodes, early, live, dim))]
    first, last = json.loads(subprocess.check_output(command))
    note = f"{last:.0f} MB against {first:.0f} MB, 500 live"
    yield Measured("resident memory, 20,000 episodes over 1,000", last / first, "x", 1.5, note)


def _live_resident(episodes: int, early: int, live: int, dim: int) -> tuple[float, float]:
    first = 0.0
    with tempfile.TemporaryDirectory() as home, open_store(Path(home) / "memory", dim) as store:
        fill(store, random_rows(live, dim))
        for episode in range(episodes):
            query = random_rows(1, dim, seed=episode + 1)[0]
            store.commit(*_lived(store, episode, live + episode, query))
            if episode + 1 == early:
                first = psutil.Process().memory_info().rss / 1e6
        return first, psutil.Process().memory_info().rss / 1e6


def durable_commits(n: int = 200, dim: int = 384) -> Iterator[Measured]:
    """Median milliseconds of a commit of one case, synced to disk and not, in turns."""
    rows = random_rows(n, dim)
    with (
        tempfile.TemporaryDirectory() as home,
        open_store(Path(home) / "plain", dim) as plain,
        open_store(Path(home) / "durable", dim, durable=True) as durable,
    ):
        times = [
            [seconds_of(store.commit, [Edit.write(Case(f"c{i}", "", vector=row))]) for store in (plain, durable)]
            for i, row in enumerate(rows)
        ]
    default, synced = 1e3 * np.median(times, axis=0)
    note = f"{synced:.1f} ms against {default:.1f} ms"
    yield Measured("a commit with durable=True over one without", synced / default, "x", None, note)


def measure() -> Iterator[Measured]:
    """Every promise of memory, a line each or more."""
    for work in (search_beside_numpy, growth_beside_numpy, long_life, resident):
        yield from work()
    yield from durable_commits()
    yield from bench_peers.beside_peers()
