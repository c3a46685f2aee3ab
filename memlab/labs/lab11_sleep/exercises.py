"""Exercises of lab 11: one write by the delta rule, passes for a chain, when to sleep and when to read."""

from __future__ import annotations

import numpy as np

from memlab.course import Exercise


def _delta(S: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
    return S + np.outer(value - S @ key, key)


def _passes(hops: int, doubling: bool) -> int:
    return (hops - 1).bit_length() if doubling else hops - 1


WRITES = ((np.array([[0.2, 0.5], [1.0, -0.4]]), np.array([0.6, 0.8]), np.array([1.0, 0.0])),
          (np.zeros((3, 2)), np.array([1.0, 0.0]), np.array([0.0, 2.0, 1.0])),
          (np.array([[0.2, 0.5, 0.1]]), np.array([0.0, 0.6, 0.8]), np.array([1.0])))  # fmt: skip
PLANS = ("read", "doubling", "doubling")

EXERCISES = {
    "11.1": Exercise(
        start="what does S answer to the key now, and how far is that from the value?",
        solution=_delta,
        cases=WRITES,
        mistakes={
            "this adds the value whole: take off what S already answers": lambda S, k, v: S + np.outer(v, k),
            "turn the outer product round: rows belong to the value, columns to the key":
                lambda S, k, v: S + np.outer(k, v - S @ k),
            "the sign is turned round: S is to move toward the value": lambda S, k, v: S - np.outer(v - S @ k, k),
            "this is what is to be added: give S with it": lambda S, k, v: np.outer(v - S @ k, k),
            "this forgets all other keys: keep S and add to it": lambda S, k, v: np.outer(v, k),
        },
        praise="S now answers this key rightly, whatever it answered before",
    ),
    "11.2": Exercise(
        start="before any pass one hop is known. How many are known after each pass?",
        solution=_passes,
        cases=tuple((hops, doubling) for hops in (1, 2, 5, 8, 9) for doubling in (False, True)),
        mistakes={
            "the first write, before any pass, already knows one hop": lambda k, doubling: _passes(k + 1, doubling),
            "this does not look at the rule: with doubling each pass multiplies what is known by two":
                lambda k, doubling: k - 1,
            "half a pass is no pass: round up where 2^N falls short of k":
                lambda k, doubling: k.bit_length() - 1 if doubling else k - 1,
            "give a whole number of passes": lambda k, doubling: float(np.log2(k)) if doubling else k - 1,
            "with one hop a pass, k hops take more than log2 k": lambda k, doubling: _passes(k, True),
        },
        praise="the next cell lets S follow its pointers that often",
    ),
    "11.3": Exercise(
        start="compare what the night costs a fact with what each question then saves",
        solution=PLANS,
        mistakes={
            "with a question for every fifth fact, most of the night's work is never asked for":
                ("doubling", "doubling", "doubling"),
            "with ten questions a fact, each pays eight reads for what one could do": ("read", "read", "read"),
            "one hop a pass takes more than twice the passes of doubling, for the same S":
                ("read", "one hop", "one hop"),
            "the days differ in the number of questions: which have enough of them to pay for a night?":
                ("doubling", "doubling", "read"),
        },
        praise="the next cell adds up what your plans cost",
    ),
}  # fmt: skip
