"""The promises of memory, measured: search beside bare numpy, flat cost over a long life, disk beside what it holds.

Each function builds its own store in a temporary folder and gives a dict of figures; `measure` gives `memlab bench` its
lines.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from memlab.core import Case, Edit, Step
from memlab.stores import Store, open_store

Row = tuple[str, float, str, float | None, str]


def random_rows(n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Random unit rows, shape ``(n, dim)``, float32."""
    rows = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


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


def search_beside_numpy(n: int = 10_000, dim: int = 384, k: int = 8, repeats: int = 101) -> dict[str, float]:
    """Time of a search on disk over bare numpy's: taken in turns, the quickest of each, as timeit does."""
    rows, queries = random_rows(n, dim), random_rows(repeats, dim, seed=1)
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "memory", dim) as store:
        fill(store, rows)
        store.search(queries[0], k)
        pairs = [(seconds_of(store.search, query, k), seconds_of(bare_top, rows, query, k)) for query in queries]
    ours, bare = (min(times) for times in zip(*pairs, strict=True))
    return {"search_ratio": ours / bare, "search_ms": 1e3 * ours, "numpy_ms": 1e3 * bare}


def growth_beside_numpy(small: int = 2_000, large: int = 20_000, dim: int = 384, k: int = 8) -> dict[str, float]:
    """How search slows down from ``small`` to ``large`` live cases when nothing is forgotten, beside bare numpy."""
    runs = [search_beside_numpy(n, dim, k, repeats=31) for n in (small, large)]
    return {
        "search_growth": runs[1]["search_ms"] / runs[0]["search_ms"],
        "numpy_growth": runs[1]["numpy_ms"] / runs[0]["numpy_ms"],
    }


def long_life(episodes: int = 20_000, live: int = 2_000, dim: int = 384) -> dict[str, float]:
    """Search and commit over ``episodes`` that hold ``live`` cases: the last tenth over a first tenth.

    An episode searches, writes a case, rewrites two, forgets the oldest and records a step, in one commit. The first
    tenth is lived again by a young store in turns with the last tenth of the old one, so that both meet the same
    machine. Means of wall time, compaction included. ``disk_ratio`` is the most the old store took, after its first
    tenth, for each row so far, over what its live rows and its log take for each when written at once.
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
    (search, commit), (search_first, commit_first) = np.mean(late, axis=0), np.mean(early, axis=0)
    return {
        "search_last_over_first": float(search / search_first),
        "commit_last_over_first": float(commit / commit_first),
        "disk_ratio": max(disk) / least,
        "search_ms": 1e3 * float(search),
        "commit_ms": 1e3 * float(commit),
    }


def _live_once(store: Store, vectors: np.ndarray, live: int, episode: int) -> tuple[float, float]:
    """One episode; seconds of its search and of its commit."""
    newest = live + episode
    query = vectors[newest]
    searched = seconds_of(store.search, query, 4)
    return searched, seconds_of(store.commit, *_lived(store, episode, newest, query))


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

    from memlab.stores.rows import encode

    with tempfile.TemporaryDirectory() as folder:
        db = lancedb.connect(folder)
        db.create_table("live", encode(1, 0, [Edit.write(case) for case in store.cases()], [], store.dim))
        db.create_table("log", store._table.to_arrow())
        return bytes_in(Path(folder))


@contextmanager
def busy_core() -> Iterator[None]:
    """A program that does nothing but work, for as long as the block runs."""
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        child.kill()
        child.wait()


def search_beside_a_busy_core(n: int = 10_000, dim: int = 384, k: int = 8, repeats: int = 301) -> dict[str, float]:
    """95th percentile of a search in milliseconds: alone, beside a busy core, and bare numpy's there."""
    rows, queries = random_rows(n, dim), random_rows(repeats, dim, seed=1)

    def p95(work: Callable[..., Any], *args: Any) -> float:
        return 1e3 * float(np.quantile([seconds_of(work, *args[:-1], query, args[-1]) for query in queries], 0.95))

    with open_store(dim=dim) as store:
        fill(store, rows)
        store.search(queries[0], k)
        alone = p95(store.search, k)
        with busy_core():
            return {"alone_ms": alone, "busy_ms": p95(store.search, k), "numpy_ms": p95(bare_top, rows, k)}


def resident(episodes: int = 20_000, early: int = 1_000, live: int = 500, dim: int = 384) -> dict[str, float]:
    """Resident megabytes of a process of its own after ``early`` and after all ``episodes`` of a long life."""
    code = "import sys, json; from memlab.tools.bench_stores import _live_resident as live; "
    code += "print(json.dumps(live(*map(int, sys.argv[1:]))))"
    command = [sys.executable, "-c", code, *map(str, (episodes, early, live, dim))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, last = json.loads(done.stdout)
    return {"early_mb": first, "late_mb": last, "resident_ratio": last / first}


def _live_resident(episodes: int, early: int, live: int, dim: int) -> tuple[float, float]:
    import psutil

    first = 0.0
    with tempfile.TemporaryDirectory() as home, open_store(Path(home) / "memory", dim) as store:
        fill(store, random_rows(live, dim))
        for episode in range(episodes):
            query = random_rows(1, dim, seed=episode + 1)[0]
            store.commit(*_lived(store, episode, live + episode, query))
            if episode + 1 == early:
                first = psutil.Process().memory_info().rss / 1e6
        return first, psutil.Process().memory_info().rss / 1e6


def durable_commits(n: int = 200, dim: int = 384) -> dict[str, float]:
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
    return {"default_ms": float(default), "durable_ms": float(synced)}


def measure() -> Iterator[Row]:
    """``(promise, value, unit, limit, note)`` for each promise of memory."""
    one = search_beside_numpy()
    note = f"{one['search_ms']:.2f} ms against {one['numpy_ms']:.2f} ms"
    yield "search, 10,000 x 384, top 8, over bare numpy", one["search_ratio"], "x", 2.0, note
    busy = search_beside_a_busy_core()
    note = f"{busy['busy_ms']:.2f} ms against {busy['alone_ms']:.2f} ms; bare numpy beside it {busy['numpy_ms']:.2f} ms"
    yield "the same beside a busy core, p95, over alone", busy["busy_ms"] / busy["alone_ms"], "x", None, note
    grown = growth_beside_numpy()
    note = f"bare numpy: {grown['numpy_growth']:.2f} x"
    yield "search with 10 times the cases, nothing forgotten", grown["search_growth"], "x", None, note
    life, what = long_life(), "20,000 episodes, 2,000 live, last tenth over first"
    yield f"search, {what}", life["search_last_over_first"], "x", 1.5, f"{life['search_ms']:.2f} ms at the end"
    note = f"{life['commit_ms']:.2f} ms at the end, compaction included"
    yield f"commit, {what}", life["commit_last_over_first"], "x", 1.5, note
    yield "disk over live rows and compact log", life["disk_ratio"], "x", 4.0, "the most it ever took"
    memory = resident()
    note = f"{memory['late_mb']:.0f} MB against {memory['early_mb']:.0f} MB, 500 live"
    yield "resident memory, 20,000 episodes over 1,000", memory["resident_ratio"], "x", 1.5, note
    cost = durable_commits()
    note = f"{cost['durable_ms']:.1f} ms against {cost['default_ms']:.1f} ms"
    yield "a commit with durable=True over one without", cost["durable_ms"] / cost["default_ms"], "x", None, note
