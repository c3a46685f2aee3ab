"""The placebo: as many memories as `memlab.retrieval.TopK` would show, as long as they are, with nothing in them.

A null of our own, after the format-matched controls that 2605.12978 calls for: what the agent does better with real
memories than with these is due to what they say, not to a longer prompt in the form of an example. Read by a
retrieval that asks for no success, it shows the same filler to every learner, so that one record serves them all.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from memlab.agent import NOTHING, Agent
from memlab.core import Task
from memlab.retrieval.policies import Retrieved
from memlab.rivals.believer import Believer

FILLER = "this line stands where a question of an earlier task would stand "


class Placebo(Agent):
    """Shows filler of each case's length with a random tool; memory takes no choice away. The memory itself is kept."""

    def recall(self, task: Task, vector: np.ndarray, rng: np.random.Generator) -> tuple[Retrieved, tuple[str, ...]]:
        """What the retrieval shows, emptied; every choice stays open."""
        retrieved, _ = super().recall(task, vector, rng)
        cases = tuple(
            case and replace(case, text=(FILLER * 99)[: len(case.text)], action=str(rng.choice(task.choices)))
            for case in retrieved.cases
        )
        return Retrieved(cases, retrieved.mu, NOTHING), task.choices


class BelievedPlacebo(Placebo, Believer):
    """A believer whose model reads filler in the place of its cases."""
