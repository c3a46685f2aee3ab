"""Exact values of the solvable memory-augmented MDP (science.md section 1)."""

import numpy as np
import pytest

from memlab import mdp
from memlab.core import MemlabError
from memlab.retrieval.policies import soft_policy, soft_value

Q = np.array([1.0, 0.6, 0.2, 0.0])


def test_soft_policy_and_value_hit_the_exact_numbers():
    assert soft_policy(Q, 0.5) == pytest.approx([0.559735, 0.251505, 0.113008, 0.075752], abs=1e-6)
    assert soft_value(Q, 0.5) == pytest.approx(1.290146, abs=1e-6)


def test_exact_q_is_the_expected_reward_of_the_model():
    world = mdp.generate(contexts=3, actions=4, seed=2)
    by_hand = [[np.dot(world.p_llm[s, c], world.reward[s]) for c in range(4)] for s in range(3)]
    assert mdp.exact_q(world) == pytest.approx(np.array(by_hand))
    assert world.p_llm.sum(axis=2) == pytest.approx(1.0)


@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_learners_with_a_small_step_settle_on_the_fixed_point_of_the_soft_backup(gamma):
    world = mdp.generate(contexts=2, actions=3, gamma=gamma, seed=3)
    run = mdp.simulate(world, mdp.draw(8000, 100, 3), alpha=0.5, eta=0.02)
    v = np.zeros(2)
    for _ in range(60):
        v = soft_value(mdp.exact_q(world, v), 0.5)
    q = mdp.exact_q(world, v)
    assert run.q.mean(axis=0) == pytest.approx(q, abs=0.02)


def test_simulated_success_follows_the_exact_policy_value():
    world = mdp.generate(seed=4)
    run = mdp.simulate(world, mdp.draw(600, 500, 5), alpha=0.2, eta=0.05)
    q = mdp.exact_q(world)
    expected = (soft_policy(q, 0.2) * q).sum(axis=1).mean()
    assert run.reward[400:].mean() == pytest.approx(expected, abs=0.02)


def test_greedy_and_uniform_are_the_two_ends_of_the_temperature():
    world, draws = mdp.generate(seed=0), mdp.draw(50, 400, 5)
    first = np.bincount(mdp.simulate(world, draws, alpha=0.0, eta=0.3).memory[0], minlength=5)
    assert first / first.sum() == pytest.approx(0.2, abs=0.06), "ties are broken at random"
    uniform = np.bincount(mdp.simulate(world, draws, alpha=1e6, eta=0.3).memory.ravel(), minlength=5)
    assert uniform / uniform.sum() == pytest.approx(0.2, abs=0.01)


def test_greedy_takes_the_largest_value_and_nothing_else():
    world, draws = mdp.without_llm(mdp.generate(contexts=1, actions=4, seed=0)), mdp.draw(200, 300, 4)
    run = mdp.simulate(world, draws, alpha=0.0, eta=0.1)
    found = run.reward.cumsum(axis=0) > 0
    assert np.all(run.reward[1:][found[:-1]] == 1), "what was rewarded once is the largest, and is taken ever after"


def test_the_same_draws_give_the_same_run():
    world, draws = mdp.generate(), mdp.draw(30, 20, 5)
    first, again = (mdp.simulate(world, draws, 0.3, 0.3) for _ in range(2))
    assert np.array_equal(first.reward, again.reward) and np.array_equal(first.q, again.q)


def test_fewer_cases_use_the_same_draws_and_keep_void():
    world = mdp.generate()
    small = mdp.with_cases(world, 1)
    assert small.p_llm.shape == (4, 2, 4)
    assert np.array_equal(small.p_llm[:, -1], world.p_llm[:, -1])
    assert mdp.simulate(small, mdp.draw(10, 5, 5), 0.3, 0.3).memory.max() <= 1


def test_the_null_has_actions_for_memories():
    assert mdp.exact_q(mdp.without_llm(mdp.generate())) == pytest.approx(mdp.generate().reward)


def test_bad_input_is_named():
    world = mdp.generate()
    with pytest.raises(MemlabError, match="draws hold 2 memories"):
        mdp.simulate(world, mdp.draw(5, 5, 2), 0.1, 0.1)
    with pytest.raises(MemlabError, match="gamma=1"):
        mdp.generate(gamma=1.0)
    with pytest.raises(MemlabError, match="make the shapes agree"):
        mdp.MMDP(world.p_llm, world.reward[:2], world.transition)
