"""Both stores run the same random program, beside a model of dicts and lists that knows nothing of their code."""

from __future__ import annotations

import functools
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from memlab.core import Case, Edit
from memlab.stores import StoreError, lance, open_store
from memlab.stores.array import ArrayStore
from tests.stores.helpers import contents, plain, plain_step, slow_search, step, unit

PROGRAMS = 500
IDS = ("a", "b", "it's", "d")
AUTHORS = ("agent", "eve")
LIVE = "is live"
POOL = [unit(1, 0, 0), unit(0, 1, 0), unit(1, 1, 0), unit(1, 2, 3), unit(-1, 0, 1)]
FIELDS = {
    "q": (0.0, 0.1, -1.5),
    "uses": (0, 1, 2),
    "note": ("", "wé\"'"),
    "kind": ("case", "tool"),
    "vector": (*POOL, None),
}
OPS = ("write", "write", "write", "rewrite", "rewrite", "forget", "restore")
WAYS = "author author,since author,episode,ids author,ids episode episode,since ids since since,ids version version,ids"
Choose = Callable[[Sequence], Any]


def an_edit(choose: Choose, ids: Sequence[str] = IDS, ops: Sequence[str] = OPS) -> Edit:
    op, case_id = choose(ops), choose(ids)
    fields = {name: choose(values) for name, values in FIELDS.items() if choose((True, False))}
    sources = [name for name in ids if choose((False, False, True))]
    why = {"episode": choose(range(3)), "author": choose(AUTHORS), "sources": sources}
    if op == "write":
        return Edit.write(Case(case_id, **{"text": "t", **fields}), **why)
    return Edit(op, case_id, after=fields if op == "rewrite" else {}, **why)


def a_revert(choose: Choose, newest: int, ids: Sequence[str] = IDS) -> dict:
    """What to call ``revert`` with: one or more of its ways to choose, and its two switches."""
    versions, some = range(newest + 1), [name for name in ids if choose((True, False))]
    given = {"version": versions, "episode": range(3), "author": (*AUTHORS, "revert"), "since": versions, "ids": [some]}
    asked = {way: choose(given[way]) for way in choose(WAYS.split()).split(",")}
    return asked | {"derived": choose((False, True)), "keep_later": choose((False, True))}


def drawn(draw: st.DrawFn) -> Choose:
    return lambda options: draw(st.sampled_from(options))


BATCHES = st.lists(st.composite(lambda draw: an_edit(drawn(draw)))(), max_size=3)
STEPS = st.lists(st.builds(step, st.sampled_from(POOL), st.sampled_from(IDS), episode=st.integers(0, 2)), max_size=2)


@dataclass(frozen=True)
class Event:
    """One edit of a case, or all that a revert did to it: what it set, the write it is about, what it took back."""

    version: int
    edit: Edit
    sets: dict
    write: int
    undid: frozenset = frozenset()


def counts(events: list[Event], taken: frozenset = frozenset()) -> list[int]:
    """Places of the events that still count when ``taken`` do not, by reading from the newest."""
    void = set(taken)
    for i in reversed(range(len(events))):
        void |= events[i].undid if i not in void else set()
    return [i for i, event in enumerate(events) if i not in void and event.write not in void]


def shown(events: list[Event], places: list[int]) -> dict:
    """The case that these events make: its fields, and whether it is live; empty where none is left."""
    return {name: value for i in places for name, value in events[i].sets.items()}


