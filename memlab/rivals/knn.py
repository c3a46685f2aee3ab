"""The null model without an LLM: a nearest-neighbor vote over the very memory that the agent keeps."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np

from memlab.agent import Agent, Choice, action_values
from memlab.core import Task


class KnnVote(Agent):
    """Takes the action with the highest similarity-weighted Q nearby; where none is good, a random one that is left.

    Same memory, same narrowing, same credit: what the agent does better than this is what its LLM contributes.
    """

    def plan(
        self,
        task: Task,
        question: str,
        vector: np.ndarray,
        rng: np.random.Generator,
        done: Sequence[str],
        seed: int,
        refused: Set[str] = frozenset(),
    ) -> Choice:
        """The vote; the language model is never asked."""
        retrieved, choices = self.recall(task, vector, rng)
        choices = tuple(choice for choice in choices if choice not in refused) or choices
        votes = {action: value for action, value in action_values(retrieved.near).items() if action in choices}
        best = max(votes, key=lambda action: (votes[action], action), default=None)
        good = best is not None and votes[best] >= (self.narrow_below or 0.0)
        return Choice(str(best) if good else str(rng.choice(choices)), choices, retrieved, None)
