"""The measurements of memory run at small sizes, and what search is measured against finds the same cases."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from memlab.stores import open_store
from memlab.tools import bench_peers, bench_stores


def test_the_bare_product_finds_what_search_finds():
    rows, query = bench_stores.random_rows(500, 16), bench_stores.random_rows(1, 16, seed=1)[0]
    store = open_store(dim=16)
    bench_stores.fill(store, rows)
    bare = {f"c{slot:07d}" for slot in bench_stores.bare_top(rows, query, 8)}
    assert bare == set(store.search(query, 8).ids)


def test_every_measurement_gives_finite_figures():
    lines = [
        *bench_stores.search_beside_numpy(50, 8, 2, repeats=3),
        *bench_stores.growth_beside_numpy(20, 40, 8, 2),
        *bench_stores.long_life(20, 10, 8),
        *bench_stores.resident(4, 2, 3, 8),
        *bench_stores.durable_commits(3, 8),
    ]
    judged = {promise.partition(",")[0] for promise, _, _, limit, _ in lines if limit is not None}
    assert {"search", "commit", "disk over live rows and compact log", "resident memory"} == judged and len(lines) == 7
    assert all(math.isfinite(value) and value > 0 for _, value, *_ in lines)


def test_the_peers_do_the_same_work(tmp_path):
    vectors = bench_stores.random_rows(4, 8)
    episode = bench_peers.lancedb_episodes(tmp_path / "naive", 8)
    ours = bench_peers.memlab_episodes(tmp_path / "ours", 8)
    for i, vector in enumerate(vectors):
        episode(i, vector)
        ours(i, vector)
    import lancedb

    db = lancedb.connect(tmp_path / "naive")
    store = open_store(tmp_path / "ours" / "memory")
    assert {row["id"]: row["q"] for row in db.open_table("cases").to_arrow().to_pylist()} == {
        found.id: found.q for found in store.cases()
    }
    assert db.open_table("changes").count_rows() == sum(len(store.history(found.id)) for found in store.cases())


def test_the_peers_take_turns_and_one_that_takes_too_long_waits():
    ((_, ratio, _, limit, note),) = bench_peers.beside_peers(3, 8)
    assert limit == 0.25 and ratio > 0 and note.startswith("memlab ") and ", lancedb " in note
    lived = []

    def takes(name, seconds):
        return lambda *_: lambda i, _: (lived.append((name, i)), time.sleep(seconds))

    makes = {"ours": takes("ours", 0.001), "even": takes("even", 0.001), "slow": takes("slow", 0.05)}
    took = bench_peers.seconds_lived(makes, np.zeros((40, 2)))
    assert lived[:4] == [("ours", 0), ("even", 0), ("slow", 0), ("ours", 1)]
    assert [sum(name == who for who, _ in lived) for name in ("ours", "even")] == [40, 40]
    assert sum(name == "slow" for name, _ in lived) < 20 and took["slow"] > took["ours"]


def test_chroma_does_the_same_work(tmp_path):
    pytest.importorskip("chromadb")
    episode = bench_peers.chroma_episodes(tmp_path, 8)
    for i, vector in enumerate(bench_stores.random_rows(4, 8)):
        episode(i, vector)
