"""Who earns what, and how memories are rewritten: credit rules, callables ``(episodes, store) -> list[Edit]``.

The agent itself writes one new case a step; a rule decides what becomes of the memories that were there before. Each
reads memory by `search` alone, so that its edits stay near the task that was lived.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from memlab.core import Case, Edit, Episode, Step
from memlab.credit.worth import td
from memlab.retrieval.policies import shortlist
from memlab.stores.contract import Store

GOOD = 0.5


CreditRule = Callable[[Sequence[Episode], Store], list[Edit]]
"""Turns episodes into edits."""


def append_only(episodes: Sequence[Episode], store: Store) -> list[Edit]:
    """No credit: memories stay as they were written."""
    return []


def shown_in(steps: Sequence[Step], *also: str) -> tuple[str, ...]:
    """The cases shown in ``steps``, and ``also``, each once: the `Edit.sources` of what came of it."""
    return tuple(dict.fromkeys([*(case_id for step in steps for case_id in step.shown), *also]))


@dataclass(frozen=True)
class RewriteQ:
    """TD credit into the Q of every near case that gave the advice that was followed.

    Near are the ``near`` most similar cases, at least ``min_similarity``. Where advice that used to be good (Q ≥ 0.5)
    falls below 0.5, something has changed; the failures noted nearby are as old as the broken advice, so with ``renew``
    they are forgotten and those tools may be tried again.
    """

    near: int = 16
    min_similarity: float = 0.5
    step: float = 0.5
    renew: bool = True

    def __call__(self, episodes: Sequence[Episode], store: Store) -> list[Edit]:
        cases: dict[str, Case] = {}
        q: dict[str, float] = {}
        why: dict[str, dict[str, Any]] = {}
        stale: dict[str, dict[str, Any]] = {}
        for episode in episodes:
            for step in episode.steps:
                near = shortlist(step.vector, store, self.near, self.min_similarity).cases
                followed = [case for case in near if case.action == step.action]
                broken = False
                for case in followed:
                    before = q.get(case.id, case.q)
                    q[case.id] = float(td(before, step.reward, self.step))
                    earlier = why.get(case.id, {"sources": ()})["sources"]
                    sources = tuple(dict.fromkeys([*earlier, *shown_in(episode.steps, case.id)]))
                    cases[case.id] = case
                    why[case.id] = {"episode": episode.index, "credit": step.reward - before, "sources": sources}
                    broken |= before >= GOOD > q[case.id]
                if broken and self.renew:
                    sources = shown_in(episode.steps, *(case.id for case in followed))
                    worse = [case for case in near if case.action != step.action and case.q < GOOD]
                    stale |= {case.id: {"episode": episode.index, "sources": sources} for case in worse}
        rewrites = [
            Edit.rewrite(
                name,
                {"q": q[name], "uses": cases[name].uses + 1},
                before={"q": cases[name].q, "uses": cases[name].uses},
                reason="its advice was followed",
                **why[name],
            )
            for name in q
            if name not in stale
        ]
        reason = "a failure older than the change nearby"
        return rewrites + [Edit.forget(name, reason=reason, **came) for name, came in stale.items()]
