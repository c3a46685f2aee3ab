"""Lab 10: what an arm trains on, who explores how."""

import numpy as np
import pytest

from memlab.core import Case
from memlab.labs.lab10_weights import world
from memlab.tasks import stream
from memlab.weights import school

TASKS = stream("toolbox12-a", "drift", 48, 0)


def tried(n, works=(0, 3, 11, 12)):
    return [(task, f"tool{task.index}", float(task.index in works)) for task in TASKS[:n]]


def test_plain_lessons_are_the_successes_since_the_last_refresh_and_replay_those_of_all():
    told = tried(20)
    assert [task.index for task, _, _ in world.lessons(world.LORA, told, ())] == [11, 12]
    assert [task.index for task, _, _ in world.lessons(world.BOTH, told, ())] == [11, 12]
    assert [task.index for task, _, _ in world.lessons(world.REPLAY, told, ())] == [0, 3, 11, 12]
    assert world.lessons(world.LORA, tried(10, works=()), ()) == []


def test_lessons_of_credit_are_weighted_by_what_credit_wrote():
    told = tried(3, works=(0, 2))
    cases = [Case(f"c{i}", "", episode=i, q=q) for i, q in enumerate((0.3, 0.0, 1.0))]
    found = [weight for _, _, weight in world.lessons(world.AWR, told, cases)]
    mean = 1.3 / 3
    assert found == pytest.approx(np.exp([(0.3 - mean) / 0.25, -mean / 0.25, (1 - mean) / 0.25]))


def test_probes_are_of_kinds_that_the_stream_does_not_hold():
    for seed in range(4):
        tasks = stream("toolbox12-a", "drift", world.TASKS, seed)
        probes = world.off_stream("toolbox12-a", tasks, seed)
        assert len(probes) == school.PROBES
        assert not {task.family for task in tasks} & {task.family for task in probes}
