"""MemRL (2601.03192): two-phase retrieval by similarity and learned value, one Q a memory, credit to all injected.

As published: write (intent, experience) with Q = 0, failures as reflections, nothing forgotten; read the k1 = 10
nearest with similarity above δ, of these the k2 = 3 highest in (1−λ)·z(similarity) + λ·z(Q), λ = .5; then
Q ← Q + .3(r − Q) with r = ±1 for every memory that was injected. Where ours differs: a reflection is not prose, for
which the prompt has no place: a tool that only failed among the injected is taken out of the choices.
Build it as ``with_memory(READ, PayInjected(), make=MemRL)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.agent import Agent, Choice, Query
from memlab.core import Edit, Episode, Task
from memlab.credit import td
from memlab.credit.rules import GOOD, shown_in
from memlab.retrieval.learned import CaseQ, Hybrid
from memlab.retrieval.policies import Retrieved
from memlab.rivals.applied import Applied
from memlab.stores.contract import Store

READ = Hybrid(CaseQ(), k=3, lam=0.5, shortlist=10, min_similarity=0.5)


def memrl(q: ArrayLike, shown: Sequence[int], success: bool, step: float = 0.3) -> NDArray[np.float64]:
    """Q ← Q + η(r − Q) with r = ±1 for every injected memory, the others untouched.

    ``q`` (n,) is not changed; ``shown`` are places in it. Raises `MemlabError` for a step outside of (0, 1].
    """
    new = np.array(q, dtype=float)
    new[list(shown)] = td(new[list(shown)], 1.0 if success else -1.0, step)
    return new


@dataclass(frozen=True)
class PayInjected:
    """Q ← Q + η(r − Q), r = ±1, for every memory that was injected."""

    step: float = 0.3

    def __call__(self, episodes: Sequence[Episode], store: Store) -> list[Edit]:
        edits = []
        for episode in episodes:
            cases = [store.get(name) for name in shown_in(episode.steps)]
            paid = memrl([case.q for case in cases], range(len(cases)), episode.reward >= GOOD, self.step)
            for case, q in zip(cases, paid.tolist(), strict=True):
                why = {"reason": "it was injected", "credit": q - case.q, "sources": shown_in(episode.steps)}
                edits.append(Edit.rewrite(case.id, {"q": q, "uses": case.uses + 1}, episode=episode.index, **why))
        return edits


class MemRL(Agent):
    """Writes with Q = 0; shows injected successes, and takes tools that only failed out of the choices."""

    def recall(self, task: Task, vector: np.ndarray, rng: np.random.Generator) -> tuple[Retrieved, tuple[str, ...]]:
        """The injected successes, and the tools that no injected memory saw fail alone."""
        assert self.store is not None and self.retrieval is not None
        injected = self.retrieval(vector, self.store, rng)
        self._injected = injected
        good = [i for i, case in enumerate(injected.cases) if case and case.reward >= GOOD]
        shown = replace(injected, cases=tuple(injected.cases[i] for i in good), mu=tuple(injected.mu[i] for i in good))
        # Where a tool both worked and failed, its memories' Q has said how they rank.
        tried = {case.action for case in injected.cases if case}
        failed = tried - {case.action for case in shown.cases if case}
        return shown, tuple(name for name in task.choices if name not in failed) or task.choices

    def plan(self, query: Query) -> Choice:
        """One call; failures count as injected too, so that credit reaches them."""
        choice = super().plan(query)
        return replace(choice, retrieved=self._injected)

    def retain(self, episode: Episode, rollout: int) -> list[Edit]:
        """The episode's cases with Q = 0."""
        return [replace(edit, after={**edit.after, "q": 0.0}) for edit in super().retain(episode, rollout)]


class DirectMemRL(Applied, MemRL):
    """Follows the best injected success by itself, and asks the model, which sees no case, only where there is none."""
