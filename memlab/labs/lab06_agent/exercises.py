"""Checks of lab 06: narrowing the choices, the rewrite of a value, the cost of a run."""

from __future__ import annotations

import math
from typing import Any

from memlab.checks import Unfilled, exercise, unfilled, value

CHOICES = ("sum", "bits", "order")


@exercise("06.1", "return a tuple of the choices whose value is unknown or at least floor", praise="as the agent does")
def narrow_function(answer: Any) -> str | None:
    """A function ``(choices, values, floor) -> tuple`` that never gives an empty one."""
    found = value(answer, CHOICES, {"sum": 0.0, "bits": 0.75}, 0.5)
    if not isinstance(found, tuple):
        return f"give a tuple, not a {type(found).__name__}"
    if found == ("bits",):
        return "an untried tool has no value yet: keep it, or nothing new is ever tried"
    if found == ("sum",):
        return "you keep the bad ones: keep what is at least floor"
    if found != ("bits", "order"):
        return f"with sum at 0, bits at .75 and order untried, expect ('bits', 'order'), got {found}"
    if value(answer, CHOICES, {"sum": 0.5}, 0.5) != CHOICES:
        return "a value equal to floor is good enough: use >="
    if value(answer, CHOICES, dict.fromkeys(CHOICES, 0.0), 0.5) != CHOICES:
        return "when every tool failed nearby, give back all choices: the model needs something to choose"
    return None


@exercise("06.2", "write q + eta * (r - q), and count failures by applying it to q = 1 with r = 0")
def rewrite_function(answer: Any) -> str | None:
    """A pair: the function ``(q, r, eta) -> q`` and the number of failures from 1 to below .5 at eta .3."""
    function, failures = answer
    if unfilled(failures):
        raise Unfilled
    found = value(function, 1.0, 0.0, 0.3)
    if math.isclose(found, 0.3):
        return "this keeps eta of the old value; it should keep 1 - eta of it: q + eta * (r - q)"
    if math.isclose(found, 1.3):
        return "the sign is turned: move q toward r, that is eta * (r - q)"
    if not math.isclose(found, 0.7):
        return f"from q = 1 with r = 0 and eta = .3 expect .7, got {found}"
    if failures == 1:
        return "after one failure q is .7, still above .5"
    return None if failures == 2 else f"1 -> .7 -> .49: that is two failures, not {failures}"


@exercise("06.3", "divide 60 by the seconds of one episode and round up")
def episodes_in_a_minute(answer: Any) -> str | None:
    """A pair: the reader's number of episodes, and the mean seconds of one."""
    episodes, seconds = answer
    if unfilled(episodes):
        raise Unfilled
    right = math.ceil(60 / seconds)
    if episodes == math.floor(60 / seconds) != right:
        return "round up: at the lower number the minute is not over yet"
    return None if episodes == right else f"60 s at {seconds:.2f} s an episode is {right} episodes, not {episodes}"
