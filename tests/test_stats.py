"""The sign-flip test and the interval that inverts it, against scipy's permutation test and brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

from memlab import stats
from memlab.core import MemlabError

ROWS = st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=2, max_size=8)


def brute(d, delta):
    """The share of sign patterns whose sum is at least as far from 0 as the observed one."""
    x = np.array(d) - delta
    sums = [abs(np.dot(signs, x)) for signs in itertools.product([1, -1], repeat=len(x))]
    return np.mean(np.array(sums) >= abs(x.sum()) - 1e-9)


@settings(max_examples=40)
@given(ROWS, st.floats(-0.5, 0.5).map(lambda x: round(x, 2)))
def test_p_is_that_of_every_sign_pattern(d, delta):
    assert stats.SignFlip(tuple(d)).p(delta) == pytest.approx(brute(d, delta))


@settings(max_examples=20)
@given(st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=3, max_size=7))
def test_p_is_scipys_permutation_test(d):
    found = permutation_test((np.array(d),), np.mean, permutation_type="samples", n_resamples=np.inf)
    if abs(np.mean(d)) > 1e-6:
        assert stats.SignFlip(tuple(d)).p() == pytest.approx(min(1.0, found.pvalue))


@settings(max_examples=40)
@given(ROWS, st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_the_interval_holds_just_the_means_that_the_test_does_not_reject(d, level):
    test = stats.SignFlip(tuple(d))
    low, high = test.interval(level)
    for delta in np.linspace(-1.2, 1.2, 49) + 0.0007:
        inside = low - 1e-9 <= delta <= high + 1e-9
        assert inside == (test.p(delta) > 1 - level + 1e-9)


def test_eight_equal_signs_give_the_smallest_possible_p():
    assert stats.SignFlip(tuple(np.arange(1.0, 9.0))).p() == 2 / 2**8
    assert stats.SignFlip((0.0,) * 4).p() == 1.0
    assert stats.SignFlip((1.0, 2.0)).interval(0.95) == (-np.inf, np.inf)


def test_one_side_is_the_interval_of_twice_the_level():
    rng = np.random.default_rng(3)
    for _ in range(50):
        test = stats.SignFlip(tuple(rng.normal(0.1, 1, size=9)))
        low, _ = test.interval(0.9)
        for margin in (-0.3, 0.0, 0.2, 0.5):
            assert (test.p_above(-margin) <= 0.05) == (low > -margin)


def test_many_replicates_use_one_fixed_matrix_and_cover():
    rng = np.random.default_rng(1)
    d = tuple(rng.normal(size=64))
    assert stats.SignFlip(d).p() == stats.SignFlip(d).p()
    inside = [
        low <= 0 <= high for low, high in (stats.SignFlip(tuple(x)).interval() for x in rng.normal(size=(200, 24)))
    ]
    assert 0.9 < np.mean(inside) < 0.99


def test_pairing_removes_what_both_arms_share():
    shared = np.random.default_rng(1).normal(size=10)
    test = stats.sign_flip(shared + 0.5, shared)
    assert np.mean(test.d) == pytest.approx(0.5) and np.ptp(test.interval()) < 1e-9 and test.p() == 2 / 2**10


def test_unpaired_rows_and_nan_are_refused():
    with pytest.raises(MemlabError, match="two equal rows"):
        stats.sign_flip([1.0, 2.0], [1.0])
    with pytest.raises(MemlabError, match="NaN or infinite"):
        stats.sign_flip([1.0, np.nan], [1.0, 2.0])


def test_the_visible_effect_is_seen_with_eighty_percent_power():
    rng, n, spread = np.random.default_rng(0), 12, 0.5
    effect = stats.visible(spread, n, 0.05)
    seen = [stats.SignFlip(tuple(row)).p() <= 0.05 for row in rng.normal(effect, spread, size=(400, n))]
    assert 0.74 < np.mean(seen) < 0.86


def test_a_band_has_mean_low_and_high_rows():
    band = stats.bootstrap_band(np.random.default_rng(0).random((8, 5)))
    assert band.shape == (3, 5) and np.all(band[1] <= band[0]) and np.all(band[0] <= band[2])
