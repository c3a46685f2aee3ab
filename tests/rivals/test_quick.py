"""Lives side by side at once: those of the agent's own loop, task by task where nothing is left to chance."""

from dataclasses import replace

import numpy as np
import pytest

from memlab.learners import live
from memlab.llm.embedders import HashEmbedder
from memlab.llm.simulated import SHOWN_FEATURES, SimulatedLLM, open_simulated
from memlab.retrieval import TopK
from memlab.rivals.knobs import checked, learner_of
from memlab.rivals.questions import ask_all, serves
from memlab.rivals.quick import MODEL, NONE, RULE, VOTE, live_side_by_side, perfect_memory
from memlab.rivals.references import reference
from memlab.rivals.sidebyside import successes
from memlab.tasks import stream

WORLD, N, SEEDS = "toolbox-b", 60, (3, 107)


@pytest.fixture(scope="module")
def embedder():
    return HashEmbedder()


@pytest.fixture(scope="module")
def sure():
    """A simulated model that always takes its likeliest choice: no chance is left."""
    held = open_simulated().parameters
    many = {name: [1000 * x for x in row] for name, row in held["words"].items()}
    bias = {name: 1000 * x for name, x in held["bias"].items()}
    return SimulatedLLM(held | {"words": many, "bias": bias, "beta": [1000 * x for x in held["beta"]]})


@pytest.fixture(scope="module")
def asked(sure, embedder):
    return ask_all(sure, embedder, WORLD, N, SEEDS)


SETTINGS = [
    {"learner": learner, "retrieval": retrieval, "credit": credit, "stream": kind}
    for learner, retrieval, credit, kind in (
        (NONE, "top-k", "append-only", "drift"),
        (MODEL, "top-k", "append-only", "drift"),
        (MODEL, "newest", "append-only", "recurrent"),
        (MODEL, "top-k", "rewrite Q", "drift"),
        (MODEL, "newest", "rewrite Q", "repeated"),
        (MODEL, "top-k", "amend", "gradual"),
        (MODEL, "top-k", "remove", "drift"),
        (RULE, "top-k", "rewrite Q", "drift"),
        (RULE, "newest", "append-only", "partial"),
        (RULE, "newest", "remove", "recurrent"),
    )
] + [{"k": k, "credit": "rewrite Q", "step": 0.3} for k in (0, 1, 8)]


def with_flips(asked, tasks):
    """The questions, with the stream's own flips in the place of drawn ones: noise .5 turns them, no other."""
    chance = asked.chance.copy()
    chance[1] = [0.0 if task.flip else 1.0 for life in tasks for task in life]
    return replace(asked, chance=chance)


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("given", SETTINGS, ids=lambda one: " ".join(map(str, one.values())))
def test_the_same_lives_as_in_the_loop(given, noisy, asked, sure, embedder):
    s = checked(given | {"verifier": "gate", "TPR": 1.0, "FPR": 0.0} if noisy else given)
    kind = s["stream"] + "+noisy15" * noisy
    mine = with_flips(asked, [stream(WORLD, kind, N, seed) for seed in SEEDS])
    gate = (1.0, 0.0) if noisy else None
    how = {name: s[name] for name in ("learner", "retrieval", "k", "alpha", "credit", "step")}
    found = live_side_by_side(mine, serves(WORLD, s["stream"], N, SEEDS), sure, gate=gate, noise=0.5, **how)
    lives = [live(learner_of(s), sure, embedder, world=WORLD, kind=kind, n=N, seed=seed) for seed in SEEDS]
    for name, column in (("success", "success"), ("calls", "calls"), ("memories", "memories"), ("tokens", "tokens_in")):
        theirs = np.array([[row[column] for row in rows] for rows in lives], dtype=float)
        assert np.array_equal(getattr(found, name), theirs), name
    assert 0 < found.success.mean() < 1


def test_noise_without_a_gate_is_that_of_the_loop(asked, sure, embedder):
    s = checked({"credit": "rewrite Q"})
    mine = with_flips(asked, [stream(WORLD, "drift+noisy30", N, seed) for seed in SEEDS])
    found = live_side_by_side(mine, serves(WORLD, "drift", N, SEEDS), sure, credit="rewrite Q", noise=0.5)
    lives = [live(learner_of(s), sure, embedder, world=WORLD, kind="drift+noisy30", n=N, seed=seed) for seed in SEEDS]
    assert np.array_equal(found.success, [[row["success"] for row in rows] for rows in lives])
    assert not np.array_equal(found.success, live_side_by_side(asked, serves(WORLD, "drift", N, SEEDS), sure,
                                                               credit="rewrite Q").success)  # fmt: skip


@pytest.mark.parametrize("credit", ["rewrite Q", "remove"])
def test_what_was_forgotten_leaves_its_place_in_the_shortlist(credit, sure, embedder):
    s, n, seed = checked({"credit": credit}), 144, 107
    found = live_side_by_side(ask_all(sure, embedder, WORLD, n, (seed,)), serves(WORLD, "repeated", n, (seed,)), sure,
                              credit=credit)  # fmt: skip
    rows = live(learner_of(s), sure, embedder, world=WORLD, kind="repeated", n=n, seed=seed)
    assert np.array_equal(found.success[0], [row["success"] for row in rows])
    assert np.array_equal(found.memories[0], [row["memories"] for row in rows])


