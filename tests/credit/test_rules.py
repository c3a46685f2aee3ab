"""Credit rules: what each writes after a success and after a failure."""

import numpy as np
import pytest

import memlab
from memlab.core import Case, Edit, Episode, MemlabError, Step, Task
from memlab.credit.rules import RewriteQ
from memlab.credit.worth import counterfactual, leave_one_out
from memlab.rivals.memrl import memrl

EAST = np.array([1.0, 0.0], np.float32)
NORTH = np.array([0.0, 1.0], np.float32)


def lived(action, reward, index=30, shown=()):
    task = Task("t", "t", ("x", "y"), {}, ("t",), "", "", {}, lambda answer: 0.0, index=index)
    step = Step("t", EAST, shown, (1.0,) * len(shown), action, reward, index)
    return Episode(index, task, (step,), ("t",), (), "", reward, reward, 0.0)


def memory():
    store = memlab.open_store(dim=2)
    cases = [
        Case("old", "", "x", 1.0, 1.0, episode=2, vector=EAST),
        Case("new", "", "y", 1.0, 1.0, episode=25, vector=EAST),
        Case("far", "", "x", 1.0, 1.0, episode=1, vector=NORTH),
    ]
    store.commit([Edit.write(case) for case in cases])
    return store


def test_memrl_pays_every_injected_memory_alike_and_no_other():
    q = np.array([0.0, 0.5, -0.2])
    assert memrl(q, [0, 1], True).tolist() == pytest.approx([0.3, 0.65, -0.2])
    assert memrl(q, [2], False, step=0.5).tolist() == pytest.approx([0.0, 0.5, -0.6])
    assert q.tolist() == [0.0, 0.5, -0.2]
    with pytest.raises(MemlabError, match="step=2"):
        memrl(q, [0], True, step=2)


def test_leave_one_out_gives_two_redundant_cases_nothing_and_shapley_half_each():
    def either(ids):
        return float(bool(ids & {"a", "b"}))

    assert leave_one_out(either, ["a", "b", "c"]) == {"a": 0, "b": 0, "c": 0}
    assert counterfactual(either, ["a", "b", "c"]) == pytest.approx({"a": 0.5, "b": 0.5, "c": 0})
    with pytest.raises(MemlabError, match="repeat"):
        leave_one_out(either, ["a", "a"])
    with pytest.raises(MemlabError, match="the str 'ab'"):
        leave_one_out(either, "ab")


def test_the_edits_name_what_they_were_derived_from():
    edits = RewriteQ()([lived("x", 1.0, shown=("seen", "seen"))], memory())
    assert {edit.case_id: set(edit.sources) for edit in edits} == {"old": {"seen", "old"}}


def test_a_failure_that_is_forgotten_names_the_advice_that_broke():
    store = memory()
    store.commit([Edit.rewrite("new", {"q": 0.0})])
    edits = {edit.case_id: edit for edit in RewriteQ(step=1.0)([lived("x", 0.0, shown=("seen",))], store)}
    assert edits["new"].op == "forget" and edits["new"].sources == ("seen", "old")


def test_credit_of_a_group_names_what_was_shown_in_every_rollout():
    edits = RewriteQ()([lived("x", 1.0, shown=("one",)), lived("x", 0.0, shown=("two",))], memory())
    assert [edit.sources for edit in edits] == [("one", "old", "two")]
