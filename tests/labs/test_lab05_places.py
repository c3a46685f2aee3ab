"""One lesson in two places: the exact equality, removal, and what a lesson changes elsewhere."""

import numpy as np
import pytest

from memlab.core import MemlabError
from memlab.labs.lab05_credit import places as lessons
from memlab.retrieval.policies import soft_policy
from memlab.tasks import frozenlake
from memlab.weights.policy import over_groups

RNG = np.random.default_rng(0)


def unit(n, d=6):
    rows = RNG.normal(size=(n, d))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def stream(n=40):
    """Two orthogonal directions, each with one right action of three."""
    family = np.arange(n) % 2
    x = np.eye(2)[family]
    return lessons.Bandit(x, np.eye(3)[family], np.array(["a", "b"])[family])


def test_memory_read_linearly_is_the_weights():
    weights, memory = lessons.Weights(6, 4, 3.0), lessons.Lessons(6, 4, 3.0)
    x, queries = unit(30), unit(10)
    for row in x:
        pi = soft_policy(weights.logits(row), 1.0)
        g = lessons.lesson(pi, RNG.integers(4, size=5), RNG.normal(size=5))
        weights.write(row, g)
        memory.write(row, g)
    assert memory.logits(queries) == pytest.approx(weights.logits(queries), abs=1e-12)


def test_a_lesson_is_the_policy_gradient():
    theta, r = np.array([0.2, -0.1, 0.0]), np.array([1.0, 0.0, 0.5])
    pi = soft_policy(theta, 1.0)
    groups = np.array(np.meshgrid(*[range(3)] * 2)).reshape(2, -1).T
    total = np.zeros(3)
    for group in groups:
        returns = r[group]
        total += pi[group].prod() * lessons.lesson(pi, group, returns - returns.mean())
    assert total == pytest.approx(over_groups(theta, r, 2))
    assert total == pytest.approx(0.5 * np.array([0.175566, -0.159371, -0.016195]), abs=1e-6)


def test_a_forgotten_lesson_leaves_nothing():
    memory, never = (lessons.Lessons(6, 3, 1.0, lessons.local(0.2)) for _ in range(2))
    for i, row in enumerate(unit(5)):
        g = RNG.normal(size=3)
        memory.write(row, g)
        if i != 2:
            never.write(row, g)
    memory.forget(2)
    y = unit(4)
    assert np.array_equal(memory.logits(y), never.logits(y))
    with pytest.raises(MemlabError, match="row 9"):
        memory.forget(9)


def test_a_local_memory_changes_nothing_far_away_and_weights_do():
    x = np.array([1.0, 0.0])
    near, far = np.array([[0.9, np.sqrt(0.19)]]), np.array([[0.3, np.sqrt(0.91)]])
    for place, spills in ((lessons.Lessons(2, 3, 1.0, lessons.local(0.5)), False), (lessons.Weights(2, 3, 1.0), True)):
        found = lessons.correct(place, x, 2, near, far)
        assert found.writes >= 1 and found.near.flipped == 1
        assert (found.far.variation > 0) == spills


def test_a_correction_that_cannot_work_is_refused():
    stubborn = lessons.Weights(2, 3, 1e-9)
    stubborn.w[0, 0] = 1.0
    with pytest.raises(MemlabError, match="3 writes"):
        lessons.correct(stubborn, np.array([1.0, 0.0]), 2, np.eye(2), np.eye(2), most=3)


def test_rewriting_moves_near_rows_and_averages_them():
    memory = lessons.Rewriting(2, 2, 0.5, lessons.local(0.5), sharpness=10.0)
    memory.write(np.array([1.0, 0.0]), np.array([1.0, -1.0]))
    memory.write(np.array([1.0, 0.0]), np.array([0.0, 0.0]))
    assert memory.g.tolist() == [[0.5, -0.5], [0.0, 0.0]]
    assert memory.logits(np.array([1.0, 0.0])).tolist() == [2.5, -2.5]
    assert memory.logits(np.array([0.0, 1.0])).tolist() == [0.0, 0.0]


def test_the_delta_rule_stops_at_the_lesson():
    weights = lessons.Delta(2, 2, 0.5, sharpness=1.0)
    for _ in range(40):
        weights.write(np.array([1.0, 0.0]), np.array([0.3, -0.3]))
    assert weights.logits(np.array([1.0, 0.0])) == pytest.approx([0.3, -0.3])


@pytest.mark.parametrize("make", [lessons.Weights, lessons.Lessons])
def test_each_place_learns_and_shuffled_lessons_do_not(make):
    learned = lessons.learn(stream(), make(2, 3, 5.0))
    shuffled = lessons.learn(stream(), make(2, 3, 5.0), shuffle=True)
    assert learned[-10:].mean() > 0.9
    assert shuffled[-10:].mean() < 0.7


def test_change_counts_flips_and_variation():
    found = lessons.change([[0.6, 0.4], [0.9, 0.1]], [[0.4, 0.6], [0.9, 0.1]])
    assert found == lessons.Change(pytest.approx(0.1), 0.5)
    with pytest.raises(MemlabError, match="compare two equal"):
        lessons.change([[1.0]], [[0.5, 0.5]])


def test_a_lake_is_learned_and_separate_rows_do_not_interfere():
    world = frozenlake.lake(False)
    found, spill = lessons.walk(world, np.eye(16), 16.0, 25)
    assert found[0] == pytest.approx(0.01394, abs=5e-4) and found[-1] > 0.5
    assert np.nanmax(spill) == 0
    phi = lessons.coarse_features()
    assert np.allclose(np.unique(phi @ phi.T), [0, 0.5, 1])
    _, shared = lessons.walk(world, phi @ phi.T, 4.0, 40)
    assert np.nanmax(shared) > 0
