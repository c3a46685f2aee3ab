"""The measurements of memory run at small sizes, and what search is measured against finds the same cases."""

from __future__ import annotations

import math

from memlab.stores import open_store
from memlab.tools import bench_stores


def test_the_bare_product_finds_what_search_finds():
    rows, query = bench_stores.random_rows(500, 16), bench_stores.random_rows(1, 16, seed=1)[0]
    store = open_store(dim=16)
    bench_stores.fill(store, rows)
    bare = {f"c{slot:07d}" for slot in bench_stores.bare_top(rows, query, 8)}
    assert bare == set(store.search(query, 8).ids)


def test_every_measurement_gives_finite_figures():
    figures = {
        **bench_stores.search_beside_numpy(50, 8, 2, repeats=3),
        **bench_stores.growth_beside_numpy(20, 40, 8, 2),
        **bench_stores.long_life(20, 10, 8),
        **bench_stores.one_row_commits(10, 8),
    }
    assert {"search_ratio", "commit_last_over_first", "search_last_over_first", "disk_ratio"} <= figures.keys()
    assert all(math.isfinite(value) and value > 0 for value in figures.values())
