"""Lab 01: the exact values of its exercises, its measured world, and the sentences that its rows must carry."""

import numpy as np
import pytest

import memlab
from memlab import mdp
from memlab.labs.lab01_mdp import exercises
from memlab.labs.lab01_mdp.real import measured
from memlab.labs.lab01_mdp.study import STUDY


def test_the_noise_of_a_constant_step_is_eta_over_two_minus_eta():
    assert exercises.noise(0.3) ** 2 / 0.21 == pytest.approx(0.17647, abs=1e-5)
    q, rng = np.full(20_000, 0.7), np.random.default_rng(0)
    for _ in range(60):
        q += 0.3 * ((rng.random(len(q)) < 0.7) - q)
    assert q.std() == pytest.approx(exercises.noise(0.3), rel=0.02)


def test_the_lag_is_what_a_step_leaves_of_the_fall():
    mean = 0.7
    for _ in range(40):
        mean += 0.06 * (0.1 - mean)
    assert mean - 0.1 == pytest.approx(exercises.lag(0.06))


@pytest.mark.parametrize(("eta", "hint"), [(0.3, "averages over more"), (0.01, "forgets sooner"), (2.0, "no share")])
def test_a_step_that_is_too_large_or_too_small_is_told_apart(eta, hint):
    assert hint in memlab.course.judge("01.3", eta).text


def test_the_measured_world_holds_the_replies_of_the_real_model():
    llm = memlab.open_llm("replay")
    world = measured(llm, [(0,), (1,), (2,), (3,), ()])
    assert world.p_llm.sum(axis=2) == pytest.approx(1.0)
    assert (mdp.exact_q(world).argmax(axis=1)[[0, 1, 2, 3]] == [0, 1, 2, 3]).all(), "each case helps its own kind most"
    one = measured(llm, [(2,)])
    assert one.p_llm[:, 0] == pytest.approx(world.p_llm[:, 2])


def test_the_rows_carry_what_the_notebook_says():
    ends = STUDY.scores().groupby("arm")["last"].mean()
    assert ends[["soft", "greedy", "hot"]].idxmax() == "soft"
    assert 0.5 < ends["greedy"] < ends["soft"], "greedy is not stuck at the bottom, and ends lower"
    first = STUDY.scores().groupby("arm")["first"].mean()
    assert first["table without LLM"] < first["soft"] < ends["soft"] < ends["table without LLM"]
