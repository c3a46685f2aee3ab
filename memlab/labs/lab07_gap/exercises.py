"""Exercises of lab 07: the gap of a filter, how strict a verifier should be, a gate for a memory."""

from types import SimpleNamespace
from typing import Any

from memlab.course import JUDGED, Exercise, Unfilled, unfilled
from memlab.tasks.tools import UNREADABLE
from memlab.verify import gap

LAX = "too low: it lets so much through that wrong answers stay in memory"
STRICT = "too high: behind it the memory is hardly ever written to"
PASS = (0.85, 2.45)
"""Thresholds from which the notebook's memory comes within .035 of its best share of right answers (tested)."""


def _program(task: Any, episode: Any, edit: Any) -> str:
    return "" if (episode.answer != UNREADABLE) == (episode.reward == 1) else "the report does not fit the answer"


EPISODES = tuple(SimpleNamespace(reward=r, answer=a) for r in (1.0, 0.0) for a in ("42", UNREADABLE))
HINTS = {  # what passes (+) of the four cases
    "+-++": "a failure told of a readable answer may be a lie, too: compare both ways",
    "-++-": "turn it round: an empty text lets an edit pass, any other refuses it",
    "----": 'nothing passes: give "" where report and answer fit',
}


def _refuses(gate: Any) -> str | None:
    if all(map(unfilled, said := [gate(None, episode, None) for episode in EPISODES])):
        raise Unfilled
    passed = "".join("-+"[text == ""] for text in said)  # a gate says why it refuses in words of its own
    return None if passed == "+--+" else HINTS.get(passed, EXERCISES["07.3"].start)


EXERCISES = {
    "07.1": Exercise(
        start="what share of all answers is accepted, and which part of that share is right?",
        solution=gap, cases=((0.6, 0.8, 0.6), (0.3, 0.9, 0.1), (0.5, 0.2, 0.7)),
        mistakes={
            "this is the mean success of what is accepted: how much is that above p?":
                lambda p, tpr, fpr: p * tpr / (p * tpr + (1 - p) * fpr),
            "wrong answers are accepted, too: divide by all that is accepted": lambda p, tpr, fpr: p * tpr - p,
            "TPR and FPR are shares of the right and of the wrong answers": lambda p, tpr, fpr: tpr / (tpr + fpr) - p,
        },
    ),
    "07.2": Exercise(
        start="what does a low threshold let through, and how long must one wait for an answer above a high one?",
        solution=1.75, judge=lambda threshold: LAX if threshold < PASS[0] else STRICT if threshold > PASS[1] else None,
        mistakes={LAX: 0.0, STRICT: 4.0}, tolerance=JUDGED,
        praise="your threshold is noted; the next cell lives with it",
    ),
    "07.3": Exercise("two of the four cases (told right or wrong, readable or not) cannot be true: which?", _program,
        judge=_refuses,
        mistakes={
            HINTS["+-++"]: lambda task, episode, edit: "lie" * (episode.reward == 1 and episode.answer == UNREADABLE),
            HINTS["-++-"]: lambda task, episode, edit: "fits" * (not _program(task, episode, edit)),
            HINTS["----"]: lambda task, episode, edit: _program(task, episode, edit) or None,
        }),
}  # fmt: skip
