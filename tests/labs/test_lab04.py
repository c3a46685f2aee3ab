"""Lab 04's study: each arm pays steps as it says, runs repeat exactly, and the recorded rows follow from the code."""

import numpy as np
import pytest

from memlab.labs.lab04_reward import study as lab04
from memlab.reward import group_relative
from memlab.tasks import frozenlake

RANDOM = np.full((16, 4), 0.25)


@pytest.fixture(scope="module")
def trips():
    """32 walks of the random policy, at least one of which arrives."""
    found = frozenlake.rollouts(frozenlake.lake(), RANDOM, np.random.default_rng(5).random((2, 32, 100)))
    assert found.rewards.sum() > 0
    return found


def credit(trips, name):
    return lab04.step_credit(trips, lab04.ARMS[name], np.random.default_rng(0).random(lab04.USED))


@pytest.mark.parametrize("name", lab04.ARMS)
def test_only_steps_that_were_taken_earn_and_eight_rollouts_count(trips, name):
    found = credit(trips, name)
    assert found.shape == trips.alive.shape and not found[~trips.alive].any()
    used = (found != 0).any(axis=-1).sum()
    assert 0 < used <= (32 if name == "full return, all 32" else lab04.USED)


def test_full_return_pays_every_step_of_an_episode_alike(trips):
    advantage = group_relative(trips.rewards.sum(axis=-1))
    expected = advantage[:, None] * trips.alive / 32
    assert np.allclose(credit(trips, "full return, all 32"), expected)


def test_reward_to_go_has_a_baseline_that_falls_as_episodes_end(trips):
    found, full = credit(trips, "reward-to-go"), credit(trips, "full return")
    assert np.allclose(found[:, 0], full[:, 0])
    lost = trips.alive & (trips.rewards.sum(axis=-1) == 0)[:, None]
    assert (found[lost] >= full[lost] - 1e-12).all()


def test_weights_bring_the_expectation_of_all_rollouts_back(trips):
    rng = np.random.default_rng(1)
    arm = lab04.ARMS["|A| sampling, weighted"]
    mean = np.mean([lab04.step_credit(trips, arm, rng.random(lab04.USED)) for _ in range(4000)], axis=0)
    assert np.allclose(mean, credit(trips, "full return, all 32"), atol=0.003)


def test_a_run_repeats_exactly_and_does_not_depend_on_what_runs_beside_it():
    world, arm = frozenlake.lake(slippery=False), lab04.ARMS["|A| sampling"]
    both = lab04.train(world, arm, [1.0, 8.0], [100, 101], updates=8)
    assert np.allclose(both[1, 1:], lab04.train(world, arm, [8.0], [101], updates=8)[0], atol=1e-12)
    assert both[0, 0, 0] == pytest.approx(0.01394, abs=5e-6)
    assert both[0, 0, -1] > 0.02


def test_the_recorded_rows_are_what_the_code_gives():
    rows = lab04.rows()
    assert set(rows["seed"]) == set(lab04.REPORT_SEEDS) and not rows["success"].isna().any()
    for world, slippery in lab04.WORLDS.items():
        for name in ("full return", "|A| sampling, weighted"):
            step = lab04.STEP[world][name]
            again = lab04.train(frozenlake.lake(slippery), lab04.ARMS[name], [step], [100], updates=12)[0]
            assert np.allclose(again, lab04.curves(rows, world, name)[:1, :4], atol=1e-9)


def test_each_arm_is_reported_at_its_best_tuned_step():
    tuned = lab04.rows("lab04-tuning")
    for (world, name), part in tuned.groupby(["world", "learner"]):
        assert part.loc[part["success"].idxmax(), "step"] == lab04.STEP[world][name]
