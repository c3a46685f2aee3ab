"""Reverts: what comes back, what stays, and what is a conflict."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from memlab.core import Edit
from memlab.stores import StoreError, open_store
from tests.stores.helpers import case, contents, unit

X, Y = unit(1, 0, 0), unit(0, 1, 0)


@pytest.fixture
def told(store):
    """a is written in episode 0 and updated in 1 and 2; b is planted in 1 and used in 2; c is forgotten in 1."""
    store.commit([Edit.write(case("a", X), episode=0), Edit.write(case("c", Y), episode=0)])
    store.commit(
        [
            Edit.rewrite("a", {"q": 0.9}, episode=1),
            Edit.write(case("b", X), episode=1),
            Edit.forget("c", episode=1),
        ]
    )
    store.commit([Edit.rewrite("b", {"uses": 1}, episode=2), Edit.rewrite("a", {"uses": 1}, episode=2)])
    return store


def test_every_version_can_be_gone_back_to(told):
    past = [contents(told.at(version)) for version in range(4)]
    for version in (2, 0, 3, 1):
        new = told.revert(version=version)
        assert contents(told) == past[version] and new == told.version
    assert contents(told.at(3)) == past[3]


def test_a_revert_is_more_edits_and_says_so(told):
    assert told.revert(version=1) == 4
    last = told.history("b")[-1]
    assert (last.op, last.author, last.reason, last.episode) == ("forget", "revert", "revert to version 1", -1)
    assert len(told.history("b")) == 3


def test_a_revert_that_changes_nothing_commits_nothing(told):
    assert told.revert(version=3) == 3
    assert told.revert(version=1) == 4 and told.revert(version=1) == 4


def test_an_episode_is_undone_and_what_others_did_stays(told):
    told.revert(episode=1)
    assert [found.id for found in told.cases()] == ["a", "c"]
    assert (told.get("a").q, told.get("a").uses) == (0.0, 1)
    version = told.version
    assert told.revert(episode=1) == version


def test_a_field_changed_again_by_somebody_else_is_a_conflict(told):
    told.commit([Edit.rewrite("a", {"q": 0.8}, episode=3)])
    before = contents(told)
    with pytest.raises(StoreError, match=r"case 'a': q was changed again in version 4 \(episode 3, author 'agent'\)"):
        told.revert(episode=1)
    assert contents(told) == before and told.version == 4
    told.revert(episode=3)
    told.revert(episode=1)
    assert told.get("a").q == 0.0


def test_an_id_taken_over_by_a_new_case_is_a_conflict(told):
    told.commit([Edit.write(case("c", X, note="another"), episode=3)])
    with pytest.raises(StoreError, match="a new case was written"):
        told.revert(episode=1)


def test_what_an_episode_did_to_a_case_forgotten_since_is_undone_too(told):
    told.commit([Edit.forget("a", episode=3)])
    told.revert(episode=1)
    assert "a" not in [found.id for found in told.cases()]
    told.commit([Edit.restore("a")])
    assert (told.get("a").q, told.get("a").uses) == (0.0, 1)


def test_several_edits_of_one_episode_are_undone_from_the_last(store):
    store.commit([Edit.write(case("a", X), episode=0)])
    store.commit([Edit.rewrite("a", {"q": 0.1}, episode=1), Edit.rewrite("a", {"q": 0.2, "vector": Y}, episode=1)])
    store.commit([Edit.forget("a", episode=1)])
    past = contents(store.at(1))
    store.revert(episode=1)
    assert contents(store) == past and store.search(X, 1).similarity.tolist() == [1.0]


def test_the_last_change_of_some_cases_is_undone_and_redone(told):
    told.revert(ids=["b", "a"])
    assert (told.get("b").uses, told.get("a").uses, told.get("a").q) == (0, 0, 0.9)
    told.revert(ids=["b"])
    assert (told.get("b").uses, told.get("a").uses) == (1, 0)


def test_undoing_the_write_of_a_case_forgets_it(store):
    store.commit([Edit.write(case("a", X))])
    store.revert(ids=["a"])
    assert len(store) == 0 and store.history("a")[-1].op == "forget"


def test_some_cases_alone_can_go_back_to_a_version(told):
    told.revert(version=1, ids=["a"])
    assert (told.get("a").q, told.get("a").uses) == (0.0, 0)
    assert told.get("b").uses == 1


def names(store) -> list[str]:
    return [found.id for found in store.cases()]


def values(store, field: str = "q") -> Mapping[str, object]:
    return {found.id: getattr(found, field) for found in store.cases()}


def test_a_case_written_anew_by_somebody_else_is_a_conflict_for_its_first_writer(store):
    store.commit([Edit.write(case("a", X, note="old"), episode=1)])
    store.commit([Edit.forget("a", episode=2)])
    store.commit([Edit.write(case("a", Y, note="new"), episode=3)])
    with pytest.raises(StoreError, match=r"case 'a': a new case was written under this id in version 3 \(episode 3"):
        store.revert(episode=1)
    assert store.get("a").note == "new" and store.version == 3
    assert store.revert(episode=1, keep_later=True) == 3 and store.get("a").note == "new"


def test_what_later_edits_changed_can_be_kept_and_the_rest_taken_back(told):
    told.commit([Edit.rewrite("a", {"q": 0.8}, episode=3), Edit.rewrite("b", {"q": 0.7}, episode=3)])
    told.revert(episode=1, keep_later=True)
    assert values(told) == {"a": 0.8, "c": 0.0} and told.get("a").uses == 1


def test_a_conflict_names_what_to_take_back_first(told):
    told.commit([Edit.rewrite("a", {"q": 0.8})])
    told.commit([Edit.rewrite("a", {"q": 0.7})])
    with pytest.raises(StoreError, match=r"keep_later=True, or first .* revert\(since=3, ids=\['a'\]\)"):
        told.revert(episode=1)
    told.revert(since=3, ids=["a"])
    assert told.get("a").q == 0.9
    told.revert(episode=1)
    assert (told.get("a").q, told.get("a").uses) == (0.0, 1)


def test_an_author_is_undone_over_all_its_commits(told):
    before = contents(told)
    told.commit([Edit.rewrite("a", {"q": 1.0}, author="eve", episode=4), Edit.write(case("lie", X), author="eve")])
    told.commit([Edit.rewrite("a", {"uses": 2}), Edit.write(case("d", Y))])
    told.commit([Edit.forget("b", author="eve", episode=5), Edit.rewrite("lie", {"uses": 1})])
    told.revert(author="eve")
    assert names(told) == ["a", "b", "d"]
    assert (told.get("a").q, told.get("a").uses) == (0.9, 2)
    assert contents(told)[1] == before[1]
    last = told.history("a")[-1]
    assert (last.author, last.reason, last.undoes) == ("revert", "revert of author 'eve'", (3,))
    version = told.version
    assert told.revert(author="eve") == version


def test_all_since_a_version_is_undone_and_redone(told):
    past, now = contents(told.at(1)), contents(told)
    told.revert(since=1)
    assert contents(told) == past
    told.revert(author="revert")
    assert contents(told) == now
    assert told.revert(since=told.version) == told.version


def test_what_is_given_together_must_all_fit(told):
    told.commit([Edit.rewrite(name, {"note": "x"}, author="eve", episode=3) for name in "ab"])
    told.commit([Edit.rewrite(name, {"kind": "tool"}, author="eve", episode=4) for name in "ab"])
    told.revert(author="eve", since=4, ids=["a"])
    assert values(told, "kind") == {"a": "case", "b": "tool"} and set(values(told, "note").values()) == {"x"}
    told.revert(author="eve", episode=3)
    assert set(values(told, "note").values()) == {""} and values(told, "kind") == {"a": "case", "b": "tool"}


@pytest.fixture
def spread(store):
    """eve plants a; b is derived from a, c from b, and d's value too; e and the first state of d are nobody's."""
    store.commit([Edit.write(case("d", Y, q=0.5)), Edit.write(case("e", Y)), Edit.write(case("a", X), author="eve")])
    store.commit([Edit.write(case("b", X), sources=("a", "e"))])
    store.commit([Edit.write(case("c", X), sources=("b",)), Edit.rewrite("d", {"q": 1.0}, sources=("d", "b"))])
    store.commit([Edit.forget("e", sources=("c",)), Edit.write(case("f", X), sources=("d",))])
    store.commit([Edit.write(case("g", X), sources=("h",)), Edit.rewrite("d", {"note": "mine"}, sources=("g",))])
    return store


def test_derived_lessons_survive_their_source_and_go_with_derived(spread):
    spread.revert(author="eve")
    assert names(spread) == ["b", "c", "d", "f", "g"]
    spread.revert(author="eve", derived=True)
    assert names(spread) == ["d", "e", "g"]
    assert (spread.get("d").q, spread.get("d").note) == (0.5, "mine")
    assert spread.history("c")[-1].reason == "revert of author 'eve' and what came of it"


def test_what_was_derived_before_the_edit_or_after_its_undoing_stays(store):
    store.commit([Edit.write(case("a", X, note="good"))])
    store.commit([Edit.write(case("before", X), sources=("a",))])
    store.commit([Edit.rewrite("a", {"note": "poison"}, author="eve")])
    store.commit([Edit.write(case("while", X), sources=("a",))])
    store.revert(ids=["a"])
    store.commit([Edit.write(case("after", X), sources=("a",))])
    store.revert(author="eve", derived=True)
    assert names(store) == ["a", "after", "before"] and store.get("a").note == "good"


def test_a_source_taken_back_in_the_commit_that_used_it_counts(store):
    store.commit([Edit.write(case("a", X), author="eve"), Edit.write(case("b", X), sources=("a",))])
    store.revert(author="eve", derived=True)
    assert len(store) == 0


def test_sources_and_what_a_revert_undid_are_kept(tmp_path):
    for path in (None, tmp_path / "memory"):
        store = open_store(path, 3)
        store.commit([Edit.write(case("it's", X), sources=["a", 'b"'])])
        store.commit([Edit.rewrite("it's", {"q": 1.0, "vector": Y}), Edit.forget("it's", sources=("c",))])
        store.revert(version=1)
        if path is not None:
            store.close()
            store = open_store(path)
            store.rebuild()
        for view in (store, store.at(3)):
            assert [edit.sources for edit in view.history("it's")] == [("a", 'b"'), (), ("c",), (), ()]
            assert [edit.undoes for edit in view.history("it's")] == [(), (), (), (1, 2), (1, 2)]
        store.close()


def test_a_revert_is_not_mixed_up_with_an_equal_value_of_somebody_else(store):
    store.commit([Edit.write(case("a", X, q=0.0))])
    for episode, q in ((1, 1.0), (2, 0.0), (3, 1.0)):
        store.commit([Edit.rewrite("a", {"q": q}, episode=episode)])
    store.revert(version=1)
    version = store.version
    for episode in (1, 2, 3):
        assert store.revert(episode=episode) == version
    store.commit([Edit.rewrite("a", {"q": 1.0}, episode=4)])
    assert store.revert(episode=3) == version + 1 and store.get("a").q == 1.0


def test_a_revert_that_was_taken_back_can_be_made_again(told):
    now = contents(told)
    told.revert(episode=1)
    undone = contents(told)
    told.revert(author="revert")
    assert contents(told) == now
    told.revert(episode=1)
    assert contents(told) == undone


def test_what_a_revert_took_back_stands_again_once_the_revert_is_taken_back(told):
    told.revert(episode=1)
    told.revert(author="revert")
    told.revert(episode=2)
    assert (told.get("a").q, told.get("a").uses, names(told)) == (0.9, 0, ["a", "b"])


def test_poison_that_somebody_restores_is_forgotten_again(store):
    store.commit([Edit.write(case("lie", X), author="eve")])
    store.revert(author="eve")
    store.commit([Edit.restore("lie"), Edit.rewrite("lie", {"uses": 1})])
    store.revert(author="eve")
    assert len(store) == 0


def test_taking_back_a_new_case_leaves_the_old_one_under_its_id_as_it_was(store):
    store.commit([Edit.write(case("a", X, note="old"), episode=0)])
    store.commit([Edit.forget("a", episode=1), Edit.write(case("a", Y, note="new"), episode=1)])
    store.commit([Edit.rewrite("a", {"q": 0.5}, episode=2)])
    store.revert(episode=1)
    assert (store.get("a").note, store.get("a").q) == ("old", 0.0) and store.search(X, 1).similarity.tolist() == [1.0]
    store.revert(episode=0)
    store.commit([Edit.restore("a")])
    assert store.get("a").note == "old"
