"""The null model without an LLM: a nearest-neighbor vote over the very memory that the agent keeps."""

from __future__ import annotations

from dataclasses import replace

from memlab.agent import Agent, Choice, Query, action_values


class KnnVote(Agent):
    """Takes the action with the highest similarity-weighted Q nearby; where none is good, a random one that is left.

    Same memory, same narrowing, same credit: what the agent does better than this is what its LLM contributes.
    """

    def plan(self, query: Query) -> Choice:
        """The vote; the language model is never asked."""
        choice = self.vote(query)
        return choice if choice.action else replace(choice, action=str(query.rng.choice(choice.choices)))

    def vote(self, query: Query) -> Choice:
        """The action with the highest value nearby; "" where none is good."""
        retrieved, choices = self.recall(query.task, query.vector, query.rng)
        choices = tuple(choice for choice in choices if choice not in query.refused) or choices
        votes = {action: value for action, value in action_values(retrieved.near).items() if action in choices}
        best = max(votes, key=lambda action: (votes[action], action), default="")
        good = bool(best) and votes[best] >= (self.narrow_below or 0.0)
        return Choice(best if good else "", choices, retrieved, None)


class Direct(KnnVote):
    """The vote, but where no action is good it asks the model, which chooses among those that are left.

    With ``TopK(k=0)`` the model sees no case: what memory knows it applies itself, and the model only explores.
    """

    def plan(self, query: Query) -> Choice:
        """The vote, or one call."""
        choice = self.vote(query)
        return choice if choice.action else Agent.plan(self, query)
