"""A memory that is applied and not shown: the agent follows the first case that it would show, and else asks.

No paper has it so. Where a rival shows cases, what its memory knows and what the model makes of an example are one
number; here the rule of the memory stands alone, and the model is asked, without cases, only where memory has nothing
to follow. So each call is one that the agent without memory makes, too.
"""

from __future__ import annotations

from dataclasses import replace

from memlab.agent import Agent, Choice, Query
from memlab.retrieval.policies import Retrieved
from memlab.rivals.placebo import Placebo
from memlab.rivals.streamicl import StreamICL


class Applied(Agent):
    """Stands before the rival that it applies: ``class AppliedStreamICL(Applied, StreamICL)``."""

    def decide(self, query: Query, retrieved: Retrieved, choices: tuple[str, ...]) -> Choice:
        """The tool of the first case that would be shown, or one call without cases."""
        for case in retrieved.cases:
            if case and case.action in choices:
                return Choice(case.action, choices, retrieved, None)
        return super().decide(query, replace(retrieved, cases=(), mu=()), choices)


class AppliedStreamICL(Applied, StreamICL):
    """Takes the tool of the most similar verified case."""


class AppliedPlacebo(Applied, Placebo):
    """Takes a random tool wherever a memory would be followed."""
