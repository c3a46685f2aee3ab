"""Returns, advantages and ΔBelief against science.md's exact values."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.core import MemlabError
from memlab.retrieval.policies import soft_policy
from memlab.reward import belief_delta, group_relative, returns_to_go

THETA, R = np.array([0.2, -0.1, 0.0]), np.array([1.0, 0.0, 0.5])
TRUE_GRADIENT = np.array([0.175566, -0.159371, -0.016195])


def expected_gradient(size, **how):
    """E[(1/G) Σ A_i ∇log π(a_i)] over every possible group of ``size`` draws, summed exactly."""
    pi = soft_policy(THETA, 1.0)
    total = np.zeros(3)
    for actions in itertools.product(range(3), repeat=size):
        chosen = np.array(actions)
        score = np.eye(3)[chosen] - pi
        total += np.prod(pi[chosen]) * (group_relative(R[chosen], **how) @ score) / size
    return total


@pytest.mark.parametrize("size", [2, 3, 4, 8])
def test_the_group_mean_shrinks_the_gradient_and_leave_one_out_does_not(size):
    assert np.allclose(expected_gradient(size), (1 - 1 / size) * TRUE_GRADIENT, atol=1e-6)
    assert np.allclose(expected_gradient(size, baseline="leave-one-out"), TRUE_GRADIENT, atol=1e-6)


def test_dividing_by_std_is_no_scalar_rescale():
    ratio = expected_gradient(2, scale="std") / TRUE_GRADIENT
    assert np.allclose(ratio, (1.3559, 1.2905, 2.0), atol=2e-3)


def test_a_group_without_spread_gives_no_advantage():
    assert np.array_equal(group_relative([1.0, 1.0, 1.0], scale="std"), np.zeros(3))


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=8), st.floats(0, 1))
def test_returns_to_go_equal_a_double_loop(rewards, gamma):
    expected = [sum(gamma ** (k - t) * rewards[k] for k in range(t, len(rewards))) for t in range(len(rewards))]
    assert np.allclose(returns_to_go(rewards, gamma), expected)


def test_unclipped_belief_telescopes_and_clipping_pays_for_wavering():
    log_b = np.log([0.5, 0.9, 0.5, 0.9, 0.5])
    assert belief_delta(log_b, clip=False).sum() == pytest.approx(0)
    assert belief_delta(log_b, clip=True).sum() == pytest.approx(2 * math.log(1.8))


@pytest.mark.parametrize(
    ("noise", "clip", "exact"), [(0.0, False, 0.693147), (0.1, False, 0.368064), (0.1, True, 0.529008)]
)
def test_the_mean_reward_of_a_question_is_its_information_unless_clipped(noise, clip, exact):
    """Sixteen secrets, a question halves them, the answer is wrong with the given noise: exact over both answers."""
    prior = 1 / 16
    right = (1 - noise) * prior / 0.5
    wrong = noise * prior / 0.5
    mean = 0.0
    for chance, posterior in ((1 - noise, right), (noise, wrong)):
        if chance:
            mean += chance * belief_delta(np.log([prior, posterior]), clip).sum()
    assert mean == pytest.approx(exact, abs=1e-6)


def test_bad_names_and_sizes_are_refused():
    with pytest.raises(MemlabError, match="baseline"):
        group_relative([1.0, 0.0], baseline="median")
    with pytest.raises(MemlabError, match="at least two"):
        group_relative([1.0], baseline="leave-one-out")
    with pytest.raises(MemlabError, match="gamma"):
        returns_to_go([1.0], 1.5)
