"""Exercises of lab 12: what came of a memory, and an undo that takes what must go and keeps what should stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from memlab.course import Exercise
from memlab.labs.lab12_audit.study import BEFORE, EXPOSED, begin
from memlab.rivals.attacker import memory_of, speaks_for_wrong

LOG = (("a", ()), ("b", ("a",)), ("c", ("b", "x")), ("d", ()), ("e", ("d",)), ("d", ("c",)))


def came_of(edits: Sequence[tuple[str, Iterable[str]]], ids: Iterable[str]) -> set[str]:
    """The cases of ``ids``, and all that was derived from them, by one walk along the log."""
    found = set(ids)
    for case_id, sources in edits:
        found |= {case_id} if found & set(sources) else set()
    return found


def _undo(answer: Any) -> str | None:
    agent, plan, tasks, _, _ = begin("undefended", "laundered", 112)
    list(agent.run(tasks[BEFORE : BEFORE + EXPOSED]))
    store, stream = memory_of(agent), {task.id for task in tasks}
    held = {case.id for case in store.cases() if case.id.rpartition("/")[0].rpartition("/")[0] in stream}
    answer(store)
    if "visit/0" in (left := {case.id for case in store.cases()}):
        return "the planted cases are back: you took back their deletion"
    if wrong := speaks_for_wrong(store, plan):
        return f"{wrong} cases still speak for {plan.wrong}: what came of the deleted ones?"
    kept = len(held & left) / len(held)
    return None if kept > 0.9 else f"the attack is gone, but only {kept:.0%} of the honest cases stay: take less"


EXERCISES = {
    "12.1": Exercise(
        start="an edit is derived when one of its sources is: what do you know when you come to it?",
        solution=came_of, cases=((LOG, {"a"}), (LOG, {"d"}), (LOG, {"x", "e"})),
        mistakes={
            "one step is not enough: what was derived from a derived case is derived, too":
                lambda edits, ids: set(ids) | {name for name, sources in edits if set(sources) & set(ids)},
            "what came of a case while it was clean stays: walk the log once": lambda log, ids: came_of(log * 3, ids),
            "the cases that you start from go as well": lambda edits, ids: came_of(edits, ids) - set(ids),
            "these are the sources; go along the log the other way":
                lambda edits, ids: set(ids) | {s for name, sources in edits if name in ids for s in sources},
        },
    ),
    "12.2": Exercise(
        start="which edits were the attacker's, and what else must go? call store.revert(...)",
        solution=lambda store: store.revert(episode=1000, derived=True), judge=_undo,
        mistakes={
            "3 cases still speak for factors: what came of the deleted ones?": lambda store: store.revert(episode=1000),
            "the planted cases are back: you took back their deletion": lambda s: s.revert(ids=["visit/0"]),
            "the attack is gone, but only 67% of the honest cases stay: take less": lambda s: s.revert(since=BEFORE),
            "the attack is gone, but only 0% of the honest cases stay: take less": lambda s: s.revert(author="agent"),
        },
    ),
}  # fmt: skip
