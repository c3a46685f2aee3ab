"""Lab 10: what an arm trains on, who explores how."""

import numpy as np
import pandas as pd
import pytest

from memlab.core import Case
from memlab.labs.lab10_weights import study, world
from memlab.tasks import stream
from memlab.weights import school, toll

TASKS = stream("toolbox12-a", "drift", 48, 0)


def tried(n, works=(0, 3, 11, 12)):
    return [(task, f"tool{task.index}", float(task.index in works)) for task in TASKS[:n]]


def test_plain_lessons_are_the_successes_since_the_last_refresh_and_replay_those_of_all():
    told = tried(20)
    assert [task.index for task, _, _ in world.lessons(world.LORA, told, ())] == [11, 12]
    assert [task.index for task, _, _ in world.lessons(world.BOTH, told, ())] == [11, 12]
    assert [task.index for task, _, _ in world.lessons(world.REPLAY, told, ())] == [0, 3, 11, 12]
    assert world.lessons(world.FEW, told, ()) == world.lessons(world.REPLAY, told, ())
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


def test_the_parts_of_a_recurrent_stream_are_its_thirds_and_quick_counts_from_the_return():
    tasks = stream("toolbox12-a", "recurrent", school.TASKS, 0)
    first, back = ({task.family: task.serves for task in part} for part in (tasks[:16], tasks[32:]))
    assert first == back != {task.family: task.serves for task in tasks[16:32]}
    right = [0.5] * 16 + [0.0] * 16 + [float(i >= 12) for i in range(16)]
    rows = [{"index": i, "family": "one", "success": s, "leak": 0.25} for i, s in enumerate(right)]
    found = toll.by_phase(pd.DataFrame([*rows, {"index": -1, "family": "two", "success": 1.0, "leak": 0.25}]))
    assert (found["first"], found["away"], found["back"], found["after"]) == (0.5, 0.0, 0.25, 0.125)
    assert (found["quick"], found["probe"], found["still"]) == (-12, 1.0, -0.25)


def test_bounded_notes_are_as_few_as_the_bounded_memory_holds():
    makers = {world.BOUNDED, world.FEW, world.FEW_NOTES}
    assert makers <= set(world.RETURNING) and world.FEW in world.TRAINED
    assert set(world.ARMS) < set(world.RETURNING) and study.RECURRENT.report[0]["kind"] == "recurrent"
