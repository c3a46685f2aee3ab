"""Lab 03's study: fair places, a copier that copies, and rows that the recorded replies give again."""

import pytest

import memlab
from memlab.core import MemlabError
from memlab.labs.lab03_retrieval import lab03_places
from memlab.labs.lab03_retrieval import study as lab03
from memlab.reward import success


@pytest.fixture(scope="module", params=list(lab03.KINDS))
def place(request):
    return lab03.recorded_place(request.param, 100)


def test_a_place_files_each_kind_of_task_equally_often_and_shares_no_task(place):
    tasks = [*place.practice, *place.tests]
    ids = [case.id for case in place.bank] + [task.id for task in tasks]
    assert len(ids) == len(set(ids)) == lab03_places.BANK + lab03_places.PRACTICE + lab03_places.TESTS
    assert len({task.family for task in tasks}) == 4
    family = {
        task.id: task.family for task in memlab.stream("toolbox-b", lab03.KINDS[place.world], lab03_places.DRAWN, 100)
    }
    same = {case: [task for task in tasks if task.family == family[case.id]] for case in place.bank}
    useless = [c for c, near in same.items() if not any(success(t, t.tools[c.action](t.text)) for t in near)]
    assert len(useless) == (lab03_places.BANK // 2 if place.world == lab03.MISFILED else 0)


def test_expected_success_is_equation_1(place):
    policy, store, null = lab03.arms()["soft, kernel Q"], place.store(), lab03.copied(place)
    near, mu = policy.policy(place.test_vectors[0], store)
    brute = sum(p * null[0, name] for p, name in zip(mu, (*near.ids, ""), strict=True))
    assert lab03.expected(place, policy, store, null)[0] == pytest.approx(brute)
    assert max(lab03.expected(place, policy, store, null)) <= 1


def test_practice_keeps_every_use_and_rewrites_the_case_that_was_used(place):
    store = place.store()
    rewards = lab03.practice(place, lab03.arms()["hybrid, case Q"], store)
    steps = store.steps()
    assert [step.reward for step in steps] == rewards and len(steps) == lab03_places.PRACTICE
    assert sum(case.uses for case in store.cases()) == sum(len(step.shown) for step in steps)


def test_recorded_rows_come_out_again():
    place, kept = lab03.recorded_place(lab03.MISFILED, 103), lab03.rows("lab03-arms")
    kept = kept[(kept["world"] == place.world) & (kept["seed"] == 103)]
    for name in ("no memory", "hybrid, kernel Q", "best case in hindsight"):
        again = lab03.live(place, name, lab03.rows())
        assert [row["success"] for row in again] == pytest.approx(kept[kept["learner"] == name]["success"].tolist())


def test_the_model_was_asked_with_every_near_case_and_without(place):
    table = lab03.worth(lab03.rows(), place)
    for i, vector in enumerate(place.test_vectors):
        near = place.store().search(vector, lab03.NEAR, kind="case").ids
        assert {name for (j, name) in table if j == i} == {*near, ""}


def test_an_unknown_world_is_refused(place):
    with pytest.raises(MemlabError, match="the worlds are"):
        lab03.recorded_place("flat", 100)
