"""Lab 01's measured world: what the real model does on four questions, for each set of solved cases it may be shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memlab import prompt
from memlab.core import Task
from memlab.llm.contract import LLM
from memlab.mdp import MMDP
from memlab.tasks import stream

KINDS = 4
"""So many kinds of question: each gives one solved case, and one new question that is a context."""


def measured(llm: LLM, sets: Sequence[tuple[int, ...]]) -> MMDP:
    """The M-MDP whose memory c shows the model the cases in ``sets[c]``: ``(2,)`` case 2 alone, ``()`` nothing.

    ``p_llm`` (4, C, 12) holds the model's probabilities of the 12 tools, ``reward`` (4, 12) marks the right tool.
    """
    tasks = stream("toolbox-a", "stationary", n=16, seed=0, families=8)
    old, new = ({task.family: task for task in half} for half in (tasks[:8], tasks[8:]))
    kinds = sorted(new)[:KINDS]
    cases = [(old[kind].text, old[kind].serves[0]) for kind in kinds]
    p = np.array([[_chances(llm, new[kind], [cases[c] for c in shown]) for shown in sets] for kind in kinds])
    right = np.array([[tool in new[kind].serves for tool in new[kind].choices] for kind in kinds], dtype=float)
    return MMDP(p, right, np.full((KINDS, right.shape[1], KINDS), 1 / KINDS))


def _chances(llm: LLM, task: Task, cases: Sequence[tuple[str, str]]) -> list[float]:
    reply = llm.complete(prompt.render(task.about, cases, task.text), choices=task.choices)
    return [(reply.choice_probs or {})[tool] for tool in task.choices]
