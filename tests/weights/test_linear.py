"""One lesson in two places: the exact equality, how each is written and read."""

import numpy as np
import pytest

from memlab.retrieval.policies import soft_policy
from memlab.weights.bandit import lesson
from memlab.weights.linear import Delta, Lessons, Rewriting, Weights, linear, local

RNG = np.random.default_rng(0)


def unit(n, d=6):
    rows = RNG.normal(size=(n, d))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("lives", [(), (3,)])
def test_memory_read_linearly_is_the_weights(lives):
    weights, memory = Weights(6, 4, 3.0), Lessons(6, 4, 3.0)
    x, queries = unit(30), unit(10)
    for row in x:
        pi = np.broadcast_to(soft_policy(weights.logits(row), 1.0), (*lives, 4))
        g = lesson(pi, RNG.integers(4, size=(*lives, 5)), RNG.normal(size=(*lives, 5)))
        weights.write(row, g)
        memory.write(row, g)
    assert memory.logits(queries) == pytest.approx(weights.logits(queries), abs=1e-12)
    assert memory.logits(queries).shape == (*lives, 10, 4)


def test_lives_are_apart():
    together, alone = Rewriting(2, 2, 0.5, linear, 1.0), Rewriting(2, 2, 0.5, linear, 1.0)
    for x, g in zip(unit(4, 2), RNG.normal(size=(4, 3, 2)), strict=True):
        together.write(x, g)
        alone.write(x, g[1])
    y = unit(5, 2)
    assert together.logits(y)[1] == pytest.approx(alone.logits(y))


def test_rewriting_moves_near_rows_and_averages_them():
    memory = Rewriting(2, 2, 0.5, local(0.5), sharpness=10.0)
    memory.write(np.array([1.0, 0.0]), np.array([1.0, -1.0]))
    memory.write(np.array([1.0, 0.0]), np.array([0.0, 0.0]))
    assert memory.g.tolist() == [[0.5, -0.5], [0.0, 0.0]]
    assert memory.logits(np.array([1.0, 0.0])).tolist() == [2.5, -2.5]
    assert memory.logits(np.array([0.0, 1.0])).tolist() == [0.0, 0.0]


def test_the_delta_rule_stops_at_the_lesson():
    weights = Delta(2, 2, 0.5, sharpness=1.0)
    for _ in range(40):
        weights.write(np.array([1.0, 0.0]), np.array([0.3, -0.3]))
    assert weights.logits(np.array([1.0, 0.0])) == pytest.approx([0.3, -0.3])
