"""Ways to pay three shown cases for the answer to one query, on the rewards of every subset that could be shown.

Every case alike is MemRL's way (2601.03192); leave-one-out and Shapley (`memlab.credit.worth`) compare within a query.
What a rule would show next follows from what it paid, so that all of them are judged on the same recorded answers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memlab.core import MemlabError
from memlab.credit.worth import shapley_weights, subsets

Floats = NDArray[np.floating]
SHOWN = 3
SUBSETS = subsets(SHOWN)
BITS = 2 ** np.arange(SHOWN)[::-1]
"""What each shown case adds to the row of `SUBSETS`."""
CALLS = {"random": 1, "every": 1, "leave-one-out": SHOWN + 1, "Shapley": 2**SHOWN}
"""Each credit rule with the model calls that it needs for one episode, the answer itself included."""
TRIED = "best set tried"
NULLS = {"no memory": np.eye(8)[0], "no credit": np.eye(8)[-1], "null: random credit": np.full(8, 1 / 8)}
"""Arms without credit, with the chance of each subset: nothing is shown, all three, or any."""


def told(rule: str, rewards: Floats) -> Floats:
    """What ``rule`` tells each shown case, (N, 3); of ``rewards`` (N, 8), one for each of `SUBSETS`, it reads `CALLS`.

    The null "random" tells a learner the reward of another one. Raises `MemlabError` for an unknown rule.
    """
    if rule not in CALLS:
        raise MemlabError(f"unknown credit rule {rule!r}; the rules are {', '.join(CALLS)}")
    if rule == "Shapley":
        return rewards @ shapley_weights(SHOWN)
    own = np.repeat(rewards[:, -1:], SHOWN, axis=1)
    return own - rewards[:, -1 - BITS] if rule == "leave-one-out" else np.roll(own, rule == "random", axis=0)


def next_shown(arm: str, rewards: Floats, least: float = 1e-9) -> Floats:
    """Chance of each subset to be shown next, (N, 8), after ``rewards`` (N, 8) of all subsets of a query.

    A rule shows what earned ``least`` or more; `TRIED` repeats a subset that did best, and pays nobody.
    """
    if arm in NULLS:
        return np.broadcast_to(NULLS[arm], rewards.shape)
    top = rewards == rewards.max(axis=1, keepdims=True)
    shown = top if arm == TRIED else np.eye(8)[(told(arm, 2 * rewards - 1) >= least) @ BITS]
    return shown / shown.sum(axis=1, keepdims=True)
