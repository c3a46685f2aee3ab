"""The three numbers against a plain loop, and the reference learners against what can be counted by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memlab
from memlab.core import MemlabError
from memlab.rivals.references import reference, three_numbers
from memlab.tasks.streams import read_kind

TOOLS = "abc"
LIFE = st.lists(
    st.tuples(st.sampled_from("xy"), st.sampled_from(TOOLS), st.sampled_from(TOOLS)), min_size=1, max_size=30
)


def frame(life):
    return pd.DataFrame(life, columns=["family", "serves", "action"]).rename_axis("index").reset_index()


def by_hand(life):
    """One pass over the tasks, counting as they come."""
    open_now, said = {}, []
    for index, (family, serves, action) in enumerate(life):
        one = open_now.get(family)
        if one is None or one["serves"] != serves:
            before = one["serves"] if one else ""
            one = {
                "family": family,
                "start": index,
                "before": before,
                "serves": serves,
                "stale": 0,
                "other": 0,
                "after": [],
            }
            open_now[family] = one
            said.append(one)
            one["found"] = False
        if one["found"]:
            one["after"].append(action == serves)
        elif action == serves:
            one["found"] = True
        else:
            one["stale" if action == one["before"] else "other"] += 1
    return said


@given(LIFE)
def test_the_three_numbers_are_those_of_a_plain_loop(life):
    table = three_numbers(frame(life)).sort_values("start").to_dict("records")
    for mine, theirs in zip(table, by_hand(life), strict=True):
        for name in ("family", "start", "before", "serves", "found"):
            assert mine[name] == theirs[name]
        assert (mine["detection"], mine["exploration"]) == (theirs["stale"], theirs["other"])
        kept = theirs["after"]
        assert np.isnan(mine["retention"]) if not kept else mine["retention"] == pytest.approx(np.mean(kept))


def test_a_life_of_three_phases_is_told_apart():
    life = [("x", "a", "a")] * 3 + [("x", "b", a) for a in "aacbbab"]
    later = three_numbers(frame(life)).iloc[1]
    assert (later.detection, later.exploration, later.found, later.retention) == (2, 1, True, pytest.approx(2 / 3))


def test_the_steps_of_a_task_count_as_tasks_of_their_own():
    rows = pd.DataFrame({"index": [0, 1], "family": ["x+y", "x"], "serves": ["a+b", "a"], "action": ["b+b", "a"]})
    table = three_numbers(rows).set_index("family")
    assert table.exploration.to_dict() == {"x": 1, "y": 0} and table.found.all()


def solved(world, kind, seed, structure, n=96, families=4, draws=400):
    tasks = memlab.stream(world, kind, n, seed, families)
    took = reference(tasks, structure, read_kind(kind)[1], draws)
    return took == np.array([task.serves[0] for task in tasks]), tasks


def test_uniform_exploration_leaves_a_half_after_a_drift_among_eleven_candidates():
    right, _ = solved("toolbox-b", "drift", 100, structure=False)
    # Twelve tasks a kind: one to see the change, then the j-th of eleven tools serves, j uniform: 12 - j successes.
    assert right[:, 48:].mean() == pytest.approx(0.5, abs=0.015)
    # Before it, the j-th of twelve, and no task for seeing a change.
    assert right[:, :48].mean() == pytest.approx(6.5 / 12, abs=0.015)


def test_what_the_structure_tells_is_used_and_nothing_else():
    two, tasks = solved("toolbox12-a", "drift", 6, structure=True, families=2)
    assert tasks[-1].change == "used", "two kinds that exchange their tools: nothing is left to find out"
    assert two[:, 48:].all() and not two[:, :48].all()
    back, tasks = solved("toolbox12-a", "recurrent", 1, structure=True, n=240)
    assert back[:, 160:].all() and not back[:, 80:160].all()
    assert not solved("toolbox12-a", "recurrent", 1, structure=False, n=240)[0][:, 160:].all()


def eliminating(tasks, rng):
    """Success of a learner of sets, clean rewards, told of every move: it never tries what it knows to be wrong."""
    names, open_now, holds, right = tasks[0].choices, {}, {}, []
    serves = {}
    for t, task in enumerate(tasks):
        family, tool = task.family, task.serves[0]
        if serves.get(family, tool) != tool:
            used = {earlier.serves[0] for earlier in tasks[:t]}
            pool = {"used": used, "unused": set(names) - used}.get(task.change, set(names))
            open_now[family] = pool - ({holds.pop(family)} if family in holds else set())
        serves[family] = tool
        left = open_now.setdefault(family, set(names))
        ahead = {later.family: later.serves[0] for later in reversed(tasks[t:])}
        others = {held for g, held in holds.items() if g != family and ahead.get(g, held) == held}
        free = left if task.change == "shared" else left - others
        took = holds.get(family) or rng.choice(sorted(free))
        right.append(took == tool)
        if took == tool:
            holds[family] = took
        else:
            left.discard(took)
    return right


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("kind", ["drift", "partial", "repeated"])
def test_where_rewards_are_clean_the_structured_reference_does_not_trail_elimination(kind, seed):
    right, tasks = solved("toolbox12-b", kind, seed, structure=True, draws=100)
    rng = np.random.default_rng(0)
    brute = np.mean([eliminating(tasks, rng) for _ in range(100)], axis=0)
    assert -0.02 < right.mean() - brute.mean() < 0.1


def test_where_nothing_moves_the_structured_reference_is_as_good_as_every_arrangement_weighed():
    right, tasks = solved("toolbox-a", "stationary", 1, structure=True, n=24, families=3)
    names, kinds = list(tasks[0].choices), sorted({task.family for task in tasks})
    every = np.array(list(itertools.permutations(range(len(names)), len(kinds))))
    brute, rng = [], np.random.default_rng(0)
    for _ in range(400):
        weight = np.ones(len(every))
        for task in tasks:
            held = every[:, kinds.index(task.family)]
            odds = np.bincount(held, weight, len(names))
            took = int((odds / odds.sum() + rng.random(len(names)) * 1e-9).argmax())
            brute.append(names[took] == task.serves[0])
            weight *= (held == took) == brute[-1]
    assert right.mean() == pytest.approx(np.mean(brute), abs=0.02)


def test_the_noise_is_known_and_costs_little_where_nothing_moves():
    clean, noisy = (solved("toolbox12-b", kind, 4, True, n=240, families=8)[0] for kind in ("stationary", "noisy15"))
    assert clean[:, 160:].all() and noisy[:, 160:].mean() > 0.9 and noisy.mean() < clean.mean()


def test_several_steps_are_refused():
    with pytest.raises(MemlabError, match="one-step"):
        reference(memlab.stream("toolbox-a", "compositional", 40, 0), structure=False)
