"""Lab 09's lookup world: drawdown and its null, exact means by another way, and what each way to keep notes does."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.labs.lab09_faulty import ladder
from memlab.tools import notebooks

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
@given(p=st.floats(0.01, 0.99), items=st.integers(1, 3), exams=st.integers(1, 4))
def test_the_null_of_the_drawdown_is_that_of_all_sequences_of_exams(p, items, exams):
    from math import comb

    tail = np.zeros(items + 1)
    for counts in itertools.product(range(items + 1), repeat=exams):
        chance = np.prod([comb(items, c) * p**c * (1 - p) ** (items - c) for c in counts])
        fall = max([0, *(a - b for a, b in itertools.combinations(counts, 2))])
        tail += chance * (fall > np.arange(items + 1))
    assert ladder.noise_tail(p, items, exams) == pytest.approx(tail, abs=1e-12)


def exact(arm, visits, loss, widen=0.0, every=1):
    """The mean score after ``visits``, summed over when a fact was shown last and how many rewrites came since."""
    chance = [1 / 8 * (7 / 8) ** (visits - last) for last in range(1, visits + 1)]  # shown last on this visit
    rewrites = visits // every if arm == "rewrite" else 0
    kept = {
        "optimum": [1.0] * visits,
        "visible append": [1 - loss] * visits,
        "add + delete": [(1 - loss) * (1 - loss / 8) ** (visits - last) for last in range(1, visits + 1)],
        "rewrite": [(1 - loss) ** (visits // every - (last - 1) // every) for last in range(1, visits + 1)],
    }[arm]
    narrow = (1 - widen) ** rewrites
    wide = 1 - 7 / 8 * (7 / 8) ** (visits % every)  # its own place, and what was shown since the last rewrite
    return 1 / 8 + 7 / 8 * (narrow * np.dot(chance, kept) + (1 - narrow) * wide)


@pytest.mark.parametrize("arm", ["optimum", "visible append", "add + delete", "rewrite"])
@pytest.mark.parametrize(("loss", "widen", "every"), [(0.05, 0.0, 1), (0.1, 0.2, 1), (0.3, 0.1, 3)])
def test_lives_have_the_exact_mean(arm, loss, widen, every):
    lived = ladder.study_places(arm, 12, loss, widen, every, lives=4000)
    means = [exact(arm, visits, loss, widen, every) for visits in range(1, 13)]
    assert np.all(abs(lived.mean(axis=0) - means) < 4.5 * lived.std(axis=0) / np.sqrt(4000))


@pytest.fixture(scope="module")
def mean_score():
    """The recursion that the notebook builds in view of its reader."""
    names = {"np": np}
    for cell in notebooks.read(notebooks.sources(["09"])[0], solutions=True).cells:
        if cell.cell_type == "code" and cell.source.lstrip().startswith(("def mean_score", "visits =")):
            exec(cell.source, names)
    return names


@given(loss=CHANCE, widen=CHANCE)
def test_the_notebooks_recursion_is_the_sum_over_the_last_visit(mean_score, loss, widen):
    found = mean_score["mean_score"](loss, widen, 9)
    assert found == pytest.approx([exact("rewrite", visits, loss, widen) for visits in range(1, 10)])
    assert mean_score["optimum"][:9] == pytest.approx([exact("optimum", visits, loss) for visits in range(1, 10)])


def test_exact_values(mean_score):
    score = mean_score["mean_score"]
    assert exact("optimum", 1, 0) == 15 / 64 and exact("optimum", 12, 0) == pytest.approx(1 - (7 / 8) ** 13)
    assert score(0, 0.05, 400)[-1] == pytest.approx(15 / 64, abs=1e-6)
    known = 0.98 / 8 / (1 - 0.98 * 7 / 8)
    assert score(0.02, 0, 400)[-1] == pytest.approx(1 / 8 + 7 / 8 * known)


def test_slips_alone_never_lower_the_mean_and_widening_does(mean_score):
    for loss in (0.0, 0.02, 0.3):
        assert np.diff(mean_score["mean_score"](loss, 0, 200)).min() > -1e-12
    assert ladder.drawdown(mean_score["mean_score"](0.02, 0.03, 200)) > 0.2


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
