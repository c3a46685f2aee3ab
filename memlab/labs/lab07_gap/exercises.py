"""Exercises of lab 07: the gap of a filter, how strict a verifier should be, a gate for a memory, a mean of ratios."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from memlab.course import Exercise
from memlab.labs.lab07_gap.world import content_at
from memlab.tasks.tools import UNREADABLE
from memlab.verify import gap, mean_relative_gap

CHANCES = ((0.6, 0.8, 0.6), (0.3, 0.9, 0.1), (0.5, 0.2, 0.7))
THRESHOLDS = np.linspace(-1, 4, 51)
CLOSE = 0.01
"""A threshold whose memory is right within so much of the best one's passes."""


def _threshold(answer: Any) -> str | None:
    if not isinstance(answer, int | float) or not -5 <= answer <= 6:
        return f"a threshold is a number between -5 and 6; this is {answer!r}"
    found = [content_at(float(t)) for t in THRESHOLDS]
    mine, best = content_at(float(answer)), max(found)
    if mine >= best - CLOSE:
        return None
    why = "lets too much through" if answer < THRESHOLDS[int(np.argmax(found))] else "hardly ever writes anything"
    return f"threshold {answer:g} leaves a memory with which {mine:.2f} are right; another has {best:.2f}: it {why}"


def _episode(reward: float, answer: str) -> tuple[Any, ...]:
    return None, SimpleNamespace(reward=reward, answer=answer), None


def _program(task: Any, episode: Any, edit: Any) -> str:
    readable = episode.answer != UNREADABLE
    return "" if readable == (episode.reward == 1) else "the report does not fit the answer"


EPISODES = tuple(_episode(reward, answer) for reward in (1.0, 0.0) for answer in ("42", UNREADABLE))
EXERCISES: dict[str, Exercise] = {
    "07.1": Exercise(
        start="what share of all answers is accepted, and which part of that share is right?",
        solution=gap,
        cases=CHANCES,
        mistakes={
            "this is the mean score of what is accepted: how much is that above p?":
                lambda p, tpr, fpr: p * tpr / (p * tpr + (1 - p) * fpr),
            "among the accepted answers are wrong ones, too: divide by all that is accepted":
                lambda p, tpr, fpr: p * tpr - p,
            "this does not depend on p as a share does: divide by all that is accepted":
                lambda p, tpr, fpr: tpr - fpr,
            "TPR and FPR are not shares of all answers: weigh them by p and 1 - p":
                lambda p, tpr, fpr: tpr / (tpr + fpr) - p,
            "the wrong answers have the share 1 - p": lambda p, tpr, fpr: p * tpr / (p * tpr + fpr) - p,
        },
        praise="0.066667 for (.6, .8, .6)",
    ),
    "07.2": Exercise(
        start="what does a low threshold let through, and what does a high one leave in the memory?",
        solution=1.5,
        judge=_threshold,
        tolerance=10.0,  # the judge decides
        praise="your threshold is noted; the next cell lives with it",
    ),
    "07.3": Exercise(
        start="which two of the four cases (told right or wrong, readable or not) cannot both be true?",
        solution=_program,
        cases=EPISODES,
        mistakes={
            "a failure that was told of a readable answer may be a lie, too: compare both ways":
                lambda task, episode, edit: "lie" if episode.reward == 1 and episode.answer == UNREADABLE else "",
            "you keep successes alone: a true failure is worth keeping, it narrows the choices":
                lambda task, episode, edit: "" if episode.reward == 1 and episode.answer != UNREADABLE else "failed",
            "this keeps what an unreadable answer is told to be and refuses the rest: turn it round":
                lambda task, episode, edit: "" if _program(task, episode, edit) else "fits",
            "an edit passes with an empty text, and is refused with any other: this is a truth value":
                lambda task, episode, edit: not _program(task, episode, edit),
        },
    ),
    "07.4": Exercise(
        start="one of them divides once for each prompt: which prompts then count most?",
        solution=lambda gaps, p: (mean_relative_gap(gaps, p, "inside"), mean_relative_gap(gaps, p, "outside")),
        cases=((np.array([0.08, 0.0]), np.array([0.9, 0.2])), (np.array([0.1, 0.2, 0.0]), np.array([0.5, 0.2, 0.8]))),
        mistakes={
            "the other way round: inside first":
                lambda gaps, p: (gaps.mean() / (1 - p.mean()), (gaps / (1 - p)).mean()),
            "these are the gaps themselves: divide by what is left to gain, 1 - p":
                lambda gaps, p: (gaps.mean(), gaps.mean()),
            "divide by what is left to gain, 1 - p": lambda gaps, p: ((gaps / p).mean(), gaps.mean() / p.mean()),
        },
    ),
}  # fmt: skip
