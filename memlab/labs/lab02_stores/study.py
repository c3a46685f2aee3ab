"""Lab 02: what it costs to keep a memory on disk, measured. No language model takes part.

The same cases are kept in the ways of `lab02_keepers`. The frame is long, one ``value`` a row:

- ``commit``: cost of a commit when ``size`` cases are there. ``ms`` is wall time, ``cpu_ms`` process time of all
  threads; the arms take turns, so that whatever else the machine does meets all of them. ``mb`` is the folder.
- ``open``: cost of reading everything back from the same folder.
- ``bulk``: many cases in commits of 1,000 into memlab's store: its size, a search, an opening.
- ``crash``: the process is killed while it commits; ``acknowledged`` and ``found`` count cases, found -1: unreadable.
- ``index``: recall of LanceDB's IVF index at 8, and time of a query, beside exact search.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab.core import Edit, MemlabError
from memlab.datafiles import data_folder
from memlab.experiments import read_note, write_frame
from memlab.labs.lab02_stores.keepers import DIM, KEEPERS, Batched, JsonSwapped, Row, cases
from memlab.stores import open_store

if TYPE_CHECKING:
    import pandas as pd

SEEDS = tuple(range(100, 108))
SIZES = (64, 512, 1024, 2048, 3072)
BULKS = (1_000, 10_000, 50_000)
LONG_SEEDS = SEEDS[:2]
"""Only these go on to the sizes past 1,024, and past 10,000 in bulk: row by row is slow by then."""
GROWING = tuple(name for name in KEEPERS if KEEPERS[name] is not JsonSwapped)
CRASHING = tuple(name for name in KEEPERS if KEEPERS[name] is not Batched)
PROBES = (1, 2, 4, 8, 16, 32, 64)
TOP = 8
SPREAD = 0.35
"""How far cluster centers lie from the origin, in units of the spread within a cluster."""


def clock(work: Callable[..., object], *args: Any) -> tuple[float, float]:
    """Wall time and process time of ``work(*args)``, in milliseconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(*args)
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def folder_mb(folder: Path) -> float:
    """Size of all files below ``folder``, in megabytes (10^6 bytes)."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def growth(seed: int, sizes: Sequence[int] = SIZES, names: Sequence[str] = GROWING) -> list[Row]:
    """What a commit and an opening cost as memory grows, for each way to keep it."""
    all_cases, rows = cases(sizes[-1], seed), []
    with tempfile.TemporaryDirectory() as temporary:
        homes = {name: Path(temporary) / str(i) for i, name in enumerate(names)}
        for home in homes.values():
            home.mkdir()
        keepers = {name: KEEPERS[name](homes[name]) for name in names}
        for start, size in zip((0, *sizes), sizes, strict=False):
            for name, keeper in keepers.items():
                last = max(start + 1, size - keeper.block)
                keeper.fill(all_cases[start:last])
                costs = [clock(keeper.commit, case) for case in all_cases[last:size]]
                ms, cpu = np.mean(costs, axis=0)
                measured = {"ms": ms, "cpu_ms": cpu, "mb": folder_mb(homes[name])}
                rows += _rows("commit", name, seed, size, measured)
                opened = clock(KEEPERS[name].count, homes[name])
                rows += _rows("open", name, seed, size, {"ms": opened[0], "cpu_ms": opened[1]})
    return rows


def bulk(seed: int, sizes: Sequence[int] = BULKS) -> list[Row]:
    """memlab's store with ``sizes`` cases: megabytes on disk, time of a search (median of 20) and of opening."""
    rows: list[Row] = []
    for size in sizes:
        many = cases(size, seed)
        asked = [case.vector for case in cases(20, seed + 1) if case.vector is not None]
        with tempfile.TemporaryDirectory() as folder:
            with open_store(folder, DIM) as store:
                for start in range(0, size, 1_000):
                    store.commit([Edit.write(case) for case in many[start : start + 1_000]])
                store.search(asked[0], TOP)
                searches = [clock(store.search, q, TOP) for q in asked]
            opened = clock(open_store, folder)
            ms, cpu = np.median(searches, axis=0)
            rows += _rows("bulk", "memlab", seed, size, {"mb": folder_mb(Path(folder)), "ms": ms, "cpu_ms": cpu})
            rows += _rows("bulk", "memlab", seed, size, {"open_ms": opened[0], "open_cpu_ms": opened[1]})
    return rows


