"""A bench for ways to pay cases on a real model: two queries of one family share three cases whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from memlab import prompt
from memlab.core import Case, Task
from memlab.llm.contract import LLM
from memlab.reward import reported
from memlab.rivals.credited import SHOWN, SUBSETS
from memlab.tasks import stream


@dataclass(frozen=True)
class Pair:
    """Two ``queries`` and the three ``cases`` that both are shown, in random order, the last nearest the question.

    ``sorts`` is the truth: *right* advises the tool that serves, *wrong* one that does not; the third case is a second
    *right*, a double, or of another family (*other*).
    """

    queries: tuple[Task, Task]
    cases: tuple[Case, ...]
    sorts: tuple[str, ...]

    @classmethod
    def of_seed(cls, seed: int) -> list[Pair]:
        """One pair for each of the four families of a stationary stream."""
        tasks, rng, found = stream("toolbox-b", "stationary", 48, seed), np.random.default_rng([seed, 5]), []
        families = sorted({task.family for task in tasks})
        for number, family in enumerate(families):
            own = [task for task in tasks if task.family == family]
            other = next(task for task in tasks if task.family == families[(number + 1) % len(families)])
            serves = own[0].serves[0]
            wrong = str(rng.choice([name for name in own[0].choices if name != serves]))
            third = (other, other.serves[0], "other") if number % 2 else (own[4], serves, "right")
            drawn = [(own[2], serves, "right"), (own[3], wrong, "wrong"), third]
            shown = [drawn[i] for i in rng.permutation(SHOWN)]
            cases = tuple(Case(str(i), task.subtasks[0], action) for i, (task, action, _) in enumerate(shown))
            found.append(cls((own[0], own[1]), cases, tuple(sort for *_, sort in shown)))
        return found

    def answers(self, llm: LLM, query: int) -> Iterator[tuple[list[Case], str, float]]:
        """For each of `SUBSETS`: the cases shown, the tool named, and its reward."""
        task, question = self.queries[query], self.queries[query].subtasks[0]
        reward = {name: reported(task, tool(question)) for name, tool in task.tools.items()}
        for mask in SUBSETS:
            shown = [case for case, on in zip(self.cases, mask, strict=True) if on]
            text = prompt.render(task.about, [(case.text, case.action) for case in shown], question)
            reply = llm.complete(text, choices=task.choices)
            yield shown, str(reply.value), reward[str(reply.value)]
