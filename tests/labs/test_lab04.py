"""Lab 04's mechanism: each arm pays steps as it says, samples are equal, and a run depends on its seed alone."""

from itertools import islice

import numpy as np
import pandas as pd
import pytest

from memlab.labs.lab04_reward import study as lab04
from memlab.reward import group_relative, returns_to_go
from memlab.tasks import frozenlake

RANDOM = np.full((16, 4), 0.25)
LEARNERS = tuple(lab04.ARMS)[1:]


@pytest.fixture(scope="module")
def trips():
    """32 walks of the random policy, at least one of which arrives."""
    found = frozenlake.rollouts(frozenlake.lake(), RANDOM, np.random.default_rng(5).random((2, 32, 100)))
    assert found.rewards.sum() > 0
    return found


def credit(trips, name):
    return lab04.step_credit(trips, lab04.ARMS[name], np.random.default_rng(0).random(lab04.USED))


@pytest.mark.parametrize("name", LEARNERS)
def test_only_steps_that_were_taken_earn_and_an_arm_uses_its_rollouts(trips, name):
    found = credit(trips, name)
    assert found.shape == trips.alive.shape and not found[~trips.alive].any()
    used = (found != 0).any(axis=-1).sum()
    assert 0 < used <= lab04.ARMS[name].used


def test_all_arms_but_one_use_equally_many_rollouts_for_gradients():
    samples = {name: lab04.ARMS[name].used * lab04.ARMS[name].updates for name in LEARNERS}
    assert samples.pop("all 32, 4 × samples") == 12_800
    assert set(samples.values()) == {3_200}


def test_full_return_pays_every_step_of_an_episode_alike(trips):
    advantage = group_relative(trips.rewards.sum(axis=-1))
    assert np.allclose(credit(trips, "all 32"), advantage[:, None] * trips.alive / 32)


def test_reward_to_go_has_a_baseline_that_falls_as_episodes_end(trips):
    found, full = credit(trips, "reward-to-go"), credit(trips, "full return")
    assert np.allclose(found[:, 0], full[:, 0])
    lost = trips.alive & (trips.rewards.sum(axis=-1) == 0)[:, None]
    assert (found[lost] >= full[lost] - 1e-12).all()


def test_compared_with_those_walking_each_step_has_the_mean_of_the_rollouts_that_take_it(trips):
    arm = lab04.Arm(credit="to go, walking", used=32)
    found, to_go = lab04.step_credit(trips, arm, np.zeros(8)), returns_to_go(trips.rewards)
    for t in (0, 5, 12):
        walking = trips.alive[:, t]
        assert np.allclose(found[walking, t], (to_go[walking, t] - to_go[walking, t].mean()) / 32)


def test_weights_bring_the_expectation_of_all_rollouts_back(trips):
    rng = np.random.default_rng(1)
    arm = lab04.ARMS["|A| sampling, weighted"]
    mean = np.mean([lab04.step_credit(trips, arm, rng.random(lab04.USED)) for _ in range(4000)], axis=0)
    assert np.allclose(mean, credit(trips, "all 32"), atol=0.003)


def test_a_learner_depends_on_its_seed_alone():
    def after(seeds, updates):
        return next(islice(lab04.training("|A| sampling", "not slippery", 8.0, seeds), updates, None))

    assert np.array_equal(after(range(100, 101), 0)[0], RANDOM)
    assert np.allclose(after(range(100, 104), 8)[2], after(range(102, 103), 8)[0], atol=1e-12)
    assert not np.allclose(after(range(100, 101), 8), RANDOM)


def test_the_null_never_learns():
    assert pd.DataFrame(lab04.lake_curve("null: random policy", "slippery", 100)).success.to_numpy() == pytest.approx(
        0.01394, abs=5e-6
    )


def test_the_noise_of_reward_to_go_comes_from_its_baseline():
    full, to_go, walking = (
        lab04.gradient_noise(arm, "not slippery", 40)
        for arm in ("full return", "reward-to-go", "reward-to-go, those walking")
    )
    assert to_go[0] > 4 * full[0] > 4 * 0.8 * walking[0]


def test_the_notebook_says_what_the_rows_say():
    verdicts, scores = lab04.STUDY.verdicts(), lab04.STUDY.scores()
    assert verdicts.word.tolist() == ["undecided"] * 4 + ["as good"]
    primary = verdicts[verdicts.primary].iloc[0]
    assert primary.rival == "all 32" and primary["mean"] == pytest.approx(0.08, abs=0.005) and primary.low < 0
    ice = scores[scores.world == "slippery"].pivot(index="seed", columns="arm", values="score")
    assert abs((ice["reward-to-go"] - ice["full return"]).mean()) < 0.02
    firm = scores[scores.world == "not slippery"].groupby("arm").end.agg(lambda end: (end < 0.1).sum())
    assert 0 < firm["full return"] <= 3 and 0 < firm["|A| sampling"] <= 3 and 0 < firm["all 32"] <= 3


def test_drawing_by_magnitude_lowers_the_noise_only_where_successes_are_rare():
    def noise(arm, update):
        variance, signal = lab04.gradient_noise(arm, "not slippery", update)
        return variance / signal

    assert noise("|A| sampling", 0) < 0.5 * noise("full return", 0)
    assert noise("|A| sampling", 10) > noise("full return", 10)
