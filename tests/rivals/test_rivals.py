"""Each rival against a trace of its published rule, worked by hand."""

import numpy as np
import pytest

from memlab.agent import Agent
from memlab.core import Case, Reply
from memlab.credit.rules import append_only
from memlab.learners import life, with_memory
from memlab.prompt import parse
from memlab.retrieval import TopK
from memlab.retrieval.learned import CaseQ, Soft
from memlab.rivals.applied import Applied, AppliedPlacebo, AppliedStreamICL
from memlab.rivals.arms import learners
from memlab.rivals.bounded import Bounded
from memlab.rivals.contrast import Contrast
from memlab.rivals.memento import nonparametric, parametric, parametric_released
from memlab.rivals.memrl import READ, DirectMemRL, MemRL, PayInjected
from memlab.rivals.placebo import Placebo
from memlab.rivals.resets import Resets, filtered
from memlab.rivals.streamicl import StreamICL
from tests.rivals.helpers import TOOLS, Plane, Saying, lived, stored, task

EAST = Plane().embed(["0"])[0]


def agent(make, store, llm=None, retrieval=None, credit=append_only, narrow_below=0.5):
    learner = with_memory(retrieval or TopK(), credit, narrow_below, make)
    return learner(llm or Saying(), Plane(), store, 0)


def test_streamicl_keeps_what_was_right_and_nothing_else():
    store, llm = stored(), Saying({"0 a": {"x": 1.0}, "1 b": {"y": 1.0}, "2 c": {"x": 1.0}})
    rows = life(
        agent(StreamICL, store, llm, narrow_below=None), [task(0, "0 a", "x"), task(1, "1 b", "x"), task(2, "2 c", "x")]
    )
    assert [row["success"] for row in rows] == [1, 0, 1]
    assert [(case.text, case.action) for case in store.cases()] == [("0 a", "x"), ("2 c", "x")]
    assert [parse(call.prompt).cases for call in llm.calls] == [(), (("0 a", "x"),), (("0 a", "x"),)]


def test_streamicl_applied_takes_the_tool_of_the_nearest_verified_case_even_when_it_fails():
    """10 degrees lie nearer to a at 0 than to b at 25. a's tool fails; nothing is written, and it is taken again."""
    store, llm = stored(("a", "0 q", "x", 1.0, 1.0, 0), ("b", "25 q", "y", 1.0, 1.0, 1)), Saying({"90 q": {"z": 1.0}})
    applied = agent(AppliedStreamICL, store, llm, TopK(k=4), narrow_below=None)
    rows = life(applied, [task(2, "10 q", "y"), task(3, "10 q", "y"), task(4, "90 q", "z")])
    assert [row["action"] for row in rows] == ["x", "x", "z"] and [row["calls"] for row in rows] == [0, 0, 1]
    assert len(store) == 3 and parse(llm.calls[0].prompt).cases == ()


def test_memento_applied_leaves_what_failed_nearby_and_follows_the_next():
    """Near 0: x failed at 1 and worked at 9, mean below .5 by similarity; y worked at 20."""
    rows = [("a", "1 q", "x", 0.0, 0.0, 0), ("b", "9 q", "x", 1.0, 1.0, 1), ("c", "20 q", "y", 1.0, 1.0, 2)]
    (row,) = life(agent(Applied, stored(*rows), retrieval=nonparametric()), [task(5, "0 q", "y")])
    assert (row["action"], row["calls"], row["shown"]) == ("y", 0, 1)


def test_where_void_is_drawn_an_applied_memory_is_not_used_and_no_case_is_paid_for_it():
    store, llm = stored(("a", "0 q", "x", 1.0, 1.0, 0)), Saying({"0 now": {"z": 1.0}})
    for void, action, shown in ((5.0, "z", 0), (-5.0, "x", 1)):
        read = Soft(CaseQ(), k=1, alpha=0.01, void_q=void)
        episode = agent(Applied, store, llm, read).attempt(task(5, "0 now", "x"))
        assert (episode.steps[0].action, len(episode.steps[0].shown)) == (action, shown)
    assert [parse(call.prompt).cases for call in llm.calls] == [()]


def test_a_placebo_that_is_applied_draws_any_tool_where_a_memory_would_be_followed():
    store, llm = stored(("a", "0 q", "x", 1.0, 1.0, 0)), Saying()
    applied = agent(AppliedPlacebo, store, llm)
    taken = {applied.attempt(task(i, "0 q", "x")).steps[0].action for i in range(20)}
    assert taken == set(TOOLS) and llm.calls == []


def test_mementos_memory_reads_the_four_nearest_whatever_they_resemble():
    rows = [(f"c{i}", f"{angle} q", "x", 1.0, 1.0, i) for i, angle in enumerate([170, 40, 20, 10, 30, 60])]
    retrieved = nonparametric()(EAST, stored(*rows), np.random.default_rng(0))
    assert [case.id for case in retrieved.cases] == ["c3", "c2", "c4", "c1"]


