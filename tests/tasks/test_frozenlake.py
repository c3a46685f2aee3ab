"""FrozenLake against science.md's exact values, and its rollouts against Gymnasium's own steps."""

import dataclasses

import numpy as np
import pytest

from memlab.core import MemlabError
from memlab.tasks import frozenlake

RANDOM = np.full((16, 4), 0.25)


def patient(world):
    """The best stationary policy, by discounting a little: of two equally sure actions the sooner one is taken."""
    hurried = dataclasses.replace(world, transition=(1 - 1e-5) * world.transition)
    return np.eye(4)[frozenlake.optimum(hurried, 2000)[1][0]]


@pytest.mark.parametrize(("horizon", "exact"), [(100, 0.74419), (20, 0.19913)])
def test_the_slippery_optimum_depends_on_time(horizon, exact):
    values, actions = frozenlake.optimum(frozenlake.lake(), horizon)
    assert values[0, 0] == pytest.approx(exact, abs=5e-6)
    assert values.shape == (horizon + 1, 16) and actions.shape == (horizon, 16)


def test_the_best_policy_that_does_not_know_the_time_is_a_little_worse():
    world = frozenlake.lake()
    assert frozenlake.exact_success(world, patient(world), 100) == pytest.approx(0.740165, abs=5e-7)


@pytest.mark.parametrize("slippery", [True, False])
def test_a_random_policy_hardly_ever_arrives(slippery):
    world = frozenlake.lake(slippery)
    assert frozenlake.exact_success(world, RANDOM, 100) == pytest.approx(0.01394, abs=5e-6)
    assert frozenlake.exact_success(world, RANDOM, 20) == pytest.approx(0.012445, abs=5e-7)


def test_without_ice_the_optimum_is_one():
    world = frozenlake.lake(slippery=False)
    assert frozenlake.optimum(world, 20)[0][0, 0] == 1
    assert frozenlake.exact_success(world, patient(world), 20) == 1


@pytest.mark.parametrize("slippery", [True, False])
def test_rollouts_reach_the_goal_as_often_as_the_exact_value_says(slippery):
    world = frozenlake.lake(slippery)
    best = patient(world)
    policies = np.stack([RANDOM, 0.7 * RANDOM + 0.3 * best, best])
    draws = np.random.default_rng(0).random((2, 3, 3000, 100))
    trips = frozenlake.rollouts(world, policies, draws)
    exact = frozenlake.exact_success(world, policies, 100)
    error = np.sqrt(exact * (1 - exact) / 3000)
    assert (np.abs(trips.rewards.sum(axis=-1).mean(axis=-1) - exact) <= 4 * error + 1e-12).all()
    assert not trips.rewards[~trips.alive].any()


def test_every_step_of_a_rollout_is_one_that_gymnasium_allows():
    import gymnasium

    table = gymnasium.make("FrozenLake-v1", is_slippery=True).unwrapped.P
    trips = frozenlake.rollouts(frozenlake.lake(), RANDOM, np.random.default_rng(1).random((2, 50, 30)))
    for states, actions, rewards, alive in zip(trips.states, trips.actions, trips.rewards, trips.alive, strict=True):
        assert states[0] == 0
        for t in range(int(alive.sum()) - 1):
            reached = {(after, r, ended) for _, after, r, ended in table[states[t]][actions[t]]}
            assert (states[t + 1], rewards[t], False) in reached


def test_equal_draws_give_equal_trips_and_bad_shapes_are_refused():
    world, draws = frozenlake.lake(), np.random.default_rng(2).random((2, 5, 10))
    first, second = (frozenlake.rollouts(world, RANDOM, draws) for _ in range(2))
    assert np.array_equal(first.states, second.states)
    with pytest.raises(MemlabError, match="draws"):
        frozenlake.rollouts(world, RANDOM, draws[0])
    with pytest.raises(MemlabError, match="horizon"):
        frozenlake.optimum(world, 0)
