"""The world with known truth: exact values, and credit that finds what helps."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.core import MemlabError
from memlab.credit.worth import counterfactual, leave_one_out
from memlab.labs.lab05_credit.world import CreditWorld
from memlab.rivals.credited import CALLS, SUBSETS, told


def small():
    """One family: a right case of pull 2, a wrong one of pull 3, a useless one; habit .25."""
    return CreditWorld(np.array([[2.0, 3.0, 0.0]]), np.array([[1.0, 0.0, 0.0]]), np.array([0.25]))


def test_copying_follows_pull():
    world = small()
    assert world.value(0, []) == 0.25
    assert world.value(0, [0]) == pytest.approx(2.25 / 3)
    assert world.value(0, [0, 1]) == pytest.approx(2.25 / 6)
    assert world.value(0, [0, 2]) == world.value(0, [0])
    assert world.best()[0] == pytest.approx(2.25 / 6)


def test_the_vectorized_subsets_agree_with_the_plain_value():
    world = CreditWorld.draw(seed=4)
    shown = np.array([[0, 4, 7], [1, 2, 8]])
    found = world.values(np.array([1, 3]), shown)
    for row, family in enumerate((1, 3)):
        expected = [world.value(family, shown[row][mask].tolist()) for mask in SUBSETS]
        assert found[row] == pytest.approx(expected)


@given(st.integers(0, 10_000))
def test_credit_of_each_rule_equals_its_plain_definition(seed):
    rewards = np.where(np.random.default_rng(seed).random((4, 8)) < 0.5, 1.0, -1.0)
    found = {rule: told(rule, rewards) for rule in CALLS}
    for row in range(4):
        value = {frozenset(np.flatnonzero(mask).tolist()): rewards[row, i] for i, mask in enumerate(SUBSETS)}
        for rule, plain in (("leave-one-out", leave_one_out), ("Shapley", counterfactual)):
            assert found[rule][row] == pytest.approx(list(plain(value.__getitem__, [0, 1, 2]).values()))
        assert found["every"][row].tolist() == [rewards[row, 7]] * 3
        assert found["random"][row].tolist() == [rewards[row - 1, 7]] * 3


@pytest.mark.parametrize("rule", ["every", "random", "leave-one-out"])
def test_a_rule_reads_only_the_answers_it_pays_for(rule):
    rng = np.random.default_rng(2)
    rewards, scrambled = rng.random((2, 5, 8))
    paid = {"leave-one-out": [7, 3, 5, 6]}.get(rule, [7])
    assert len(paid) == CALLS[rule]
    scrambled[:, paid] = rewards[:, paid]
    assert np.array_equal(told(rule, rewards), told(rule, scrambled))


def test_learning_beats_its_null_and_the_oracle_is_never_beaten():
    world, ends = CreditWorld.draw(seed=1), {}
    for rule, calls in CALLS.items():
        regret, q, uses = world.live(rule, 0.1, 200 * calls, 30, seed=1)
        assert regret.min() >= -1e-12 and regret.shape == (200, 30)
        assert uses.sum(axis=(1, 2)).tolist() == [3 * 200] * 30 and not q[uses == 0].any()
        ends[rule] = regret[-50:].mean()
    assert ends["Shapley"] < ends["every"] < 0.5 * ends["random"]


def test_calls_buy_episodes():
    world = CreditWorld.draw(seed=0)
    lengths = {rule: len(world.live(rule, 0.1, 48, 2)[0]) for rule in CALLS}
    assert lengths == {"random": 48, "every": 48, "leave-one-out": 12, "Shapley": 6}


def test_when_the_world_turns_helpers_harm():
    world = CreditWorld.draw(seed=2)
    regret, _, _ = world.live("Shapley", 0.1, 60 * 8, 30, seed=2, turn=40 * 8)
    plain, _, _ = world.live("Shapley", 0.1, 60 * 8, 30, seed=2)
    assert np.array_equal(regret[:40], plain[:40])
    assert regret[41:45].mean() > 3 * regret[35:40].mean()


def test_the_oracle_shows_the_helpful_cases():
    world = CreditWorld.draw(families=1, seed=3)
    brute = max(world.value(0, chosen) for chosen in itertools.combinations(range(9), 3))
    helpful = np.flatnonzero((world.right[0] > 0) & (world.pull[0] > 0)).tolist()
    assert world.best()[0] == brute == pytest.approx(world.value(0, helpful))


def test_unknown_rules_are_refused():
    with pytest.raises(MemlabError, match="unknown credit rule 'blame'"):
        told("blame", np.zeros((1, 8)))