class Model:
    """Memory as two dicts of plain fields; ``past[v]`` is a copy of both after commit ``v``."""

    def __init__(self) -> None:
        self.live: dict[str, dict] = {}
        self.gone: dict[str, dict] = {}
        self.past: list[tuple[dict, dict]] = [({}, {})]
        self.edits: list[tuple[int, Edit]] = []
        self.steps: list[tuple[int, object]] = []
        self.events: list[tuple[str, Event]] = []

    def commit(self, batch: list[Edit], steps: list) -> bool:
        """Whether the batch fits; only then anything changes."""
        live, gone, events = dict(self.live), dict(self.gone), list(self.events)
        for edit in batch:
            name, sets = edit.case_id, {LIVE: edit.op != "forget"}
            if edit.op == "write" and name not in live:
                live[name] = dict(edit.after)
                gone.pop(name, None)
                sets |= edit.after
            elif edit.op == "rewrite" and name in live and edit.after:
                sets = {field: value for field, value in edit.after.items() if key(live[name][field]) != key(value)}
                live[name] = {**live[name], **edit.after}
            elif edit.op == "forget" and name in live:
                gone[name] = live.pop(name)
            elif edit.op == "restore" and name in gone:
                live[name] = gone.pop(name)
            else:
                return False
            earlier = [event for case_id, event in events if case_id == name]
            write = len(earlier) if edit.op == "write" else self.last_write(earlier)
            events.append((name, Event(self.version + 1, edit, sets, write)))
        if batch or steps:
            self.live, self.gone, self.events = live, gone, events
            self.past.append((live, gone))
            self.edits += [(self.version, edit) for edit in batch]
            self.steps += [(self.version, one) for one in steps]
        return True

    @staticmethod
    def last_write(events: list[Event]) -> int:
        return [i for i in counts(events) if i == events[i].write][-1]

    def of(self, name: str, upto: int | None = None) -> list[Event]:
        return [event for case_id, event in self.events[:upto] if case_id == name]

    def revert(self, version=None, ids=None, derived=False, keep_later=False, **asked) -> bool:
        """Whether it works; then memory is what the edits that are left make of it."""
        if not set(ids or ()) <= {*self.live, *self.gone}:
            return False
        taken = self.taken(version, ids, asked, derived)
        if not any(taken.values()) and asked.keys() & {"episode", "author"}:
            return False
        goals = {}
        for name in sorted(name for name in taken if taken[name]):
            events = self.of(name)
            now, left = counts(events), counts(events, taken[name])
            goals[name] = shown(events, left)
            if version is not None and name in (ids or IDS):
                was = self.past[version][0].get(name), self.past[version][1].get(name)
                assert _fields(goals[name]) == _fields((was[0] or was[1] or {}) | {LIVE: was[0] is not None})
            if not keep_later and goals[name] and any(self.clash(events, i, now, left) for i in {*now} & {*left}):
                return False
        self.go_to(goals, taken)
        return True

    def taken(self, version, ids, asked, derived) -> dict[str, frozenset]:
        """Places of the events of each case that are to be taken back."""
        found: dict[str, frozenset] = {name: frozenset() for name in IDS}
        since = asked.get("since", version)
        for at, (name, event) in enumerate(self.events):
            fits = (
                (event.edit.episode == asked.get("episode", event.edit.episode))
                and (event.edit.author == asked.get("author", event.edit.author))
                and (since is None or event.version > since)
                and (ids is None or name in ids)
                and (bool(asked) or version is not None or event.version == self.of(name)[-1].version)
            )
            for source in event.edit.sources if derived else ():
                before = self.of(source, at)
                as_was, without = (shown(before, counts(before, gone)) for gone in (frozenset(), found[source]))
                fits |= _fields(as_was) != _fields(without)
            if fits:
                found[name] |= {len(self.of(name, at))}
        return found

    @staticmethod
    def clash(events: list[Event], place: int, now: list[int], left: list[int]) -> bool:
        """Whether the event at ``place`` set a field over something else than it would have stood on."""
        over, would = (shown(events, [i for i in places if i < place]) for places in (now, left))
        anew = events[place].write == place
        return any(
            key(over.get(name)) != key(would.get(name)) and (anew or key(would.get(name)) != key(value))
            for name, value in events[place].sets.items()
        )

    def go_to(self, goals: dict[str, dict], taken: dict[str, frozenset]) -> None:
        """A new version in which each case is as in ``goals`` (forgotten where that is empty), if that is a change."""
        live, gone, version = dict(self.live), dict(self.gone), self.version + 1
        for name, goal in goals.items():
            edit = Edit.forget(name, author="revert")
            have = live[name] | {LIVE: True} if name in live else gone[name] | {LIVE: False}
            if not goal and name in live:
                gone[name] = live.pop(name)
                self.events.append((name, Event(version, edit, {LIVE: False}, self.last_write(self.of(name)))))
            elif goal and _fields(goal) != _fields(have):
                fields = {field: value for field, value in goal.items() if field != LIVE}
                live.pop(name, None), gone.pop(name, None)
                (live if goal[LIVE] else gone)[name] = fields
                write = max(i for i in counts(self.of(name), taken[name]) if self.of(name)[i].write == i)
                self.events.append((name, Event(version, edit, {}, write, taken[name])))
        if self.events and self.events[-1][1].version == version:
            self.live, self.gone = live, gone
            self.past.append((live, gone))

    @property
    def version(self) -> int:
        return len(self.past) - 1

    def contents(self, version: int) -> list[tuple]:
        return _plain(self.past[version][0])


def key(value: object) -> object:
    """A field's value, comparable with ``==``."""
    return value.tobytes() if isinstance(value, np.ndarray) else value


def _fields(case: dict) -> dict:
    return {} if case.keys() <= {LIVE} else {name: key(value) for name, value in case.items()}


def _plain(cases: dict[str, dict]) -> list[tuple]:
    return [plain(Case(name, **fields)) for name, fields in sorted(cases.items())]


