"""Exercises of lab 07: the gap of a filter, how strict a verifier should be, a gate for a memory."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import ndtr

from memlab.course import Exercise
from memlab.labs.lab07_gap.world import Prompts
from memlab.tasks.tools import UNREADABLE
from memlab.verify import gap

BEST = 1.75


@lru_cache
def right_behind(threshold: float) -> float:
    """The share of right answers after all rounds behind the notebook's verifier, mean of ten replicates."""
    rates, drawn = (ndtr(1.5 - threshold), ndtr(-threshold)), [Prompts.draw(seed) for seed in range(10)]
    return float(np.mean([one.rounds(one.accepts(*rates), i)["content"].iloc[-1] for i, one in enumerate(drawn)]))


def _threshold(answer: Any) -> str | None:
    if not isinstance(answer, int | float) or not -5 <= answer <= 6:
        return f"a threshold is a number between -5 and 6; this is {answer!r}"
    best, mine = right_behind(BEST), right_behind(float(answer))
    if mine >= best - 0.02:
        return None
    why = "it lets too much through" if answer < BEST else "with it the memory is hardly ever written to"
    return f"at {answer:g} the share of right answers becomes {mine:.2f}, at another threshold {best:.2f}: {why}"


def _program(task: Any, episode: Any, edit: Any) -> str:
    return "" if (episode.answer != UNREADABLE) == (episode.reward == 1) else "the report does not fit the answer"


EPISODES = tuple(SimpleNamespace(reward=r, answer=a) for r in (1.0, 0.0) for a in ("42", UNREADABLE))
EXERCISES = {
    "07.1": Exercise(
        start="what share of all answers is accepted, and which part of that share is right?",
        solution=gap,
        cases=((0.6, 0.8, 0.6), (0.3, 0.9, 0.1), (0.5, 0.2, 0.7)),
        mistakes={
            "this is the mean success of what is accepted: how much is that above p?":
                lambda p, tpr, fpr: p * tpr / (p * tpr + (1 - p) * fpr),
            "wrong answers are accepted, too: divide by all that is accepted": lambda p, tpr, fpr: p * tpr - p,
            "TPR and FPR are not shares of all answers: weigh them by p and 1 - p":
                lambda p, tpr, fpr: tpr / (tpr + fpr) - p,
        },
    ),
    "07.2": Exercise(
        "what does a low threshold let through, and how long must one wait for an answer above a high one?", BEST,
        judge=_threshold, tolerance=10.0, praise="your threshold is noted; the next cell lives with it"),
    "07.3": Exercise(
        start="two of the four cases (told right or wrong, readable or not) cannot be true: which?",
        solution=_program,
        cases=tuple((None, episode, None) for episode in EPISODES),
        mistakes={
            "a failure told of a readable answer may be a lie, too: compare both ways":
                lambda task, episode, edit: "lie" * (episode.reward == 1 and episode.answer == UNREADABLE),
            "turn it round: an empty text lets an edit pass, any other refuses it":
                lambda task, episode, edit: "fits" * (not _program(task, episode, edit)),
            "give a text: an empty one lets an edit pass, any other refuses it":
                lambda task, episode, edit: not _program(task, episode, edit),
        },
    ),
}  # fmt: skip
