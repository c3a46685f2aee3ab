"""Policy gradients against science.md's exact values, by enumeration."""

import numpy as np
import pytest

from memlab.core import MemlabError
from memlab.retrieval.policies import soft_policy
from memlab.reward import group_relative
from memlab.weights import policy

THETA, R = np.array([0.2, -0.1, 0.0]), np.array([1.0, 0.0, 0.5])
TRUE = np.array([0.175566, -0.159371, -0.016195])


def test_the_true_gradient():
    assert np.allclose(policy.bandit_gradient(THETA, R), TRUE, atol=1e-6)
    step = 1e-6 * np.eye(3)
    slopes = [(soft_policy(THETA + d, 1.0) @ R - soft_policy(THETA - d, 1.0) @ R) / 2e-6 for d in step]
    assert np.allclose(slopes, TRUE, atol=1e-6)


@pytest.mark.parametrize("size", [2, 3, 4, 8])
def test_the_group_mean_shrinks_and_leave_one_out_does_not(size):
    assert np.allclose(policy.over_groups(THETA, R, size), (1 - 1 / size) * TRUE, atol=1e-6)
    alone = policy.over_groups(THETA, R, size, lambda r: group_relative(r, "leave-one-out") / size)
    assert np.allclose(alone, TRUE, atol=1e-6)


@pytest.mark.parametrize(("ddof", "ratio"), [(0, (1.3559, 1.2905, 2.0)), (1, (0.9588, 0.9125, 1.4142))])
def test_dividing_by_std_is_no_scalar_rescale(ddof, ratio):
    def estimate(returns):
        return group_relative(returns, scale="std") * np.sqrt((2 - ddof) / 2) / 2

    assert np.allclose(policy.over_groups(THETA, R, 2, estimate) / policy.bandit_gradient(THETA, R), ratio, atol=1e-4)


def test_magnitude_sampling_is_biased_and_weights_cure_it():
    pi = soft_policy(THETA, 1.0)
    assert pi @ np.abs(R - pi @ R) == pytest.approx(0.351132, abs=5e-7)
    biased = policy.magnitude_gradient(THETA, R, weighted=False)
    assert np.allclose(biased, (0.235456, -0.241939, 0.006483), atol=1e-6)
    assert np.allclose(policy.magnitude_gradient(THETA, R, weighted=True), TRUE, atol=1e-6)


def within_groups(weighted):
    def estimate(returns):
        advantage = group_relative(returns)
        credit = np.sign(advantage) * np.abs(advantage).mean(axis=-1, keepdims=True) if weighted else advantage
        return policy.magnitude_share(advantage) * credit

    return policy.over_groups(THETA, R, 4, estimate)


def test_magnitude_sampling_within_groups_of_four():
    assert np.allclose(within_groups(weighted=False), (0.1734, -0.1632, -0.0101), atol=5e-5)
    assert np.allclose(within_groups(weighted=True), 0.75 * TRUE, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_drawn_weights_have_the_expectation_they_should(weighted):
    advantage = np.array([0.9, -0.1, 0.0, -0.3, -0.5])
    draws = np.random.default_rng(0).random((40_000, 3))
    found = policy.magnitude_weights(np.tile(advantage, (40_000, 1)), 3, draws, weighted)
    exact = np.where(advantage != 0, 1 / 5, 0) if weighted else policy.magnitude_share(advantage)
    assert np.allclose(found.mean(axis=0), exact, atol=0.01)
    assert (found[:, 2] == 0).all()


def test_a_group_without_advantages_counts_for_nothing():
    assert not policy.magnitude_weights(np.zeros(4), 2, [0.1, 0.9], weighted=False).any()
    assert not policy.magnitude_weights(np.zeros(4), 2, [0.1, 0.9], weighted=True).any()


def test_a_subset_takes_the_first_ones():
    assert np.array_equal(policy.first_weights(np.zeros(4), 2), [0.5, 0.5, 0, 0])
    with pytest.raises(MemlabError, match="between 1 and 4"):
        policy.first_weights(np.zeros(4), 5)


def test_the_tabular_gradient_equals_a_loop():
    rng = np.random.default_rng(3)
    pi = rng.dirichlet(np.ones(3), size=(2, 4))
    states, actions = rng.integers(4, size=(2, 5, 6)), rng.integers(3, size=(2, 5, 6))
    weights = rng.normal(size=(2, 5, 6))
    expected = np.zeros_like(pi)
    for b, i, t in np.ndindex(2, 5, 6):
        s, a = states[b, i, t], actions[b, i, t]
        expected[b, s] += weights[b, i, t] * policy.score_function(pi[b, s], a)
    assert np.allclose(policy.tabular_gradient(pi, states, actions, weights), expected)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.4])
def test_flipped_rewards_shrink_the_gradient_by_one_minus_twice_the_noise(noise):
    """All groups of two, and for each all verdicts of a verifier that is wrong with chance ``noise``."""
    pi, told = soft_policy(THETA, 1.0), noise + (1 - 2 * noise) * R
    total = np.zeros(3)
    for a, b, x, y in np.ndindex(3, 3, 2, 2):
        chance = pi[a] * pi[b] * (told[a] if x else 1 - told[a]) * (told[b] if y else 1 - told[b])
        advantage = group_relative([float(x), float(y)], "leave-one-out")
        total += chance * advantage @ policy.score_function(pi, [a, b]) / 2
    assert np.allclose(total, (1 - 2 * noise) * TRUE, atol=1e-6)


def test_too_many_groups_are_refused():
    with pytest.raises(MemlabError, match="smaller group"):
        policy.over_groups(THETA, R, 12)
