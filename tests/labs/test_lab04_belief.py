"""Twenty questions against science.md's exact values."""

import math

import numpy as np
import pytest

from memlab.core import MemlabError
from memlab.labs.lab04_reward import belief


@pytest.mark.parametrize(
    ("noise", "clip", "each", "four"),
    [(0.0, False, 0.693147, 2.7726), (0.1, False, 0.368064, 1.4723), (0.1, True, 0.529008, 2.1160)],
)
def test_sixteen_secrets_each_bit_asked_once(noise, clip, each, four):
    questions = belief.halving(16)
    assert belief.play(questions[:1], noise, clip).reward == pytest.approx(each, abs=1e-6)
    game = belief.play(questions, noise, clip)
    assert game.reward == pytest.approx(four, abs=5e-5)
    assert game.bound == pytest.approx(math.log(16))


def test_two_secrets_asked_two_hundred_times_pay_ten_times_what_is_learned():
    series = belief.repeated(0.45, 200)
    assert series.clipped[-1] == pytest.approx(5.249, abs=5e-4)
    assert series.information[-1] == pytest.approx(0.501, abs=5e-4)
    assert series.information[-1] < math.log(2) < series.clipped[-1]


@pytest.mark.parametrize("noise", [0.05, 0.2, 0.45, 0.5])
def test_unclipped_reward_is_mutual_information(noise):
    series = belief.repeated(noise, 60)
    assert np.allclose(series.paid, series.information)
    questions = np.random.default_rng(0).random((6, 8)) < 0.4
    game = belief.play(questions, noise, clip=False)
    assert game.reward == pytest.approx(game.information)


def test_the_series_is_the_game_played_out():
    game = belief.play(np.tile([False, True], (9, 1)), 0.3, clip=True)
    series = belief.repeated(0.3, 9)
    assert (game.reward, game.information) == pytest.approx((series.clipped[-1], series.information[-1]))


def test_beliefs_follow_bayes():
    log_b = belief.log_belief(belief.halving(4), [[True, False]], noise=0.1)
    assert log_b.shape == (1, 3, 4)
    assert np.allclose(np.exp(log_b[0, 0]), 0.25)
    assert np.allclose(np.exp(log_b[0, 1]), [0.05, 0.45, 0.05, 0.45])
    assert np.allclose(np.exp(log_b[0, 2]), [0.09, 0.81, 0.01, 0.09])


def test_bad_settings_are_refused():
    with pytest.raises(MemlabError, match="contradict"):
        belief.log_belief(np.tile([False, True], (2, 1)), [True, False], noise=0.0)
    with pytest.raises(MemlabError, match="power of two"):
        belief.halving(12)
    with pytest.raises(MemlabError, match=r"\[0, 0.5\]"):
        belief.repeated(0.7, 3)
    with pytest.raises(MemlabError, match="noise=0"):
        belief.repeated(0.0, 3)
    with pytest.raises(MemlabError, match="at most 14"):
        belief.play(np.ones((15, 2)), 0.1, clip=True)
