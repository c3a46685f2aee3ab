"""The loop with a scripted model: what is shown, what is narrowed, what is written, and what a gate refuses."""

import numpy as np
import pytest

import memlab
from memlab.agent import Agent, action_values, narrow
from memlab.core import Case, Edit, Hits, MemlabError, Reply
from memlab.credit import RewriteQ
from memlab.llm.contract import LLM
from memlab.prompt import parse
from memlab.retrieval.policies import TopK
from memlab.rivals.knn import KnnVote


class Scripted(LLM):
    """A model that copies the last case it is shown and otherwise names the first choice."""

    name, backend, digest = "scripted", "simulated", "0"

    def __init__(self):
        self.prompts = []
        self.offered = []

    def answer(self, call):
        self.prompts.append(call.prompt)
        self.offered.append(call.choices)
        cases = parse(call.prompt).cases
        value = cases[-1][1] if cases and cases[-1][1] in call.choices else call.choices[0]
        return Reply(value, value, None, 10, 2, 0.0, self.name, self.backend)


@pytest.fixture
def embedder():
    return memlab.open_embedder("hash")


def make(embedder, **parts):
    llm = Scripted()
    store = memlab.open_store(dim=embedder.dim)
    return llm, store, Agent(llm, embedder, store, TopK(), **parts)


def test_failed_tools_are_narrowed_out_and_a_success_is_copied(embedder):
    llm, _, agent = make(embedder)
    episodes = list(agent.run(memlab.stream("toolbox-a", "stationary", 60, 0, families=1)))
    wins = [episode.success for episode in episodes]
    first = wins.index(1.0)
    assert sum(wins[:first]) == 0 and all(wins[first:])
    tried = [episode.steps[0].action for episode in episodes[: first + 1]]
    assert len(set(tried)) == len(tried)
    assert all(name not in llm.offered[first] for name in tried[:-1])


def test_no_memory_asks_the_same_question_forever(embedder):
    llm = Scripted()
    agent = Agent(llm, embedder)
    episodes = list(agent.run(memlab.stream("toolbox-a", "stationary", 12, 0)))
    assert set(llm.offered) == {episodes[0].task.choices}
    assert all(not parse(prompt).cases for prompt in llm.prompts) and not any(episode.edits for episode in episodes)


class Ranking(LLM):
    """A model whose tokens hold two tools."""

    name, backend, digest = "ranking", "simulated", "0"

    def __init__(self):
        self.calls = []

    def answer(self, call):
        self.calls.append(call)
        probs = dict.fromkeys(call.choices, 0.0) | {"bits": 0.25, "common": 0.75}
        return Reply("x", "common", probs, 10, 1, 0.0, self.name, self.backend)


def test_ranked_choices_are_narrowed_after_the_call_and_an_unlisted_one_is_drawn(embedder):
    llm = Ranking()
    agent = Agent(llm, embedder, memlab.open_store(dim=embedder.dim), TopK(k=0), answer="ranked")
    tasks = [task for task in memlab.stream("toolbox-a", "stationary", 60, 0) if task.family == "spell_backward"][:3]
    took = [episode.steps[0].action for episode in agent.run(tasks)]
    assert took[:2] == ["common", "bits"] and took[2] not in took[:2]
    assert all(call.choices == tasks[0].choices and call.answer == "ranked" for call in llm.calls)
    assert {call.answer for call in asked_masked(embedder)} == {"masked"}


def asked_masked(embedder):
    llm = Ranking()
    list(Agent(llm, embedder).run(memlab.stream("toolbox-a", "stationary", 4, 0)))
    return llm.calls


def test_each_task_is_one_commit_of_its_case_its_step_and_its_credit(embedder):
    _, store, agent = make(embedder, credit=RewriteQ())
    episodes = list(agent.run(memlab.stream("toolbox-a", "drift", 24, 0)))
    assert store.version == 24 and len(store.steps()) == 24
    first = store.get(episodes[0].edits[0].case_id)
    assert first.episode == 0 and first.action == episodes[0].steps[0].action
    assert store.history(first.id)[0].op == "write"


