"""The believer on the real loop: what it asks, what it writes, and that beliefs are a fold of the live cases."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import memlab
from memlab.core import Case, Edit, MemlabError
from memlab.learners import life, with_memory
from memlab.prompt import parse
from memlab.retrieval import TopK
from memlab.rivals.believer import Believe, Believer
from memlab.rivals.bets import Bets
from memlab.rivals.fold import BELIEF, WORLD
from tests.rivals.helpers import TOOLS, Plane, Saying, stored, task


def world(kinds, moved_at=99, flips=(), wide=90):
    """Tasks of kinds a right angle apart; from ``moved_at`` on every kind is served by the next tool."""
    return [
        task(i, f"{wide * kind + i % 3} q{kind}", TOOLS[(kind + (i >= moved_at)) % 3], i in flips)
        for i, kind in enumerate(kinds)
    ]


def built(store, llm=None, ask=True, bets=None, retrieval=None):
    rule = Believe(bets or Bets(), ask=ask)
    return with_memory(retrieval or TopK(k=0), rule, narrow_below=None, make=Believer)(
        llm or Saying(), Plane(), store, 0
    )


def beliefs(store):
    return {case.id: case for case in store.cases("tool") if case.id.startswith(BELIEF)}


def test_it_asks_once_a_task_what_an_agent_without_memory_asks_and_beats_its_prior():
    store, llm = stored(), Saying({f"{i % 3} q0": {"y": 0.8, "x": 0.2} for i in range(9)})
    rows = life(built(store, llm), world([0] * 9))
    assert [row["action"] for row in rows][:2] == ["y", "x"] and all(row["success"] for row in rows[1:])
    assert [row["calls"] for row in rows] == [1] * 9
    assert all(call.choices == TOOLS and not parse(call.prompt).cases for call in llm.calls)


def test_with_a_uniform_prior_the_model_is_never_asked():
    llm = Saying()
    rows = life(built(stored(), llm, ask=False), world([0, 1] * 6))
    assert llm.calls == [] and sum(row["success"] for row in rows[6:]) == 6


def test_what_is_believed_is_rewritten_in_the_store_with_reason_credit_and_sources():
    store = stored()
    life(built(store, Saying({"0 q0": {"x": 1.0}})), world([0, 0, 0], moved_at=2))
    held = beliefs(store)
    assert set(held) == {f"{BELIEF}t0/0/0", WORLD}
    one, past = held[f"{BELIEF}t0/0/0"], store.history(f"{BELIEF}t0/0/0")
    assert one.text == "0 q0" and one.uses == 3 and one.q == pytest.approx(json.loads(one.note)[one.action])
    assert [edit.op for edit in past] == ["write", "rewrite", "rewrite"]
    assert past[2].reason == "x failed" and past[2].sources == ("t2/0/0", one.id) and past[2].episode == 2
    assert -0.2 < past[2].credit < 0 and one.q == pytest.approx(1 + past[2].credit)
    assert store.steps()[2].shown == (one.id,), "the belief that decided counts as shown"


def test_an_arrangement_that_a_change_ended_is_kept_by_one_write():
    store = stored()
    life(built(store), world([0, 1] * 12, moved_at=12))
    before = {name: case for name, case in beliefs(store).items() if "before/" in name}
    assert list(before) == [f"{BELIEF}before/1"]
    assert set(json.loads(before[f"{BELIEF}before/1"].note).values()) == {"x", "y"}
    assert [edit.op for edit in store.history(f"{BELIEF}before/1")] == ["write"]


programs = st.lists(st.integers(0, 2), min_size=2, max_size=12)


@settings(max_examples=25)
@given(programs, st.data())
def test_a_case_taken_back_leaves_the_beliefs_of_a_life_without_it(kinds, data):
    tasks = world(kinds, moved_at=len(kinds) // 2, flips=set(data.draw(st.lists(st.integers(0, 11), max_size=3))))
    out = data.draw(st.integers(0, len(kinds) - 1))
    store = stored()
    agent = built(store, bets=Bets(noise=(0.003, 0.2), beam=4))
    life(agent, tasks)
    store.revert(ids=[f"t{out}/0/0"])
    agent.credit.refold(store)
    other = memlab.open_store(dim=2)
    other.commit([Edit.write(case) for case in store.cases("case")])
    Believe(Bets(noise=(0.003, 0.2), beam=4)).refold(other)
    assert beliefs(store) == beliefs(other)
    look = agent.credit.fold(store).look(Plane().embed(["0 q0"])[0], {})
    again = Believe(Bets(noise=(0.003, 0.2), beam=4)).fold(other).look(Plane().embed(["0 q0"])[0], {})
    assert np.array_equal(look.chances(), again.chances())
    assert agent.credit.refold(store) == store.version, "nothing more to rewrite"


def test_the_next_task_puts_right_what_a_planted_case_taught():
    store = stored()
    agent = built(store)
    tasks = world([0] * 12)
    life(agent, tasks[:4])
    clean = beliefs(store)
    lie = Case("lie", "0 q0", "z", 1.0, 1.0, episode=4, vector=Plane().embed(["0"])[0])
    store.commit([Edit.write(Case(**{**vars(lie), "id": f"lie{i}"}), author="mallory") for i in range(6)])
    agent.credit.refold(store)
    assert beliefs(store) != clean
    store.revert(author="mallory")
    episode = next(agent.run(tasks[4:]))
    assert episode.success and beliefs(store)[f"{BELIEF}t0/0/0"].action == "x"
    assert "folded anew" in store.history(f"{BELIEF}t0/0/0")[-1].reason


def test_a_note_that_another_wrote_teaches_nothing_of_the_model_and_breaks_nothing():
    for note in (
        "",
        "x",
        "[]",
        "null",
        '{"p": 3, "at": [1]}',
        '{"p": {"x": "y"}, "at": "z"}',
        '{"p": {"x": NaN}, "at": [0]}',
    ):
        store = stored()
        store.commit([Edit.write(Case("n", "0 q0", "x", 1.0, 1.0, note=note, vector=Plane().embed(["0"])[0]))])
        rows = life(built(store, Saying({"0 q0": {"y": 0.5}})), world([0, 0, 0]))
        assert rows[-1]["success"] == 1, note


def test_a_memory_without_a_vector_or_an_action_is_no_evidence():
    store = stored()
    east = Plane().embed(["0"])[0]
    store.commit([Edit.write(Case("far", "0 q0", "z", 1.0, 1.0)), Edit.write(Case("mute", "0 q0", vector=east))])
    agent = built(store)
    assert [row["action"] for row in life(agent, world([0, 0], moved_at=9))][1] in TOOLS
    assert list(agent.credit.fold(store).cases) == ["t0/0/0", "t1/0/0"]


def test_a_life_goes_on_from_disk_as_if_it_had_not_stopped(tmp_path):
    tasks, whole = world([0, 1, 2] * 6, moved_at=9), stored()
    life(built(whole), tasks)
    for part in (tasks[:8], tasks):
        with memlab.open_store(tmp_path / "memory", dim=2) as store:
            life(built(store), part)
            held = beliefs(store)
    assert held == beliefs(whole)


def test_a_gate_that_refuses_the_case_keeps_it_out_of_the_beliefs():
    store = stored()
    agent = built(store)
    agent.gate = lambda task, episode, edit: "no" if edit.case_id.startswith("t1/") else ""
    life(agent, world([0, 0, 0]))
    assert [case.id for case in store.cases("case")] == ["t0/0/0", "t2/0/0"]
    other = memlab.open_store(dim=2)
    other.commit([Edit.write(case) for case in store.cases("case")])
    Believe().refold(other)
    assert beliefs(store) == beliefs(other)


def test_it_needs_its_own_credit_rule():
    with pytest.raises(MemlabError, match="credit=Believe"):
        with_memory(TopK(k=0), make=Believer)(Saying(), Plane(), stored(), 0)
