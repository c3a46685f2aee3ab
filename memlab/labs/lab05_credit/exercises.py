"""Exercises of lab 05: a step size for credit, worth averaged over orders, and what a memory may forget."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from memlab.course import JUDGED, Exercise
from memlab.credit.worth import counterfactual, leave_one_out, subsets

Game = Callable[[frozenset[str]], float]
GAMES: tuple[Any, ...] = (
    lambda ids: float(bool(ids & {"a", "b"})),
    lambda ids: float(len(ids) == 3),
    lambda ids: 0.1 + 0.5 * ("a" in ids) + 0.2 * ({"a", "b"} <= ids) - 0.3 * ("c" in ids and "a" not in ids),
)
"""Solved by a or by b, by all three only, and a game in which no two cases are worth the same."""
for _game, _said in zip(GAMES, ("solved by a or b", "solved by all three", ".1 with nothing shown"), strict=True):
    _game.__name__ = f"the game {_said!r}"
LARGE = "too large: each reward throws Q about, so a case that was lucky last time passes for a good one"
SMALL = "too small: 480 calls are over before Q has told the cases apart"
Q, USES = np.array([0.4, -0.3, 0.0, -0.6, 0.0, 0.2]), np.array([9, 6, 0, 1, 7, 0])


def _banzhaf(value: Game, ids: Sequence[str]) -> dict[str, float]:
    sets = [frozenset(np.array(ids)[row].tolist()) for row in subsets(len(ids))]
    return {c: float(np.mean([value(s | {c}) - value(s) for s in sets if c not in s])) for c in ids}


def _places(rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda q, uses, least: np.flatnonzero(rule(q, uses, least))


EXERCISES = {
    "05.1": Exercise(
        start="what does a step near 1 remember of earlier rewards, and what has a step near 0 learned by then?",
        solution=0.15,
        judge=lambda step: LARGE if step > 0.245 else SMALL if step < 0.07 else None,  # .01 worse than the best
        mistakes={LARGE: 0.5, SMALL: 0.02},
        tolerance=JUDGED,
    ),
    "05.2": Exercise(
        start="in which orders can the cases be added, and what does a case gain at its place in each of them?",
        solution=counterfactual,
        cases=tuple((game, ("a", "b", "c")) for game in GAMES),
        mistakes={
            "this is leave-one-out: a and b can replace each other, so both get 0 although one of them is needed; "
            "think of orders in which neither is there yet": leave_one_out,
            "this is each case shown alone: it does not see what the others already gave":
                lambda value, ids: {c: value(frozenset(c)) - value(frozenset()) for c in ids},
            "you looked at one order only: take the mean over all of them (itertools.permutations)":
                lambda value, ids: {c: value(frozenset(ids[: i + 1])) - value(frozenset(ids[:i]))
                                    for i, c in enumerate(ids)},
            "with nothing shown something may be won, too: start each order from value(frozenset()), not from 0":
                lambda value, ids: counterfactual(lambda shown: value(shown) if shown else 0.0, ids),
            "this is the mean over sets (Banzhaf): three cases that are all needed get 1/4 each and not 1/3, so the "
            "worths do not add up to what was won; take the mean over orders": _banzhaf,
        },
    ),
    "05.3": Exercise(
        start="which of these cases had a fair chance, and what did they earn? An untried one has Q = 0 too",
        solution=_places(lambda q, uses, least: (uses >= least) & (q <= 0)),
        cases=((Q, USES, 5), (Q[::-1].copy(), USES[::-1].copy(), 1)),
        mistakes={
            "this is a mask: give the places, np.flatnonzero(mask)": lambda q, u, least: (u >= least) & (q <= 0),
            "np.where gives a tuple: take its first entry": lambda q, u, least: np.where((u >= least) & (q <= 0)),
            "an untried case has Q = 0 too, which says nothing yet: look at uses": _places(lambda q, u, least: q <= 0),
            "one failure is no verdict: ask for `least` uses": _places(lambda q, u, least: (u > 0) & (q <= 0)),
            "a case that was shown often and earned 0 takes a place in the prompt for nothing":
                _places(lambda q, u, least: (u >= least) & (q < 0)),
        },
    ),
}  # fmt: skip
