"""A bounded bank: any credit rule, with room for so many cases; the least valued goes first, and of these the oldest.

A null of our own: a bank that only appends cannot forget by definition, so what forgetting costs is seen here alone.
Build it as ``with_memory(TopK(), Bounded(32))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memlab.core import Edit, Episode
from memlab.credit.rules import CreditRule, append_only
from memlab.stores.contract import Store


@dataclass(frozen=True)
class Bounded:
    """``credit``, and then forgets until ``size`` cases are left, those just lived included."""

    size: int
    credit: CreditRule = append_only

    def __call__(self, episodes: Sequence[Episode], store: Store) -> list[Edit]:
        edits = self.credit(episodes, store)
        gone = {edit.case_id for edit in edits if edit.op == "forget"}
        value = {edit.case_id: edit.after["q"] for edit in edits if "q" in edit.after}
        cases = [case for case in store.cases("case") if case.id not in gone]
        cases.sort(key=lambda case: (value.get(case.id, case.q), case.episode))
        surplus = max(0, len(cases) + sum(len(episode.steps) for episode in episodes) - self.size)
        reason = f"the bank holds {self.size} cases"
        return [*edits, *(Edit.forget(c.id, reason=reason, episode=episodes[0].index) for c in cases[:surplus])]
