"""The retrieval policies against science.md's exact values and independent brute force."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memlab
from memlab.core import Case, Edit, MemlabError
from memlab.retrieval.learned import CaseQ, Soft
from memlab.retrieval.policies import TopK, kernel_q, soft_policy, soft_value

Q = (1.0, 0.6, 0.2, 0.0)
values = st.lists(st.floats(-5, 5), min_size=1, max_size=8)


def test_soft_policy_and_value_hit_the_exact_values():
    assert np.allclose(soft_policy(Q, 0.5), (0.559735, 0.251505, 0.113008, 0.075752), atol=5e-7)
    assert soft_value(Q, 0.5) == pytest.approx(1.290146, abs=5e-7)


def test_kernel_q_adds_delta_to_the_squared_distance():
    assert kernel_q((1, 4, 9), (1, 0, 0.5), 0.001) == pytest.approx(0.775383, abs=5e-7)


@given(values, st.floats(0.05, 5))
def test_soft_value_is_the_best_entropy_regularized_value(q, alpha):
    mu = soft_policy(q, alpha)
    assert mu.sum() == pytest.approx(1)
    entropy = -sum(p * math.log(p) for p in mu if p > 0)
    assert soft_value(q, alpha) == pytest.approx(float(np.dot(mu, q)) + alpha * entropy, abs=1e-9)
    other = np.random.default_rng(0).dirichlet(np.ones(len(q)))
    worse = float(np.dot(other, q)) - alpha * sum(p * math.log(p) for p in other if p > 0)
    assert worse <= soft_value(q, alpha) + 1e-9


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(-1, 1)), min_size=1, max_size=6))
def test_kernel_q_equals_a_loop(pairs):
    weights = [1 / (d + 0.1) for d, _ in pairs]
    expected = sum(w * q for w, (_, q) in zip(weights, pairs, strict=True)) / sum(weights)
    assert kernel_q([d for d, _ in pairs], [q for _, q in pairs], 0.1) == pytest.approx(expected)


@pytest.mark.parametrize("alpha", [0, -1, math.nan, math.inf])
def test_a_temperature_that_is_none_is_refused(alpha):
    with pytest.raises(MemlabError, match="alpha="):
        soft_policy(Q, alpha)


def test_no_cases_and_nan_values_are_refused():
    with pytest.raises(MemlabError, match="at least one case"):
        soft_policy([], 1.0)
    with pytest.raises(MemlabError, match="NaN"):
        soft_value([0.0, math.nan], 1.0)
    with pytest.raises(MemlabError, match="delta"):
        kernel_q([1.0], [1.0], 0.0)


@pytest.mark.parametrize(
    ("sqdist", "q", "delta", "named"),
    [
        ([math.nan, 1.0], [1.0, 0.0], 0.1, "NaN"),
        ([math.inf, math.inf], [1.0, 0.0], 0.1, "infinity"),
        ([1.0, 2.0, 3.0], [1.0], 0.1, r"shapes \(3,\) and \(1,\)"),
        ([1.0, 2.0, 3.0], [1.0, 2.0], 0.1, "shapes"),
        ([[1.0, 2.0], [1.0, 2.0]], [[1.0, 2.0]] * 3, 0.1, "shapes"),
        ([-1.0], [1.0], 0.1, "squared distance"),
        ([1.0], [1.0], math.inf, "delta"),
        ([1j], [1.0], 0.1, "not numbers"),
        ([1.0], [10**400], 0.1, "not numbers"),
        ([1.0], np.array([1j]), 0.1, "complex"),
    ],
)
def test_the_kernel_takes_finite_numbers_one_distance_a_value(sqdist, q, delta, named):
    with pytest.raises(MemlabError, match=named):
        kernel_q(sqdist, q, delta)


def test_the_kernel_serves_many_queries_at_once():
    many = kernel_q([[1, 4, 9], [9, 4, 1]], (1, 0, 0.5), 0.001)
    assert many == pytest.approx([kernel_q([1, 4, 9], (1, 0, 0.5), 0.001), kernel_q([9, 4, 1], (1, 0, 0.5), 0.001)])


@pytest.mark.parametrize("make", [TopK, partial(Soft, CaseQ())])
@pytest.mark.parametrize("size", [{"k": -1}, {"k": 1.5}, {"shortlist": -2}, {"k": True}, {"k": "3"}])
def test_a_number_of_cases_below_none_is_refused(make, size):
    with pytest.raises(MemlabError, match=next(iter(size))):
        make(**size)


def memory(*cases):
    """Cases at given angles (degrees) from the query (1, 0)."""
    store = memlab.open_store(dim=2)
    edits = []
    for name, angle, action, q, episode in cases:
        turn = math.radians(angle)
        vector = np.array([math.cos(turn), math.sin(turn)], np.float32)
        edits.append(Edit.write(Case(name, name, action, q=q, vector=vector, episode=episode)))
    store.commit(edits)
    return store


QUERY = np.array([1.0, 0.0], np.float32)


def test_top_k_shows_the_nearest_good_cases_and_keeps_the_bad_ones_in_the_shortlist():
    store = memory(("a", 0, "x", 0.0, 0), ("b", 10, "x", 1.0, 1), ("c", 20, "y", 1.0, 2), ("far", 80, "y", 1.0, 3))
    drawn = TopK(k=1)(QUERY, store, np.random.default_rng(0))
    assert [case.id for case in drawn.cases] == ["b"]
    assert drawn.mu == (1.0,)
    assert drawn.near.ids == ("a", "b", "c")


def test_newest_keeps_one_case_of_each_action():
    store = memory(("a", 0, "x", 1.0, 0), ("b", 10, "x", 0.0, 5), ("c", 20, "y", 1.0, 2))
    drawn = TopK(newest=True)(QUERY, store, np.random.default_rng(0))
    assert drawn.near.ids == ("b", "c")
    assert [case.id for case in drawn.cases] == ["c"]


def test_an_empty_store_shows_nothing():
    drawn = TopK()(QUERY, memlab.open_store(dim=2), np.random.default_rng(0))
    assert drawn.cases == () and drawn.mu == () and len(drawn.near) == 0
