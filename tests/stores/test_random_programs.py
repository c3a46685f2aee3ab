"""Both stores run the same random program, beside a model of dicts and lists that knows nothing of their code."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from memlab.core import CASE_FIELDS, Case, Edit
from memlab.stores import StoreError, lance, open_store
from memlab.stores.array import ArrayStore
from tests.stores.helpers import contents, plain, plain_step, slow_search, step, unit

PROGRAMS = 500
IDS = ("a", "b", "it's", "d")
POOL = [unit(1, 0, 0), unit(0, 1, 0), unit(1, 1, 0), unit(1, 2, 3), unit(-1, 0, 1)]
VECTORS = st.sampled_from([*POOL, None])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "q": st.sampled_from([0.0, 0.1, -1.5]),
        "uses": st.integers(0, 2),
        "note": st.sampled_from(["", "wé\"'"]),
        "kind": st.sampled_from(["case", "tool"]),
        "vector": VECTORS,
    },
)


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    op = draw(st.sampled_from(["write", "write", "write", "rewrite", "rewrite", "forget", "restore"]))
    case_id, fields = draw(st.sampled_from(IDS)), draw(FIELDS)
    episode = draw(st.integers(0, 2))
    if op == "write":
        return Edit.write(Case(case_id, **{"text": "t", **fields}), episode=episode)
    return Edit(op, case_id, after=fields if op == "rewrite" else {}, episode=episode)


BATCHES = st.lists(edits(), max_size=3)
STEPS = st.lists(st.builds(step, st.sampled_from(POOL), st.sampled_from(IDS), episode=st.integers(0, 2)), max_size=2)


class Model:
    """Memory as two dicts of plain fields; ``past[v]`` is a copy of both after commit ``v``."""

    def __init__(self) -> None:
        self.live: dict[str, dict] = {}
        self.gone: dict[str, dict] = {}
        self.past: list[tuple[dict, dict]] = [({}, {})]
        self.edits: list[tuple[int, Edit]] = []
        self.steps: list[tuple[int, object]] = []

    def commit(self, batch: list[Edit], steps: list) -> bool:
        """Whether the batch fits; only then anything changes."""
        live, gone = dict(self.live), dict(self.gone)
        for edit in batch:
            name = edit.case_id
            if edit.op == "write" and name not in live:
                live[name] = dict(edit.after)
                gone.pop(name, None)
            elif edit.op == "rewrite" and name in live and edit.after:
                live[name] = {**live[name], **edit.after}
            elif edit.op == "forget" and name in live:
                gone[name] = live.pop(name)
            elif edit.op == "restore" and name in gone:
                live[name] = gone.pop(name)
            else:
                return False
        if batch or steps:
            self.live, self.gone = live, gone
            self.past.append((live, gone))
            self.edits += [(self.version, edit) for edit in batch]
            self.steps += [(self.version, one) for one in steps]
        return True

    def go_to(self, live: dict[str, dict], gone: dict[str, dict]) -> None:
        """A new version with this content, unless it is what there is."""
        if _plain(live) != _plain(self.live) or _plain(gone) != _plain(self.gone):
            self.past.append((live, gone))
        self.live, self.gone = live, gone

    @property
    def version(self) -> int:
        return len(self.past) - 1

    def contents(self, version: int) -> list[tuple]:
        return _plain(self.past[version][0])


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
    def revert_to_a_version(self, data) -> None:
        version = data.draw(st.integers(0, self.model.version))
        assert self.both(lambda store: store.revert(version=version))
        live, gone = self.model.past[version]
        now = {**self.model.gone, **self.model.live}
        self.model.go_to(dict(live), {name: gone.get(name, now[name]) for name in now if name not in live})

    @rule(data=st.data())
    def revert_a_case(self, data) -> None:
        known = sorted({edit.case_id for _, edit in self.model.edits} & {*self.model.live, *self.model.gone})
        if not known:
            return
        name = data.draw(st.sampled_from(known))
        last = next(v for v in range(self.model.version, 0, -1) if self._changed(name, v))
        assert self.both(lambda store: store.revert(ids=[name]))
        before_live, before_gone = self.model.past[last - 1]
        live, gone = dict(self.model.live), dict(self.model.gone)
        now = live.pop(name, None) or gone.pop(name, None)
        if name in before_live:
            live[name] = before_live[name]
        else:
            gone[name] = before_gone.get(name, now)
        self.model.go_to(live, gone)

    def _changed(self, name: str, version: int) -> bool:
        """Whether the log has an edit of this case at this version, by the array store's own log."""
        return any(entry.edit.case_id == name for entry in self.array._entries(version - 1, version))

    @rule(episode=st.integers(0, 2))
    def revert_an_episode(self, episode) -> None:
        mine = [(v, edit.case_id) for v, edit in self.model.edits if edit.episode == episode]
        if not self.both(lambda store: store.revert(episode=episode)):
            return
        touched = {name for _, name in mine}
        live = {found.id: {f: getattr(found, f) for f in CASE_FIELDS} for found in self.array.cases()}
        gone = {case_id: {f: getattr(c, f) for f in CASE_FIELDS} for case_id, c in self.array._view.gone.items()}
        for name in IDS:
            if name not in touched:
                assert plain_of(live, name) == plain_of(self.model.live, name)
            elif not self._touched_by_others(name, episode):
                first = min(v for v, case_id in mine if case_id == name)
                assert plain_of(live, name) == plain_of(self.model.past[first - 1][0], name)
        self.model.go_to(live, gone)

    def _touched_by_others(self, name: str, episode: int) -> bool:
        mine = [e for e in self.array._entries(case_id=name) if e.edit.episode == episode]
        last = self.array._entries(after=mine[0].version - 1, case_id=name)
        return any(entry.edit.episode != episode for entry in last)

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
            [(e.op, e.episode, e.author, _hashable(e.before), _hashable(e.after)) for e in store.history(name)]
            for store in (self.array, self.disk)
        )
        assert left == right
        mine = [edit.op for _, edit in self.model.edits if edit.case_id == name]
        assert [op for op, _, author, _, _ in left if author == "agent"] == mine

    @invariant()
    def all_show_the_same(self) -> None:
        if hasattr(self, "model"):
            for store in (self.array, self.disk, self.other):
                assert store.version == self.model.version
                assert contents(store) == self.model.contents(self.model.version)


def plain_of(cases: dict[str, dict], name: str) -> list[tuple]:
    return _plain({name: cases[name]} if name in cases else {})


def _hashable(fields) -> list[tuple]:
    return sorted((k, v.tobytes() if isinstance(v, np.ndarray) else v) for k, v in fields.items())


def test_both_stores_and_the_model_agree_on_random_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lance, "COMPACT_EVERY", 3)
    monkeypatch.setattr(lance, "CHECKPOINT_EVERY", 2)
    quick = settings(
        max_examples=PROGRAMS, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Programs, settings=quick)
    assert Programs.started >= PROGRAMS
