"""What both stores promise, one promise a test."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from memlab.core import Edit, MemlabError
from memlab.stores import ReadOnlyError, StoreError
from tests.stores.helpers import case, contents, plain, plain_step, slow_search, step, unit

X, Y, Z, XY = unit(1, 0, 0), unit(0, 1, 0), unit(0, 0, 1), unit(1, 1, 0)


def test_one_commit_is_one_version_and_an_empty_one_is_none(store):
    assert store.version == 0 and len(store) == 0
    assert store.commit([Edit.write(case("a", X)), Edit.write(case("b", Y))]) == 1
    assert store.commit([], [step(X, "a")]) == 2
    assert store.commit([]) == 2
    assert len(store) == 2 and store.version == 2 and store.dim == 3


def test_a_case_comes_back_as_it_was_written(store):
    written = case("a", XY, action="add", reward=1, q=np.float32(0.25), uses=np.int64(3), note="Ω'\"\\\n", kind="tool")
    store.commit([Edit.write(written)])
    found = store.get("a")
    assert plain(found) == plain(replace(written, reward=1.0, q=0.25, uses=3))
    assert type(found.q) is float and type(found.uses) is int
    with pytest.raises(ValueError):
        found.vector[0] = 2.0


@pytest.mark.parametrize("case_id", ["it's", 'say "a"', "back\\slash", "a%_", "new\nline", "ключ", "'; DROP TABLE log"])
def test_any_text_can_be_an_id(store, case_id):
    store.commit([Edit.write(case(case_id, X))])
    store.commit([Edit.write(case("other", Y))], [step(X, case_id)])
    assert store.get(case_id).id == case_id
    assert [edit.op for edit in store.history(case_id)] == ["write"]
    assert [s.shown for s in store.steps(case_id)] == [(case_id,)]


def test_history_holds_both_sides_of_every_change(store):
    store.commit([Edit.write(case("a", X), reason="new", episode=4, author="me", verdict="ok", credit=0.5)])
    store.commit([Edit.rewrite("a", {"q": 0.5}), Edit.rewrite("a", {"q": 0.75, "vector": Y})])
    store.commit([Edit.forget("a")])
    store.commit([Edit.restore("a")])
    write, first, second, forget, restore = store.history("a")
    assert (write.reason, write.episode, write.author, write.verdict, write.credit) == ("new", 4, "me", "ok", 0.5)
    assert write.before == {} and write.after["text"] == "text of a" and (write.after["vector"] == X).all()
    assert (first.before, first.after) == ({"q": 0.0}, {"q": 0.5})
    assert second.before["q"] == 0.5 and (second.before["vector"] == X).all() and (second.after["vector"] == Y).all()
    assert forget.after == {} and forget.before["q"] == 0.75 and (forget.before["vector"] == Y).all()
    assert restore.before == {} and restore.after["q"] == 0.75 and (restore.after["vector"] == Y).all()
    assert store.history("nobody") == []


def test_steps_come_back_in_order_and_by_case(store):
    first, second, third = step(X, "a", "b"), step(XY, "b", task="u"), step(Z, task="v")
    store.commit([Edit.write(case("a", X)), Edit.write(case("b", XY))], [first])
    assert [plain_step(s) for s in store.steps("a")] == [plain_step(first)]
    store.commit([], [second, third])
    assert [plain_step(s) for s in store.steps()] == [plain_step(s) for s in (first, second, third)]
    assert [plain_step(s) for s in store.steps("b")] == [plain_step(first), plain_step(second)]
    assert [plain_step(s) for s in store.at(1).steps("b")] == [plain_step(first)]


def test_search_gives_cosines_best_first_with_ties_by_id(store):
    store.commit([Edit.write(case(name, v)) for name, v in (("c", X), ("a", X), ("b", XY), ("d", Y), ("none", None))])
    hits = store.search(X, 3)
    assert hits.ids == ("a", "c", "b") and hits.similarity.tolist() == [1.0, 1.0, 0.707107]
    assert [found.id for found in hits.cases] == ["a", "c", "b"] and len(hits) == 3
    assert store.search(X, 1).ids == ("a",)
    assert len(store.search(X, 99)) == 4 and len(store.search(X, 0)) == 0


def test_search_of_an_empty_store_gives_nothing(store):
    hits = store.search(X, 4)
    assert hits.ids == () and hits.similarity.shape == (0,) and hits.cases == ()


def test_kinds_are_searched_apart(store):
    store.commit(
        [Edit.write(case("a", X)), Edit.write(case("t", X, kind="tool")), Edit.write(case("s", Y, kind="subtask"))]
    )
    assert store.search(X, 5, kind="tool").ids == ("t",)
    assert store.search(X, 5, kind="case").ids == ("a",)
    assert [found.id for found in store.cases("subtask")] == ["s"]
    store.commit([Edit.rewrite("t", {"kind": "case"})])
    assert store.search(X, 5, kind="tool").ids == () and store.search(X, 5, kind="case").ids == ("a", "t")


def test_search_agrees_with_a_slow_one_while_cases_come_and_go(make):
    store, rng = make(8), np.random.default_rng(0)
    rows = rng.normal(size=(300, 8))
    rows[50:60] = rows[50]
    for i, row in enumerate(rows):
        forget = [Edit.forget(f"c{i - 40:03d}")] if i >= 40 and i % 3 else []
        store.commit([Edit.write(case(f"c{i:03d}", unit(*row))), *forget])
    for query in (unit(*rows[50]), *(unit(*row) for row in rng.normal(size=(20, 8)))):
        for k in (1, 5, len(store)):
            hits = store.search(query, k)
            assert list(zip(hits.ids, hits.similarity, strict=True)) == slow_search(store.cases(), query, k)


def test_a_view_of_a_version_stays_as_it_is(store):
    store.commit([Edit.write(case("a", X))])
    store.commit([Edit.rewrite("a", {"q": 0.5, "vector": Y}), Edit.write(case("b", X))])
    then = store.at(1)
    store.commit([Edit.forget("a")])
    assert then.version == 1 and len(then) == 1 and then.get("a").q == 0.0
    assert then.search(X, 5).ids == ("a",) and then.search(X, 5).similarity.tolist() == [1.0]
    assert [edit.op for edit in then.history("a")] == ["write"]
    assert store.at(2).search(X, 5).ids == ("b", "a") and len(store.at(0)) == 0 and store.at(2).at(1).get("a").q == 0.0
    with pytest.raises(StoreError, match="not in memory"):
        then.get("b")


def test_a_view_without_cases_hides_them_and_follows_the_store(store):
    store.commit([Edit.write(case("a", X)), Edit.write(case("b", XY)), Edit.write(case("c", Y))])
    less = store.without(["a"])
    assert less.search(X, 2).ids == ("b", "c") and less.search(X, 1).ids == ("b",) and len(less) == 2
    store.commit([Edit.write(case("d", X))])
    assert less.search(X, 1).ids == ("d",) and [found.id for found in less.cases()] == ["b", "c", "d"]
    assert less.without(["d"]).search(X, 1).ids == ("b",) and [c.id for c in less.at(1).cases()] == ["b", "c"]
    with pytest.raises(StoreError, match="left out"):
        less.get("a")


def test_views_cannot_be_changed(store):
    store.commit([Edit.write(case("a", X))])
    for view in (store.at(1), store.without(["a"])):
        with pytest.raises(ReadOnlyError, match="commit to the store"):
            view.commit([Edit.forget("a")])
        with pytest.raises(ReadOnlyError, match="revert the store"):
            view.revert(version=0)
    assert len(store) == 1


GOOD = Edit.write(case("new", Y))
BAD = {
    "unknown op": replace(GOOD, op="delete"),
    "in memory already": Edit.write(case("a", X)),
    "not in memory": Edit.rewrite("nobody", {"q": 1.0}),
    "write it first": Edit.forget("nobody"),
    "was never written": Edit.restore("nobody"),
    "only a forgotten case": Edit.restore("a"),
    "unknown field 'Q'": Edit.rewrite("a", {"Q": 1.0}),
    "unknown field 'z'": Edit.rewrite("a", {"q": 1.0}, before={"z": 1}),
    "no field to change": Edit.rewrite("a", {}),
    "read the case again": Edit.rewrite("a", {"q": 1.0}, before={"q": 0.5}),
    "takes no fields": Edit("forget", "a", after={"q": 1.0}),
    "no text": Edit("write", "b", after={"q": 1.0}),
    "unknown kind 'dream'": Edit.write(case("b", X, kind="dream")),
    "has shape": Edit.write(case("b", unit(1, 0))),
    "NaN or infinity": Edit.write(case("b", np.array([np.nan, 0, 0]))),
    "holds NaN": Edit.write(case("b", np.array([np.inf, 0, 0]))),
    "np.linalg.norm": Edit.write(case("b", np.array([1.0, 1.0, 0]))),
    "has length 0, not 1": Edit.write(case("b", np.zeros(3))),
    "not an array": Edit.write(case("b", "north")),
    "finite": Edit.rewrite("a", {"q": math.nan}),
    "give a number": Edit.rewrite("a", {"reward": "much"}),
    "whole number": Edit.rewrite("a", {"uses": 1.5}),
    "give a str": Edit.rewrite("a", {"text": None}),
    "surrogate": Edit.rewrite("a", {"text": "\ud800"}),
    "id is empty": Edit.write(case("", X)),
    "episode is": Edit.forget("a", episode=1.5),
    "credit is": Edit.forget("a", credit=math.inf),
    "Edit objects": "forget a",
    "too large": Edit.rewrite("a", {"q": 10**400}),
    "complex": Edit.write(case("b", np.array([1 + 5j, 0, 0]))),
    "sources is the str 'a'": Edit.forget("a", sources="a"),
    "sources is 5": Edit.forget("a", sources=5),
    "sources: an id is 5": Edit.forget("a", sources=(5,)),
    "undoes": Edit.forget("a", undoes=(0,)),
}


@pytest.mark.parametrize("message", BAD)
def test_one_bad_edit_keeps_the_whole_batch_out(store, message):
    store.commit([Edit.write(case("a", X))])
    before = contents(store)
    with pytest.raises(MemlabError, match=message):
        store.commit([GOOD, BAD[message]], [step(X, "a")])
    assert store.version == 1 and contents(store) == before and store.steps() == []
    assert store.search(Y, 5).ids == ("a",)
    assert store.commit([GOOD]) == 2


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (replace(step(X, "a"), mu=()), "one for each"),
        (replace(step(X, "a"), vector=unit(1, 0)), "has shape"),
        (replace(step(X, "a"), reward=math.nan), "finite"),
        (replace(step(X, "a"), shown=(None,)), "give a str"),
        (replace(step(X, "a"), shown="ab", mu=(0.5, 0.5)), "shown is the str 'ab'"),
        (replace(step(X, "a"), shown=None), "shown is None"),
        (replace(step(X, "a"), mu=None), "mu is None"),
        (replace(step(X, "a"), reward=10**400), "too large"),
        (replace(step(X, "a"), vector=np.array([1j, 0, 0])), "complex"),
        ("step", "Step objects"),
    ],
)
def test_one_bad_step_keeps_the_whole_batch_out(store, bad, message):
    with pytest.raises(MemlabError, match=message):
        store.commit([Edit.write(case("a", X))], [step(X, "a"), bad])
    assert store.version == 0 and len(store) == 0 and store.steps() == []


def test_bad_questions_are_errors_that_say_what_to_do(store):
    store.commit([Edit.write(case("a", X))])
    store.commit([Edit.forget("a")])
    for ask, message in (
        (lambda: store.get("a"), "was forgotten"),
        (lambda: store.get("b"), "not in memory"),
        (lambda: store.search(unit(1, 0), 1), "has shape"),
        (lambda: store.search(np.array([np.nan, 0, 0]), 1), "NaN"),
        (lambda: store.search(np.array([3.0, 4.0, 0]), 1), "length 5"),
        (lambda: store.search(X, -1), "k is -1"),
        (lambda: store.search(X, 2.5), "k is 2.5"),
        (lambda: store.search(X, 1, kind="dream"), "unknown kind"),
        (lambda: store.cases("dream"), "unknown kind"),
        (lambda: store.at(3), "versions 0 to 2"),
        (lambda: store.at(-1), "versions 0 to 2"),
        (lambda: store.at(1).at(2), "later than this view"),
        (lambda: store.without(["b"]), "not in memory"),
        (lambda: store.search(np.array([1 + 5j, 0, 0]), 1), "complex"),
        (lambda: store.search(["1", "0", "0"], 1), "not an array of numbers"),
        (lambda: store.without("a"), "list of ids"),
        (lambda: store.without(5), "list of ids"),
        (lambda: store.without([["a"]]), "give a str"),
        (lambda: store.revert(), "version="),
        (lambda: store.revert(version=1, episode=1), "version="),
        (lambda: store.revert(version=3), "versions 0 to 2"),
        (lambda: store.revert(episode=9), "no edits"),
        (lambda: store.revert(episode="x"), "whole number"),
        (lambda: store.revert(ids=["b"]), "never in memory"),
        (lambda: store.revert(ids="a"), "list of ids"),
        (lambda: store.revert(ids=5), "list of ids"),
        (lambda: store.revert(version=1, author="agent"), "version="),
        (lambda: store.revert(derived=True), "version="),
        (lambda: store.revert(author="nobody"), "no edits"),
        (lambda: store.revert(author=5), "give a str"),
        (lambda: store.revert(since=3), "versions 0 to 2"),
        (lambda: store.revert(since="yesterday"), "versions 0 to 2"),
    ):
        with pytest.raises(StoreError, match=message):
            ask()
    assert store.version == 2


def test_a_closed_store_says_so(make):
    with make() as store:
        store.commit([Edit.write(case("a", X))])
    with pytest.raises(StoreError, match="open it again"):
        store.get("a")


def test_one_batch_may_change_one_case_many_times(store):
    store.commit([Edit.write(case("a", X)), Edit.rewrite("a", {"vector": Y, "q": 1.0}), Edit.forget("a")])
    assert len(store) == 0 and store.search(Y, 1).ids == ()
    store.commit([Edit.restore("a"), Edit.rewrite("a", {"uses": 1})])
    assert (store.get("a").q, store.get("a").uses) == (1.0, 1) and store.search(Y, 1).ids == ("a",)


def test_a_forgotten_id_may_be_written_anew(store):
    store.commit([Edit.write(case("a", X, note="old")), Edit.forget("a")])
    store.commit([Edit.write(case("a", Y, note="new"))])
    store.commit([Edit.forget("a")])
    store.commit([Edit.restore("a")])
    assert store.get("a").note == "new"
    store.revert(version=1)
    assert len(store) == 0 and [edit.op for edit in store.history("a")][-2:] == ["rewrite", "forget"]
    store.commit([Edit.restore("a")])
    assert store.get("a").note == "old"
