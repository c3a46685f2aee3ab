"""Taking changes back: which state each case should return to, and the edits that lead there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from memlab.core import CASE_FIELDS, Case, Edit
from memlab.stores.contract import StoreError
from memlab.stores.log import Entry, Pair, View, replay, same


def changes(old: Case, new: Case) -> dict[str, Any]:
    """The fields of ``new`` that differ from ``old``."""
    return {name: getattr(new, name) for name in CASE_FIELDS if not same(getattr(old, name), getattr(new, name))}


def state(history: Iterable[Entry]) -> Pair:
    """(live, forgotten) of one case after the edits in ``history``, all of them of that case."""
    view = View()
    entries = replay(view, history)
    return view.pair(entries[-1].edit.case_id) if entries else (None, None)


def before_last(history: list[Entry]) -> Pair:
    """One case as it was before the last commit that changed it; ``history`` is the case's whole log."""
    return state(entry for entry in history if entry.version < history[-1].version)


def bridge(case_id: str, old: Pair, new: Pair, reason: str) -> list[Edit]:
    """The edits, by author "revert", that lead one case from ``old`` to ``new``.

    A case that ``new`` does not know at all is forgotten. A forgotten case whose content differs is restored,
    rewritten and forgotten again, so that a later restore cannot bring back what was reverted.
    """
    why: dict[str, Any] = {"reason": reason, "author": "revert"}
    live, gone = old
    want = new[0] or new[1]
    if want is None:
        return [Edit.forget(case_id, **why)] if live is not None else []
    have = live or gone
    if have is None:
        return [Edit.write(want, **why)] if new[0] is not None else []
    diff = changes(have, want)
    edits = []
    if live is None and (diff or new[0] is not None):
        edits.append(Edit.restore(case_id, **why))
    if diff:
        before = {name: getattr(have, name) for name in diff}
        edits.append(Edit.rewrite(case_id, diff, before=before, **why))
    if new[0] is None and (live is not None or diff):
        edits.append(Edit.forget(case_id, **why))
    return edits


def undo(history: list[Entry], episode: int) -> Pair:
    """One case with the edits of ``episode`` taken out, newest first; ``history`` is the case's whole log.

    A case the episode wrote is forgotten, whatever became of it. A rewritten field goes back to what it was before;
    if somebody else changed it since, or wrote another case under the id, that is a conflict and raises `StoreError`.
    """
    live, gone = state(history)
    mine = [entry for entry in history if entry.edit.episode == episode]
    if any(entry.edit.op == "write" for entry in mine):
        return None, live or gone
    for entry in reversed(mine):
        edit, case = entry.edit, live or gone
        later = [e for e in history if (e.version, e.position) > (entry.version, entry.position)]
        if case is None or any(e.edit.op == "write" for e in later):
            raise _conflict(edit, "a new case was written under this id", later)
        if edit.op == "rewrite":
            fixed = {}
            for name, value in (edit.before or {}).items():
                if same(getattr(case, name), edit.after[name]):
                    fixed[name] = value
                elif not same(getattr(case, name), value):
                    raise _conflict(edit, f"{name} was changed again", later)
            case = replace(case, **fixed)
            live, gone = (case, None) if live is not None else (None, case)
        else:
            live, gone = (case, None) if edit.op == "forget" else (None, case)
    return live, gone


def _conflict(edit: Edit, what: str, later: list[Entry]) -> StoreError:
    episodes = sorted({e.edit.episode for e in later if e.edit.episode not in (-1, edit.episode)}, reverse=True)
    return StoreError(
        f"revert of episode {edit.episode}: after its {edit.op} of case {edit.case_id!r}, {what} "
        f"(by episodes {episodes}); nothing was changed. Revert those first, newest first, or go back with version="
    )
