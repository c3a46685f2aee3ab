"""Exercises of lab 15: what each step may see, BM25, and which ranker to pay for."""

from __future__ import annotations

from collections.abc import Mapping

from memlab.course import Exercise
from memlab.labs.lab15_programs.program import bm25
from memlab.labs.lab15_programs.study import BM25, BOTH, JOINT, LIKELY, ORACLE, OTHER, STUDY, TURNED

NOTES = ("Max will help Paul.", "Max will call Tom, Tom will call Ben.", "Rose will help Max.")
VIEWS = {"rank a note": ("question", "that note"), "read": ("question", "best note"), "ask again": ("first answer",)}


def _views(answer: Mapping[str, tuple[str, ...]]) -> str | None:
    for step, needed in VIEWS.items():
        if isinstance(shown := answer.get(step), str) or shown is None:
            return f"give the parts for {step!r} as a tuple"
        if lacking := set(needed) - set(shown):
            return f"{step!r} cannot work without the {lacking.pop()}"
        if more := set(shown) - set(needed):
            return f"{step!r} would work without {more.pop()!r}: what a step does not need can only mislead it"
    return None


def _bought(answer: Mapping[str, str]) -> str | None:
    table = STUDY.scores().groupby(["kind", "arm"])[["right", "tokens"]].mean().drop(index=ORACLE, level="arm")
    for kind, part in table.groupby("kind"):
        arms, best = part.loc[kind], part["right"].max()
        arm, least = answer.get(str(kind)), part["tokens"][part["right"] == best].min()
        if arm not in arms.index:
            return f"{kind}: name an arm, but not the oracle: {', '.join(arms.index)}"
        if arms["right"][arm] < best:
            return f"{kind}: {arm} is right in {arms['right'][arm]:.2f}, another one in {best:.2f}"
        if arms["tokens"][arm] > least:
            return f"{kind}: {arm} takes {arms['tokens'][arm]:.0f} tokens; as much is had for {least:.0f}"
    return None if dict(answer) == EXERCISES["15.3"].solution else "one of your arms ties with a simpler one"


EXERCISES = {
    "15.1": Exercise("what does each step need to do its work, and no more?", VIEWS, judge=_views),
    "15.2": Exercise(
        start="for each word of the question: its idf, and how often it stands in each note",
        solution=bm25,
        cases=(("Who will Max call?", NOTES), ("Tom", NOTES), ("Ann", NOTES)),
        mistakes={
            "the length of a note plays no part yet: b": lambda question, notes: bm25(question, notes, b=0.0),
            "a word said twice counts no more than once: k1": lambda question, notes: bm25(question, notes, k1=1e-9),
        },
        praise="this is the baseline that the paper lacks",
    ),
    "15.3": Exercise("first who is right most often, then who of them is cheapest, then simplest",
                     {TURNED: LIKELY, OTHER: BM25, BOTH: JOINT}, judge=_bought),
}  # fmt: skip
