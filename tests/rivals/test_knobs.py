"""An agent's knobs: what is idle changes nothing, a text restores them, and what is no setting gets a clear error."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memlab
from memlab.core import MemlabError
from memlab.credit import append_only
from memlab.learners import with_memory
from memlab.retrieval import TopK
from memlab.rivals.knn import KnnVote
from memlab.rivals.knobs import DEFAULT, KNOBS, LIVE, MAKE, NONE, checked, from_text, idle, learner_of, to_text
from memlab.rivals.lived import at_once
from memlab.rivals.quick import RULE, VOTE
from memlab.rivals.rules import Corrupt


def place(knob):
    """Any place of a knob."""
    low, high, step, _ = knob if isinstance(knob, tuple) else (0, len(knob) - 1, 1, 0)
    places = [low + i * step for i in range(round((high - low) / step) + 1)]
    return st.sampled_from(knob if isinstance(knob, list) else [type(low)(min(at, high)) for at in places])


SETTINGS = st.fixed_dictionaries({name: place(knob) for name, knob in KNOBS.items()})


@given(SETTINGS)
def test_a_text_restores_every_setting(settings):
    assert from_text(to_text(checked(settings))) == checked(settings)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "are no settings"),
        ("__import__('os')", "are no settings"),
        ("[" * 100_000, "are no settings"),
        ("[1]", "settings are an object"),
        ('{"nois": 0.1}', "no knob 'nois'; there are: learner"),
        ('{"noise": 0.9}', "noise goes from 0.0 to 0.4"),
        ('{"noise": NaN}', "noise goes from"),
        ('{"noise": true}', "noise goes from"),
        ('{"noise": "0.1"}', "noise goes from"),
        ('{"horizon": 50}', "horizon goes from 48 to 192 in steps of 48"),
        ('{"k": 2.5}', "k goes from 0 to 8"),
        ('{"learner": "oracle"}', "learner is one of memory in the prompt"),
        ('{"learner": ["belief"]}', "learner is one of"),
        ('{"own": "../secret"}', "own is the name of a file here"),
        ('{"own": 3}', "own is the name of a file here"),
    ],
)
def test_what_is_no_setting_is_named(text, match):
    with pytest.raises(MemlabError, match=match):
        from_text(text)


SEEDS = (100, 101, 102, 103)


def same(a, b):
    return all(np.array_equal(getattr(a.lives, name), getattr(b.lives, name)) for name in vars(a.lives))


def other(name, value):
    knob = KNOBS[name]
    return next(v for v in (knob if isinstance(knob, list) else knob[:2]) if v != value)


@pytest.mark.parametrize("learner", [*MAKE, NONE])
def test_an_idle_knob_changes_nothing_and_the_others_do(learner):
    busy = {"learner": learner, "retrieval": "soft Q", "credit": "rewrite Q", "verifier": "gate", "noise": 0.15,
            "corruption": 0.2, "horizon": 48}  # fmt: skip
    if learner in (RULE, VOTE):
        busy["retrieval"] = "newest"  # without cases in the prompt there is nothing to draw: soft Q reads as top-k
    moved = set()
    for quiet in ({}, {"retrieval": "top-k", "credit": "append-only", "verifier": "none"}):
        settings = checked(busy | quiet)
        base, why = at_once(settings, SEEDS), idle(settings)
        for name in set(KNOBS) - {"learner", "model", "horizon"}:
            if not same(base, at_once(settings | {name: other(name, settings[name])}, SEEDS)):
                moved.add(name)
                assert name not in why, (name, settings)
    never = set(idle(settings)) & set(idle(checked(busy)))
    assert moved == set(KNOBS) - {"learner", "model", "horizon"} - never


def test_what_the_vote_does_does_not_wait_for_a_model():
    assert at_once(checked({"learner": "vote, no model", "model": LIVE, "horizon": 48}), (100,)) is not None
    assert at_once(checked({"model": LIVE}), (100,)) is None and at_once(checked({"learner": "belief"}), (100,)) is None


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_a_share_of_the_cases_names_another_tool_with_its_source(rate):
    embedder = memlab.open_embedder("hash")
    store = memlab.open_store(dim=embedder.dim)
    learner = with_memory(TopK(), Corrupt(append_only, rate), make=KnnVote)
    episodes = list(learner(None, embedder, store, 0).run(memlab.stream("toolbox-b", "stationary", 48, 0)))
    wrong = [store.get(f"{e.task.id}/0/0").action != e.steps[0].action for e in episodes]
    assert {0.0: not any(wrong), 0.5: 12 < sum(wrong) < 36, 1.0: all(wrong)}[rate]
    told = [edit for e in episodes for edit in e.edits if edit.reason == "corrupted"]
    assert len(told) == sum(wrong) and all(edit.sources == (edit.case_id,) for edit in told)


def test_knobs_make_learners_of_all_kinds_but_ones_own():
    for learner in KNOBS["learner"][:-1]:
        assert callable(learner_of(checked({"learner": learner})))
    assert json.loads(to_text(DEFAULT)) == {}
