"""Learned retrieval against exact values, brute force, and small memories whose answer is known."""

import math

import numpy as np
import pytest

import memlab
from memlab.core import Case, Edit, MemlabError, Step
from memlab.retrieval.learned import (
    CaseQ,
    Hybrid,
    KernelQ,
    ParametricQ,
    Soft,
    hybrid_score,
    pair_features,
    z_score,
)
from memlab.retrieval.policies import TopK, kernel_q, soft_policy

RNG = np.random.default_rng


def at(angle):
    return np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))], np.float32)


def memory(*cases, uses=()):
    """Cases (id, angle, q) and past uses (case id, angle, reward); angles in degrees from the query at 0."""
    store = memlab.open_store(dim=2)
    edits = [Edit.write(Case(name, name, name, reward=1.0, q=q, vector=at(angle))) for name, angle, q in cases]
    store.commit(edits, [Step("t", at(angle), (name,), (1.0,), name, reward) for name, angle, reward in uses])
    return store


def near(store, k=8):
    return store.search(at(0), k, kind="case")


def test_kernel_values_are_equation_9_over_the_uses_of_each_case():
    store = memory(("a", 10, 0.3), ("b", 20, 0.4), uses=[("a", 0, 0.0), ("a", 40, 1.0), ("b", 5, 0.0)])
    found = KernelQ(0.05)(at(0), near(store), store)
    chord = [2 - 2 * math.cos(math.radians(angle)) for angle in (10, 0, 40)]
    assert found[0] == pytest.approx(kernel_q(chord, (1, 0, 1), 0.05), abs=1e-6)
    chord = [2 - 2 * math.cos(math.radians(angle)) for angle in (20, 5)]
    assert found[1] == pytest.approx(kernel_q(chord, (1, 0), 0.05), abs=1e-6)


def test_kernel_values_tell_contexts_apart_where_a_single_q_cannot():
    uses = [("a", angle, float(angle > 0)) for angle in (-30, -20, 20, 30)]
    store = memory(("a", 0, 0.5), uses=uses)
    hits = near(store)
    value = KernelQ(0.01)
    assert value(at(25), hits, store)[0] > 0.9 > 0.6 > value(at(-25), hits, store)[0]
    assert CaseQ()(at(25), hits, store) == CaseQ()(at(-25), hits, store)


def test_the_hybrid_score_mixes_z_scores():
    similarity, q = (0.9, 0.8, 0.7), (0.0, 1.0, 1.0)
    z = np.array([1, 0, -1]) * math.sqrt(1.5)
    assert hybrid_score(similarity, q, 0.0) == pytest.approx(z)
    assert hybrid_score(similarity, q, 1.0) == pytest.approx(np.array([-2, 1, 1]) / math.sqrt(2))
    assert hybrid_score(similarity, q, 0.5).argmax() == 1
    assert np.array_equal(z_score((0.4, 0.4)), (0, 0))
    with pytest.raises(MemlabError, match=r"lam=1\.5"):
        hybrid_score(similarity, q, 1.5)


def test_hybrid_is_top_k_without_value_and_value_without_similarity():
    store = memory(("a", 0, 0.0), ("b", 10, 0.6), ("c", 20, 1.0))
    top = TopK(k=2, min_q=-1)(at(0), store, RNG(0))
    assert Hybrid(CaseQ(), k=2, lam=0.0)(at(0), store, RNG(0)).cases == top.cases
    assert [case.id for case in Hybrid(CaseQ(), k=1, lam=1.0)(at(0), store, RNG(0)).cases] == ["c"]
    assert [case.id for case in Hybrid(CaseQ(), k=1, lam=0.5)(at(0), store, RNG(0)).cases] == ["b"]


def test_soft_draws_with_the_frequencies_of_mu_and_void_is_an_action_of_its_own():
    store = memory(("a", 0, 1.0), ("b", 10, 0.6))
    policy, mu = Soft(CaseQ(), alpha=0.5, void_q=0.2), soft_policy((1.0, 0.6, 0.2), 0.5)
    assert policy.policy(at(0), store)[1] == pytest.approx(mu)
    drawn = [policy(at(0), store, RNG(seed)).cases[0] for seed in range(4000)]
    share = [np.mean([(case.id if case else None) == name for case in drawn]) for name in ("a", "b", None)]
    assert np.allclose(share, mu, atol=0.03)


