"""Lab 13: exact runs against brute force, what each arm's prompts say, and rules that credit writes."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab import course
from memlab.labs.lab13_intent import study, world
from memlab.labs.lab13_intent.exercises import changed
from memlab.labs.lab13_intent.runs import expected_aptitude, form_chances


def test_the_bernoulli_null_alone_raises_unreliability_by_222_percent():
    a90, u = expected_aptitude(np.array([0.9, 0.55]))
    assert a90 == pytest.approx([1.0, 0.995914], abs=1e-6)
    assert u == pytest.approx([0.302643, 0.974729], abs=1e-6)
    assert round(100 * (u[1] / u[0] - 1)) == 222
    assert changed(0.37, 3, 0.16) == pytest.approx((-0.160022, 1.150543), abs=1e-6)
    assert changed(0.55, 1, 0.0) == pytest.approx((a90[1] / a90[0] - 1, u[1] / u[0] - 1))


@pytest.mark.parametrize("tries", range(2, 9))
def test_any_number_of_tries_that_gives_the_published_changes_is_right(tries):
    p = round(1 - 0.245 ** (1 / tries), 3)
    assert course.judge("13.2", (p, tries, 0.16)).ok
    assert "tries or more" in course.judge("13.2", (tries, p, 0.16)).text


@settings(max_examples=60)
@given(p=st.floats(0, 1), n=st.integers(2, 8))
def test_expected_aptitude_is_the_mean_over_all_outcomes(p, n):
    runs = np.array(list(itertools.product([0, 1], repeat=n)))
    chance = np.prod(np.where(runs, p, 1 - p), axis=1)
    high, low = np.percentile(runs, (90, 10), axis=1)
    assert expected_aptitude(p, n) == pytest.approx((chance @ high, chance @ (high - low)), abs=1e-9)


def test_tries_that_know_nothing_of_each_other_add_up_as_independent_ones():
    turn = [np.full((4, 4), 0.25)] * 3
    assert form_chances([turn], (0, 1, 2)) == pytest.approx((1 / 64, 1 / 64))
    assert form_chances([turn] * 3, (3, 1, 2)) == pytest.approx((1 - (63 / 64) ** 3, 1 / 64))


def test_a_draft_that_is_kept_loses_the_last_turn():
    first, kept = [np.tile([0.7, 0.3], (2, 1))] * 3, [np.eye(2)] * 3
    assert form_chances([first, kept, kept], (0, 0, 0)) == pytest.approx((0.343, 0.343))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 3), turns=st.integers(1, 3))
def test_form_chances_is_the_sum_over_all_talks(seed, n, turns):
    rng = np.random.default_rng(seed)
    told = rng.dirichlet(np.ones(n), size=(turns, 3, n))
    told[0] = told[0, :, :1]
    right, forms = tuple(rng.integers(n, size=3)), list(itertools.product(range(n), repeat=3))
    stopped = last = 0.0
    for talk in itertools.product(forms, repeat=turns):
        before = [(0, 0, 0), *talk[:-1]]
        chance = np.prod([told[t, s, before[t][s], form[s]] for t, form in enumerate(talk) for s in range(3)])
        stopped += chance * (right in talk)
        last += chance * (talk[-1] == right)
    assert form_chances(told, right) == pytest.approx((stopped, last))


ORDER = world.Order("Ann", {"vehicle": "boat", "color": "red", "size": "huge"}, ("vehicle", "size", "color"), "color")
SHARDS = ["I want a boat.", "The size is huge.", "The color is cozy."]


@pytest.mark.parametrize(("arm", "rules", "lines"), [
    ("full", {}, [["I want a huge red boat."]]),
    ("concat", {}, [[" ".join(SHARDS)]]),
    ("sharded", {}, [SHARDS[:1], SHARDS[:2], SHARDS]),
    ("snowball", {}, [SHARDS[:1], [SHARDS[0], " ".join(SHARDS[:2])],
                      [SHARDS[0], " ".join(SHARDS[:2]), " ".join(SHARDS)]]),
    ("recap", {}, [SHARDS[:1], SHARDS[:2], SHARDS, [*SHARDS, f"To sum up: {' '.join(SHARDS)}"]]),
    (study.RULED, {"color": "red"}, [SHARDS[:1], SHARDS[:2], SHARDS,
                                     [*SHARDS, f"To sum up: {' '.join(SHARDS)} By cozy I mean red."]]),
    (study.BARE, {}, [SHARDS[:1], [" ".join(SHARDS[:2])], [" ".join(SHARDS)]]),
    ("mediator", {"color": "red"}, [SHARDS[:1], [" ".join(SHARDS[:2])],
                                    [" ".join([*SHARDS[:2], "The color is red."])]]),
])  # fmt: skip
def test_what_each_arm_tells_the_model(arm, rules, lines):
    drafts = arm in ("sharded", "snowball", "recap", study.RULED)
    assert study.spoken(arm, ORDER, rules) == (lines, drafts)


def test_a_draft_stands_before_the_last_turn_and_only_where_the_arm_shows_it():
    asked = []

    class Model:
        def complete(self, prompt, choices):
            asked.append(prompt)
            return type("Reply", (), {"choice_probs": dict.fromkeys(choices, 0.25)})

    study.chances(Model(), [SHARDS[:1], SHARDS[:2]], drafts=True)
    assert len(asked) == 3 + 3 * 4
    assert asked[0] == f"{world.HEAD}\nUser: I want a boat.\nQ: Which vehicle?\nA:"
    talk = 'User: I want a boat.\nQ: Which vehicle?\nA: "car"\nUser: The size is huge.\nQ: Which vehicle?\nA:'
    assert asked[3] == f"{world.HEAD}\n{talk}"
    study.chances(Model(), [SHARDS[:1], SHARDS[:2]], drafts=False)
    assert len(asked) == 15 + 6 and not any('"' in prompt.removeprefix(world.HEAD) for prompt in asked[15:])


def test_a_draft_that_is_hardly_reached_is_not_asked_for_and_counts_as_kept():
    asked = []

    class Model:
        def complete(self, prompt, choices):
            asked.append(prompt)
            return type("Reply", (), {"choice_probs": dict(zip(choices, (0.7, 0.295, 0.005, 0.0), strict=True))})

    turns = study.chances(Model(), [SHARDS[:1], SHARDS[:2]], drafts=True)
    assert len(asked) == 3 + 3 * 2
    assert turns[1][0].tolist() == [[0.7, 0.295, 0.005, 0.0]] * 2 + [[0, 0, 1, 0], [0, 0, 0, 1]]


def test_the_reader_without_a_model_takes_what_was_said_and_else_guesses():
    said = ["I want a boat.", "The size is huge."]
    assert world.option_chances(None, said, "size").tolist() == [0, 0, 0, 1]
    assert world.option_chances(None, said, "color").tolist() == [0.25] * 4


def test_credit_finds_every_word_where_no_verdict_lies(monkeypatch):
    monkeypatch.setattr(world, "FAULT", 0.0)
    means = world.draw_order(3, True)[1]
    store = world.practice(3, means, means, 0.3)
    assert {key: world.taken_for(store, *key)[key[1]] for key in means} == means


def test_rules_are_written_by_credit_with_reason_and_source_and_can_be_taken_back():
    means = world.draw_order(3, True)[1]
    store = world.practice(3, means, means, 0.3)
    edits = [edit for case in store.cases() for edit in store.history(case.id)]
    assert len(edits) == world.SESSIONS * len(means) and {edit.author for edit in edits} == {"credit"}
    assert all(edit.reason and (edit.sources == (edit.case_id,)) == (edit.op == "rewrite") for edit in edits)
    store.revert(author="credit")
    assert len(store) == 0 and world.taken_for(store, "Ann", "color") == {}


def test_a_rule_is_its_users_alone_and_needs_value():
    means = {(user, slot): world.SLOTS[slot][0] for user in world.USERS[:1] for slot in world.OWN}
    store = world.practice(5, means, means, 0.3)
    assert world.taken_for(store, "Ben", "color") == {} and world.rules_about(store, "Ann", "color")
    bad = {case.id for case in store.cases() if case.q >= world.FLOOR}
    assert world.taken_for(store.without(bad), "Ann", "color") == {}


def test_with_step_0_a_rule_stays_as_it_was_written():
    means = world.draw_order(3, True)[1]
    store = world.practice(3, means, means, 0.0)
    assert all(case.q == case.reward for case in store.cases()) and max(case.uses for case in store.cases()) > 1


def test_plain_and_own_words_are_the_same_orders():
    for seed in range(100, 116):
        plain, means = world.draw_order(seed, False)
        own, _ = world.draw_order(seed, True)
        assert plain.wanted == own.wanted and own.own and not plain.own
        assert own.wanted[own.own] == means[own.user, own.own]