@pytest.mark.parametrize("read", [parametric(), parametric_released()])
def test_mementos_learned_reads_prefer_what_brought_reward(read):
    """East, x brought reward and y did not; both reads show x more often."""
    store = stored(*[(f"x{i}", f"{i} q", "x", 1.0, 1.0, i) for i in range(4)],
                   *[(f"y{i}", f"{i + 5} q", "y", 0.0, 0.0, i) for i in range(4)])  # fmt: skip
    for i in range(240):
        episode = lived(i, "3 q", "xy"[i % 2], float(i % 2 == 0), (f"{'xy'[i % 2]}{i // 2 % 4}",))
        store.commit([], episode.steps)
    near, mu = read.policy(EAST, store)
    share = {tool: sum(p for case, p in zip(near.cases, mu, strict=False) if case.action == tool) for tool in "xy"}
    assert share["x"] > 1.2 * share["y"]


def test_memrl_by_hand():
    """Three near memories with similarity 1, .98, .94 and Q 0, 0, 1.

    z(sim) = (1.07, .27, -1.34), z(Q) = (-.71, -.71, 1.41). Scores at λ = .5: .18, -.22, .04.
    All three are injected (k2 = 3); each Q moves .3 of the way to r = ±1.
    """
    rows = [("a", "0 q", "x", 1.0, 0.0, 0), ("b", "11.4783 q", "y", 0.0, 0.0, 1), ("c", "19.9484 q", "x", 1.0, 1.0, 2)]
    store = stored(*rows, ("far", "90 q", "z", 1.0, 1.0, 3))
    retrieved = READ(EAST, store, np.random.default_rng(0))
    assert [case.id for case in retrieved.cases] == ["a", "c", "b"]
    llm = Saying({"0 new": {"y": 0.6, "x": 0.4}})
    (row,) = life(agent(MemRL, store, llm, READ, PayInjected()), [task(9, "0 new", "x")])
    assert llm.calls[0].choices == ("x", "z"), "the injected failure takes its tool away"
    assert [action for _, action in parse(llm.calls[0].prompt).cases] == ["x", "x"], "and it is no example to follow"
    assert row["success"] == 1
    assert {case.id: case.q for case in store.cases()} == pytest.approx(
        {"a": 0.3, "b": 0.3, "c": 1.0, "far": 1.0, "t9/0/0": 0}
    )
    store.commit(PayInjected()([lived(10, "0 new", "x", 0.0, ("a",))], store))
    assert store.get("a").q == pytest.approx(0.3 + 0.3 * (-1 - 0.3))
    assert store.history("a")[-1].credit == pytest.approx(-0.39) and store.history("a")[-1].sources == ("a",)


def test_memrl_applied_follows_the_best_injected_success_and_else_asks_without_cases():
    store, llm = stored(("a", "0 q", "y", 0.0, 0.0, 0)), Saying({"0 a": {"y": 0.6, "x": 0.4}})
    applied = agent(DirectMemRL, store, llm, READ, PayInjected())
    rows = life(applied, [task(i, "0 a", "x") for i in range(3)])
    assert [row["calls"] for row in rows] == [1, 0, 0] and all(row["success"] for row in rows)
    assert parse(llm.calls[0].prompt).cases == () and llm.calls[0].choices == ("x", "z")
    assert store.get("t0/0/0").q == pytest.approx(0.51) and store.get("a").q == pytest.approx(0.657)


def test_the_filter_that_resets_by_hand():
    """Uniform over 2, noise .1, hazard .5. x worked at 0: (.9, .1). Two tasks later it failed: the belief moved

    3/4 of the way to (.5, .5): (.6, .4); times (.1, .9): (.06, .36), so (1/7, 6/7). A task later: half way to (.5, .5).
    """
    cases = [Case("b", "", "x", 0.0, episode=2), Case("a", "", "x", 1.0, episode=0)]
    belief = filtered(np.array([0.5, 0.5]), cases, ("x", "y"), 3, 0.5, 0.1)
    assert belief == pytest.approx([(1 / 7 + 0.5) / 2, (6 / 7 + 0.5) / 2])
    assert filtered(np.array([1.0, 0.0]), [], ("x", "y"), 3, 0.5, 0.1) == pytest.approx([1.01 / 1.02, 0.01 / 1.02])


