"""Lab 03: fair places, Eq 1, the exact errors of the notebook's map, and the sentences that its rows must carry."""

import numpy as np
import pytest

import memlab
from memlab.core import MemlabError
from memlab.labs.lab03_retrieval import exercises, study, world
from memlab.labs.lab03_retrieval.study import STUDY
from memlab.reward import success
from memlab.tools import notebooks


@pytest.fixture(scope="module", params=list(world.WORLDS))
def place(request):
    return world.recorded(request.param, 108)


def test_a_place_files_each_kind_of_task_equally_often_and_shares_no_task(place):
    tasks = [*place.practice, *place.tests]
    ids = [case.id for case in place.bank] + [task.id for task in tasks]
    assert len(ids) == len(set(ids)) == world.BANK + world.PRACTICE + world.TESTS
    drawn = memlab.stream("toolbox-b", world.WORLDS[place.world], world.DRAWN, 108)
    family = {task.id: task.family for task in drawn}
    same = {case: [task for task in tasks if task.family == family[case.id]] for case in place.bank}
    assert {len([c for c in same if family[c.id] == f]) for f in set(family.values())} == {world.BANK // 4}
    useless = [c for c, near in same.items() if not any(success(t, t.tools[c.action](t.text)) for t in near)]
    assert len(useless) == (world.BANK // 2 if place.world == world.MISFILED else 0)


def test_practice_keeps_every_use_and_rewrites_the_case_that_was_used(place):
    store = place.store()
    world.train(place, study.policies()["hybrid, case Q"], store)
    steps = store.steps()
    assert len(steps) == world.PRACTICE and {step.reward for step in steps} <= {0.0, 1.0}
    assert sum(case.uses for case in store.cases()) == sum(len(step.shown) for step in steps)
    assert any(case.q < 1 for case in store.cases()) or place.world != world.MISFILED


def test_expected_success_is_equation_1(place):
    llm, task = memlab.open_llm("replay"), place.tests[0]
    mix = study.mixes("soft, kernel Q", place, study.policies(delta=study.DELTA)["soft, kernel Q"])[0]
    assert sum(p for p, _ in mix) == pytest.approx(1.0) and mix[-1][1] == [] and len(mix) == world.NEAR + 1
    brute = sum(p * world.solved(task, world.consult(llm, task, cases).value) for p, cases in mix)
    again = STUDY.cell(arm="soft, kernel Q", world=place.world, seed=108)
    assert again.success[0] == pytest.approx(brute)


def test_an_unknown_world_is_refused():
    with pytest.raises(MemlabError, match="the worlds are"):
        world.recorded("flat", 108)


@pytest.fixture(scope="module")
def board():
    """What the notebook's cells define on the way to `errors`, without its figures and exercises."""
    names = {}
    for cell in notebooks.read(notebooks.sources(["03"])[0], solutions=True).cells:
        if cell.cell_type == "code" and not any(word in cell.source for word in ("course.", "show.", "kernel_q")):
            exec(cell.source, names)
        if "few_uses" in names:
            return names


def test_bias_and_variance_are_those_of_many_draws_of_the_rewards(board):
    rng, delta = np.random.default_rng(0), 0.03
    past, used, _ = board["draw_uses"](100, rng)
    kernel, p = 1 / (board["squared"](board["new"], past) + delta), board["chance"](past, board["cases"])
    p = (used * p).sum(axis=1)
    draws = rng.random((4000, 100)) < p
    found = np.array([kernel @ (used * reward[:, None]) / (kernel @ used) for reward in draws])
    bias, variance = board["errors"](delta, past, used)
    assert ((found.mean(axis=0) - board["q_star"]) ** 2).mean() == pytest.approx(bias, rel=0.02)
    assert found.var(axis=0).mean() == pytest.approx(variance, rel=0.02)


def test_the_widths_that_pass_are_those_near_the_least_error_on_this_map(board):
    deltas = np.geomspace(1e-6, 1, 121)
    more, more_used, _ = board["draw_uses"](20_000, board["rng"])
    good = []
    for memory in ((board["past"], board["used"]), (more, more_used)):
        error = np.array([sum(board["errors"](delta, *memory)) for delta in deltas])
        good.append(deltas[error <= 1.25 * error.min()])
    assert pytest.approx(good[0][-1], rel=0.3) == exercises.FEW
    assert pytest.approx(good[1][[0, -1]], rel=0.3) == exercises.MANY
    assert good[0][0] == deltas[0], "with few uses no width is too small"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((0.0005, 0.0005), "within a quarter"),
        ((0.0, 0.0003), "no width"),
        ((0.3, 0.0003), "other desk"),
        ((0.003, 0.03), "which one"),
        ((0.003, 0.0009), "within a quarter"),
        ((0.003, 0.002), "too large"),
        ((0.003, 1e-6), "too small"),
    ],
)
def test_a_pair_of_widths_is_judged_by_its_error_alone(answer, hint):
    assert hint in memlab.course.judge("03.2", answer).text


def test_opening_words_find_the_family_and_toss_a_coin_for_the_desk():
    family, tool = world.told_apart(lambda text: text[:60])
    assert family > 0.95 and tool == pytest.approx(0.5, abs=0.1)
    assert memlab.course.judge("03.3", lambda text: text).text.endswith("so many words?")


def test_the_rows_carry_what_the_notebook_says():
    assert STUDY.verdicts().word.tolist() == ["supported", "supported", "undecided", "supported"]
    mean = STUDY.scores().groupby(["world", "arm"])[["success", "copied"]].mean()
    for name in world.WORLDS:
        assert mean.success[name, "no memory"] > mean["copied"][name, "no memory"], "the model has answers of its own"
        for arm in study.policies():
            assert mean.success[name, arm] < mean["copied"][name, arm] + 1e-3, "with a case, no better than the copier"
    similar = mean.success[world.SIMILAR]
    assert 0 < similar["top-1"] - similar["soft, kernel Q"] < 0.05 and similar["hybrid, case Q"] == similar["top-1"]
    for name in (world.TWINS, world.MISFILED):
        assert mean.success[name, "soft, case Q"] < mean.success[name, "top-1"]
    drawn, together = "one of the top 4", "top-4 together"
    assert similar[drawn] < similar[together] and mean.success[world.TWINS, drawn] > mean.success[world.TWINS, together]
