"""An LLM program (arXiv:2305.05364): plain code that asks a frozen model step by step; each step sees its own part.

A ranker scores notes for a question, a reader answers it from the notes that it is shown; `run_program` knows no model,
so its steps can be tested without one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.labs.lab15_programs.world import NAMES, HopQuestion, Puzzle
from memlab.llm.contract import LLM, Embedder

Floats = NDArray[np.float64]
Ranker = Callable[[HopQuestion, Sequence[str]], Floats]
"""One score a note, the higher the better evidence for the question."""

READ = 'Text: Jane will greet Pat.\nQuestion: Who will Jane greet?\nAnswer: "Pat"\n\n'
YES, NO = ("yes", "Yes"), ("no", "No")


@dataclass(frozen=True)
class Hop:
    """One step of a program: what was asked, the notes that it was shown, and what it answered."""

    question: HopQuestion
    shown: tuple[str, ...]
    answer: str


Reader = Callable[[HopQuestion, Sequence[str], Sequence[Hop]], str]
"""The answer to a question from the notes shown and, where a prompt holds the whole history, from earlier steps."""


def run_program(puzzle: Puzzle, rank: Ranker | None, read: Reader) -> tuple[Hop, ...]:
    """Choose a note and read it, twice; the name that was read makes the second question.

    The reader is shown the best note alone, of equal ones the first. Without ``rank`` it is shown all notes and the
    steps so far.
    """
    steps: tuple[Hop, ...] = ()
    while len(steps) < 2:
        question = puzzle.second(steps[0].answer) if steps else puzzle.first
        shown = (puzzle.notes[int(np.argmax(rank(question, puzzle.notes)))],) if rank else puzzle.notes
        steps += (Hop(question, shown, read(question, shown, () if rank else steps)),)
    return steps


def bm25(question: str, notes: Sequence[str], k1: float = 1.2, b: float = 0.75) -> Floats:
    """Okapi BM25 of each note, with the idf log(1 + (N - n + .5) / (n + .5)), never below 0; ``k1`` > 0; (N,)."""
    words = [re.findall(r"\w+", note.lower()) for note in notes]
    counts, lengths = [Counter(note) for note in words], np.array([len(note) for note in words])
    scores = np.zeros(len(notes))
    for word in re.findall(r"\w+", question.lower()):
        f = np.array([count[word] for count in counts])
        n = np.sum(f > 0)
        idf = np.log(1 + (len(notes) - n + 0.5) / (n + 0.5))
        scores += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * lengths / lengths.mean()))
    return scores


class StepPrompts:
    """What each step of a program asks of ``llm``, and the ``tokens`` and ``calls`` that it took."""

    def __init__(self, llm: LLM) -> None:
        self.llm, self.tokens, self.calls = llm, 0, 0

    def ask(self, prompt: str, choices: Sequence[str]) -> Mapping[str, float]:
        """Raw probability of each choice as the next token; 0 where it is not among the 20 likeliest."""
        reply = self.llm.complete(prompt, choices=choices, answer="ranked")
        self.tokens, self.calls = self.tokens + reply.tokens_in + reply.tokens_out, self.calls + 1
        return {name: p * (1 - (reply.missing_mass or 0)) for name, p in (reply.choice_probs or {}).items()}

    def read(self, question: HopQuestion, notes: Sequence[str], before: Sequence[Hop] = ()) -> str:
        """The likeliest name; its type: anybody but the one who is asked about."""
        return self.name(question.text, question.name, notes, before)

    def name(self, text: str, asked: str, notes: Sequence[str], before: Sequence[Hop] = ()) -> str:
        """The likeliest answer but ``asked`` to a question given as ``text``."""
        said = "".join(f'Question: {step.question.text}\nAnswer: "{step.answer}"\n' for step in before)
        shown = f"Text: {' '.join(notes)}\n" if notes else ""
        found = self.ask(f"{READ}{shown}{said}Question: {text}\nAnswer:", [one for one in NAMES if one != asked])
        return max(found, key=lambda answer: found[answer])

    def likelihood(self, question: HopQuestion, notes: Sequence[str]) -> Floats:
        """p(name in the question | note), the part of p(question | note) that one reply shows: a call a note, (N,)."""
        return np.array([self.ask(f"{note}\nWho is this about?", NAMES)[question.name] for note in notes])

    def words_times_likelihood(self, question: HopQuestion, notes: Sequence[str]) -> Floats:
        """BM25 times `likelihood`: whose verb it is by the words, who does it to whom by the model, (N,)."""
        return bm25(question.text, notes) * self.likelihood(question, notes)

    def relevance(self, question: HopQuestion, notes: Sequence[str]) -> Floats:
        """p("yes") to whether a note tells, as a share of "yes" and "no": one call a note, (N,)."""
        asks = (f"{note}\nDoes this say who {question.name} will {question.verb}? Answer yes or no." for note in notes)
        said = [self.ask(ask, YES + NO) for ask in asks]
        return np.array([sum(p[w] for w in YES) / (sum(p.values()) or 1.0) for p in said])


def similarity(embedder: Embedder) -> Ranker:
    """Cosine of question and notes; rounded, so that another machine's last bit changes no order."""

    def rank(question: HopQuestion, notes: Sequence[str]) -> Floats:
        rows = embedder.embed([question.text, *notes]).astype(float)
        return np.round(rows[1:] @ rows[0], 6)

    return rank