class Programs(RuleBasedStateMachine):
    """Rules are the calls a user can make; the invariant compares everything that can be seen."""

    started = 0

    @initialize()
    def start(self) -> None:
        Programs.started += 1
        self.folder = Path(tempfile.mkdtemp())
        self.array, self.disk = ArrayStore(3), open_store(self.folder / "memory", 3)
        self.other = open_store(self.folder / "memory")
        self.model = Model()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for store in (self.array, self.disk, self.other):
                store.close()
            shutil.rmtree(self.folder)

    def both(self, call) -> bool:
        """Whether ``call`` worked; both stores must say the same, in the same words."""
        said = []
        for store in (self.array, self.disk):
            try:
                said.append(call(store))
            except StoreError as error:
                said.append(str(error))
        assert said[0] == said[1]
        return isinstance(said[0], int)

    @rule(batch=BATCHES, steps=STEPS)
    def commit(self, batch, steps) -> None:
        assert self.both(lambda store: store.commit(batch, steps)) == self.model.commit(batch, steps)

    @rule(batch=BATCHES)
    def commit_by_another_handle(self, batch) -> None:
        if self.model.commit(batch, []):
            assert self.array.commit(batch) == self.other.commit(batch)

    @rule(data=st.data())
    def revert(self, data) -> None:
        asked = a_revert(drawn(data.draw), self.model.version)
        assert self.both(lambda store: store.revert(**asked)) == self.model.revert(**asked)
        assert_forgotten_alike(self.array, self.model)

    @rule()
    def open_again(self) -> None:
        self.disk.close()
        self.disk = open_store(self.folder / "memory", 3)

    @rule()
    def rebuild(self) -> None:
        before = contents(self.disk)
        self.disk.rebuild()
        assert contents(self.disk) == before

    @rule(query=st.sampled_from(POOL), k=st.integers(0, 5), kind=st.sampled_from([None, "case", "tool"]))
    def search(self, query, k, kind) -> None:
        slow = slow_search([Case(n, **f) for n, f in self.model.live.items() if kind in (None, f["kind"])], query, k)
        for store in (self.array, self.disk, self.other, self.disk.at(self.model.version)):
            hits = store.search(query, k, kind)
            assert list(zip(hits.ids, hits.similarity, strict=True)) == slow
        for hidden in list(self.model.live)[:1]:
            rest = [Case(n, **f) for n, f in self.model.live.items() if n != hidden and kind in (None, f["kind"])]
            hits = self.disk.without([hidden]).search(query, k, kind)
            assert list(zip(hits.ids, hits.similarity, strict=True)) == slow_search(rest, query, k)

    @rule(data=st.data())
    def look_back(self, data) -> None:
        version = data.draw(st.integers(0, self.model.version))
        for store in (self.array.at(version), self.disk.at(version)):
            assert contents(store) == self.model.contents(version)
            assert [plain_step(s) for s in store.steps()] == [
                plain_step(s) for v, s in self.model.steps if v <= version
            ]

    @rule(name=st.sampled_from(IDS))
    def read_history(self, name) -> None:
        left, right = (
            [
                (e.op, e.episode, e.author, e.sources, e.undoes, e.reason, _hashable(e.before), _hashable(e.after))
                for e in store.history(name)
            ]
            for store in (self.array, self.disk)
        )
        assert left == right
        mine = [(edit.op, tuple(edit.sources)) for _, edit in self.model.edits if edit.case_id == name]
        assert [(op, sources) for op, _, author, sources, *_ in left if author != "revert"] == mine

    @invariant()
    def all_show_the_same(self) -> None:
        if hasattr(self, "model"):
            for store in (self.array, self.disk, self.other):
                assert store.version == self.model.version
                assert contents(store) == self.model.contents(self.model.version)


def _hashable(fields) -> list[tuple]:
    return sorted((k, key(v)) for k, v in fields.items())


def test_both_stores_and_the_model_agree_on_random_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lance, "COMPACT_EVERY", 3)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 2)
    quick = settings(
        max_examples=PROGRAMS, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Programs, settings=quick)
    assert Programs.started >= PROGRAMS


def assert_forgotten_alike(store: ArrayStore, model: Model) -> None:
    assert {name: plain(found) for name, found in store._view.gone.items()} == {
        name: plain(Case(name, **fields)) for name, fields in model.gone.items()
    }


def test_reverts_upon_reverts_of_two_cases_are_as_the_model_has_them() -> None:
    for seed in range(4 * PROGRAMS):
        choose = random.Random(seed).choice
        store, model = ArrayStore(3), Model()
        for _ in range(12):
            if choose((True, False)):
                name = choose("ab")
                fits = (
                    "write restore"
                    if name in model.gone
                    else "rewrite rewrite forget"
                    if name in model.live
                    else "write"
                )
                batch = [
                    an_edit(choose, [name], fits.split()),
                    *(an_edit(choose, "ab") for _ in range(choose((0, 0, 1)))),
                ]
                worked, call = model.commit(batch, []), functools.partial(store.commit, batch)
            else:
                asked = a_revert(choose, store.version, "ab")
                worked, call = model.revert(**asked), functools.partial(store.revert, **asked)
            with nullcontext() if worked else pytest.raises(StoreError):
                call()
            assert store.version == model.version and contents(store) == model.contents(model.version), seed
            assert_forgotten_alike(store, model)
