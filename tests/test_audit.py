"""Why an answer came out as it did, and the answer without a memory."""

import numpy as np
import pytest
from typer.testing import CliRunner

import memlab
from memlab import cli
from memlab.audit import explain, relive, rests_on, version_before
from memlab.core import Case, Edit, MemlabError
from memlab.learners import life, with_memory
from memlab.retrieval import TopK
from memlab.rivals.believer import Believe, Believer
from memlab.stores import StoreError
from tests.rivals.helpers import Plane, Saying, stored, task

COPY = {f"{i} q": {"x": 1.0} for i in range(9)}


class Copies(Saying):
    """Copies the nearest case's tool; x where none is shown."""

    def answer(self, call):
        shown = [name for name in ("x", "y", "z") if f'A: "{name}"' in call.prompt]
        self.p = {call.prompt.rsplit("\nQ: ", 1)[1].split("\n")[0]: {(shown or ["x"])[-1]: 1.0}}
        return super().answer(call)


def lived():
    """Three tasks; then mallory plants a case that says z, and a fourth task follows it."""
    store = stored()
    make = with_memory(TopK(k=1), narrow_below=None)
    life(make(Copies(), Plane(), store, 0), [task(i, f"{i} q", "x") for i in range(3)])
    lie = Case("lie", "3 q", "z", 1.0, 1.0, episode=2, vector=Plane().embed(["3"])[0])
    store.commit([Edit.write(lie, author="mallory", reason="trust me", sources=("t0/0/0",))])
    life(make(Copies(), Plane(), store, 0), [task(i, f"{i} q", "x") for i in range(3, 6)])
    return store, lambda memory: make(Copies(), Plane(), memory, 0)


def test_an_answer_is_explained_by_the_memories_that_it_read_as_they_were():
    store, _ = lived()
    said = "\n".join(explain(store, "t3"))
    assert said.startswith("t3, episode 3, read version 4: z, reward 0")
    assert "  lie (mu 1.00, q 1.00, used 0): z, '3 q'" in said
    assert "write by mallory, episode -1: trust me; from t0/0/0" in said
    assert "rests on 2 memories, edits by mallory 1, agent 1: lie, t0/0/0" in said
    assert "it read no memory" in "\n".join(explain(store, "0"))


def test_the_answer_without_a_memory_is_lived_on_memory_as_it_was_and_writes_nothing():
    store, make = lived()
    again = relive(make, store, task(3, "3 q", "x"), ["lie"])
    assert again.steps[0].action == "x" and again.reward == 1
    assert again.steps[0].shown == ("t2/0/0",), "and not a case of a later task"
    assert relive(make, store, task(3, "3 q", "x")).steps[0].action == "z"
    assert store.version == 7 and version_before(store, "t3") == 4


def test_the_version_that_an_answer_read_stands_in_the_log_and_no_past_is_rebuilt_for_it(monkeypatch):
    store, _ = lived()
    monkeypatch.setattr(store, "at", lambda version: pytest.fail("a past version was rebuilt"))
    assert [version_before(store, f"t{i}") for i in (0, 2, 3, 5)] == [0, 2, 4, 6]
    assert version_before(store, "not lived yet") == store.version
    assert version_before(store.without(["lie"]), "t3") == 4


def test_a_belief_is_traced_to_its_cases_and_lived_without_one():
    store = stored()
    make = with_memory(TopK(k=0), Believe(), narrow_below=None, make=Believer)
    life(make(Saying(COPY), Plane(), store, 0), [task(i, f"{i} q", "y") for i in range(4)])
    said = "\n".join(explain(store, "t3"))
    assert "  belief:t0/0/0 (mu 1.00" in said and "x failed; credit" in said
    assert set(rests_on(store, "belief:t0/0/0")) >= {"t0/0/0", "t1/0/0", "t2/0/0"}
    rule = Believe()
    alone = with_memory(TopK(k=0), rule, narrow_below=None, make=Believer)
    without = relive(lambda memory: alone(Saying(COPY), Plane(), memory, 0), store, task(3, "3 q", "y"), ["t0/0/0"])
    other = memlab.open_store(dim=2)
    other.commit([Edit.write(store.at(3).get(name)) for name in ("t1/0/0", "t2/0/0")])
    fresh = Believe().fold(other).look(Plane().embed(["3"])[0], {})
    assert np.array_equal(rule._last[2].look(Plane().embed(["3"])[0], {}).chances(), fresh.chances())
    assert without.steps[0].action == ("x", "y", "z")[int(fresh.chances().argmax())]


@pytest.mark.parametrize("answer", ["t9", "17", ""])
def test_an_answer_that_is_not_there_is_named(answer):
    with pytest.raises(MemlabError, match=f"0 tasks of this store fit '{answer}': name one by its id, such as 't0'"):
        list(explain(lived()[0], answer))


def test_a_number_that_two_tasks_bear_asks_for_the_id():
    store, _ = lived()
    agent = with_memory(TopK())(Copies(), Plane(), store, 0)
    other = task(3, "3 q", "x")
    life(agent, [memlab.Task(**{**vars(other), "id": "u3"})])
    with pytest.raises(MemlabError, match="2 tasks of this store fit '3': name one by its id, such as 't3'"):
        list(explain(store, "3"))


def test_another_question_under_the_id_and_a_memory_that_was_not_there_are_refused():
    store, make = lived()
    with pytest.raises(MemlabError, match="another question under 't3'"):
        relive(make, store, task(3, "40 q", "x"))
    with pytest.raises(StoreError, match="t5/0/0"):
        relive(make, store, task(3, "3 q", "x"), ["t5/0/0"])


def test_a_kept_run_is_audited_and_replayed_from_the_shell(tmp_path, monkeypatch):
    embedder = memlab.open_embedder("hash")
    monkeypatch.setattr(memlab, "open_embedder", lambda spec: embedder)
    memory, shell = str(tmp_path / "memory"), CliRunner()
    how = ["--model", "simulated", "--tasks", "12", "--learner", "belief"]
    assert shell.invoke(cli.app, ["run", "drift", "--keep", memory, *how]).exit_code == 0
    told = shell.invoke(cli.app, ["audit", memory, "11"]).output
    assert told.startswith("toolbox-a/drift/0/11, episode 11, read version 11") and "rests on" in told
    case = "toolbox-a/drift/0/0/0/0"
    again = shell.invoke(cli.app, ["audit", memory, "11", "--without", case, *how]).output
    assert f"without {case}: " in again and "simulated" in again.splitlines()[-1]
    wrong = shell.invoke(cli.app, ["audit", memory, "11", "--without", case, "--model", "simulated", "--tasks", "60"])
    assert "another question" in str(wrong.exception)
    nothing = shell.invoke(cli.app, ["audit", str(tmp_path / "no"), "11"])
    assert "no memory at" in str(nothing.exception) and not (tmp_path / "no").exists()
    assert "no learner 'mine'" in str(shell.invoke(cli.app, ["run", "--learner", "mine"]).exception)
