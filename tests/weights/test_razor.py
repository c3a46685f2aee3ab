"""RL's razor: slopes against finite differences, and every route to the same goal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.retrieval.policies import soft_policy
from memlab.weights import razor


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), arm=st.sampled_from([razor.RL, razor.ORACLE, razor.FIXED]))
def test_the_razors_slopes_are_finite_differences(seed, arm):
    rng = np.random.default_rng(seed)
    _, right = razor.contexts(rng, 3)
    start, logits = soft_policy(rng.normal(size=(3, razor.ACTIONS)), 1.0), rng.normal(size=(3, razor.ACTIONS))

    def objective(z):
        pi = soft_policy(z, 1.0)
        aim = razor.target(arm, start, right)
        return (pi * right).sum() if arm == razor.RL else (aim * np.log(pi)).sum()

    way = rng.normal(size=logits.shape)
    steep = (objective(logits + 1e-6 * way) - objective(logits - 1e-6 * way)) / 2e-6
    assert (razor.slope(arm, soft_policy(logits, 1.0), start, right) * way).sum() == pytest.approx(steep, abs=1e-6)


def test_every_route_of_the_razor_ends_at_the_goal_and_an_edit_forgets_nothing():
    rows = {arm: razor.learned(arm, 100)[0] for arm in (razor.RL, razor.ORACLE, razor.FIXED, razor.EDIT, razor.BARE)}
    for arm in (razor.RL, razor.ORACLE, razor.FIXED, razor.EDIT):
        assert rows[arm]["new"] == pytest.approx(razor.GOAL, abs=0.01), arm
    assert rows[razor.EDIT]["kept"] == 0 == rows[razor.BARE]["kept"] and rows[razor.BARE]["kl"] == 0
    assert min(row["kl"] for arm, row in rows.items() if arm != razor.BARE) > 0


def test_the_oracles_target_is_the_start_among_the_right_actions():
    start, right = np.array([[0.5, 0.2, 0.2, 0.1]]), np.array([[0.0, 1.0, 1.0, 0.0]])
    assert razor.target(razor.ORACLE, start, right).tolist() == [[0.0, 0.5, 0.5, 0.0]]
