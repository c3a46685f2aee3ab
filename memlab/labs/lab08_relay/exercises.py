"""Exercises of lab 08: plain field accuracy, a law for the published curve, and a checksum that lets an edit pass."""

from __future__ import annotations

import re

import numpy as np

from memlab.corruption import score
from memlab.course import Exercise
from memlab.labs.lab08_relay.channel import LAWS, PUBLISHED
from memlab.labs.lab08_relay.relay import unharmed

KEPT = {("03-02", "account"): "food", ("03-02", "amount"): "6.55", ("03-05", "account"): "rent"}
CHANGED = KEPT | {("03-05", "account"): "food"}
MADE_UP = KEPT | {("03-09", "account"): "food"}
SHORT = {("03-02", "amount"): "6.55"}
TEXT = "03-02,food,6.55\n03-05,rent,9.10"
EDITED, SPOILED, ELSEWHERE = (TEXT.replace(*pair) for pair in (("food", "fuel"), ("9.10", "9.01"), ("rent", "fuel")))
BOTH = EDITED.replace("9.10", "9.01")


def _law(setting: tuple[float, float]) -> str | None:
    near = LAWS["jumps to a floor"][0](np.array([*range(1, 11), 50]), *setting) - [*PUBLISHED, 0.587]
    worst = int(np.abs(near).argmax())
    trip = 50 if worst == 10 else worst + 1
    said = f"after {trip} trips your curve is {near[worst]:+.3f} off: "
    return None if abs(near[worst]) <= 0.025 else said + ("move f" if trip > 5 else "move q")


EXERCISES = {
    "08.1": Exercise(
        start="for each field of `before`, does `after` hold the same? And what if `after` holds more than it should?",
        solution=score,
        cases=((KEPT, KEPT), (KEPT, CHANGED), (KEPT, MADE_UP), (KEPT, SHORT), (KEPT, {})),
        mistakes={
            "a field that was made up costs nothing: divide by the number of fields of the longer document":
                lambda a, b: sum(b.get(k) == v for k, v in a.items()) / len(a),
            "you divide by what is left: a field that is gone must cost something":
                lambda a, b: sum(b.get(k) == v for k, v in a.items()) / max(len(b), 1),
            "you ask whether the field is there, not whether it says the same":
                lambda a, b: sum(k in b for k in a) / max(len(a), len(b)),
        },
        praise="this is what memlab's plain field accuracy does",
    ),
    "08.2": Exercise("q says how fast the curve falls, f where it ends", (0.87, 0.595), judge=_law, tolerance=1.0),
    "08.3": Exercise(
        start="the edit may change one word: what must be the same in both texts once you look away from that word?",
        solution=unharmed,
        cases=tuple((TEXT, after, "food", "fuel") for after in (EDITED, TEXT, SPOILED, ELSEWHERE, BOTH, "")),
        mistakes={
            "it refuses the edit itself: before and after must differ in the two words":
                lambda a, b, old, new: a == b,
            "it wants the edit done: true, but then an edit that does nothing is called harm; ask for harm alone":
                lambda a, b, old, new: re.sub(rf"\b{old}\b", new, a) == b,
            "it counts lines or letters: a wrong amount is as long as a right one":
                lambda a, b, old, new: len(a.splitlines()) == len(b.splitlines()),
        },
        praise="it is used on the recorded calls below",
    ),
}  # fmt: skip
