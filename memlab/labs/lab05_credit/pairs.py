"""The real model's part: two queries of one kind that share three cases whose truth is known.

*right* advises the tool that serves, *wrong* one that does not; the third is a second *right*, a twin, or a case of
another kind (*other*).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from memlab import prompt
from memlab.core import Case, Task
from memlab.labs.lab05_credit.world import SHOWN
from memlab.llm.contract import LLM
from memlab.reward import reported
from memlab.tasks import stream


class Pair(NamedTuple):
    """Two ``queries``, the three ``cases`` that both are shown, and ``sorts``, the truth about those."""

    queries: tuple[Task, Task]
    cases: tuple[Case, ...]
    sorts: tuple[str, ...]


def pairs(seed: int) -> list[Pair]:
    """One pair for each of the stream's four families; cases stand in random order, the last nearest the question."""
    tasks, rng, found = stream("toolbox-b", "stationary", 48, seed), np.random.default_rng([seed, 5]), []
    families = sorted({task.family for task in tasks})
    for number, family in enumerate(families):
        own = [task for task in tasks if task.family == family]
        other = next(task for task in tasks if task.family == families[(number + 1) % len(families)])
        serves = own[0].serves[0]
        wrong = str(rng.choice([name for name in own[0].choices if name != serves]))
        third = (other, other.serves[0], "other") if number % 2 else (own[4], serves, "right")
        shown = [(own[2], serves, "right"), (own[3], wrong, "wrong"), third]
        shown = [shown[i] for i in rng.permutation(SHOWN)]
        cases = tuple(Case(str(i), task.subtasks[0], action) for i, (task, action, _) in enumerate(shown))
        found.append(Pair((own[0], own[1]), cases, tuple(sort for *_, sort in shown)))
    return found


def ask(llm: LLM, task: Task, cases: Sequence[Case]) -> tuple[str, float, float | None]:
    """The tool that the model names when exactly ``cases`` are shown, its reward, and p(right) where it can be read."""
    question, shown = task.subtasks[0], [(case.text, case.action) for case in cases]
    reply = llm.complete(prompt.render(task.about, shown, question), choices=task.choices)
    reward = {name: reported(task, tool(question)) for name, tool in task.tools.items()}
    probs = reply.choice_probs
    chance = None if probs is None else sum(p for name, p in probs.items() if reward[name])
    return str(reply.value), reward[str(reply.value)], chance
