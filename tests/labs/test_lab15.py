"""Lab 15: BM25 by hand, a program's steps without a model, what each step's prompt holds, and what each arm pays."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.core import Reply
from memlab.course import judge
from memlab.labs.lab15_programs import exercises, study, world
from memlab.labs.lab15_programs.program import Hop, StepPrompts, bm25, run_program, similarity
from memlab.labs.lab15_programs.world import BOTH, NAMES, OTHER, TURNED, HopQuestion, draw_puzzle
from memlab.llm.embedders import HashEmbedder

PUZZLES = st.builds(draw_puzzle, st.integers(0, 10_000), st.sampled_from(list(world.KINDS)))


class Model:
    """Knows nothing: the same chance for every choice; keeps what it was asked."""

    name, backend = "fake", "fake"

    def __init__(self):
        self.asked = []

    def complete(self, prompt, choices, answer):
        assert answer == "ranked"
        self.asked.append(prompt)
        return Reply("", choices[0], dict.fromkeys(choices, 1 / len(choices)), 7, 1, 0.0, "fake", "fake", 0.2)


def read_rightly(question, notes, before):
    """The reader that makes no mistake, on notes that hold the answer."""
    said = re.findall(rf"{question.name} will {question.verb} (\w+)", " ".join(notes))
    return said[0] if said else "nobody"


def gold_ranker(puzzle):
    """Ranks the right note of either hop first."""
    return lambda question, notes: np.eye(len(notes))[puzzle.gold[int(question.verb == puzzle.verb)]]


def test_bm25_gives_the_values_worked_out_by_hand():
    # "tom": in one note of three, twice; the notes have 4, 8 and 4 words, 16/3 on average.
    assert [len(re.findall(r"\w+", note)) for note in exercises.NOTES] == [4, 8, 4]
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    assert idf == pytest.approx(0.980829, abs=1e-6)
    weight = 2 * 2.2 / (2 + 1.2 * (1 - 0.75 + 0.75 * 8 / (16 / 3)))
    assert weight == pytest.approx(1.205479, abs=1e-6)
    assert bm25("Tom", exercises.NOTES) == pytest.approx([0, 1.182369, 0], abs=1e-6)
    # A word in every note of equal length still counts: log(1 + .5/2.5) = .182322, and its weight is 1.
    assert bm25("will", ["a will", "will b"]) == pytest.approx([0.182322] * 2, abs=1e-6)
    assert bm25("Ann", exercises.NOTES).tolist() == [0, 0, 0]


@settings(max_examples=60, deadline=None)
@given(PUZZLES)
def test_bm25_cannot_tell_a_note_from_the_same_words_turned_round(puzzle):
    for question, gold in zip((puzzle.first, puzzle.second(puzzle.answers[0])), puzzle.gold, strict=True):
        scores = bm25(question.text, puzzle.notes)
        turned = [i for i, note in enumerate(puzzle.notes) if note.endswith(f" {question.verb} {question.name}.")]
        assert scores[turned] == pytest.approx(scores[gold]) and scores[gold] == pytest.approx(scores.max())
        assert sum(np.isclose(scores, scores.max())) == 1 + len(turned)


@settings(max_examples=60, deadline=None)
@given(PUZZLES)
def test_right_evidence_and_a_right_reader_solve_every_puzzle_without_a_model(puzzle):
    steps = run_program(puzzle, gold_ranker(puzzle), read_rightly)
    assert tuple(step.answer for step in steps) == puzzle.answers
    assert [step.shown for step in steps] == [(puzzle.notes[gold],) for gold in puzzle.gold]
    assert tuple(step.answer for step in run_program(puzzle, None, read_rightly)) == puzzle.answers


@settings(max_examples=60, deadline=None)
@given(PUZZLES, st.integers(0, 5))
def test_each_step_sees_its_own_part_and_the_whole_history_all(puzzle, at):
    wrong = lambda question, notes: np.eye(len(notes))[at % len(notes)]  # noqa: E731
    model = Model()
    steps = run_program(puzzle, wrong, StepPrompts(model).read)
    for step, prompt in zip(steps, model.asked, strict=True):
        assert [note for note in puzzle.notes if note in prompt] == list(step.shown) and len(step.shown) == 1
        assert prompt.endswith(f"Question: {step.question.text}\nAnswer:") and prompt.count("Question:") == 2
        assert step.answer != step.question.name and step.answer in NAMES
    assert puzzle.first.text not in model.asked[1], "the second step has its own question alone"
    whole = Model()
    first, _ = run_program(puzzle, None, StepPrompts(whole).read)
    assert all(note in prompt for prompt in whole.asked for note in puzzle.notes)
    assert f'Question: {puzzle.first.text}\nAnswer: "{first.answer}"\n' in whole.asked[1]


def test_a_ranker_sees_one_note_at_a_time_and_counts_what_it_asks():
    puzzle, model = draw_puzzle(100), Model()
    prompts = StepPrompts(model)
    scores = prompts.likelihood(puzzle.first, puzzle.notes)
    assert scores == pytest.approx([0.8 / 12] * 6), "raw probability: the missing mass is taken off"
    assert (prompts.calls, prompts.tokens) == (6, 48)
    assert [[note for note in puzzle.notes if note in prompt] for prompt in model.asked] == [[n] for n in puzzle.notes]
    assert not any(
        puzzle.first.verb in prompt.replace(note, "") for note, prompt in zip(puzzle.notes, model.asked, strict=True)
    )
    assert prompts.relevance(puzzle.first, puzzle.notes) == pytest.approx([0.5] * 6)
    assert all(puzzle.first.name in prompt for prompt in model.asked[6:])


def test_words_times_likelihood_needs_both():
    class Reader(Model):
        def complete(self, prompt, choices, answer):
            first = prompt.split()[0]
            return Reply("", first, {name: 0.9 * (name == first) + 0.001 for name in choices}, 7, 1, 0.0, "", "", 0.0)

    for seed in range(30):
        puzzle, prompts = draw_puzzle(seed), StepPrompts(Reader())
        for question, gold in zip((puzzle.first, puzzle.second(puzzle.answers[0])), puzzle.gold, strict=True):
            assert np.argmax(prompts.words_times_likelihood(question, puzzle.notes)) == gold


@pytest.mark.parametrize("kind", list(world.KINDS))
def test_the_notes_of_one_kind_are_a_part_of_both_and_their_order_is_drawn(kind):
    places = []
    for seed in range(64):
        puzzle, whole = draw_puzzle(seed, kind), draw_puzzle(seed, BOTH)
        assert [note for note in whole.notes if note in puzzle.notes] == list(puzzle.notes)
        assert (puzzle.first, puzzle.answers) == (whole.first, whole.answers)
        first = puzzle.first
        turned = [note for note in puzzle.notes if note.endswith(f"{first.verb} {first.name}.")]
        other = [note for note in puzzle.notes if note.startswith(first.name) and first.verb not in note]
        assert (len(turned), len(other)) == (int(kind != OTHER), int(kind != TURNED))
        places.append(puzzle.gold[0])
    assert set(places) == set(range(len(puzzle.notes)))


def test_similarity_ranks_the_same_text_first():
    notes = ["Max will help Paul.", "Rose will call Kim.", "Who will Rose call?"]
    assert np.argmax(similarity(HashEmbedder())(HopQuestion("call", "Rose"), notes)) == 2


def test_the_oracle_finds_all_and_its_tokens_are_those_of_reading_alone():
    rows = [row for seed in range(100, 104) for row in study.puzzled(study.ORACLE, BOTH, seed, Model(), HashEmbedder())]
    assert all(row["found"] == 1 and row["calls"] == 2 and row["tokens"] == 16 for row in rows)
    paid = {arm: study.puzzled(arm, BOTH, 100, Model(), HashEmbedder())[0]["calls"] for arm in study.PROGRAMS}
    assert paid[study.ASKED] == paid[study.LIKELY] == paid[study.JOINT] == 14 and paid[study.BM25] == 2
    assert study.puzzled(study.ONE, BOTH, 100, Model(), HashEmbedder())[0]["calls"] == 1


def test_a_step_says_what_it_saw():
    assert Hop(HopQuestion("call", "Rose"), ("a",), "Kim").shown == ("a",)


@pytest.mark.parametrize("tie", [{TURNED: study.JOINT}, {OTHER: study.NEAR}])
def test_an_arm_that_ties_with_a_simpler_one_earns_a_hint_that_does_not_tell_the_answer(tie):
    said = judge("15.3", exercises.EXERCISES["15.3"].solution | tie)
    assert said.text == "15.3 not yet: one of your arms ties with a simpler one"