def test_a_two_step_task_fills_and_shows_subtask_and_tool_memory(embedder):
    llm, store, agent = make(embedder)
    task = memlab.stream("toolbox-a", "stationary", 40, 0, two_step=1.0)[0]
    solved = next(agent.run([task]))
    notes, calls = store.cases("subtask"), store.cases("tool")
    assert [note.text for note in notes] == list(solved.asked)
    assert [call.action for call in calls] == [step.action for step in solved.steps]
    assert notes[0].note == task.tools[solved.steps[0].action](solved.asked[0])
    assert parse(llm.prompts[1]).done and "{result}" not in solved.asked[1]
    assert len(store.cases("case")) == 2 and len(store.cases()) == 6


def test_a_two_step_task_is_solved_when_the_right_tools_are_in_memory(embedder):
    task = memlab.stream("toolbox-a", "stationary", 40, 0, two_step=1.0)[0]
    _, store, agent = make(embedder)
    result = ""
    for number, (part, tool) in enumerate(zip(task.subtasks, task.serves, strict=True)):
        question = part.replace("{result}", result)
        result = task.tools[tool](question)
        vector = embedder.embed([memlab.agent.prompt.shorten(question, 60)])[0]
        store.commit([Edit.write(Case(f"known{number}", question, tool, q=1.0, vector=vector))])
    assert next(agent.run([task])).success == 1.0


def test_what_an_episode_writes_names_the_cases_that_were_shown_in_it(embedder):
    _, store, agent = make(embedder, credit=RewriteQ())
    shown = set()
    for episode in agent.run(memlab.stream("toolbox-a", "stationary", 40, 0, two_step=0.5)):
        here = {case_id for step in episode.steps for case_id in step.shown}
        assert all(set(edit.sources) == here for edit in episode.edits if edit.op == "write")
        assert all(set(edit.sources) == here | {edit.case_id} for edit in episode.edits if edit.op == "rewrite")
        shown |= here
    assert shown and {edit.op for case in store.cases() for edit in store.history(case.id)} == {"write", "rewrite"}


def test_a_planted_lesson_and_all_that_the_agent_learned_from_it_are_taken_back(embedder):
    _, store, agent = make(embedder, credit=RewriteQ())
    tasks = memlab.stream("toolbox-a", "stationary", 40, 0, families=1)
    lie = Case("lie", "a lie", "letters", reward=1.0, q=1.0, vector=embedder.embed([tasks[0].text])[0])
    store.commit([Edit.write(lie, author="eve")])
    lived = list(agent.run(tasks))
    touched, planted, q = {"lie"}, {"lie"}, {}
    for edit in (edit for episode in lived for edit in episode.edits):
        if touched & set(edit.sources):
            touched.add(edit.case_id)
            planted |= {edit.case_id} if edit.op == "write" else set()
        else:
            q[edit.case_id] = edit.after["q"]
    written = {f"{task.id}/0/0" for task in tasks}
    store.revert(author="eve")
    assert {case.id for case in store.cases()} == written
    store.revert(author="eve", derived=True)
    assert {case.id: case.q for case in store.cases()} == q
    assert q.keys() == written - planted and len(planted) > 1


def test_a_gate_refuses_an_edit_with_its_reason(embedder):
    refused = []

    def gate(task, episode, edit):
        if episode.reward < 1:
            refused.append(edit)
            return "only solved tasks are kept"
        return ""

    _, store, agent = make(embedder, gate=gate)
    episodes = list(agent.run(memlab.stream("toolbox-a", "stationary", 20, 0)))
    assert refused and len(store) == sum(episode.success for episode in episodes)


def test_rollouts_are_one_group_and_one_commit(embedder):
    _, store, agent = make(embedder)
    episodes = list(agent.run(memlab.stream("toolbox-a", "stationary", 3, 0), rollouts=4))
    assert len(episodes) == 12 and store.version == 3 and len(store) == 12