def test_a_life_is_the_same_whatever_lives_beside_it(embedder):
    model, seeds = open_simulated(), (100, 103, 109)
    how = {"retrieval": "soft Q", "credit": "rewrite Q", "noise": 0.15, "corruption": 0.2, "gate": (0.8, 0.2)}
    for alone in seeds:
        both = [
            live_side_by_side(ask_all(model, embedder, WORLD, N, some), serves(WORLD, "drift", N, some), model, **how)
            for some in (seeds, (alone,))
        ]
        assert np.array_equal(both[0].success[seeds.index(alone)], both[1].success[0])


@pytest.mark.parametrize("feature", SHOWN_FEATURES[:4])
def test_each_feature_of_a_shown_case_counts_as_in_the_loop(feature, embedder):
    held = open_simulated().parameters
    blank = {name: [0.0] * len(row) for name, row in held["words"].items()}
    only = {"beta": [1e6 * (name == feature) for name in SHOWN_FEATURES], "words": blank}
    model = SimulatedLLM(held | only | {"bias": {name: 100.0 * i for i, name in enumerate(held["bias"])}})
    s = checked({"k": 8})
    found = live_side_by_side(ask_all(model, embedder, WORLD, N, SEEDS), serves(WORLD, "drift", N, SEEDS), model, k=8)
    lives = [live(learner_of(s), model, embedder, world=WORLD, kind="drift", n=N, seed=seed) for seed in SEEDS]
    assert np.array_equal(found.success, [[row["success"] for row in rows] for rows in lives])
    assert np.array_equal(found.tokens, [[row["tokens_in"] for row in rows] for rows in lives])


MANY = tuple(range(64))


@pytest.fixture(scope="module")
def fitted(embedder):
    return ask_all(open_simulated(), embedder, WORLD, N, MANY)


@pytest.mark.parametrize("learner", [NONE, MODEL, VOTE])
def test_the_chances_are_those_of_the_fitted_model_and_of_the_vote(learner, fitted, embedder):
    model, serve = open_simulated(), serves(WORLD, "drift", N, MANY)
    found = live_side_by_side(fitted, serve, model, learner, credit="append-only").success.mean(axis=1)
    memory = {} if learner == NONE else {"retrieval": TopK()}
    asked_model = None if learner == VOTE else model
    theirs = successes(asked_model, embedder, WORLD, "drift", N, MANY, **memory).mean(axis=1)
    spread = (found - theirs).std() / np.sqrt(len(MANY))
    assert abs(found.mean() - theirs.mean()) < 3 * spread + 1e-9 and spread < 0.02


@pytest.mark.parametrize("alpha", [0.1, 0.5])
def test_soft_q_draws_as_the_loop_does(alpha, fitted, embedder):
    how = {"retrieval": "soft Q", "credit": "rewrite Q", "k": 2, "alpha": alpha}
    model, s, seeds = open_simulated(), checked(how), MANY[:24]
    found = live_side_by_side(fitted, serves(WORLD, "drift", N, MANY), model, **how)
    lives = [live(learner_of(s), model, embedder, world=WORLD, kind="drift", n=N, seed=seed) for seed in seeds]
    for name, column in (("success", "success"), ("tokens", "tokens_in")):
        theirs = np.array([np.mean([row[column] for row in rows]) for rows in lives])
        mine = getattr(found, name)[: len(seeds)].mean(axis=1)
        assert abs(mine.mean() - theirs.mean()) < 3.5 * (mine - theirs).std() / np.sqrt(len(seeds)), name


def test_a_share_of_the_stored_cases_is_corrupted_and_of_the_verdicts_wrong(fitted):
    model, serve = open_simulated(), serves(WORLD, "stationary", N, MANY)
    for rate in (0.0, 0.3, 1.0):
        lived = live_side_by_side(fitted, serve, model, gate=(rate, rate))
        agreed = rate * lived.success + (1 - rate) * (1 - lived.success)
        assert lived.memories[:, -1].mean() / N == pytest.approx(agreed.mean(), abs=0.02)
    by_rate = [live_side_by_side(fitted, serve, model, corruption=rate).success.mean() for rate in (0.0, 0.3, 0.9)]
    assert by_rate[0] > by_rate[1] > by_rate[2]


@pytest.mark.parametrize(("kind", "noise"), [("stationary", 0.0), ("drift", 0.0), ("recurrent", 0.15)])
def test_perfect_memory_is_the_reference(kind, noise, embedder):
    seeds = (0, 5, 101)
    mine = ask_all(open_simulated(), embedder, WORLD, 48, seeds)
    lives = [stream(WORLD, f"{kind}+noisy15" if noise else kind, 48, seed) for seed in seeds]
    found = perfect_memory(with_flips(mine, lives), serves(WORLD, kind, 48, seeds), noise)
    if noise:  # flips stand at 0 and 1: those below .15 are turned, as in the stream
        assert {task.flip for life in lives for task in life} == {True, False}
    for row, tasks in zip(found, lives, strict=True):
        taken = reference(tasks, False, noise, draws=1)
        assert np.array_equal(row, taken[0] == [task.serves[0] for task in tasks])
