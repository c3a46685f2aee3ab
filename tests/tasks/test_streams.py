"""The streams: same questions for one seed, other questions for another, and a tool that serves each."""

import hashlib
import pickle
from collections import Counter

import numpy as np
import pytest

import memlab
from memlab.core import MemlabError
from memlab.tasks import KINDS, stream
from memlab.tasks.streams import MOVING, WAYS
from memlab.tasks.toolbox import FIRST, NATIVE, tool_names

WORLDS = tuple(NATIVE)
TWELVE = ("toolbox12-a", "toolbox12-b")
OTHER_TEXTS = ("deceptive", "compositional")


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", [*KINDS, "drift+noisy30"])
def test_the_serving_tools_solve_every_task(world, kind):
    for task in stream(world, kind, 60, 3, two_step=0.3):
        result = ""
        for question, tool in zip(task.subtasks, task.serves, strict=True):
            result = task.tools[tool](question.replace("{result}", result))
        assert task.score(result) == 1.0
        assert len(task.choices) == len(NATIVE[world]) + 4
        assert set(task.tools) == set(task.choices) == set(task.about)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", MOVING)
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_no_other_tool_solves_a_one_step_task(world, kind, seed):
    for task in stream(world, kind, 60, seed, families=8)[::3]:
        right = [name for name, tool in task.tools.items() if task.score(tool(task.text)) > 0.99]
        assert right == list(task.serves)


def test_the_streams_that_labs_03_to_06_were_recorded_on_stand():
    said = hashlib.sha256()
    for world in ("toolbox-a", "toolbox-b"):
        for kind in ("stationary", "drift", "deceptive", "noisy"):
            for seed, two_step in ((0, 0.0), (104, 0.0), (100, 1.0)):
                for task in stream(world, kind, 96, seed, two_step=two_step):
                    assert task.change == ""
                    said.update(
                        repr((task.id, task.subtasks, task.answer, task.family, task.serves, task.flip)).encode()
                    )
    assert said.hexdigest() == "6573c331085858818eb874fa65627ef9cb630364b14a7e1cca65867dc935abd8"


def moves(tasks):
    """The tools that served each family one after another, with the tasks at which they began to."""
    found = {}
    for task in tasks:
        served = found.setdefault(task.family, [])
        if not served or served[-1][1] != task.serves[0]:
            served.append((task.index, task.serves[0]))
    return found


@pytest.mark.parametrize("world", TWELVE)
@pytest.mark.parametrize("seed", range(100, 106))
def test_each_kind_moves_the_families_it_says(world, seed):
    found = {kind: moves(stream(world, kind, 240, seed, families=8)) for kind in KINDS if kind != "compositional"}
    assert all(len(kinds) == 8 for kinds in found.values())
    times = {kind: Counter(len(served) for served in kinds.values()) for kind, kinds in found.items()}
    assert times["stationary"] == times["noisy"] == {1: 8}
    assert times["drift"] == times["gradual"] == {2: 8}
    assert times["partial"] == {1: 4, 2: 4}
    assert times["repeated"] == times["recurrent"] == {3: 8}
    assert all(served[0][1] == served[2][1] == NATIVE[world][f] for f, served in found["recurrent"].items())
    starts = [served[1][0] for served in found["gradual"].values()]
    assert len(set(starts)) > 5 and min(starts) >= 60
    assert all(served[1][0] >= 120 for served in found["drift"].values())


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", MOVING)
def test_new_tools_come_in_the_way_that_the_tasks_record_and_all_ways_come(world, kind):
    if world not in TWELVE and kind == "drift":
        pytest.skip("recorded before the ways were")
    seen = Counter()
    for seed in range(9):
        tasks = stream(world, kind, 120, seed, families=4)
        before = {task.serves[0] for task in tasks if task.change == "none"}
        way = next(task.change for task in tasks if task.change != "none")
        seen[way] += 1
        now = {task.family: task.serves[0] for task in tasks if task.change == way and task.index < 80}
        first = {task.family: task.serves[0] for task in tasks[:30]}
        new = [tool for family, tool in now.items() if tool != first[family]]
        if way == "shared":
            assert max(Counter(new).values()) >= 2 or kind == "gradual"
        else:
            assert len(set(new)) == len(new)
            assert kind == "gradual" or (set(new) <= before) == (way == "used")
            assert way == "used" or not set(new) & before
    assert seen == dict.fromkeys(WAYS, 3)


def test_a_second_change_draws_anew_and_knows_what_served_before():
    tasks = stream("toolbox12-a", "repeated", 240, 1, families=8)
    assert list(dict.fromkeys(task.change for task in tasks)) == ["none", "unused", "shared"]
    assert {task.change for task in stream("toolbox12-a", "recurrent", 240, 1, families=8)[160:]} == {"returned"}


def test_later_tasks_of_a_compositional_stream_need_earlier_answers():
    tasks = stream("toolbox12-b", "compositional", 240, 100, families=8)
    early = {task.text for task in tasks[:120]}
    assert all(len(task.subtasks) == 1 for task in tasks[:120])
    for task in tasks[120:]:
        assert task.subtasks[0] in early and "{result}" in task.subtasks[1] and task.family.split("+")[0] in FIRST["b"]
    assert len({task.subtasks[0] for task in tasks[120:]}) > 20


def test_families_come_equally_often_in_each_sixth_of_a_set_of_twelve():
    tasks = stream("toolbox12-b", "repeated", 240, 7, families=8)
    assert all(set(Counter(t.family for t in tasks[i : i + 40]).values()) == {5} for i in range(0, 240, 40))
    assert len({task.family for task in stream("toolbox12-a", "drift", 96, 7, families=12)}) == 12
    assert stream("toolbox12-a", "drift", 1, 7)


def test_the_share_of_flipped_rewards_is_named():
    flips = {
        kind: [task.flip for seed in range(5) for task in stream("toolbox12-a", kind, 200, seed)]
        for kind in ("drift", "drift+noisy15", "noisy05", "noisy30")
    }
    assert not any(flips["drift"]) and abs(np.mean(flips["drift+noisy15"]) - 0.15) < 0.03
    assert abs(np.mean(flips["noisy05"]) - 0.05) < 0.02 and abs(np.mean(flips["noisy30"]) - 0.3) < 0.04
    assert all(b or not a for a, b in zip(flips["noisy05"], flips["noisy30"], strict=True))


def test_a_seed_gives_the_same_questions_in_every_kind_and_another_seed_other_ones():
    texts = {
        kind: [task.text for task in stream("toolbox-a", kind, 40, 1)] for kind in KINDS if kind not in OTHER_TEXTS
    }
    assert all(said == texts["drift"] for said in texts.values())
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
        (("toolbox-a", "drift+noisy5", 4, 0), "drift.noisy5"),
        (("toolbox-a", "noisy+noisy15", 4, 0), "noisy.noisy15"),
        (("toolbox-a", None, 4, 0), "None"),
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
