"""Lessons and corrections: the gradient they follow, learning against its null, and what changes elsewhere."""

import numpy as np
import pytest

from memlab.core import MemlabError
from memlab.retrieval.policies import soft_policy
from memlab.weights.bandit import Bandit, correct, interference, learn, lesson
from memlab.weights.linear import Lessons, Weights, local
from memlab.weights.policy import over_groups


def stream(n=40):
    """Two orthogonal directions, each with one right action of three."""
    family = np.arange(n) % 2
    return Bandit(np.eye(2)[family], np.eye(3)[family], np.array(["a", "b"])[family])


def test_a_lesson_is_the_policy_gradient():
    theta, r = np.array([0.2, -0.1, 0.0]), np.array([1.0, 0.0, 0.5])
    pi = soft_policy(theta, 1.0)
    groups = np.array(np.meshgrid(*[range(3)] * 2)).reshape(2, -1).T
    returns = r[groups]
    lessons = lesson(np.broadcast_to(pi, (9, 3)), groups, returns - returns.mean(axis=1, keepdims=True))
    total = pi[groups].prod(axis=1) @ lessons
    assert total == pytest.approx(over_groups(theta, r, 2))
    assert total == pytest.approx(0.5 * np.array([0.175566, -0.159371, -0.016195]), abs=1e-6)


@pytest.mark.parametrize("make", [Weights, Lessons])
def test_each_place_learns_and_shuffled_lessons_do_not(make):
    learned = learn(stream(), make(2, 3, 5.0), lives=20)
    shuffled = learn(stream(), make(2, 3, 5.0), lives=20, shuffle=True)
    assert learned.shape == (20, 40) and learned[:, 0] == pytest.approx(1 / 3)
    assert learned[:, -10:].mean() > 0.9
    assert shuffled[:, -10:].mean() < 0.5


def test_a_local_memory_changes_nothing_far_away_and_weights_do():
    x = np.array([1.0, 0.0])
    others = np.array([[0.9, np.sqrt(0.19)], [0.3, np.sqrt(0.91)]])
    for place, changed in ((Lessons(2, 3, 1.0, local(0.5)), [True, False]), (Weights(2, 3, 1.0), [True, True])):
        writes, moved = correct(place, x, 2, others)
        assert writes >= 1 and moved.tolist() == changed
        assert not place.logits(others).any(), "the place itself is left as it was"


def test_each_life_is_judged_when_its_own_answer_is_right():
    place = Weights(2, 2, 1.0)
    place.w = np.stack([np.zeros((2, 2)), np.array([[3.0, 0.0], [0.0, 0.0]])])
    writes, moved = correct(place, np.array([1.0, 0.0]), 0, np.eye(2))
    assert writes.tolist() == [0, 0] and not moved.any()
    writes, _ = correct(place, np.array([1.0, 0.0]), 1, np.eye(2))
    single = [correct(_only(place, i), np.array([1.0, 0.0]), 1, np.eye(2))[0] for i in range(2)]
    assert writes.tolist() == single and writes[0] < writes[1]


def _only(place, life):
    one = Weights(2, 2, place.step)
    one.w = place.w[life]
    return one


def test_a_correction_that_cannot_work_is_refused():
    stubborn = Weights(2, 3, 1e-9)
    stubborn.w[0, 0] = 1.0
    with pytest.raises(MemlabError, match="3 writes"):
        correct(stubborn, np.array([1.0, 0.0]), 2, np.eye(2), most=3)


def test_interference_counts_near_and_far_apart():
    place = Lessons(2, 3, 1.0, local(0.5))
    turned = Bandit(stream(8).x, np.eye(3)[[1, 2] * 4], stream(8).family)
    found = interference(place, turned)
    assert found == {"writes": 1.0, "near": 1.0, "far": 0.0}
