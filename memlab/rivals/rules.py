"""Rules of credit that the studio offers beside `memlab.credit`: amend, remove, and a memory that is corrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memlab.core import Edit, Episode
from memlab.credit import CreditRule
from memlab.credit.rules import GOOD, shown_in
from memlab.credit.worth import td
from memlab.retrieval.policies import TopK, shortlist
from memlab.stores.contract import Store

NEAR, SIMILAR = TopK.shortlist, TopK.min_similarity
"""The cases that a rule may touch: so many of the most similar, at least so similar."""


@dataclass(frozen=True)
class Amend:
    """Rewrites the *action*: after a success every near case that advised something else now says what worked.

    After a failure the near cases that advised it lose value by TD, as in `memlab.credit.RewriteQ`.
    """

    step: float = 0.7

    def __call__(self, episodes: Sequence[Episode], store: Store) -> list[Edit]:
        edits: dict[str, Edit] = {}
        for episode in episodes:
            for step in episode.steps:
                for case in shortlist(step.vector, store, NEAR, SIMILAR).cases:
                    same, uses = case.action == step.action, case.uses + 1
                    why: dict[str, Any] = {"episode": episode.index, "sources": shown_in(episode.steps)}
                    if same:
                        why |= {"credit": step.reward - case.q, "sources": shown_in(episode.steps, case.id)}
                        after: dict[str, Any] = {"q": float(td(case.q, step.reward, self.step)), "uses": uses}
                        edits[case.id] = Edit.rewrite(case.id, after, reason="its advice was followed", **why)
                    elif step.reward >= GOOD:
                        after = {"action": step.action, "q": 1.0, "uses": uses}
                        why["credit"] = step.reward
                        edits[case.id] = Edit.rewrite(case.id, after, reason="another action worked here", **why)
        return list(edits.values())


def remove(episodes: Sequence[Episode], store: Store) -> list[Edit]:
    """Forgets near cases that advised what just failed."""
    gone: dict[str, Edit] = {}
    for episode in episodes:
        why: dict[str, Any] = {"episode": episode.index, "sources": shown_in(episode.steps)}
        for step in (step for step in episode.steps if step.reward < GOOD):
            near = shortlist(step.vector, store, NEAR, SIMILAR).cases
            guilty = [case.id for case in near if case.action == step.action]
            gone |= {id: Edit.forget(id, reason="its advice failed", **why) for id in guilty}
    return list(gone.values())


@dataclass(frozen=True)
class Corrupt:
    """``rule``, and then a share ``rate`` of the new cases name another tool than the one that was used."""

    rule: CreditRule
    rate: float

    def __call__(self, episodes: Sequence[Episode], store: Store) -> list[Edit]:
        edits = list(self.rule(episodes, store))
        for episode in episodes:
            rng, case = np.random.default_rng([*episode.task.id.encode(), 14]), f"{episode.task.id}/0/0"
            if rng.random() < self.rate:
                other = str(rng.choice([name for name in episode.task.choices if name != episode.steps[0].action]))
                why: dict[str, Any] = {"reason": "corrupted", "episode": episode.index, "sources": (case,)}
                edits.append(Edit.rewrite(case, {"action": other}, **why))
        return edits
