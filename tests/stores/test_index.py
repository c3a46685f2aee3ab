"""The resident matrix: no holes, right at the cut, the same whatever the order of rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from memlab.core import Case
from memlab.stores import index as module
from memlab.stores.index import Index
from tests.stores.helpers import slow_search, unit


def test_ties_at_the_cut_are_broken_by_id():
    cases = [Case(f"c{i:03d}", "", vector=unit(1, 1)) for i in (5, 3, 9, 1, 7)]
    assert Index(2, cases).search(unit(1, 0), 2)[0] == ["c001", "c003"]


def test_cosines_that_round_to_the_same_number_are_ties():
    close = [Case(name, "", vector=unit(1, 1e-4 * scale)) for name, scale in (("b", 1.0), ("a", 3.0))]
    ids, cosines = Index(2, close).search(unit(1, 0), 1)
    assert ids == ["a"] and cosines.tolist() == [1.0]


def test_the_answer_does_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(1)
    base = rng.normal(size=64)
    cases = [Case(f"c{i:04d}", "", vector=unit(*(base + 1e-4 * rng.normal(size=64)))) for i in range(1001)]
    query = unit(*rng.normal(size=64))
    slow = slow_search(cases, query, 8)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(cases))
        ids, cosines = Index(64, [cases[i] for i in order]).search(query, 8)
        assert list(zip(ids, cosines, strict=True)) == slow


def test_rows_of_dropped_cases_are_used_again():
    index = Index(4)
    for i in range(5000):
        index.put(Case(f"c{i}", "", vector=unit(i + 1, 1, 1, 1)))
        index.drop(f"c{i - 50}")
    assert len(index) == 50 and index._columns.shape[1] < 256
    assert set(index.search(unit(1, 0, 0, 0), 99)[0]) == {f"c{i}" for i in range(4950, 5000)}


def test_it_shrinks_when_most_cases_are_gone():
    index = Index(4, [Case(f"c{i}", "", vector=unit(i + 1, 1, 1, 1)) for i in range(4000)])
    for i in range(3990):
        index.drop(f"c{i}")
    assert len(index) == 10 and index._columns.shape[1] <= 256
    assert set(index.search(unit(1, 0, 0, 0), 99)[0]) == {f"c{i}" for i in range(3990, 4000)}


def test_a_kind_with_fewer_rows_than_k_gives_what_there_is():
    cases = [Case("a", "", kind="tool", vector=unit(0, 1)), Case("b", "", vector=unit(1, 0))]
    index = Index(2, cases)
    assert index.search(unit(1, 0), 5, "tool")[0] == ["a"]
    assert index.search(unit(1, 0), 5, "subtask")[0] == []


def numpys_blas():
    """numpy's own BLAS: other tests may have loaded libraries of theirs."""
    return [lib for lib in ThreadpoolController().select(user_api="blas").lib_controllers if "numpy" in lib.filepath]


class Watched(np.ndarray):
    """Columns that note how many threads BLAS has whenever they are multiplied."""

    def __rmatmul__(self, other):
        self.seen += [lib.num_threads for lib in numpys_blas()]
        return other @ np.asarray(self)

    def __array_finalize__(self, parent):
        self.seen = getattr(parent, "seen", None)


def test_the_product_has_one_thread_and_the_others_come_back():
    if not numpys_blas():
        pytest.skip("numpy here has no BLAS that threadpoolctl knows")
    rng = np.random.default_rng(2)
    index = Index(64, [Case(f"c{i:03d}", "", vector=unit(*rng.normal(size=64))) for i in range(200)])
    index._columns = index._columns.view(Watched)
    index._columns.seen = []
    query = unit(*rng.normal(size=64))
    before = [lib.num_threads for lib in numpys_blas()]
    with ThreadpoolController().limit(limits=2):
        index.search(query, 3)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: index.search(query, 3), range(40)))
    assert index._columns.seen == [1] * len(before) * 41
    assert [lib.num_threads for lib in numpys_blas()] == before


@pytest.mark.parametrize("few", [0, 10**9])
def test_small_and_large_matrices_find_the_same(monkeypatch, few):
    monkeypatch.setattr(module, "FEW", few)
    rng = np.random.default_rng(3)
    cases = [Case(f"c{i:03d}", "", vector=unit(*rng.normal(size=64))) for i in range(200)]
    query = unit(*rng.normal(size=64))
    ids, cosines = Index(64, cases).search(query, 9)
    assert list(zip(ids, cosines, strict=True)) == slow_search(cases, query, 9)
