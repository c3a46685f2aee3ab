"""The world with known truth: exact values, and credit that finds what helps."""

import itertools

import numpy as np
import pytest

from memlab.core import MemlabError
from memlab.credit import counterfactual
from memlab.credit.rules import leave_one_out
from memlab.labs.lab05_credit import world as cw


def small():
    """One family: a right case of pull 2, a wrong one of pull 3, a useless one; habit .25."""
    return cw.CreditWorld(np.array([[2.0, 3.0, 0.0]]), np.array([[1.0, 0.0, 0.0]]), np.ones((1, 3)), np.array([0.25]))


def test_copying_follows_pull():
    world = small()
    assert cw.value(world, 0, []) == 0.25
    assert cw.value(world, 0, [0]) == pytest.approx(2.25 / 3)
    assert cw.value(world, 0, [0, 1]) == pytest.approx(2.25 / 6)
    assert cw.value(world, 0, [0, 2]) == cw.value(world, 0, [0])
    assert cw.best(world)[0] == pytest.approx(2.25 / 6)


def test_the_vectorized_subsets_agree_with_the_plain_value():
    world = cw.generate(seed=4)
    shown = np.array([[0, 4, 7], [1, 2, 8]])
    found = cw._p_right(world, np.array([1, 3]), shown)
    for row, family in enumerate((1, 3)):
        expected = [cw.value(world, family, shown[row][mask].tolist()) for mask in cw.SUBSETS]
        assert found[row] == pytest.approx(expected)


def test_credit_of_each_rule_equals_its_plain_definition():
    rewards = np.where(np.random.default_rng(0).random((40, 8)) < 0.5, 1.0, -1.0)
    near, order = np.full((40, 3), 0.7), np.zeros(40, dtype=int)
    for row in range(40):
        value = {frozenset(np.flatnonzero(mask).tolist()): rewards[row, i] for i, mask in enumerate(cw.SUBSETS)}
        told = {rule: cw.credit(rule, rewards, near, order)[0][row] for rule in ("leave-one-out", "Shapley")}
        assert told["leave-one-out"] == pytest.approx(list(leave_one_out(value.__getitem__, [0, 1, 2]).values()))
        assert told["Shapley"] == pytest.approx(list(counterfactual(value.__getitem__, [0, 1, 2]).values()))


def test_one_order_averages_to_shapley():
    rewards = np.random.default_rng(1).random((1, 8))
    near = np.ones((1, 3))
    over_orders = [cw.credit("one order", rewards, near, np.array([i]))[0] for i in range(6)]
    assert np.mean(over_orders, axis=0) == pytest.approx(cw.credit("Shapley", rewards, near, np.zeros(1, int))[0])


@pytest.mark.parametrize("rule", ["every", "similarity", "random", "leave-one-out"])
def test_a_rule_reads_only_the_answers_it_pays_for(rule):
    rng = np.random.default_rng(2)
    rewards, near, order = rng.random((5, 8)), rng.random((5, 3)), np.zeros(5, int)
    paid = {"every": [7], "similarity": [7], "random": [7], "leave-one-out": [7, 3, 5, 6]}[rule]
    assert len(paid) == cw.CALLS[rule]
    scrambled = rng.random((5, 8))
    scrambled[:, paid] = rewards[:, paid]
    first, second = (cw.credit(rule, table, near, order)[0] for table in (rewards, scrambled))
    assert np.array_equal(first, second)


def test_learning_beats_its_nulls_and_the_oracle_is_never_beaten():
    world = cw.generate(seed=1)
    draws = cw.draw(world, 200, 30, seed=1)
    ends = {}
    for rule in cw.CALLS:
        regret, _ = cw.simulate(world, draws, rule, 0.1)
        assert regret.min() >= -1e-12
        ends[rule] = regret[-50:].mean()
    assert ends["Shapley"] < ends["every"] < 0.5 * ends["random"]
    assert ends["random"] == pytest.approx(ends["no credit"], abs=0.1)


def test_drift_turns_helpers_into_harmers():
    world = cw.generate(seed=2)
    after = cw.drifted(world)
    assert np.array_equal(after.right[world.pull > 0], 1 - world.right[world.pull > 0])
    draws = cw.draw(world, 60, 30, seed=2)
    regret, _ = cw.simulate(world, draws, "Shapley", 0.1, drift=40)
    assert regret[41:45].mean() > 3 * regret[35:40].mean()


def test_memory_is_worth_what_the_sets_say():
    world = cw.generate(families=1, seed=3)
    brute = max(cw.value(world, 0, chosen) for chosen in itertools.combinations(range(9), 3))
    helpful = np.flatnonzero((world.right[0] > 0) & (world.pull[0] > 0)).tolist()
    assert cw.best(world)[0] == brute == pytest.approx(cw.value(world, 0, helpful))


def test_unknown_rules_and_tiny_families_are_refused():
    world = cw.generate(seed=0)
    with pytest.raises(MemlabError, match="unknown credit rule 'blame'"):
        cw.simulate(world, cw.draw(world, 2, 2), "blame", 0.1)
    with pytest.raises(MemlabError, match="2 cases"):
        cw.generate(helpful=1, harmful=1, useless=0)


def test_joined_worlds_run_as_they_do_alone():
    worlds = [cw.generate(families=2, seed=seed) for seed in (5, 6)]
    draws = [cw.draw(world, 30, 4, seed=seed) for seed, world in enumerate(worlds)]
    alone = [cw.simulate(w, d, "Shapley", s, 20)[0] for w, d, s in zip(worlds, draws, (0.1, 0.3), strict=True)]
    steps = np.repeat([0.1, 0.3], 4)[:, None]
    together, _ = cw.simulate(*cw.join(worlds, draws), "Shapley", steps, 20)
    assert together == pytest.approx(np.hstack(alone))
