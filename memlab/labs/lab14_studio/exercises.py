"""Exercises of lab 14: two what-ifs that the reader answers with the studio."""

from __future__ import annotations

from typing import Any

from memlab.course import JUDGED, Exercise, Unfilled, unfilled
from memlab.labs.lab14_studio.study import STILL, WRONG
from memlab.rivals.knobs import NONE, checked
from memlab.rivals.lived import at_once

HARD = STILL | WRONG


def _corrupted(share: Any) -> str | None:
    run, none = (at_once(checked(STILL | one)) for one in ({"corruption": share}, {"learner": NONE}))
    word = run.against(none).partition(":")[0] if run and none else ""
    told = {"supported": "still beats no memory: go on", "contradicted": "is already worse than no memory: go back"}
    return f"append-only, no noise: with a share of {share}, memory {told[word]}" if word in told else None


def _noisy(answer: Any) -> str | None:
    if unfilled(knobs := answer()):
        raise Unfilled
    run, credit = (at_once(checked(HARD | one)) for one in (knobs, {"credit": "rewrite Q"}))
    if not run or not credit or any(run.settings[n] != credit.settings[n] for n in ("stream", "noise", "horizon")):
        return "the world stays as it is, and the learner one that is simulated: turn the other knobs"
    gain = run.late.mean() - credit.late.mean()
    return None if gain >= 0.45 else f"that is {gain:+.2f}, not .45: which hears wrong rewards: writing, or credit?"


EXERCISES = {
    "14.1": Exercise("append-only, stationary, no noise: pin no memory, move corruption until it is undecided", 0.8,
                     judge=_corrupted, tolerance=JUDGED, praise="your share is marked in the next figure"),
    "14.2": Exercise("which knob keeps wrong rewards out of memory? Return {'knob': value, ...}",
                     lambda: {"verifier": "gate"}, judge=_noisy, praise="your knobs go into the next cells"),
}  # fmt: skip
