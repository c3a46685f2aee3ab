"""Lab 07's world against its limit and against counting, its questions, and the agent's gates."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

import memlab
from memlab import course, verify
from memlab.labs.lab07_gap import exercises, real, study, world
from memlab.rivals import gated


@given(st.integers(0, 50), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_one_round_gains_the_gap_less_what_the_update_loses(seed, tpr, fpr, shared):
    prompts = world.Prompts.draw(seed)
    w = prompts.accepts(tpr, fpr, shared)
    f, after, *_ = prompts.live(w)
    j = [world.measures(x)["content"] for x in (f, after, verify.reweighted(f, w))]
    lost = 0.5 * np.abs(after - verify.reweighted(f, w)).sum(axis=-1).mean()
    # The bound of the paper, with the total variation between what was written and what came of it as its error.
    assert j[1] - j[0] >= (j[2] - j[0]) - lost - 1e-12
    if tpr + fpr > 0:
        assert j[1] == pytest.approx(world.PULL * j[2] + (1 - world.PULL) * j[0])


def test_the_limit_of_one_prompt_follows_the_formula_of_the_gap():
    f = np.array([0.6, 0.4])
    lived = world.chain(f, np.array([0.8, 0.6]), np.eye(2), 3)
    p = [0.6]
    for _ in range(3):
        p.append(p[-1] + verify.gap(p[-1], 0.8, 0.6))
    assert [x[0] for x in lived] == pytest.approx(p)
    assert p[1] == pytest.approx(2 / 3)


@pytest.mark.parametrize("rates", [(0.8, 0.8), (0.8, 0.2, 1.0)])
def test_where_all_errors_are_shared_no_round_gains_anything(rates):
    prompts = world.Prompts.draw(3)
    lived = prompts.live(prompts.accepts(*rates))
    contents = [world.measures(f)["content"] for f in lived]
    assert contents == pytest.approx([contents[0]] * len(contents))


def test_many_draws_of_a_life_come_to_its_limit_where_tries_are_many(monkeypatch):
    prompts = world.Prompts.draw(1)
    w = prompts.accepts(0.8, 0.2, 0.5)
    limit = [world.measures(f)["score"] for f in prompts.live(w)]
    monkeypatch.setattr(world, "TRIES", 20_000)
    lived = [world.measures(f)["score"] for f in prompts.live(w, seed=5)]
    assert lived == pytest.approx(limit, abs=0.01)


def test_a_verifier_shares_the_errors_that_it_is_said_to_share():
    prompts = world.Prompts.draw(2)
    for shared in (0.0, 0.3, 1.0):
        w = prompts.accepts(0.8, 0.2, shared).reshape(world.PROMPTS, 2, world.ANSWERS)
        assert (w[:, 0] == w[:, 1]).all() and (w[..., : world.RIGHT] == 0.8).all()
        assert (w[:, 0, world.RIGHT :] == 0.8).mean() == pytest.approx(shared, abs=0.08)


def test_kinds_counts_right_answers_in_use():
    f = np.zeros((2, 2 * world.ANSWERS))
    f[0, :3], f[0, 3] = 0.1, 0.7
    f[1, 1], f[1, world.ANSWERS + 1] = 0.5, 0.5
    found = world.measures(f)
    assert found["kinds"] == pytest.approx((3 + 1) / 2)
    assert found["score"] == pytest.approx((0.3 + 0.5) / 2) and found["content"] == pytest.approx((0.3 + 1) / 2)


def test_an_ensemble_of_three_has_the_rates_of_a_majority():
    for rate, three in zip(study.RATES["independent"], study.RATES["ensemble of three"], strict=True):
        votes = itertools.product((0, 1), repeat=3)
        wanted = sum(np.prod([rate if vote else 1 - rate for vote in three]) for three in votes if sum(three) > 1)
        assert three == pytest.approx(wanted)


def test_the_thresholds_that_pass_are_those_near_the_best():
    prompts = [world.Prompts.draw(seed) for seed in range(10)]

    def right_behind(t):
        accepts = [one.accepts(ndtr(1.5 - t), ndtr(-t)) for one in prompts]
        lived = [one.rounds(w, i) for i, (one, w) in enumerate(zip(prompts, accepts, strict=True))]
        return np.mean([rows["content"].iloc[-1] for rows in lived])

    shares = {t: right_behind(t) for t in np.arange(0.0, 4.1, 0.1)}
    for t, share in shares.items():
        assert (share >= max(shares.values()) - 0.035) == (exercises.PASS[0] <= t <= exercises.PASS[1]), t


def right(task):
    return [verify.oracle(task, option) for option in task.choices]


@pytest.mark.parametrize("family", real.FAMILIES)
def test_the_questions_of_two_replicates_differ_and_have_one_right_option(family):
    seeds = [*range(10), *range(100, 116)]
    tasks = [task for seed in seeds for task in real.drawn(family, seed)]
    assert len({task.id for task in tasks}) == len(tasks) == real.EACH * len(seeds)
    for task in tasks:
        assert len(set(task.choices)) == real.OPTIONS and sum(right(task)) == 1
        assert len({choice[0] for choice in task.choices}) == real.OPTIONS, "p_LLM cannot tell the options apart"
        assert task.choices[right(task).index(1)] == task.answer


def test_right_options_stand_in_every_place():
    places = [right(task).index(1) for f in real.FAMILIES for s in range(100, 116)
              for task in real.drawn(f, s)]  # fmt: skip
    assert np.bincount(places, minlength=real.OPTIONS).min() > len(places) / 8


def test_the_coin_refuses_as_much_as_the_noisy_gate():
    llm, kept = memlab.open_llm("replay"), {}
    for name in ("newest-first, null: coin", "newest-first, noisy gate"):
        kept[name] = np.mean([row["edits"] > 0 for seed in (100, 101, 102) for row in gated.gated(name, seed, llm)])
    assert kept["newest-first, null: coin"] == pytest.approx(kept["newest-first, noisy gate"], abs=0.05)


def test_the_purity_of_a_gated_memory_is_the_one_that_the_gap_predicts():
    true = study.GATE.scores().groupby("arm")["true"].mean()
    assert true["newest-first, noisy gate"] == pytest.approx(0.85 + verify.gap(0.85, 0.8, 0.2), abs=0.01)


@pytest.mark.parametrize("family", real.EASY)
def test_no_replicate_asks_an_example(family):
    seeds = [*range(10), *range(100, 116)]
    tasks = [task for seed in seeds for task in real.drawn(family, seed)]
    assert len({task.text for task in tasks}) == len(tasks)
    assert not {task.text for task in tasks} & {one.text for one in real.examples(family)}
    assert len({one.answer for one in real.examples(family)}) == 6
    for task in tasks:
        assert len(task.choices) == real.OPTIONS and sum(right(task)) == 1


@pytest.mark.parametrize(("gate", "ok"), [
    (lambda task, episode, edit: "" if ("cannot" in episode.answer) == (episode.reward == 0) else "a lie", True),
    (lambda task, episode, edit: "", False),
    (lambda task, episode, edit: ("cannot" in episode.answer) == (episode.reward == 1), False),  # no text
])  # fmt: skip
def test_a_readers_gate_may_say_in_any_words_why_it_refuses(gate, ok):
    assert course.judge("07.3", gate).ok == ok