@pytest.mark.parametrize("rollouts", [0, -1, 1.5])
def test_a_task_is_lived_at_least_once(embedder, rollouts):
    _, store, agent = make(embedder)
    with pytest.raises(MemlabError, match=f"rollouts={rollouts}"):
        list(agent.run(memlab.stream("toolbox-a", "stationary", 3, 0), rollouts=rollouts))
    assert store.version == 0


@pytest.mark.parametrize("on_disk", [False, True])
def test_an_interrupted_run_resumes_behind_the_tasks_it_lived(embedder, tmp_path, capsys, on_disk):
    tasks = memlab.stream("toolbox-a", "drift", 24, 0, two_step=0.3)
    llm, store, agent = make(embedder, credit=RewriteQ())
    whole = list(agent.run(tasks, rollouts=2))
    path = tmp_path / "memory" if on_disk else None
    with memlab.open_store(path, dim=embedder.dim) as again:
        part = Agent(llm, embedder, again, TopK(), credit=RewriteQ()).run(tasks, rollouts=2)
        lived = [next(part) for _ in range(19)]
        part.close()
        assert capsys.readouterr().out == ""
        if on_disk:
            again.close()
            again = memlab.open_store(path, dim=embedder.dim)
        rest = list(Agent(llm, embedder, again, TopK(), credit=RewriteQ()).run(tasks, rollouts=2))
        assert capsys.readouterr().out.startswith("memlab: 10 of 24 tasks were lived in this store before")
        assert len(lived) == 19 and len(rest) == 28
        assert [episode.answer for episode in rest] == [episode.answer for episode in whole[20:]]
        assert again.cases() == store.cases() and again.version == store.version
        assert list(Agent(llm, embedder, again, TopK()).run(tasks)) == []


def test_another_task_under_an_id_that_was_lived_is_refused(embedder):
    """The ids of a stream do not tell its length, which changes its questions."""
    _, store, agent = make(embedder)
    list(agent.run(memlab.stream("toolbox-a", "drift", 8, 0)))
    with pytest.raises(MemlabError, match=r"lived another task under the id 'toolbox-a/drift/0/.*open another store"):
        list(agent.run(memlab.stream("toolbox-a", "drift", 12, 0)))
    assert store.version == 8


def test_a_run_stops_when_its_seconds_are_over(embedder):
    _, _, agent = make(embedder)
    assert list(agent.run(memlab.stream("toolbox-a", "stationary", 5, 0), seconds=-1.0)) == []


def test_noise_reaches_the_learner_and_not_the_score(embedder):
    _, _, agent = make(embedder)
    episodes = list(agent.run(memlab.stream("toolbox-a", "noisy", 40, 0)))
    assert all((e.reward != e.success) == e.task.flip for e in episodes) and any(e.task.flip for e in episodes)


def test_narrowing_keeps_the_untried_and_never_leaves_nothing():
    assert narrow(("a", "b", "c"), {"a": 0.0, "b": 0.5}, 0.5) == ("b", "c")
    assert narrow(("a", "b"), {"a": 0.0, "b": 0.1}, 0.5) == ("a", "b")


def test_action_values_weigh_by_similarity():
    cases = (Case("1", "", "a", q=1.0), Case("2", "", "a", q=0.0), Case("3", "", "b", q=0.4))
    values = action_values(Hits(("1", "2", "3"), np.array([0.9, 0.6, 0.5]), cases))
    assert values == pytest.approx({"a": 0.9 / 1.5, "b": 0.4})


def test_the_vote_needs_no_model(embedder):
    store = memlab.open_store(dim=embedder.dim)
    episodes = list(
        KnnVote(None or Scripted(), embedder, store, TopK()).run(memlab.stream("toolbox-a", "stationary", 60, 1))
    )
    assert not any(episode.replies for episode in episodes)
    assert np.mean([episode.success for episode in episodes[40:]]) > 0.8


def test_mismatched_parts_are_named(embedder):
    with pytest.raises(MemlabError, match="retrieval"):
        Agent(Scripted(), embedder, memlab.open_store(dim=embedder.dim))
    with pytest.raises(MemlabError, match="dim=256"):
        Agent(Scripted(), embedder, memlab.open_store(dim=3), TopK())
