"""Credit: exact values, an independent brute force, and what the rules write."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memlab
from memlab.core import Case, Edit, Episode, MemlabError, Step, Task
from memlab.credit import RewriteQ, append_only, counterfactual, td

EAST = np.array([1.0, 0.0], np.float32)
NEAR = np.array([0.8, 0.6], np.float32)
NORTH = np.array([0.0, 1.0], np.float32)


def test_constant_step_td_has_the_textbook_variance():
    rng = np.random.default_rng(0)
    q = np.zeros(20_000)
    for _ in range(60):
        q = td(q, rng.random(q.shape) < 0.5, 0.3)
    assert q.var() == pytest.approx(0.17647 * 0.25, rel=0.05)


def test_a_step_outside_of_0_to_1_is_refused():
    with pytest.raises(MemlabError, match="step=0"):
        td(0.0, 1.0, 0)


def table(ids, seed):
    rng = np.random.default_rng(seed)
    worth = {frozenset(s): rng.random() for n in range(len(ids) + 1) for s in itertools.combinations(ids, n)}
    return worth.__getitem__


@given(st.integers(1, 5), st.integers(0, 10_000))
def test_counterfactual_credit_equals_the_mean_over_all_orders(n, seed):
    ids = [f"c{i}" for i in range(n)]
    value = table(ids, seed)
    expected = dict.fromkeys(ids, 0.0)
    for order in itertools.permutations(ids):
        for place, name in enumerate(order):
            gain = value(frozenset(order[: place + 1])) - value(frozenset(order[:place]))
            expected[name] += gain / math.factorial(n)
    found = counterfactual(value, ids)
    assert found == pytest.approx(expected)
    assert sum(found.values()) == pytest.approx(value(frozenset(ids)) - value(frozenset()))


def test_sampled_credit_adds_up_and_comes_close():
    ids = list("abcd")
    value = table(ids, 3)
    sampled, exact = counterfactual(value, ids, samples=4000), counterfactual(value, ids)
    assert sum(sampled.values()) == pytest.approx(sum(exact.values()))
    assert sampled == pytest.approx(exact, abs=0.03)


def test_repeated_ids_and_too_many_cases_are_refused():
    with pytest.raises(MemlabError, match="repeat"):
        counterfactual(lambda ids: 0.0, ["a", "a"])
    with pytest.raises(MemlabError, match="samples="):
        counterfactual(lambda ids: 0.0, [str(i) for i in range(13)])


def lived(action, reward, vector=EAST, index=7):
    task = Task("t", "t", ("x", "y"), {}, ("t",), "", "", {}, lambda answer: 0.0, index=index)
    step = Step("t", vector, (), (), action, reward, index)
    return Episode(index, task, (step,), ("t",), (), "", reward, reward, 0.0)


def memory():
    store = memlab.open_store(dim=2)
    cases = [
        Case("good", "", "x", 1.0, 1.0, vector=EAST),
        Case("also", "", "x", 1.0, 0.6, vector=NEAR),
        Case("bad", "", "y", 0.0, 0.0, vector=NEAR),
        Case("far", "", "x", 1.0, 1.0, vector=NORTH),
    ]
    store.commit([Edit.write(case) for case in cases])
    return store


def test_append_only_pays_nothing():
    assert append_only([lived("x", 0.0)], memory()) == []


def test_td_credit_goes_to_every_near_case_that_gave_the_advice():
    store = memory()
    store.commit(RewriteQ(step=0.5, renew=False)([lived("x", 0.0)], store))
    assert {case.id: case.q for case in store.cases()} == {"good": 0.5, "also": 0.3, "bad": 0.0, "far": 1.0}
    assert store.history("good")[-1].credit == -1.0
    assert store.get("good").uses == 1 and store.get("bad").uses == 0


def test_broken_advice_makes_the_old_failures_nearby_be_forgotten():
    store = memory()
    store.commit(RewriteQ(step=0.7)([lived("x", 0.0)], store))
    assert [case.id for case in store.cases()] == ["also", "far", "good"]
    assert store.history("bad")[-1].reason == "a failure older than the change nearby"


def test_confirmed_advice_forgets_nothing():
    store = memory()
    edits = RewriteQ(step=0.7)([lived("x", 1.0)], store)
    assert {edit.op for edit in edits} == {"rewrite"}


def test_a_group_of_rollouts_pays_one_edit_a_case():
    store = memory()
    edits = RewriteQ(step=0.5, renew=False)([lived("x", 0.0), lived("x", 0.0)], store)
    assert sorted(edit.case_id for edit in edits) == ["also", "good"]
    assert next(edit for edit in edits if edit.case_id == "good").after["q"] == 0.25


def test_ids_in_one_string_are_refused():
    with pytest.raises(MemlabError, match="the str 'ab'"):
        counterfactual(lambda ids: 1.0, "ab")
