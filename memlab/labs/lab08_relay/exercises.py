"""Exercises of lab 08: plain field accuracy, a law for the published curve, and a checksum that lets an edit pass."""

from __future__ import annotations

import numpy as np

from memlab.corruption import score
from memlab.course import JUDGED, Exercise
from memlab.labs.lab08_relay.relay import unharmed
from memlab.labs.lab08_relay.study import LAWS, PUBLISHED

PLACE, OTHER, NEW = ("03-05", "account"), ("03-02", "amount"), {("03-09", "account"): "food"}
KEPT = {("03-02", "account"): "food", OTHER: "6.55", PLACE: "rent"}
CHANGED, MADE_UP, SHORT, WORSE = KEPT | {PLACE: "food"}, KEPT | NEW, {OTHER: "6.55"}, {OTHER: "6.65"}


def _law(setting: tuple[float, float]) -> str | None:
    near = LAWS["jumps to a floor"][0](np.array([*range(1, 11), 50]), *setting) - [*PUBLISHED, 0.587]
    worst = int(np.abs(near).argmax())
    off = f"after {[*range(1, 11), 50][worst]} trips your curve is {near[worst]:+.3f} off"
    return f"{off}: move {'f' if worst > 9 else 'q'}" if abs(near[worst]) > 0.025 else None


EXERCISES = {
    "08.1": Exercise(
        start="for each field of `before`, does `after` hold the same? And what if `after` holds more than it should?",
        solution=score,
        cases=tuple((KEPT, after) for after in (KEPT, CHANGED, MADE_UP, SHORT, {})),
        mistakes={
            "a field that was made up costs nothing: divide by the number of fields of the longer document":
                lambda a, b: sum(b.get(k) == v for k, v in a.items()) / len(a),
            "you divide by what is left: a field that is gone must cost something":
                lambda a, b: sum(b.get(k) == v for k, v in a.items()) / max(len(b), 1),
            "you ask whether the field is there, not whether it says the same":
                lambda a, b: sum(k in b for k in a) / max(len(a), len(b)),
        },
    ),
    "08.2": Exercise("q says how fast the curve falls, f where it ends", (0.87, 0.595), judge=_law, tolerance=JUDGED),
    "08.3": Exercise(
        start="a call may change one field: what must be the same in both documents once you look away from it?",
        solution=unharmed,
        cases=tuple((KEPT, after, PLACE) for after in (CHANGED, KEPT, KEPT | WORSE, CHANGED | WORSE, MADE_UP, SHORT)),
        mistakes={
            "it refuses the edit itself: the field at `place` may differ": lambda a, b, place: a == b,
            "it counts fields: a wrong amount stands in as many fields as a right one":
                lambda a, b, place: len(a) == len(b),
            "a field that is gone, or was made up, is harm too": lambda a, b, place: all(
                b.get(key, value) == value for key, value in a.items() if key != place),
        },
    ),
}  # fmt: skip
