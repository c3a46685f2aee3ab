"""The agent as an LLM program (2508.16153, Eq 2): retrieve, reuse, evaluate, retain.

The planner chooses a tool with the frozen model; the executor runs it. Each step sees only what it needs: the
documentation, a few cases, the earlier results of this task, and its own question.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from memlab import prompt
from memlab.core import Case, Edit, Episode, Hits, MemlabError, Reply, Step, Task
from memlab.credit import CreditRule, append_only
from memlab.llm.contract import LLM, Embedder
from memlab.retrieval.policies import Retrieved, Retriever
from memlab.reward import reported, success
from memlab.stores.contract import Store

Gate = Callable[[Task, Episode, Edit], str]
"""A verifier of edits: "" lets an edit pass, any other text refuses it and says why."""

NOTHING = Hits((), np.zeros(0), ())


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
    ) -> None:
        if (store is None) != (retrieval is None):
            raise MemlabError("a store needs a retrieval and a retrieval needs a store; give both, or neither")
        if store is not None and store.dim != embedder.dim:
            raise MemlabError(
                f"the store holds {store.dim}-d vectors and embedder {embedder.name!r} makes {embedder.dim}-d ones; "
                f"open the store with dim={embedder.dim}"
            )
        self.llm, self.embedder, self.store, self.retrieval = llm, embedder, store, retrieval
        self.reward, self.credit, self.gate = reward, credit, gate
        self.narrow_below, self.seed = narrow_below, seed

    def run(
        self, tasks: Sequence[Task], rollouts: int = 1, progress: bool = False, seconds: float | None = None
    ) -> Iterator[Episode]:
        """Lives each task ``rollouts`` times, then rewrites memory once; yields every episode with its edits.

        The rollouts of one task are one group for the credit rule, committed together. Interrupting between two
        episodes loses nothing: what was yielded is committed. ``progress`` shows rate and time left; after
        ``seconds`` no new task is begun.
        """
        from tqdm.auto import tqdm

        started = time.monotonic()
        for task in tqdm(tasks, disable=not progress, unit="task", desc=self.llm.name):
            if seconds is not None and time.monotonic() - started > seconds:
                return
            group = [self.attempt(task, rollout) for rollout in range(rollouts)]
            yield from self.learn(task, group)

    def attempt(self, task: Task, rollout: int = 0) -> Episode:
        """One try at ``task`` with the memory as it is; nothing is written."""
        started = time.perf_counter()
        steps: list[Step] = []
        asked: list[str] = []
        results: list[str] = []
        replies: list[Reply] = []
        for number, template in enumerate(task.subtasks):
            question = template.replace("{result}", results[-1]) if results else template
            # What the prompt shows of a case is also its key: the opening words say what kind of question it is.
            vector = self.embedder.embed([prompt.shorten(question, prompt.CASE_LENGTH)])[0]
            rng = np.random.default_rng([self.seed, task.index, rollout, number])
            done = [f"{earlier} = {result}" for earlier, result in zip(asked, results, strict=True)]
            choice = self.plan(task, question, vector, rng, done, rollout)
            drawn = zip(choice.retrieved.cases, choice.retrieved.mu, strict=True)
            shown = {case.id: mu for case, mu in drawn if case}
            steps.append(Step(task.id, vector, tuple(shown), tuple(shown.values()), choice.action, 0.0, task.index))
            asked.append(question)
            results.append(task.tools[choice.action](question))
            replies += [choice.reply] if choice.reply else []
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
            edits=tuple(take_notes(task, rollout, steps, asked, results)),
        )

    def plan(
        self, task: Task, question: str, vector: np.ndarray, rng: np.random.Generator, done: Sequence[str], seed: int
    ) -> Choice:
        """The planner: retrieve, narrow the choices, ask the frozen model for one of them."""
        retrieved, choices = self.recall(task, vector, rng)
        cases = [(case.text, case.action) for case in reversed(retrieved.cases) if case]
        text = prompt.render(task.about, cases, question, done)
        reply = self.llm.complete(text, choices=choices, seed=seed)
        return Choice(str(reply.value), choices, retrieved, reply)

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

    def learn(self, task: Task, group: Sequence[Episode]) -> list[Episode]:
        """Retain and pay credit: one new case a step, the rule's edits, the gate's verdicts, one commit."""
        if self.store is None:
            return list(group)
        written = [edit for rollout, episode in enumerate(group) for edit in retain(episode, rollout)]
        paid = self.credit(group, self.store)
        if not isinstance(paid, list | tuple):
            raise MemlabError(
                f"the credit rule {self.credit!r} gave {paid!r}: it must return a list of edits, [] for none"
            )
        edits = [*written, *(edit for episode in group for edit in episode.edits), *paid]
        kept = [edit for edit in edits if self._passes(task, group[0], edit)]
        self.store.commit(kept, [step for episode in group for step in episode.steps])
        return [replace(group[0], edits=tuple(kept)), *(replace(episode, edits=()) for episode in group[1:])]

    def _passes(self, task: Task, episode: Episode, edit: Edit) -> bool:
        return self.gate is None or not self.gate(task, episode, edit)


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
        )
        for number, (step, question) in enumerate(zip(episode.steps, episode.asked, strict=True))
    ]


def take_notes(
    task: Task, rollout: int, steps: Sequence[Step], asked: Sequence[str], results: Sequence[str]
) -> list[Edit]:
    """Of a task with several steps: subtask memory (question and result) and tool memory (the step's call)."""
    if len(steps) == 1:
        return []
    notes = []
    for number, (step, question, result) in enumerate(zip(steps, asked, results, strict=True)):
        place, reason = f"{task.id}/{rollout}/{number}", f"step {number + 1} of {len(steps)}"
        subtask = Case(f"subtask:{place}", question, note=result, kind="subtask", vector=step.vector)
        call = replace(subtask, id=f"tool:{place}", action=step.action, reward=step.reward, kind="tool")
        notes += [Edit.write(case, episode=task.index, reason=reason) for case in (subtask, call)]
    return notes
