"""What lab 06 measures: success by window, the three numbers of a life, and two reference learners without a model.

The references are told which kind each question is, and how often rewards are flipped. They are no ceilings: a learner
that guesses more of the structure passes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab.core import MemlabError, Task

if TYPE_CHECKING:
    import pandas as pd

TINY = 1e-9
"""Stands for 0 where certain beliefs could otherwise contradict each other."""
STARTS = {"repeated": 3, "recurrent": 3, "gradual": 4}
"""A stream's arrangement moves after this fraction of it, one over; after half elsewhere."""


def three_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Detection, exploration and retention in one life, a row for each kind of question and each tool that served it.

    ``rows`` has a row a task with index, family, action and serves, as `memlab.learners.live` gives them; the steps of
    a task count as tasks of their own. ``detection``: tasks that still took the tool which served before, until the
    one that serves was first taken; ``exploration``: those that took any other; where it was never taken (``found`` is
    False), all tasks of the kind until its tool moved again. ``retention``: success after that first time, NaN where
    no task came after it. ``start`` is the index of the first task; ``before`` is "" for a kind's first tool.
    """
    import pandas as pd

    ordered = rows.sort_values("index")
    visits: dict[str, list[tuple[int, str, str]]] = {}
    split = ([str(value).split("+") for value in ordered[name]] for name in ("family", "action", "serves"))
    for index, *steps in zip(ordered["index"], *split, strict=True):
        for family, action, serves in zip(*steps, strict=True):
            visits.setdefault(family, []).append((int(index), action, serves))
    found: list[dict[str, Any]] = []
    for family, told in visits.items():
        places, actions, served = map(np.array, zip(*told, strict=True))
        starts = np.flatnonzero(np.r_[True, served[1:] != served[:-1]])
        for start, end in zip(starts, [*starts[1:], len(told)], strict=True):
            before, action = served[start - 1] if start else "", actions[start:end]
            right = action == served[start]
            first = int(right.argmax()) if right.any() else len(right)
            stale, later = int((action[:first] == before).sum()), right[first + 1 :]
            found.append(
                {
                    "family": family,
                    "start": int(places[start]),
                    "before": before,
                    "serves": served[start],
                    "detection": stale,
                    "exploration": first - stale,
                    "found": bool(right.any()),
                    "retention": float(later.mean()) if len(later) else float("nan"),
                }
            )
    return pd.DataFrame(found)


def by_window(rows: pd.DataFrame) -> dict[str, float]:
    """Success before the first change, from it on, at each kind's first question and over all; of lives whose actions
    are kept, also the means of `three_numbers` over the tools that came with a change."""
    start = len(rows) // STARTS.get(rows["kind"].iloc[0], 2)
    at, success, first = rows["index"], rows["success"].astype(float), ~rows.sort_values("index")["family"].duplicated()
    parts = {"before": at < start, "after": at >= start, "unseen": first, "all": at >= 0}
    means = {name: float(success[part].mean()) for name, part in parts.items()}
    if "action" in rows and rows["action"].notna().all():
        told = three_numbers(rows)
        means |= dict(told.loc[told["before"] != "", ["detection", "exploration", "found", "retention"]].mean())
    return means


def reference(tasks: Sequence[Task], structure: bool, noise: float = 0.0, draws: int = 100) -> np.ndarray:
    """The tools that a reference learner takes, names of shape ``(draws, n)``: ties are broken at random in each draw.

    A belief over the tools is kept for each kind of question, exact for one kind alone; the most probable is taken.
    Without ``structure``: perfect memory with uniform exploration. A kind moves at the stream's own rate, to any other
    tool. With it: told when a kind moves and by which of the ways, and that no two kinds share a tool unless they
    moved so. ``noise`` is the stream's share of flipped rewards. Raises `MemlabError` for tasks of several steps.
    """
    if any(len(task.serves) != 1 for task in tasks):
        raise MemlabError(
            "the references live streams of one-step tasks: leave out two_step, and compositional streams"
        )
    names = tasks[0].choices
    place = {name: i for i, name in enumerate(names)}
    kinds, kind = np.unique([task.family for task in tasks], return_inverse=True)
    serve = np.array([place[task.serves[0]] for task in tasks])
    ties = np.random.default_rng([draws, len(tasks), 6]).random((len(tasks), draws, len(names))) * TINY
    belief = np.full((draws, len(kinds), len(names)), 1 / len(names))
    first, taken = belief.copy(), np.zeros((draws, len(tasks)), dtype=int)
    last = np.full(len(kinds), -1)
    moves = sum(np.count_nonzero(np.diff(serve[kind == k])) for k in range(len(kinds)))
    hazard = 0.0 if structure else moves / len(tasks)
    for t, k in enumerate(kind):
        moved = last[k] >= 0 and serve[last[k]] != serve[t]
        other = (1 - belief[:, k]) / (len(names) - 1)
        belief[:, k] = (1 - hazard) * belief[:, k] + hazard * other
        if structure and moved and tasks[t].change == "returned":
            belief[:, k] = first[:, k]
        elif structure and moved:
            if tasks[last[k]].change in ("", "none"):
                first[:, k] = belief[:, k]
            pool = np.isin(np.arange(len(names)), serve[:t], invert=tasks[t].change == "unused")
            belief[:, k] = other * np.where(pool | (tasks[t].change not in ("used", "unused")), 1, TINY)
            belief[:, k] /= belief[:, k].sum(axis=1, keepdims=True)
        odds = belief[:, k].copy()
        if structure and tasks[t].change != "shared":
            # What is believed of the other kinds, unless they have moved since they were last met.
            for g in np.flatnonzero((last >= 0) & (np.arange(len(kinds)) != k)):
                ahead = np.flatnonzero(kind[t:] == g)
                if not len(ahead) or serve[t + ahead[0]] == serve[last[g]]:
                    odds *= 1 - (1 - TINY) * belief[:, g]
        taken[:, t] = (odds / odds.sum(axis=1, keepdims=True) + ties[t]).argmax(axis=1)
        right = taken[:, t] == serve[t]
        seen = (right != tasks[t].flip)[:, None]
        chosen = np.arange(len(names)) == taken[:, t, None]
        belief[:, k] *= np.where(chosen == seen, 1 - noise, max(noise, TINY))
        belief[:, k] /= belief[:, k].sum(axis=1, keepdims=True)
        last[k] = t
    return np.array(names)[taken]
