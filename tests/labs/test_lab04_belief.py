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
    assert belief.average_game(questions[:1], noise, clip)[0] == pytest.approx(each, abs=1e-6)
    paid, learned = belief.average_game(questions, noise, clip)
    assert paid == pytest.approx(four, abs=5e-5)
    assert learned <= math.log(16) + 1e-12


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
    paid, learned = belief.average_game(questions, noise, clip=False)
    assert paid == pytest.approx(learned)


def test_the_series_is_the_game_played_out():
    series = belief.repeated(0.3, 9)
    game = belief.average_game(np.tile([False, True], (9, 1)), 0.3, clip=True)
    assert game == pytest.approx((series.clipped[-1], series.information[-1]))


def test_bad_settings_are_refused():
    with pytest.raises(MemlabError, match="power of two"):
        belief.halving(12)
    with pytest.raises(MemlabError, match=r"\[0, 0.5\]"):
        belief.repeated(0.7, 3)
    with pytest.raises(MemlabError, match="noise=0"):
        belief.repeated(0.0, 3)
    with pytest.raises(MemlabError, match="at most 14"):
        belief.average_game(np.ones((15, 2)), 0.1, clip=True)
