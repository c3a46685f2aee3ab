"""Checks of lab 05: MemRL's credit, worth averaged over orders, and what a memory may forget."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from memlab.course import exercise, value
from memlab.credit import counterfactual
from memlab.credit.rules import memrl
from memlab.credit.worth import leave_one_out

START = np.array([0.5, 0.0, -0.2, 1.0])
SHOWN = [0, 3]
Game = Callable[[frozenset[str]], float]


def _same(found: Any, wanted: Any) -> bool:
    return np.shape(found) == np.shape(wanted) and bool(np.allclose(found, wanted, atol=1e-6))


@exercise("05.1", "return a new array in which only the shown cases have moved toward +1 or -1 by 0.3 of the gap")
def memrl_function(answer: Any) -> str | None:
    """A function ``(q, shown, success) -> new q`` with step .3."""
    q = START.copy()
    found = value(answer, q, SHOWN, False)
    if not _same(q, START):
        return "you changed the array that came in: work on q.copy() and return that"
    shown = np.isin(np.arange(4), SHOWN)
    wrong = {
        "a failure is r = -1 in MemRL, not 0: with 0 a case could never fall below zero": np.where(
            shown, START * 0.7, START
        ),
        "every case moved: only those in shown were injected, the others stay": START + 0.3 * (-1 - START),
        "you add 0.3 r without subtracting q: the step is 0.3 * (r - q)": np.where(shown, START - 0.3, START),
        "you set q to r: move only 0.3 of the way": np.where(shown, -1.0, START),
        "the two weights are exchanged: 0.7 of the old value stays": np.where(shown, 0.3 * START - 0.7, START),
        "you divide the credit among the cases shown; MemRL pays each of them in full": np.where(
            shown, START + 0.15 * (-1 - START), START
        ),
    }
    for hint, typical in wrong.items():
        if _same(found, typical):
            return hint
    if not _same(found, memrl(START, SHOWN, False)):
        return f"after a failure with {SHOWN} shown expect {memrl(START, SHOWN, False).tolist()}, got {found}"
    if not _same(value(answer, START.copy(), SHOWN, True), memrl(START, SHOWN, True)):
        return "right after a failure, wrong after a success: then r = +1"
    return None


def either(ids: frozenset[str]) -> float:
    """The query is solved when a or b is shown; they say the same. c says nothing."""
    return float(bool(ids & {"a", "b"}))


def _uneven(ids: frozenset[str]) -> float:
    return 0.1 + 0.5 * ("a" in ids) + 0.2 * ({"a", "b"} <= ids) - 0.3 * ("c" in ids and "a" not in ids)


@exercise("05.2", "average the gain value(before | {c}) - value(before) of each case over all orders of the cases")
def shapley_function(answer: Any) -> str | None:
    """A function ``(value, ids) -> {id: worth}``, exact over all orders."""
    ids = ["a", "b", "c"]
    answers = {game: value(answer, game, ids) for game in (either, _uneven)}
    if not all(isinstance(one, dict) and set(one) == set(ids) for one in answers.values()):
        return "return a dict with one number for each id"
    found = {game: _list(one, ids) for game, one in answers.items()}
    wrong: dict[str, Callable[[Game], list[float]]] = {
        "this is leave-one-out: a and b can replace each other, so both get 0 although the query needs one of them; "
        "average over orders, where sometimes neither is there yet": lambda game: _list(leave_one_out(game, ids), ids),
        "this is the worth of each case shown alone: it does not see what the others already gave": lambda game: [
            game(frozenset({name})) - game(frozenset()) for name in ids
        ],
        "you looked at one order only: average over all of them (itertools.permutations)": lambda game: [
            game(frozenset(ids[: i + 1])) - game(frozenset(ids[:i])) for i in range(3)
        ],
        f"the sum is right, the mean is not: divide by the number of orders, {math.factorial(3)}": lambda game: [
            6 * w for w in _list(counterfactual(game, ids), ids)
        ],
        "you divide by the number of cases: there are 3! = 6 orders": lambda game: [
            2 * w for w in _list(counterfactual(game, ids), ids)
        ],
    }
    for hint, typical in wrong.items():
        if all(_same(found[game], typical(game)) for game in found):
            return hint
    for game, numbers in found.items():
        right = _list(counterfactual(game, ids), ids)
        if not _same(numbers, right):
            name = "the two redundant cases" if game is either else "an uneven game"
            return f"for {name} expect {np.round(right, 4).tolist()}, got {np.round(numbers, 4).tolist()}"
    return None


def _list(worth: dict[str, float], ids: list[str]) -> list[float]:
    return [float(worth[name]) for name in ids]


Q = np.array([0.4, -0.3, 0.0, -0.6, 0.0, 0.2])
USES = np.array([9, 6, 0, 1, 7, 0])


@exercise("05.3", "return the places of cases that were used at least `least` times and are worth 0 or less")
def forget_function(answer: Any) -> str | None:
    """A function ``(q, uses, least) -> places``: used often enough to be judged, and worth nothing."""
    found = sorted(int(place) for place in np.atleast_1d(value(answer, Q.copy(), USES.copy(), 5)))
    wrong = {
        "case 2 was never shown: its 0 says nothing yet; ask for uses >= least": [1, 2, 3, 4],
        "case 3 failed once: one failure is no verdict; ask for uses >= least": [1, 3, 4],
        "case 4 was shown 7 times and earned 0: it takes a place in the prompt for nothing, so forget q <= 0": [1],
        "these are the cases that were hardly used: forget those that were used and are worth nothing": [2, 3, 5],
        "these are the cases worth keeping: return the others that were used enough": [0],
    }
    for hint, typical in wrong.items():
        if found == typical:
            return hint
    return None if found == [1, 4] else f"expect the places [1, 4], got {found}"
