"""Counterfactual credit on this very query: each shown case pays by how much the choice hangs on it.

For every shown case the model is asked once more without it. A case's share is p_LLM(a|s, C) − p_LLM(a|s, C∖c), its
leave-one-out worth for the action that was taken (`memlab.credit.worth.leave_one_out` with that probability as value),
relative to the largest; then Q ← Q + η·share·(r − Q). Nobody published this as a learner: the within-query contrast is
what Memento's training data (2508.16153) lack. It costs a call for every case shown; the episode counts them.
"""

from __future__ import annotations

from dataclasses import replace

from memlab.agent import Agent, Choice, Query
from memlab.core import Case, Edit, Episode, Reply, Task
from memlab.credit.rules import shown_in
from memlab.credit.worth import leave_one_out, td


class Contrast(Agent):
    """Pays credit by itself, since it must ask the model: leave ``credit`` as it is."""

    step = 0.7

    def attempt(self, task: Task, rollout: int = 0) -> Episode:
        """One try, with the replies that the contrast took and the edits that follow from the reward."""
        self._shares: list[tuple[Case, float]] = []
        self._more: list[Reply] = []
        episode = super().attempt(task, rollout)
        edits = list(episode.edits)
        for case, share in self._shares:
            if share > 0:
                q = float(td(case.q, episode.reward, self.step * share))
                why = {"reason": f"{share:.2f} of the choice hung on it", "sources": shown_in(episode.steps)}
                after = {"q": q, "uses": case.uses + 1}
                edits.append(Edit.rewrite(case.id, after, credit=q - case.q, episode=episode.index, **why))
        return replace(episode, replies=(*episode.replies, *self._more), edits=tuple(edits))

    def plan(self, query: Query) -> Choice:
        """The agent's choice; then the same call once more without each case that was shown."""
        choice = super().plan(query)
        cases = {case.id: case for case in choice.retrieved.cases if case}

        def chance(shown: frozenset[str]) -> float:
            reply = choice.reply
            if len(shown) < len(cases):
                reply = self.ask(query, [case for name, case in cases.items() if name in shown], choice.choices)
                self._more.append(reply)
            assert reply is not None
            return (reply.choice_probs or {reply.value: 1.0}).get(choice.action, 0.0)

        worth = leave_one_out(chance, list(cases)) if cases else {}
        most = max(worth.values(), default=0.0)
        self._shares += [(cases[name], one / most if most > 0 else 0.0) for name, one in worth.items()]
        return choice
