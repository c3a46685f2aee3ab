"""Bootstrap intervals and the exact sign-flip test."""

import itertools

import numpy as np
import pytest

from memlab import stats
from memlab.core import MemlabError


def test_sign_flip_counts_every_pattern():
    d = np.array([0.3, 0.1, -0.05, 0.2, 0.15])
    patterns = [abs(np.dot(signs, d)) >= abs(d.sum()) - 1e-12 for signs in itertools.product([1, -1], repeat=5)]
    assert stats.sign_flip(d) == pytest.approx(np.mean(patterns))


def test_eight_equal_signs_give_the_smallest_possible_p():
    assert stats.sign_flip(np.arange(1.0, 9.0)) == 2 / 2**8
    assert stats.sign_flip(np.zeros(4)) == 1.0


def test_bootstrap_mean_is_repeatable_and_covers():
    rng = np.random.default_rng(0)
    assert stats.bootstrap_mean([1.0, 2.0, 4.0], seed=3) == stats.bootstrap_mean([1.0, 2.0, 4.0], seed=3)
    inside = [stats.bootstrap_mean(rng.normal(size=30), draws=500) for _ in range(200)]
    assert 0.87 < np.mean([i.low <= 0 <= i.high for i in inside]) < 0.99


def test_pairing_removes_what_both_arms_share():
    shared = np.random.default_rng(1).normal(size=10)
    found = stats.paired_difference(shared + 0.5, shared)
    assert found.mean == pytest.approx(0.5) and found.high - found.low < 1e-9
    assert found.p == 2 / 2**10


def test_band_has_mean_low_and_high_rows():
    band = stats.bootstrap_band(np.random.default_rng(0).random((8, 5)))
    assert band.shape == (3, 5) and np.all(band[1] <= band[0]) and np.all(band[0] <= band[2])


@pytest.mark.parametrize("pair", [([1.0], [1.0, 2.0]), ([[1.0]], [[1.0]]), ([], [])])
def test_bad_pairs_are_named(pair):
    with pytest.raises(MemlabError):
        stats.paired_difference(*pair)


def test_too_many_pairs_for_the_exact_test():
    with pytest.raises(MemlabError, match="21 pairs"):
        stats.sign_flip(np.ones(21))