def test_soft_stops_at_the_void_case():
    store = memory(("a", 0, 0.0), ("b", 10, 0.0))
    assert Soft(CaseQ(), k=3, alpha=0.01, void_q=5.0)(at(0), store, RNG(0)).cases == (None,)


@pytest.mark.parametrize("policy", [Soft(KernelQ()), Soft(ParametricQ()), Hybrid(KernelQ()), Hybrid(CaseQ())])
def test_where_nothing_is_near_nothing_is_shown(policy):
    for store in (memory(), memory(("far", 120, 1.0))):
        hits, mu = policy.policy(at(0), store)
        assert len(hits) == 0 and mu.tolist() == [1.0]
        assert not any(policy(at(0), store, RNG(0)).cases)


def desks(loss):
    """A parametric Q after 64 uses of two cases that each serve one desk; angles ±30 are the desks."""
    rng = RNG(0)
    uses = []
    for _ in range(64):
        side, case = rng.choice([-1, 1]), str(rng.choice(["north", "south"]))
        uses.append((case, side * rng.uniform(20, 40), float((case == "north") == (side > 0))))
    store = memory(("north", 30, 1.0), ("south", -30, 1.0), uses=uses)
    return ParametricQ(loss, penalty=1.0), store


@pytest.mark.parametrize("loss", ["squared", "binary"])
def test_parametric_values_learn_which_direction_counts(loss):
    value, store = desks(loss)
    for angle, best in ((30, "north"), (-30, "south")):
        hits = store.search(at(angle), 2, kind="case")
        q = dict(zip(hits.ids, value(at(angle), hits, store), strict=True))
        assert max(q, key=q.get) == best and q[best] > 0.7 and min(q.values()) < 0.3


@pytest.mark.parametrize("loss", ["squared", "binary"])
def test_the_fit_minimizes_its_loss(loss):
    value, store = desks(loss)
    known = {case.id: case.vector for case in store.cases()}
    pairs = [(step.vector, known[step.shown[0]]) for step in store.steps()]
    r = np.array([step.reward for step in store.steps()])
    model = value.fit(pairs, r)
    x, theta = pair_features(pairs), np.append(model.coef_.ravel(), model.intercept_)

    def objective(theta):
        score = x @ theta[:-1] + theta[-1]
        if loss == "squared":
            return np.sum((score - r) ** 2) + theta[:-1] @ theta[:-1]
        return np.sum(np.logaddexp(0, score) - r * score) + 0.5 * theta[:-1] @ theta[:-1]

    nudges = RNG(1).normal(size=(20, len(theta))) * 0.05
    assert all(objective(theta + nudge) > objective(theta) for nudge in nudges)


def test_a_parametric_value_without_both_outcomes_is_the_cases_own():
    store = memory(("a", 0, 0.7), uses=[("a", 0, 1.0)] * 16)
    assert ParametricQ()(at(0), near(store), store).tolist() == [0.7]


def test_parametric_values_are_fitted_again_after_new_uses_and_for_another_store():
    value, store = desks("squared")
    value.every = 4
    hits = store.search(at(30), 1, kind="case")
    before = value(at(30), hits, store)[0]
    store.commit([], [Step("t", at(30), ("north",), (1.0,), "north", 0.0)] * 3)
    assert value(at(30), hits, store)[0] == before
    store.commit([], [Step("t", at(30), ("north",), (1.0,), "north", 0.0)] * 61)
    assert value(at(30), hits, store)[0] < before - 0.1
    assert value(at(0), near(memory(("a", 0, 0.4))), memory(("a", 0, 0.4)))[0] == 0.4


def test_bad_settings_are_refused_with_their_remedy():
    with pytest.raises(MemlabError, match="'squared'"):
        ParametricQ("hinge")
    with pytest.raises(MemlabError, match="penalty"):
        ParametricQ(penalty=0)
    with pytest.raises(MemlabError, match="0 and 1"):
        ParametricQ("binary").fit([(at(0), at(1))] * 2, [0.5, 1.0])
    for policy in (Soft, Hybrid):
        with pytest.raises(MemlabError, match="k=-1"):
            policy(CaseQ(), k=-1)
