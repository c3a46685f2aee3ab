"""The log of edits and the one way to read it: a pure fold into the current view.

Both stores, ``at``, ``revert``, ``history`` and rebuilding all go through `advance`, so they cannot disagree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from memlab.core import CASE_FIELDS, Case, Edit
from memlab.stores.checks import StoreError, check_edit

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


def equal(left: Any, right: Any) -> bool:
    """Whether two field values are equal; vectors are compared by value."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return left is right or (left is not None and right is not None and np.array_equal(left, right))
    return bool(left == right)


def _expect(given: Mapping[str, Any] | None, actual: Mapping[str, Any], edit: Edit, side: str) -> None:
    for name, value in (given or {}).items():
        if name not in actual or not equal(value, actual[name]):
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


def replay(view: View, entries: Iterable[Entry], upto: int = 0) -> list[Entry]:
    """Fold ``entries`` into ``view`` in place, which shows version ``upto`` then; give them back with both sides."""
    full = []
    for version, position, edit in entries:
        pair, filled = advance(view.pair(edit.case_id), edit)
        view.put(edit.case_id, pair)
        full.append(Entry(version, position, filled))
    view.version = upto
    return full
