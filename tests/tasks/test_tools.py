"""Each tool solves every shipped question of its family, and no other tool does better than chance on it."""

import json

import pytest

import memlab
from memlab.tasks.scorers import score_answer
from memlab.tasks.tools import SOLVERS, UNREADABLE, solve


@pytest.fixture(scope="module")
def rows():
    lines = memlab.data("toolbox/questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_there_are_many_questions_of_each_family(rows):
    counts = {family: sum(row["family"] == family for row in rows) for family in SOLVERS}
    assert min(counts.values()) >= 100 and len(counts) == 16


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
def test_our_scorer_equals_score_answer_on_every_row(rows):
    reasoning_gym = pytest.importorskip("reasoning_gym")
    from memlab.tasks.generate import SEED, SIZE, their_score

    for family in SOLVERS:
        dataset = reasoning_gym.create_dataset(family, size=SIZE, seed=SEED)
        entries = {entry["question"]: entry for entry in dataset}
        for row in (row for row in rows if row["family"] == family):
            for text in row["scores"]:
                ours = score_answer(family, row["question"], row["answer"], text)
                assert ours == their_score(dataset, text, entries[row["question"]]), (row["question"], text)