def test_the_filter_asks_without_cases_and_leaves_a_tool_that_fails():
    store, llm = stored(), Saying({f"{i} q": {"x": 0.7, "y": 0.2, "z": 0.1} for i in range(6)})
    tasks = [task(i, f"{i} q", "x" if i < 3 else "y") for i in range(6)]
    rows = life(agent(Resets, store, llm, TopK(k=0), narrow_below=None), tasks)
    assert [row["action"] for row in rows] == ["x", "x", "x", "x", "y", "y"]
    assert {call.choices for call in llm.calls} == {TOOLS} and not any(parse(call.prompt).cases for call in llm.calls)


def test_a_placebo_has_the_length_of_the_memories_and_nothing_of_them():
    store = stored(("a", "0 who knows what this is", "x", 1.0, 1.0, 0), ("b", "1 it is short", "x", 1.0, 1.0, 1))
    real, empty = Saying(), Saying()
    for make, llm in ((None, real), (Placebo, empty)):
        built = agent(make, store, llm) if make else with_memory(TopK())(llm, Plane(), store, 0)
        built.attempt(task(5, "0 now", "x"))
    assert len(real.calls[0].prompt) == len(empty.calls[0].prompt)
    shown = parse(empty.calls[0].prompt).cases
    assert len(shown) == 2 and not any("who" in text or "short" in text for text, _ in shown)
    assert empty.calls[0].choices == TOOLS
    drawn = {parse(empty.calls[-1].prompt).cases[0][1] for i in range(20)
             if agent(Placebo, store, empty).attempt(task(i, "0 now", "x"))}  # fmt: skip
    assert drawn == set(TOOLS)


def test_a_placebo_asks_the_same_of_the_model_whoever_lives():
    """What is near does not depend on what was done; the tools that it names are drawn by the task alone."""
    asked, done = {}, {}
    for name in ("placebo", "belief, placebo shown"):
        llm = Saying({f"{i} q": {"x": 0.9, "y": 0.1} for i in range(12)})
        agent = learners("ranked")[name](llm, Plane(), stored(), 7)
        done[name] = [row["action"] for row in life(agent, [task(i, f"{i} q", "y") for i in range(12)])]
        asked[name] = [parse(call.prompt).cases for call in llm.calls]
    assert asked["placebo"] == asked["belief, placebo shown"] and done["placebo"] != done["belief, placebo shown"]
    assert [len(cases) for cases in asked["placebo"]] == [0, 1, 2, *[3] * 9]
    assert {tool for cases in asked["placebo"] for _, tool in cases} == set(TOOLS)


def test_a_believer_that_shows_cases_weighs_what_the_model_says_of_them():
    """x worked once. The model, asked again, is sure of y: where it has a voice y is taken, and without it x."""
    heard = {"belief": ("x", 0), "belief, voice without cases": ("y", 0), "belief, cases shown": ("y", 1)}
    for name, (second, shown) in heard.items():
        llm = Saying({"0 q": {"x": 0.6, "y": 0.4}, "1 q": {"y": 1.0}})
        rows = life(learners("ranked")[name](llm, Plane(), stored(), 0), [task(i, f"{i} q", "x") for i in range(2)])
        assert [row["action"] for row in rows] == ["x", second], name
        assert len(parse(llm.calls[-1].prompt).cases) == shown


def test_a_bounded_bank_lets_the_least_valued_go_first_and_of_these_the_oldest():
    store = stored(*[(f"c{i}", f"{i} q", "x", 1.0, q, i) for i, q in enumerate([0.9, 0.2, 0.2, 0.8])])
    edits = Bounded(3)([lived(9, "0 q", "x", 1.0)], store)
    assert [(edit.op, edit.case_id) for edit in edits] == [("forget", "c1"), ("forget", "c2")]
    assert Bounded(5)([lived(9, "0 q", "x", 1.0)], store) == []
    rows = life(agent(Agent, store, credit=Bounded(3)),
                [task(i, f"{i} q", "x") for i in range(10, 16)])  # fmt: skip
    assert [row["memories"] for row in rows] == [3] * 6


def test_contrast_pays_the_case_on_which_the_choice_hung():
    """With a and b shown p(y) = .8, without a .2, without b .8: a pays η·1, b nothing, and three calls were made."""

    class Swayed(Saying):
        def answer(self, call):
            self.calls.append(call)
            p = 0.8 if "0 a" in dict(parse(call.prompt).cases) else 0.2
            return Reply("y", "y", {"x": 1 - p, "y": p, "z": 0.0}, 1, 1, 0.0, self.name, self.backend)

    store, llm = stored(("a", "0 a", "y", 1.0, 1.0, 0), ("b", "1 b", "y", 1.0, 1.0, 1)), Swayed()
    (row,) = life(agent(Contrast, store, llm), [task(5, "0 now", "x")])
    assert row["calls"] == 3 and row["success"] == 0
    assert store.get("a").q == pytest.approx(0.3) and store.get("b").q == 1.0
    assert store.history("a")[-1].reason == "1.00 of the choice hung on it"
