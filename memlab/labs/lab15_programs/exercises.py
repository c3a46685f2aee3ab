"""Exercises of lab 15: BM25 by hand, what each step may see, and which ranker to pay for."""

from __future__ import annotations

from collections.abc import Mapping

from memlab.course import Exercise
from memlab.labs.lab15_programs.program import bm25
from memlab.labs.lab15_programs.study import BOTH, ORACLE, PROGRAMS, STUDY

NOTES = ("Max will help Paul.", "Max will call Tom, and Tom will call Ben.", "Rose will help Max.")
VIEWS = {"rank a note": ("question", "that note"), "read": ("question", "best note"), "ask again": ("first answer",)}
BUDGET = 350  # tokens a puzzle


def _views(answer: Mapping[str, tuple[str, ...]]) -> str | None:
    for step, needed in VIEWS.items():
        shown = answer.get(step)
        if shown is None or isinstance(shown, str):
            return f"give the parts for {step!r} as a tuple"
        if lacking := set(needed) - set(shown):
            return f"{step!r} cannot work without the {lacking.pop()}"
        if more := set(shown) - set(needed):
            return f"{step!r} would work without {more.pop()!r}: what a step does not need can only mislead it"
    return None


def best_ranker() -> str:
    """The ranker of `BUDGET` tokens or less whose program was right most often, among both kinds of distractors."""
    scores = STUDY.scores()
    mean = scores[scores["kind"] == BOTH].groupby("arm")[["right", "tokens"]].mean().loc[list(PROGRAMS)]
    return str(mean[mean["tokens"] <= BUDGET].drop(index=ORACLE)["right"].idxmax())


EXERCISES = {
    "15.1": Exercise(
        start="for each word of the question: its idf, and how often it stands in each note",
        solution=bm25,
        cases=(("Who will Max call?", NOTES), ("Tom", NOTES), ("Ann", NOTES)),
        mistakes={
            "the length of a note plays no part yet: b": lambda question, notes: bm25(question, notes, b=0.0),
            "a word said twice counts no more than once yet: k1": lambda question, notes: bm25(question, notes, k1=0.0),
        },
        praise="this is the baseline that the paper lacks",
    ),
    "15.2": Exercise("what does each step need to do its work, and no more?", VIEWS, judge=_views),
}
