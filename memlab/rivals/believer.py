"""Ours: the most probable tool under a belief that is kept in memory; the frozen model is its prior, asked once a step.

The evidence is the log of cases, each with p_LLM(a|s) in its note. `Believe`, the credit rule, folds the live cases
(`memlab.rivals.fold`) and rewrites what is believed: one memory for each kind of question, one for the world, one for
each arrangement that a change ended; they are *tool* memories whose ids begin with ``belief:``. A case that was taken
back is not folded, so the next edits put right what followed from it; `Believe.refold` does so at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from memlab.agent import Agent, Choice, Query, retain
from memlab.core import CASE_FIELDS, Case, Edit, Episode, MemlabError
from memlab.credit.rules import GOOD
from memlab.rivals.beliefs import smoothed
from memlab.rivals.bets import Bets
from memlab.rivals.fold import BELIEF, Fold, order, prior, said
from memlab.stores.contract import Store
from memlab.stores.log import equal


@dataclass
class Believe:
    """A credit rule: rewrites each belief that the evidence moved by .01 or more.

    ``near`` is the mean similarity to the cases of a kind from which a question is of that kind. ``ask=False`` puts a
    uniform prior in the place of the model, which is then never asked. The prior counts at a kind's first question; at
    every other, the model's reply, given the cases that the retrieval shows, speaks with the power ``voice``.
    """

    bets: Bets = field(default_factory=Bets)
    near: float = 0.35
    ask: bool = True
    voice: float = 0.0
    _last: tuple[Any, int | None, Fold | None] = field(
        default=(None, None, None), init=False, repr=False, compare=False
    )

    def fold(self, store: Store, tools: Iterable[str] = (), new: Sequence[Case] = ()) -> Fold:
        """The live cases of ``store`` and ``new`` ones, folded; what was folded before is kept where it still holds."""
        home, version, fold = self._last
        if home is store and version == store.version and fold and not new and set(tools) <= set(fold.tools):
            return fold
        known = (*store.cases("case"), *new)
        cases = {case.id: case for case in known if case.vector is not None and case.action}
        if home is not store or fold is None or not fold.holds(cases, tools):
            names = [name for case in cases.values() for name in (case.action, *said(case))]
            fold = Fold(self.bets, self.near, [*tools, *names])
        for case in sorted((case for name, case in cases.items() if name not in fold.cases), key=order):
            fold.take(case)
        self._last = (store, None if new else store.version, fold)
        return fold

    def retain(self, episode: Episode, rollout: int, store: Store) -> list[Edit]:
        """The new case of each step, with what the model said of it and its place in the order of the cases."""
        place, edits = self.fold(store).last[0][0] + 1, []
        for number, edit in enumerate(retain(episode, rollout)):
            probs = prior(episode.task.choices, episode.replies[number] if self.ask else None)
            note = json.dumps({"p": probs, "at": [place, rollout, number]})
            edits.append(replace(edit, after={**edit.after, "note": note}))
        return edits

    def __call__(self, episodes: Sequence[Episode], store: Store) -> list[Edit]:
        new = [edit for rollout, episode in enumerate(episodes) for edit in self.retain(episode, rollout, store)]
        lived = [Case(edit.case_id, **edit.after) for edit in new]
        fold = self.fold(store, episodes[0].task.choices, lived)
        words = [f"{case.action} {'worked' if case.reward >= GOOD else 'failed'}" for case in lived]
        return self._edits(fold, store, ", ".join(words), episodes[0].index, [case.id for case in lived])

    def refold(self, store: Store) -> int:
        """Rewrites what is believed from the cases that are live now; gives the new version."""
        return store.commit(self._edits(self.fold(store), store, "", -1, []))

    def _edits(self, fold: Fold, store: Store, reason: str, episode: int, sources: Sequence[str]) -> list[Edit]:
        """What turns the beliefs that ``store`` holds into those of ``fold``. Credit: what the old advice gained."""
        held, edits = {case.id: case for case in store.cases("tool") if case.id.startswith(BELIEF)}, []
        words = [reason] * bool(reason) + ["folded anew"] * bool(held and not fold.written)
        why: dict[str, Any] = {"reason": "; ".join(words), "episode": episode}
        fold.written = True
        for case in fold.memories():
            old = held.pop(case.id, None)
            why["sources"] = (*sources, *([case.id] if old else []))
            if old is None:
                edits.append(Edit.write(case, credit=case.q, **why))
                continue
            pairs = {name: (getattr(old, name), getattr(case, name)) for name in CASE_FIELDS}
            changed = {name: new for name, (was, new) in pairs.items() if not equal(was, new)}
            if changed:
                gained = float(json.loads(case.note).get(old.action, 0.0)) - old.q if old.action else 0.0
                edits.append(Edit.rewrite(case.id, changed, credit=gained, **why))
        why["sources"] = tuple(sources)
        return edits + [Edit.forget(name, **why) for name in held]


class Believer(Agent):
    """Asks the model with what the retrieval shows, and takes the tool that the belief in `Believe` favors.

    With ``TopK(k=0)`` and ``narrow_below=None`` it asks exactly what an agent without memory asks.
    """

    credit: Believe

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        if not isinstance(self.credit, Believe) or self.store is None or self.tries != 1:
            raise MemlabError("a Believer needs a store, credit=Believe(...), and tries=1: it calls one tool a step")

    def plan(self, query: Query) -> Choice:
        """One call at most; ties are broken at random. The belief that decided counts as shown."""
        assert self.store is not None
        if self.credit.ask:
            choice = super().plan(query)
        else:
            retrieved, choices = self.recall(query.task, query.vector, query.rng)
            choice = Choice("", choices, retrieved, None)
        fold = self.credit.fold(self.store, query.task.choices)
        told = prior(query.task.choices, choice.reply)
        look = fold.look(query.vector, told)
        voice = self.credit.voice if look.kind < len(fold.names()) else 0.0
        voices = smoothed(np.array([told.get(tool, 0.0) for tool in fold.tools])) ** voice
        chances = dict(zip(fold.tools, look.chances() * voices + 1e-9 * query.rng.random(len(fold.tools)), strict=True))
        name = fold.names()[look.kind] if look.kind < len(fold.names()) else None
        belief = tuple(case for case in self.store.cases("tool") if case.id == name)
        near = choice.retrieved
        retrieved = replace(near, cases=(*belief, *near.cases), mu=(*(1.0 for _ in belief), *near.mu))
        return replace(choice, action=max(choice.choices, key=chances.__getitem__), retrieved=retrieved)

    def retain(self, episode: Episode, rollout: int) -> list[Edit]:
        """The agent's cases, with the believer's notes."""
        assert self.store is not None
        return self.credit.retain(episode, rollout, self.store)


def believed(episodes: Sequence[Episode], family: str) -> list[dict[str, float]]:
    """After each task, what the memory of ``family`` says of every tool, read from the edits that wrote it."""
    names = {e.steps[0].shown[0] for e in episodes if e.task.family == family and e.steps[0].shown}
    held: dict[str, float] = {}
    after = []
    for episode in episodes:
        notes = [edit.after["note"] for edit in episode.edits if edit.case_id in names and "note" in edit.after]
        held = json.loads(notes[-1]) if notes else held
        after.append(held)
    return after