def crash(seed: int, name: str, filled: int = 200) -> list[Row]:
    """Kill a process while it commits case after case: how many it had acknowledged, how many can be read."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary:
        code = f"from memlab.labs.lab02_stores.study import live; live({name!r}, {temporary!r}, {filled})"
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            said = [child.stdout.readline() for _ in range(rng.randint(2, 6))]
            time.sleep(rng.uniform(0, 0.3))
            child.kill()
            said += child.stdout.readlines()
        whole = [line for line in said if line.endswith("\n")]
        if not whole:
            raise MemlabError(f"{name}: the process that should have been killed did not start; run it by hand: {code}")
        try:
            found = KEEPERS[name].count(Path(temporary))
        except ValueError:
            found = -1
    return _rows("crash", name, seed, filled, {"acknowledged": int(whole[-1]), "found": found})


def live(name: str, folder: str, filled: int) -> None:
    """Commit case after case and say how many there are, until killed."""
    keeper, many = KEEPERS[name](Path(folder)), cases(filled + 5_000, 0)
    keeper.fill(many[:filled])
    for done, case in enumerate(many[filled:], filled + 1):
        keeper.commit(case)
        print(done, flush=True)


def points(kind: str, n: int, seed: int, dim: int = DIM) -> np.ndarray:
    """Unit rows ``(n, dim)``: "random", or "clustered" around 64 centers as the questions of one world are."""
    rng = np.random.default_rng([seed, 2])
    rows = rng.normal(size=(n, dim))
    if kind == "clustered":
        rows += SPREAD * rng.normal(size=(64, dim))[rng.integers(64, size=n)]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def index(seed: int, kind: str, n: int = 20_000, queries: int = 50, probes: Sequence[int] = PROBES) -> list[Row]:
    """Recall at `TOP` and time of a query: LanceDB's IVF index (64 partitions) at each of ``probes``, and exact."""
    import lancedb
    import pyarrow as pa

    rows = points(kind, n + queries, seed)
    vectors, asked = rows[:n], rows[n:]
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), rows.shape[1])
    with tempfile.TemporaryDirectory() as folder:
        table = lancedb.connect(folder).create_table("cases", pa.table({"id": np.arange(n), "vector": column}))
        truth, costs = _ask(partial(nearest, table), asked)
        out = _rows("index", f"{kind}: LanceDB, exact", seed, 0, costs)
        out += _rows("index", f"{kind}: numpy, exact", seed, 0, _ask(partial(bare_top, vectors), asked)[1])
        table.create_index(metric="cosine", index_type="IVF_FLAT", num_partitions=64)
        for probe in probes:
            near, costs = _ask(partial(nearest, table, probes=probe), asked)
            recall = np.mean([len(a & b) / TOP for a, b in zip(near, truth, strict=True)])
            out += _rows("index", f"{kind}: IVF", seed, probe, {"recall": float(recall), **costs})
    return out


def bare_top(rows: np.ndarray, query: np.ndarray) -> set[int]:
    """Exact search in numpy: the places of the `TOP` largest products."""
    return set(np.argpartition(rows @ query, len(rows) - TOP)[-TOP:].tolist())


def nearest(table: Any, query: np.ndarray, probes: int | None = None) -> set[int]:
    """The ids LanceDB gives: from ``probes`` partitions of its index, or from all rows when ``probes`` is None."""
    search = table.search(query).distance_type("cosine").limit(TOP).select(["id", "_distance"])
    search = search.bypass_vector_index() if probes is None else search.nprobes(probes)
    return set(search.to_arrow()["id"].to_pylist())


def _ask(search: Callable[[np.ndarray], set[int]], asked: np.ndarray) -> tuple[list[set[int]], dict[str, float]]:
    ms, cpu = np.median([clock(search, query) for query in asked], axis=0)
    return [search(query) for query in asked], {"ms": ms, "cpu_ms": cpu}


def _rows(part: str, arm: str, seed: int, size: int, measured: dict[str, Any]) -> list[Row]:
    start = {"part": part, "arm": arm, "seed": seed, "size": size}
    return [{**start, "measure": name, "value": float(value)} for name, value in measured.items()]


def _work() -> Iterator[tuple[str, Callable[[], list[Row]]]]:
    for seed in SEEDS:
        yield f"growth-{seed}", partial(growth, seed, SIZES[:3])
        yield f"bulk-{seed}", partial(bulk, seed, BULKS[:2])
        for name in CRASHING:
            yield f"crash-{seed}-{name}", partial(crash, seed, name)
        for kind in ("random", "clustered"):
            yield f"index-{seed}-{kind}", partial(index, seed, kind)
    for seed in LONG_SEEDS:
        yield f"growth-long-{seed}", partial(growth, seed, SIZES[3:])
        yield f"bulk-long-{seed}", partial(bulk, seed, BULKS[2:])


def report() -> pd.DataFrame:
    """Measure everything, eight replicates; parts that are done are read back from ``.memlab/`` and not run again."""
    import pandas as pd

    parts = data_folder().parent / ".memlab" / "studies" / "lab02"
    parts.mkdir(parents=True, exist_ok=True)
    frames = []
    for name, measure in _work():
        path = parts / f"{name.replace(': ', '-').replace(', ', '-')}.parquet"
        if not path.exists():
            write_frame(path, pd.DataFrame(measure()), {"part": name})
        frames.append(pd.read_parquet(path))
        print(f"{name} done", flush=True)
    frame = pd.concat(frames, ignore_index=True)
    save_study("lab02", frame, {"model": "none", "seeds": list(SEEDS)})
    return frame


def rows() -> pd.DataFrame:
    """The recorded rows; raises `MemlabError` where the file was changed or carries no provenance."""
    import pandas as pd

    from memlab.datafiles import data

    path = data("studies/lab02.parquet")
    read_note(path)
    return pd.read_parquet(path)
