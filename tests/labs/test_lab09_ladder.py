"""Lab 09's lookup world: drawdown and its null, exact means by another way, and what each way to keep notes does."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.core import MemlabError
from memlab.labs.lab09_faulty import ladder

CHANCE = st.floats(0, 1)


@pytest.mark.parametrize(("scores", "worth"), [
    ([0.812, 0.229], 0.583), ([0.609, 0.203], 0.406), ([0.547, 0.25], 0.297),
    ([0.1, 0.5, 0.4, 0.9, 0.7, 0.8], 0.2), ([0.5, 0.1, 0.9], 0.4), ([0.1, 0.2, 0.3], 0.0), ([0.7], 0.0),
])  # fmt: skip
def test_drawdown_is_the_deepest_fall_below_an_earlier_score(scores, worth):
    assert ladder.drawdown(scores) == pytest.approx(worth)


@given(st.lists(CHANCE, min_size=2, max_size=12))
def test_drawdown_is_that_of_all_pairs(scores):
    brute = max(0.0, max(a - b for a, b in itertools.combinations(scores, 2)))
    assert ladder.drawdown(scores) == pytest.approx(brute)
    assert ladder.drawdown([scores, scores[::-1]])[0] == pytest.approx(brute)


@settings(max_examples=20, deadline=None)
@given(p=CHANCE, items=st.integers(1, 3), exams=st.integers(1, 4))
def test_the_null_of_the_drawdown_is_that_of_all_sequences_of_exams(p, items, exams):
    from math import comb

    tail = np.zeros(items + 1)
    for counts in itertools.product(range(items + 1), repeat=exams):
        chance = np.prod([comb(items, c) * p**c * (1 - p) ** (items - c) for c in counts])
        fall = max([0, *(a - b for a, b in itertools.combinations(counts, 2))])
        tail += chance * (fall > np.arange(items + 1))
    assert ladder.noise_tail(p, items, exams) == pytest.approx(tail, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(loss=CHANCE, widen=CHANCE, every=st.integers(1, 4), visits=st.integers(1, 9))
def test_the_mean_of_rewriting_is_the_sum_over_the_last_visit(loss, widen, every, visits):
    """Another way to the same number: over when a fact was shown last, and how many rewrites came since."""
    found = ladder.expected("rewrite", visits, loss, widen, every)
    rewrites = visits // every
    known = sum(
        1 / 8 * (7 / 8) ** (visits - last) * (1 - loss) ** (rewrites - (last - 1) // every)
        for last in range(1, visits + 1)
    )
    since = visits % every if rewrites else visits
    wide = 1 - 7 / 8 * (7 / 8) ** since
    narrow = (1 - widen) ** rewrites
    assert found[-1] == pytest.approx(1 / 8 + 7 / 8 * (narrow * known + (1 - narrow) * wide))


@pytest.mark.parametrize("arm", ladder.EXACT)
@pytest.mark.parametrize(("loss", "widen", "every"), [(0.05, 0.0, 1), (0.1, 0.2, 1), (0.3, 0.1, 3)])
def test_lives_have_the_exact_mean(arm, loss, widen, every):
    lived = ladder.study_places(arm, 12, loss, widen, every, lives=4000)
    error = lived.std(axis=0) / np.sqrt(4000)
    assert np.all(abs(lived.mean(axis=0) - ladder.expected(arm, 12, loss, widen, every)) < 4.5 * error)


def test_exact_values():
    optimum = ladder.expected("optimum", 64)
    assert optimum[0] == 15 / 64 and optimum[11] == pytest.approx(1 - 7 / 8 * (7 / 8) ** 12)
    assert ladder.expected("rewrite", 400, widen=0.05)[-1] == pytest.approx(15 / 64, abs=1e-6)
    known = 0.98 / 8 / (1 - 0.98 * 7 / 8)
    slips = ladder.expected("rewrite", 400, loss=0.02)
    assert slips[-1] == pytest.approx(1 / 8 + 7 / 8 * known) and np.all(np.diff(slips) >= 0)


def test_slips_alone_never_lower_the_mean_and_widening_does():
    for loss in (0.0, 0.02, 0.3):
        assert np.diff(ladder.expected("rewrite", 200, loss)).min() > -1e-12
    assert ladder.drawdown(ladder.expected("rewrite", 200, 0.02, 0.03)) > 0.2


def test_an_arm_without_a_closed_form_is_refused():
    with pytest.raises(MemlabError, match="no closed form for 'blind append'"):
        ladder.expected("blind append", 5)


def test_without_slips_append_is_the_optimum_and_a_bounded_one_forgets():
    same = [ladder.study_places(arm, 40, 0.0, 0.0, seed=3) for arm in ("optimum", "visible append", "blind append")]
    assert np.array_equal(same[0], same[1]) and np.array_equal(same[0], same[2])
    late = ladder.study_places("bounded append", 40, 0.0, 0.0, lives=2000)[:, 10:]
    assert late.mean() == pytest.approx(1 - (7 / 8) ** 7, abs=0.005)


def test_the_oracle_knows_all_and_no_memory_guesses():
    assert np.all(ladder.study_places("oracle memory", 5, 0.5, 0.5) == 1)
    assert ladder.study_places("no memory", 50, 0.5, 0.5).mean() == pytest.approx(1 / 8, abs=0.005)


def test_a_gate_refuses_what_recent_facts_contradict():
    free, gated = (ladder.study_places(arm, 48, 0.0, 0.5, seed=1) for arm in ("rewrite", "rewrite, gated"))
    assert free[:, -1].mean() == pytest.approx(15 / 64, abs=0.02) and gated[:, -1].mean() > 0.95


def test_votes_mend_slips_that_a_first_note_keeps():
    seen, blind = (ladder.study_places(arm, 96, 0.2, 0.0)[:, -1].mean() for arm in ("visible append", "blind append"))
    assert seen == pytest.approx(1 - 0.2 * 7 / 8, abs=0.02) and blind > 0.97
