"""The log of edits and the one way to read it: a pure fold into the current view.

Both stores, ``at``, ``revert``, ``history`` and rebuilding all go through `advance`, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from memlab.core import CASE_FIELDS, Case, Edit
from memlab.stores.contract import StoreError, check_edit

Pair = tuple[Case | None, Case | None]


class Entry(NamedTuple):
    """One edit where it stands in the log: commit ``version``, ``position`` within the commit."""

    version: int
    position: int
    edit: Edit


@dataclass
class View:
    """The view after commit ``version``: cases that are ``live``, and forgotten ones as they last were."""

    live: dict[str, Case] = field(default_factory=dict)
    gone: dict[str, Case] = field(default_factory=dict)
    version: int = 0

    def pair(self, case_id: str) -> Pair:
        """(live, forgotten) of one case; at most one of the two is not None."""
        return self.live.get(case_id), self.gone.get(case_id)

    def put(self, case_id: str, pair: Pair) -> None:
        """Set both sides of one case."""
        for side, case in zip((self.live, self.gone), pair, strict=True):
            if case is None:
                side.pop(case_id, None)
            else:
                side[case_id] = case


def fields_of(case: Case) -> dict[str, Any]:
    """The fields of ``case`` as an edit holds them."""
    return {name: getattr(case, name) for name in CASE_FIELDS}


def same(left: Any, right: Any) -> bool:
    """Whether two field values are equal; vectors are compared by value."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return left is right or (left is not None and right is not None and np.array_equal(left, right))
    return bool(left == right)


def changes(old: Case, new: Case) -> dict[str, Any]:
    """The fields of ``new`` that differ from ``old``."""
    return {name: getattr(new, name) for name in CASE_FIELDS if not same(getattr(old, name), getattr(new, name))}


def _expect(given: Mapping[str, Any] | None, actual: Mapping[str, Any], edit: Edit, side: str) -> None:
    for name, value in (given or {}).items():
        if name not in actual or not same(value, actual[name]):
            raise StoreError(
                f"{edit.op} of case {edit.case_id!r}: {side} says {name} is {value!r}, but memory holds "
                f"{actual.get(name)!r}; read the case again, or leave {side} out"
            )


def advance(pair: Pair, edit: Edit) -> tuple[Pair, Edit]:
    """One step of the fold: the case after ``edit``, and the edit with ``before`` and ``after`` filled in.

    Raises `StoreError` when the edit does not fit: no such case, already there, or ``before`` is out of date.
    """
    live, gone = pair
    case_id = edit.case_id
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    result: Pair
    if edit.op == "write":
        if live is not None:
            raise StoreError(f"write of case {case_id!r}: it is in memory already; use Edit.rewrite, or another id")
        if "text" not in edit.after:
            raise StoreError(f"write of case {case_id!r}: no text; give the fields of a case, as Edit.write does")
        new = Case(case_id, **edit.after)
        after, result = fields_of(new), (new, None)
    elif edit.op == "restore":
        if gone is None:
            state = "is in memory already" if live is not None else "was never written"
            raise StoreError(f"restore of case {case_id!r}: it {state}; only a forgotten case can be restored")
        after, result = fields_of(gone), (gone, None)
        _expect(edit.after, after, edit, "after")
    elif live is None:
        remedy = "restore it first" if gone is not None else "write it first, or look up its id in store.cases()"
        state = "was forgotten" if gone is not None else "is not in memory"
        raise StoreError(f"{edit.op} of case {case_id!r}: it {state}; {remedy}")
    elif edit.op == "rewrite":
        if not edit.after:
            raise StoreError(f"rewrite of case {case_id!r}: no field to change; give after={{field: value}}")
        after = dict(edit.after)
        before = {name: getattr(live, name) for name in after}
        _expect(edit.before, fields_of(live), edit, "before")
        return (replace(live, **after), None), replace(edit, before=before, after=after)
    else:
        if edit.after:
            raise StoreError(f"forget of case {case_id!r}: it takes no fields; leave after out")
        before, result = fields_of(live), (None, live)
    _expect(edit.before, before, edit, "before")
    return result, replace(edit, before=before, after=after)


def resolve(view: View, edits: Iterable[Edit], dim: int) -> tuple[list[Edit], dict[str, Pair]]:
    """Check a whole batch against ``view`` without changing it.

    Returns the edits with ``before`` and ``after`` filled in, and the new (live, forgotten) of each case touched.
    """
    touched: dict[str, Pair] = {}
    full = []
    for edit in edits:
        clean = check_edit(edit, dim)
        pair, filled = advance(touched.get(clean.case_id) or view.pair(clean.case_id), clean)
        touched[clean.case_id] = pair
        full.append(filled)
    return full, touched


def replay(view: View, entries: Iterable[Entry]) -> list[Entry]:
    """Fold ``entries`` into ``view`` in place; give them back with ``before`` and ``after`` filled in."""
    full = []
    for version, position, edit in entries:
        pair, filled = advance(view.pair(edit.case_id), edit)
        view.put(edit.case_id, pair)
        view.version = version
        full.append(Entry(version, position, filled))
    return full


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
    view = View()
    replay(view, history)
    live, gone = view.pair(history[0].edit.case_id)
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
