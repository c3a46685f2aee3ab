"""A lookup world whose optimum is exact, ways to keep notes about it (a ladder of control), and the drawdown.

8 places × 8 props have one of 8 values each, for good. A visit shows the 8 facts of one place, then notes are written.
What passes through the writer slips (comes out with any value) with chance ``loss``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]
SIZE = 8
BOUND = 6  # visits whose notes a bounded memory holds
FROZEN = "null: frozen notes"
NULLS = ("no memory", FROZEN)  # frozen notes are written on 8 visits only, so that their exams differ by luck alone
LADDER = ("visible append", "blind append", "bounded append", "add + delete", "rewrite", "rewrite, gated")


def drawdown(scores: ArrayLike) -> Floats:
    """max over i < j of s_i − s_j along the last axis (T); 0 where scores only rise (arXiv:2605.12978's metric)."""
    s = np.asarray(scores, dtype=float)
    return (np.maximum.accumulate(s, axis=-1) - s).max(axis=-1)


def noise_tail(p: float, items: int, exams: int) -> Floats:
    """The null: chance (items + 1,) that the drawdown is above d / items although nothing is forgotten.

    Each of ``exams`` counts right answers from Binomial(items, p), independently. The sum / items is the mean drawdown.
    """
    from scipy.stats import binom

    right = binom.pmf(np.arange(items + 1), items, p)
    below = np.append(0, np.cumsum(right))
    top, allowed = np.arange(items + 1), np.arange(items + 1)[:, None]
    stay = below[top] - below[np.maximum(top - allowed, 0)]
    # P(no drawdown above ``allowed`` so far, and ``top`` is the highest count), a row for each allowed drawdown.
    alive = np.tile(right, (items + 1, 1))
    for _ in range(exams - 1):
        alive = right * np.cumsum(alive, axis=1) + stay * alive
    return np.maximum(1 - alive.sum(axis=1), 0)


def study_places(
    arm: str, visits: int, loss: float, widen: float = 0, every: int = 1, recent: int = 4, lives: int = 100,
    seed: int = 0) -> Floats:  # fmt: skip
    """Exam scores (lives, visits) of one of `LADDER` or `NULLS`, of "optimum" or "oracle memory".

    *Visible append* writes what has no note yet; *blind append* writes all, and the reader takes the commonest value;
    *bounded* drops notes older than `BOUND` visits. *Add + delete* replaces the place's notes, and for each deletes
    another one by mistake with chance ``loss``. *Rewrite* writes every note anew after each ``every`` visits, and then
    widens the newest note of a prop to all places with chance ``widen``, for good. A *gate* takes a rewrite only if it
    answers the facts of the ``recent`` visits as well as before. What has no note is guessed.
    """
    rng, row = np.random.default_rng(seed), np.arange(lives)
    truth, path = rng.integers(SIZE, size=(lives, SIZE, SIZE)), rng.integers(SIZE, size=(visits, lives))
    notes, wide, scores = np.full_like(truth, -1), np.full((lives, SIZE), -1), np.empty((lives, visits))
    votes, told = np.zeros((*truth.shape, SIZE), dtype=int), []

    def garbled(values: NDArray[np.integer]) -> NDArray[np.integer]:
        slips = (values >= 0) & (rng.random(values.shape) < (0 if arm == "optimum" else loss))
        return np.where(slips, rng.integers(SIZE, size=values.shape), values)

    def right(found: NDArray[np.integer], places: NDArray[np.integer]) -> NDArray[np.integer]:
        at = row[:, None], places.T
        return (found[at] == truth[at]).sum(axis=(1, 2))

    for t, here in enumerate(path):
        fresh = truth[row, here]
        if arm in ("visible append", "optimum") or (arm == FROZEN and t < SIZE):
            notes[row, here] = np.where(notes[row, here] < 0, garbled(fresh), notes[row, here])
        elif "append" in arm:
            told.append((row[:, None], here[:, None], np.arange(SIZE), garbled(fresh)))
            votes[told[-1]] += 1
            if arm == "bounded append" and t >= BOUND:
                votes[told[t - BOUND]] -= 1
            notes = np.where(votes.any(axis=-1), votes.argmax(axis=-1), -1)
        elif arm == "add + delete":
            notes[rng.random(notes.shape) < loss / SIZE] = -1
            notes[row, here] = garbled(fresh)
        elif "rewrite" in arm:
            notes[row, here] = fresh
            if (t + 1) % every == 0:
                again = np.where((wide < 0) & (rng.random(wide.shape) < widen), fresh, wide)
                new = np.where(again[:, None] >= 0, again[:, None], garbled(notes))
                checked = path[max(0, t + 1 - recent) : t + 1]
                taken = (right(new, checked) >= right(notes, checked)) | (arm == "rewrite")
                notes, wide = np.where(taken[:, None, None], new, notes), np.where(taken[:, None], again, wide)
        known = truth if arm == "oracle memory" else notes
        scores[:, t] = (np.where(known >= 0, known, rng.integers(SIZE, size=known.shape)) == truth).mean(axis=(1, 2))
    return scores
