"""The four streams: same questions for one seed, other questions for another, and a tool that serves each."""

import pickle
from collections import Counter

import pytest

import memlab
from memlab.core import MemlabError
from memlab.tasks import KINDS, stream
from memlab.tasks.toolbox import NATIVE, tool_names

WORLDS = tuple(NATIVE)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_serving_tools_solve_every_task(world, kind):
    for task in stream(world, kind, 60, 3, two_step=0.3):
        result = ""
        for question, tool in zip(task.subtasks, task.serves, strict=True):
            result = task.tools[tool](question.replace("{result}", result))
        assert task.score(result) == 1.0
        assert len(task.choices) == 12 and set(task.tools) == set(task.choices) == set(task.about)


@pytest.mark.parametrize("world", WORLDS)
def test_no_other_tool_solves_a_one_step_task(world):
    for task in stream(world, "drift", 40, 5):
        right = [name for name, tool in task.tools.items() if task.score(tool(task.text)) > 0.99]
        assert right == list(task.serves)


def test_a_seed_gives_the_same_questions_in_every_kind_and_another_seed_other_ones():
    texts = {
        kind: [task.text for task in stream("toolbox-a", kind, 40, 1)] for kind in ("stationary", "drift", "noisy")
    }
    assert texts["stationary"] == texts["drift"] == texts["noisy"]
    assert texts["drift"] != [task.text for task in stream("toolbox-a", "drift", 40, 2)]
    again = stream("toolbox-a", "drift", 40, 1)
    assert [(task.text, task.serves) for task in again] == [
        (task.text, task.serves) for task in stream("toolbox-a", "drift", 40, 1)
    ]


def test_drift_moves_every_family_in_the_middle():
    tasks = stream("toolbox-b", "drift", 80, 0)
    before = {task.family: task.serves for task in tasks[:40]}
    after = {task.family: task.serves for task in tasks[40:]}
    assert before.keys() == after.keys() and all(before[family] != after[family] for family in before)
    assert Counter(task.family for task in tasks[:40]) == Counter(task.family for task in tasks[40:])


def test_deceptive_tasks_differ_in_one_word_and_in_the_tool():
    tasks = stream("toolbox-a", "deceptive", 200, 0)
    by_desk = {(task.family, task.text.split()[0]): task.serves for task in tasks}
    for family in {task.family for task in tasks}:
        assert by_desk[family, "North"] != by_desk[family, "South"]


def test_noise_flips_about_a_seventh_of_the_rewards():
    flips = [task.flip for seed in range(5) for task in stream("toolbox-a", "noisy", 200, seed)]
    assert 0.12 < sum(flips) / len(flips) < 0.18
    assert not any(task.flip for task in stream("toolbox-a", "drift", 200, 0))


def test_tasks_travel_to_other_processes():
    task = stream("toolbox-a", "drift", 4, 0)[0]
    assert pickle.loads(pickle.dumps(task)).text == task.text


def test_names_are_offered_in_one_fixed_order():
    assert tool_names("toolbox-a") == tuple(sorted(tool_names("toolbox-a")))


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (("nowhere", "drift", 4, 0), "nowhere"),
        (("toolbox-a", "drifting", 4, 0), "drifting"),
        (("toolbox-a", "drift", 0, 0), "n=0"),
        (("toolbox-a", "drift", 4, -1), "seed=-1"),
        (("toolbox-a", "drift", 4, 1.5), "seed=1.5"),
        (("toolbox-a", "drift", 4, None), "seed=None"),
        (("toolbox-a", "drift", 4.5, 0), "n=4.5"),
        (("toolbox-a", "drift", "4", 0), "n='4'"),
        (("toolbox-a", "drift", 4, 0, 2.5), "families=2.5"),
        (("toolbox-a", "drift", 4, 0, 4, "all"), "two_step='all'"),
    ],
)
def test_bad_requests_are_named(asked, named):
    with pytest.raises(MemlabError, match=named):
        memlab.stream(*asked)
    with pytest.raises(MemlabError, match="families=9"):
        memlab.stream("toolbox-a", "drift", 4, 0, families=9)
