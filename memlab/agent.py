"""The agent as an LLM program (2508.16153, Eq 2): retrieve, reuse, evaluate, retain.

The planner chooses a tool with the frozen model; the executor runs it. Each step sees only what it needs: the
documentation, a few cases, the earlier results of this task, and its own question.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from memlab import prompt
from memlab.core import Case, Edit, Episode, Hits, MemlabError, Reply, Step, Task
from memlab.credit import CreditRule, append_only
from memlab.credit.rules import shown_in
from memlab.llm.contract import LLM, Embedder
from memlab.retrieval.policies import Retrieved, Retriever
from memlab.reward import reported, success
from memlab.stores.contract import Store
from memlab.tasks.tools import UNREADABLE
from memlab.verify import Gate

NOTHING = Hits((), np.zeros(0), ())


@dataclass(frozen=True)
class Query:
    """One step of ``task`` to decide on. ``done`` tells the steps before it, ``refused`` are tools that could not read
    its ``question``, ``rng`` draws the step's chances, and ``seed`` is the model's."""

    task: Task
    question: str
    vector: np.ndarray
    rng: np.random.Generator
    done: Sequence[str]
    seed: int
    refused: Set[str]


@dataclass(frozen=True)
class Choice:
    """What the planner decided for one subtask, and from what."""

    action: str
    choices: tuple[str, ...]
    retrieved: Retrieved
    reply: Reply | None


def action_values(near: Hits) -> dict[str, float]:
    """Each action tried nearby with the similarity-weighted mean Q of the cases that tried it."""
    weight: dict[str, float] = {}
    total: dict[str, float] = {}
    for case, similarity in zip(near.cases, near.similarity, strict=True):
        weight[case.action] = weight.get(case.action, 0.0) + float(similarity)
        total[case.action] = total.get(case.action, 0.0) + float(similarity) * case.q
    return {action: total[action] / weight[action] for action in weight if weight[action] > 0}


def narrow(choices: Sequence[str], values: Mapping[str, float], floor: float) -> tuple[str, ...]:
    """``choices`` without those whose value nearby is below ``floor``; all of them where none is left."""
    left = tuple(choice for choice in choices if values.get(choice, floor) >= floor)
    return left or tuple(choices)


class Agent:
    """An agent that learns by rewriting its memory. ``run(tasks)`` gives an `Episode` at a time.

    ``store`` and ``retrieval`` may both be None: the no-memory agent. ``narrow_below`` takes actions whose value
    nearby is lower out of the model's choices (None: never). ``gate`` sees every edit before it is committed.
    ``notes`` are the working memories that it keeps while it lives a task: *subtask* (earlier questions and results,
    which a later step may need) and *tool* (the calls of a step: a tool that could not read the question is not called
    again). A step may call ``tries`` tools, as long as none could read its question. ``answer`` is how the model names
    a choice (`memlab.llm.call.Call`); of "ranked" choices that the server does not list, a random one is taken.
    """

    def __init__(
        self,
        llm: LLM,
        embedder: Embedder,
        store: Store | None = None,
        retrieval: Retriever | None = None,
        reward: Callable[[Task, str], float] = reported,
        credit: CreditRule = append_only,
        gate: Gate | None = None,
        narrow_below: float | None = 0.5,
        seed: int = 0,
        notes: Sequence[str] = ("subtask", "tool"),
        tries: int = 1,
        answer: Literal["masked", "ranked"] = "masked",
    ) -> None:
        if (store is None) != (retrieval is None):
            raise MemlabError("a store needs a retrieval and a retrieval needs a store; give both, or neither")
        if store is not None and store.dim != embedder.dim:
            raise MemlabError(
                f"the store holds {store.dim}-d vectors and embedder {embedder.name!r} makes {embedder.dim}-d ones; "
                f"open the store with dim={embedder.dim}"
            )
        self.llm, self.embedder, self.store, self.retrieval = llm, embedder, store, retrieval
        self.reward, self.credit, self.gate, self.answer = reward, credit, gate, answer
        self.narrow_below, self.seed, self.notes, self.tries = narrow_below, seed, tuple(notes), tries

    def run(
        self, tasks: Sequence[Task], rollouts: int = 1, progress: bool = False, seconds: float | None = None
    ) -> Iterator[Episode]:
        """Lives each task ``rollouts`` times, then rewrites memory once; yields every episode with its edits.

        The rollouts of one task are one group for the credit rule, committed together. Interrupting between two
        episodes loses nothing: what was yielded is committed, and a later run on the same store says how many tasks
        it found lived and goes on behind them. ``progress`` shows rate and time left; after ``seconds`` no new task
        is begun. Raises `MemlabError` for ``rollouts`` below 1, and where the store lived another task under an id of
        these.
        """
        from tqdm.auto import tqdm

        if not isinstance(rollouts, int) or rollouts < 1:
            raise MemlabError(f"rollouts={rollouts!r}: live each task at least once")
        started = time.monotonic()
        for task in tqdm(
            self._unlived(tasks), disable=not progress, unit="task", desc=getattr(self.llm, "name", "no model")
        ):
            if seconds is not None and time.monotonic() - started > seconds:
                return
            group = [self.attempt(task, rollout) for rollout in range(rollouts)]
            yield from self.learn(task, group)

    def _unlived(self, tasks: Sequence[Task]) -> Sequence[Task]:
        """``tasks`` less those whose steps the store holds."""
        past: dict[str, np.ndarray] = {}
        for step in self.store.steps() if self.store is not None else ():
            past.setdefault(step.task, step.vector)
        lived = [task for task in tasks if task.id in past]
        if not lived:
            return tasks
        # A stream of another length has other questions under the same ids.
        asked = self.embedder.embed([prompt.shorten(task.subtasks[0], prompt.CASE_LENGTH) for task in lived])
        for task, vector in zip(lived, asked, strict=True):
            if float(vector @ past[task.id]) < 0.999:
                raise MemlabError(
                    f"this store lived another task under the id {task.id!r} than the one that asks "
                    f"{task.subtasks[0][:60]!r}, or with another embedder: open another store, or go on with its "
                    "own stream"
                )
        print(f"memlab: {len(lived)} of {len(tasks)} tasks were lived in this store before; going on behind them")
        return [task for task in tasks if task.id not in past]

    def attempt(self, task: Task, rollout: int = 0) -> Episode:
        """One try at ``task`` with the memory as it is; nothing is written."""
        started = time.perf_counter()
        steps: list[Step] = []
        asked: list[str] = []
        results: list[str] = []
        replies: list[Reply] = []
        calls: list[list[tuple[str, str]]] = []
        for number, template in enumerate(task.subtasks):
            recalled = bool(results) and "subtask" in self.notes
            question = template.replace("{result}", results[-1]) if recalled else template
            # What the prompt shows of a case is also its key: the opening words say what kind of question it is.
            vector = self.embedder.embed([prompt.shorten(question, prompt.CASE_LENGTH)])[0]
            rng = np.random.default_rng([self.seed, task.index, rollout, number])
            done = [f"{earlier} = {result}" for earlier, result in zip(asked, results, strict=True) if recalled]
            calls.append([])
            while True:
                refused = {action for action, _ in calls[-1]} if "tool" in self.notes else set()
                choice = self.plan(Query(task, question, vector, rng, done, rollout, refused))
                replies += [choice.reply] if choice.reply else []
                calls[-1].append((choice.action, task.tools[choice.action](question)))
                if calls[-1][-1][1] != UNREADABLE or len(calls[-1]) == self.tries:
                    break
            drawn = zip(choice.retrieved.cases, choice.retrieved.mu, strict=True)
            shown = {case.id: mu for case, mu in drawn if case}
            steps.append(Step(task.id, vector, tuple(shown), tuple(shown.values()), choice.action, 0.0, task.index))
            asked.append(question)
            results.append(calls[-1][-1][1])
        reward = self.reward(task, results[-1])
        # The full return goes to every step, as MS-GRPO has it (2508.10839, our reconstruction).
        steps = [replace(step, reward=reward) for step in steps]
        return Episode(
            index=task.index,
            task=task,
            steps=tuple(steps),
            asked=tuple(asked),
            replies=tuple(replies),
            answer=results[-1],
            reward=reward,
            success=success(task, results[-1]),
            seconds=time.perf_counter() - started,
            edits=tuple(take_notes(task, rollout, steps, asked, calls, self.notes)),
        )

    def plan(self, query: Query) -> Choice:
        """The planner: retrieve, narrow the choices (by what was refused too), ask the frozen model for one."""
        retrieved, choices = self.recall(query.task, query.vector, query.rng)
        return self.decide(query, retrieved, tuple(c for c in choices if c not in query.refused) or choices)

    def decide(self, query: Query, retrieved: Retrieved, choices: tuple[str, ...]) -> Choice:
        """One of ``choices``, which the frozen model names."""
        reply = self.ask(query, [case for case in retrieved.cases if case], choices)
        if self.answer == "masked":
            return Choice(str(reply.value), choices, retrieved, reply)
        probs = reply.choice_probs or {}
        listed = [choice for choice in choices if probs.get(choice)]
        best = max(listed, key=probs.__getitem__) if listed else str(query.rng.choice(choices))
        return Choice(best, choices, retrieved, reply)

    def ask(self, query: Query, cases: Sequence[Case], choices: tuple[str, ...]) -> Reply:
        """The model's reply with ``cases`` in the prompt, the most similar last.

        Without a mask it does not depend on what is left: all choices are ranked, so that one record serves.
        """
        shown = [(case.text, case.action) for case in reversed(cases)]
        text = prompt.render(query.task.about, shown, query.question, query.done)
        open_now = choices if self.answer == "masked" else query.task.choices
        return self.llm.complete(text, choices=open_now, seed=query.seed, answer=self.answer)

    def recall(self, task: Task, vector: np.ndarray, rng: np.random.Generator) -> tuple[Retrieved, tuple[str, ...]]:
        """What memory says: the cases to show, and the choices it leaves."""
        if self.store is None or self.retrieval is None:
            return Retrieved((), (), NOTHING), task.choices
        retrieved = self.retrieval(vector, self.store, rng)
        if self.narrow_below is None:
            return retrieved, task.choices
        choices = narrow(task.choices, action_values(retrieved.near), self.narrow_below)
        # Advice that is no longer open to the model would only mislead it.
        kept = [i for i, case in enumerate(retrieved.cases) if case is None or case.action in choices]
        cases, mu = tuple(retrieved.cases[i] for i in kept), tuple(retrieved.mu[i] for i in kept)
        return replace(retrieved, cases=cases, mu=mu), choices

    def retain(self, episode: Episode, rollout: int) -> list[Edit]:
        """The new cases of one episode."""
        return retain(episode, rollout)

    def learn(self, task: Task, group: Sequence[Episode]) -> list[Episode]:
        """Retain and pay credit: one new case a step, the rule's edits, the gate's verdicts, one commit."""
        if self.store is None:
            return list(group)
        edits = [
            (episode, edit)
            for rollout, episode in enumerate(group)
            for edit in (*self.retain(episode, rollout), *episode.edits)
        ]
        paid = self.credit(group, self.store)
        if not isinstance(paid, list | tuple):
            raise MemlabError(f"credit rule {self.credit!r} gave {paid!r}: it must return a list of edits, [] for none")
        edits += [(group[0], edit) for edit in paid]
        kept = [edit for episode, edit in edits if self.gate is None or not self.gate(task, episode, edit)]
        self.store.commit(kept, [step for episode in group for step in episode.steps])
        return [replace(group[0], edits=tuple(kept)), *(replace(episode, edits=()) for episode in group[1:])]


def retain(episode: Episode, rollout: int) -> list[Edit]:
    """The new case of each step: (s, a, r), with Q = r until credit is paid."""
    return [
        Edit.write(
            Case(
                id=f"{episode.task.id}/{rollout}/{number}",
                text=question,
                action=step.action,
                reward=step.reward,
                q=step.reward,
                episode=episode.index,
                vector=step.vector,
            ),
            episode=episode.index,
            reason="retain",
            sources=shown_in(episode.steps),
        )
        for number, (step, question) in enumerate(zip(episode.steps, episode.asked, strict=True))
    ]


def take_notes(
    task: Task,
    rollout: int,
    steps: Sequence[Step],
    asked: Sequence[str],
    calls: Sequence[Sequence[tuple[str, str]]],
    kinds: Sequence[str],
) -> list[Edit]:
    """Of a task with several steps: subtask memory (question and result) and tool memory (each call), as ``kinds`` say.

    Credit: each note carries the full return of the trace that it took part in, and a call that was refused carries 0.
    """
    if len(steps) == 1:
        return []
    notes, sources = [], shown_in(steps)
    for number, (step, question, called) in enumerate(zip(steps, asked, calls, strict=True)):
        place, reason = f"{task.id}/{rollout}/{number}", f"step {number + 1} of {len(steps)}"
        earned: dict[str, Any] = {"reward": step.reward, "q": step.reward}
        subtask = Case(f"subtask:{place}", question, note=called[-1][1], kind="subtask", vector=step.vector, **earned)
        tools = [
            replace(subtask, id=f"tool:{place}{f'/{i}' * bool(i)}", action=action, note=result, kind="tool")
            for i, (action, result) in enumerate(reversed(called))
        ]
        tools[1:] = [replace(call, reward=0.0, q=0.0) for call in tools[1:]]
        kept = [case for case in (subtask, *tools) if case.kind in kinds]
        notes += [Edit.write(case, episode=task.index, reason=reason, sources=sources) for case in kept]
    return notes
