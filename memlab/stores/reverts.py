"""Taking changes back: which edits, the state that each case then returns to, and the edits that lead there.

A case is what those of its edits made of it that no revert took back. A revert folds the case's log once more without
the edits that it takes back, and notes which they were (`Edit.undoes`): so it can itself be taken back, and what it
took back is never mixed up with an equal value that somebody else wrote.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from memlab.core import CASE_FIELDS, Case, Edit
from memlab.stores.checks import StoreError
from memlab.stores.log import Entry, Pair, View, equal

LIVE = "live"
Fields = dict[str, Any]


def pick(
    log: Sequence[Entry], episode: int | None, author: str | None, since: int | None, ids: Sequence[str] | None
) -> set[tuple[int, int]]:
    """``(version, position)`` of the edits that fit all that is given; with ``ids`` alone, their last commit's."""
    last = {entry.edit.case_id: entry.version for entry in log}
    ids_alone = episode is None and author is None and since is None
    return {
        entry[:2]
        for entry in log
        if (episode is None or entry.edit.episode == episode)
        and (author is None or entry.edit.author == author)
        and (since is None or entry.version > since)
        and (ids is None or entry.edit.case_id in ids)
        and (not ids_alone or entry.version == last[entry.edit.case_id])
    }


def take_back(
    view: View, log: Sequence[Entry], picked: AbstractSet[tuple[int, int]], derived: bool, keep_later: bool, what: str
) -> list[Edit]:
    """The edits that take those ``picked`` of ``log`` back, with ``derived`` all that came of them. ``what`` says why.

    An edit came of them if one of its sources was, when it was made, another than it would have been without them.
    """
    traces: dict[str, Trace] = {}
    hit = {entry.edit.case_id for entry in log if entry[:2] in picked}
    for entry in log:
        if not derived and entry.edit.case_id not in hit:
            continue
        sources = entry.edit.sources if derived else ()
        taken = entry[:2] in picked or any(name in traces and traces[name].differs() for name in sources)
        traces.setdefault(entry.edit.case_id, Trace()).add(entry, taken)
    edits = []
    for case_id in sorted(name for name in traces if traces[name].taken):
        goal, undoes = traces[case_id].rest(keep_later, what), tuple(sorted(traces[case_id].taken))
        edits += bridge(case_id, view.pair(case_id), goal, reason=what, author="revert", undoes=undoes)
    return edits


class Change(NamedTuple):
    """What one edit set, `LIVE` among the fields, and the place of the write that it amends (its own, for a write)."""

    fields: Fields
    write: int


class Trace:
    """The log of one case as changes; ``taken`` are the places in it that are to be taken back."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self._entries: list[Entry] = []
        self._changes: list[Change] = []
        self._undoes: dict[int, tuple[int, ...]] = {}
        self._write = 0

    def add(self, entry: Entry, taken: bool) -> None:
        """Append the case's next edit, with ``before`` and ``after`` filled in."""
        place, edit = len(self._entries), entry.edit
        self._entries.append(entry)
        if taken:
            self.taken.add(place)
        fields = _set_by(edit)
        if edit.op == "write":
            self._write = place
        elif edit.undoes:
            self._undoes[place] = edit.undoes
            out = self._out()
            writes = [i for i, one in enumerate(self._entries) if one.edit.op == "write" and i not in out]
            if writes:
                fields, self._write = {}, writes[-1]
            else:
                # It took back all there was: the case is forgotten, and what others made of it can be restored.
                del self._undoes[place]
        self._changes.append(Change(fields, self._write))

    def differs(self) -> bool:
        """Whether the case as it is shows anything of what is taken."""
        if not self.taken:
            return False
        now, left = self._fold(self._out())[0], self._fold(self._out(self.taken))[0]
        return now.keys() != left.keys() or not all(equal(now[name], left[name]) for name in now)

    def rest(self, keep_later: bool, what: str) -> Pair:
        """The case without what is taken; (None, None) where nothing is left of it.

        What was done to a case falls with its write. A field that an edit which stays changed again, or an id that it
        wrote anew, is kept with ``keep_later``, and else a conflict: `StoreError`.
        """
        state, under = self._fold(self._out(self.taken))
        if LIVE not in state:
            return None, None
        if not keep_later:
            self._check(under, what)
        live = state.pop(LIVE)
        case = Case(self._entries[0].edit.case_id, **state)
        return (case, None) if live else (None, case)

    def _check(self, under: Mapping[int, Fields], what: str) -> None:
        _, now = self._fold(self._out())
        for place in sorted(under.keys() & now.keys()):
            version, _, edit = self._entries[place]
            anew = edit.op == "write"
            for name, value in under[place].items():
                if equal(now[place][name], value) or (not anew and equal(self._changes[place].fields[name], value)):
                    continue
                raise StoreError(
                    f"{what}: case {edit.case_id!r}: "
                    f"{'a new case was written under this id' if anew else f'{name} was changed again'} in version "
                    f"{version} (episode {edit.episode}, author {edit.author!r}); nothing was changed. Keep that with "
                    f"keep_later=True, or first take it back with revert(since={version - 1}, ids=[{edit.case_id!r}])"
                )

    def _out(self, taken: Iterable[int] = ()) -> set[int]:
        """The places that do not count once ``taken`` is taken back: a revert among these takes nothing back."""
        out = set(taken)
        for place in reversed(self._undoes):
            if place not in out:
                out.update(self._undoes[place])
        return out

    def _fold(self, out: AbstractSet[int]) -> tuple[Fields, dict[int, Fields]]:
        """The case without the places ``out``; and for each edit that counts, what stood where it changed something."""
        state: Fields = {}
        under: dict[int, Fields] = {}
        for place, (fields, write) in enumerate(self._changes):
            if place not in out and write not in out:
                under[place] = {name: state.get(name) for name in fields}
                state.update(fields)
        return state, under


def _set_by(edit: Edit) -> Fields:
    if edit.op == "rewrite":
        before = edit.before or {}
        return {name: value for name, value in edit.after.items() if not equal(before[name], value)}
    return {**edit.after, LIVE: True} if edit.op == "write" else {LIVE: edit.op == "restore"}


def bridge(case_id: str, old: Pair, new: Pair, **why: Any) -> list[Edit]:
    """The edits that lead one case from ``old`` to ``new``.

    A case that ``new`` does not know at all is forgotten. A forgotten case whose content differs is restored,
    rewritten and forgotten again, so that a later restore cannot bring back what was reverted.
    """
    live = old[0]
    have, want = live or old[1], new[0] or new[1]
    if have is None or want is None:
        return [] if live is None else [Edit.forget(case_id, **why)]
    before = {name: getattr(have, name) for name in CASE_FIELDS if not equal(getattr(have, name), getattr(want, name))}
    edits = []
    if live is None and (before or new[0] is not None):
        edits.append(Edit.restore(case_id, **why))
    if before:
        edits.append(Edit.rewrite(case_id, {name: getattr(want, name) for name in before}, before=before, **why))
    if new[0] is None and (live is not None or before):
        edits.append(Edit.forget(case_id, **why))
    return edits
