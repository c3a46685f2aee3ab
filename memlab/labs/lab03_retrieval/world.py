"""Lab 03's places: filed cases, a copier that practices without a language model, and fresh tasks to test on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from memlab import prompt
from memlab.core import Case, Edit, MemlabError, Reply, Step, Task
from memlab.credit import td
from memlab.datafiles import data
from memlab.llm.contract import LLM, Embedder
from memlab.llm.embedders import HashEmbedder, ReplayEmbedder
from memlab.retrieval.learned import Hybrid, Soft
from memlab.reward import success
from memlab.stores import open_store
from memlab.stores.contract import Store
from memlab.tasks import stream

SIMILAR, TWINS, MISFILED = "similar helps", "twins", "twins, half misfiled"
WORLDS = {SIMILAR: "stationary", TWINS: "deceptive", MISFILED: "deceptive"}
BANK, PRACTICE, TESTS, NEAR, ETA = 16, 120, 10, 4, 0.3
DRAWN = 190  # more tasks than a place uses, so that every kind is there often enough
Policy = Soft | Hybrid


@dataclass(frozen=True)
class Place:
    """One replicate: the cases on file, the tasks to practice on, and fresh tasks with their vectors (n, d)."""

    world: str
    seed: int
    bank: tuple[Case, ...]
    practice: tuple[Task, ...]
    practice_vectors: np.ndarray
    tests: tuple[Task, ...]
    test_vectors: np.ndarray

    def store(self) -> Store:
        """A new memory with the bank in it; every case counts as a success."""
        store = open_store(dim=self.test_vectors.shape[1])
        store.commit([Edit.write(case, reason="filed") for case in self.bank])
        return store


def lay_out(world: str, seed: int, embedder: Embedder, tools: str = "toolbox-b") -> Place:
    """The replicate ``seed`` of one world: `BANK` cases, equally many of each family and desk.

    In `MISFILED` every second case of a kind names a tool that serves none of its family's questions.
    """
    if world not in WORLDS:
        raise MemlabError(f"unknown world {world!r}; the worlds are {', '.join(WORLDS)}")
    tasks = stream(tools, WORLDS[world], DRAWN, seed)
    filed = first_of_each(tasks, BANK)
    serving = {family: {t.serves[0] for t in tasks if t.family == family} for family in {t.family for t in tasks}}
    rest, rng = [task for task in tasks if task not in filed], np.random.default_rng([seed, 3])
    parts = filed, rest[:PRACTICE], rest[-TESTS:]
    # What is embedded is what a prompt shows of a case.
    vectors = [embedder.embed([prompt.shorten(t.text, prompt.CASE_LENGTH) for t in part]) for part in parts]
    bank = []
    for i, (task, vector) in enumerate(zip(filed, vectors[0], strict=True)):
        wrong = str(rng.choice([tool for tool in task.choices if tool not in serving[task.family]]))
        action = wrong if world == MISFILED and i % 2 else task.serves[0]
        bank.append(Case(task.id, task.text, action, reward=1.0, q=1.0, vector=vector))
    return Place(world, seed, tuple(bank), tuple(parts[1]), vectors[1], tuple(parts[2]), vectors[2])


def first_of_each(tasks: Sequence[Task], n: int) -> list[Task]:
    """The first tasks of each kind (family and tool that serves it), ``n`` in all."""
    kinds = sorted({(task.family, task.serves) for task in tasks})
    return [t for kind in kinds for t in [t for t in tasks if (t.family, t.serves) == kind][: n // len(kinds)]]


def recorded(world: str, seed: int) -> Place:
    """`lay_out` of the report from recorded embeddings, the same on every machine."""
    return lay_out(world, seed, ReplayEmbedder(data("lab03/embeddings.parquet")))


def train(place: Place, policy: Policy, store: Store) -> None:
    """Lives the practice tasks: a copier does what the drawn case did (a random tool when void).

    Each use is kept as a `Step`, and TD with step `ETA` rewrites the Q of the case that was used.
    """
    for number, (task, vector) in enumerate(zip(place.practice, place.practice_vectors, strict=True)):
        rng = np.random.default_rng([place.seed, number, 5])
        drawn = policy(vector, store, rng)
        case = drawn.cases[0] if drawn.cases else None
        action = case.action if case else str(rng.choice(task.choices))
        reward = solved(task, action)
        edits = [Edit.rewrite(case.id, {"q": float(td(case.q, reward, ETA)), "uses": case.uses + 1})] if case else []
        shown, mu = ((case.id,), drawn.mu[:1]) if case else ((), ())
        store.commit(edits, [Step(task.id, vector, shown, mu, action, reward, number)])


def solved(task: Task, tool: str) -> float:
    """Success on ``task`` when ``tool`` is chosen."""
    return success(task, task.tools[tool](task.text))


def copied(task: Task, cases: Sequence[Case]) -> float:
    """Null without a language model: success of a copier of one of ``cases`` (none: of any tool), each as likely."""
    return float(np.mean([solved(task, tool) for tool in ([case.action for case in cases] or task.choices)]))


def consult(llm: LLM, task: Task, cases: Sequence[Case]) -> Reply:
    """The model's choice for one task with ``cases`` in its prompt, the nearest last."""
    shown = [(case.text, case.action) for case in reversed(cases)]
    return llm.complete(prompt.render(task.about, shown, task.text), choices=task.choices)


def told_apart(make: Callable[[str], str], seed: int = 108) -> tuple[float, ...]:
    """Shares of fresh questions whose nearest case is of their family, and has their tool, with ``make(text)`` as key.

    Here each question *ends* with its desk, beyond its opening words. Embedded by feature hashing, without a model.
    """
    tasks, embedder = stream("toolbox-b", "deceptive", DRAWN, seed), HashEmbedder()
    filed = first_of_each(tasks, BANK)
    fresh = [task for task in tasks if task not in filed]
    old, new = (embedder.embed([make(f"{t.text[12:]} {t.text[:11]}") for t in part]) for part in (filed, fresh))
    near = [filed[i] for i in (new @ old.T).argmax(axis=1)]
    pairs = [(a.family == b.family, a.serves == b.serves) for a, b in zip(fresh, near, strict=True)]
    return tuple(np.mean(pairs, axis=0).tolist())
