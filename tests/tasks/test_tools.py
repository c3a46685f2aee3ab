"""Each tool solves every shipped question of its family, and no other tool does better than chance on it."""

import json
from collections import Counter

import pytest

import memlab
from memlab.tasks.scorers import score_answer
from memlab.tasks.toolbox import questions
from memlab.tasks.tools import SOLVERS, UNREADABLE, solve


@pytest.fixture(scope="module", params=["questions", "questions12"])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def rows(name):
    lines = memlab.data(f"toolbox/{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_there_are_many_questions_of_each_family(rows, name):
    counts = Counter(row["family"] for row in rows)
    families, least = {"questions": (16, 100), "questions12": (24, 95)}[name]
    assert len(counts) == families and min(counts.values()) >= least


def test_the_sets_of_twelve_ask_nothing_that_the_sets_of_eight_ask():
    old, new = (questions(memlab.data(f"toolbox/{name}.jsonl")) for name in ("questions", "questions12"))
    assert not {row for rows in old.values() for row in rows} & {row for rows in new.values() for row in rows}


def test_our_scorer_gives_the_recorded_score_on_every_row(rows):
    pairs = [(row, text, theirs) for row in rows for text, theirs in row["scores"].items()]
    wrong = [
        (row["question"], text, theirs)
        for row, text, theirs in pairs
        if score_answer(row["family"], row["question"], row["answer"], text) != theirs
    ]
    assert len(pairs) > 10_000 and wrong == []


def test_every_question_is_solved_by_its_own_tool_and_by_no_other(rows):
    for row in rows[::9]:
        scores = {
            f: score_answer(row["family"], row["question"], row["answer"], solve(f, row["question"])) for f in SOLVERS
        }
        assert [family for family, value in scores.items() if value > 0.99] == [row["family"]]


def test_what_a_tool_cannot_read_is_said_and_raises_nothing():
    assert {solve(family, "What is the capital of Spain?") for family in SOLVERS} == {UNREADABLE}


@pytest.mark.worlds
def test_our_scorer_equals_score_answer_on_every_row(rows, name):
    reasoning_gym = pytest.importorskip("reasoning_gym")
    from tests.tasks.generate import SEEDS, SIZE, their_score

    for family in {row["family"] for row in rows}:
        dataset = reasoning_gym.create_dataset(family, size=SIZE, seed=SEEDS[name])
        entries = {entry["question"]: entry for entry in dataset}
        for row in (row for row in rows if row["family"] == family):
            for text in row["scores"]:
                ours = score_answer(family, row["question"], row["answer"], text)
                assert ours == their_score(dataset, text, entries[row["question"]]), (row["question"], text)
