"""Reverts: what comes back, what stays, and what is a conflict."""

from __future__ import annotations

import pytest

from memlab.core import Edit
from memlab.stores import StoreError
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
    with pytest.raises(StoreError, match=r"q was changed again \(by episodes \[3, 2\]\)"):
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
