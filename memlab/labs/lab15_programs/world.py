"""Lab 15's world: questions of two hops over short notes, among others of the same words or on the same person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Each name is one token of SmolLM2, so that its likelihood is read off one reply.
NAMES = ("Jack", "Mary", "Paul", "Anna", "Mark", "Rose", "Adam", "Ben", "Tom", "Max", "Sam", "Kim")
VERBS = {"a": ("watch", "leave", "test", "join"), "b": ("help", "call", "check", "follow")}  # set a: pilots alone
TURNED, OTHER, BOTH = "turned round", "other deed", "both"
KINDS = {TURNED: (0, 1), OTHER: (0, 2), BOTH: (0, 1, 2)}  # which notes of a hop a kind of distractor leaves in


@dataclass(frozen=True)
class HopQuestion:
    """One hop: whom will ``name`` ``verb``?"""

    verb: str
    name: str

    @property
    def text(self) -> str:
        """The question as asked; it has the words of the note that answers it."""
        return f"Who will {self.name} {self.verb}?"


@dataclass(frozen=True)
class Puzzle:
    """``first`` is asked, then whom its answer ``verb``; ``answers`` are both. ``notes[gold[i]]`` answers hop i."""

    first: HopQuestion
    verb: str
    answers: tuple[str, str]
    notes: tuple[str, ...]
    gold: tuple[int, int]

    @property
    def text(self) -> str:
        """Both hops as one question."""
        return f"{self.first.name} will {self.first.verb} someone. Who will that person {self.verb}?"

    def second(self, bridge: str) -> HopQuestion:
        """The second hop, once the first one said ``bridge``."""
        return HopQuestion(self.verb, bridge)


def draw_puzzle(seed: int, kind: str = BOTH, verbs: Sequence[str] = VERBS["b"]) -> Puzzle:
    """The puzzle of replicate ``seed``, with the distractors of ``kind`` beside each of the two notes.

    *Turned round* has the words of the right note in another order ("Ben will help Max" for "Max will help Paul"),
    *other deed* says another thing of the same person ("Max will call Tom"). The notes of one kind are a part of both.
    """
    rng = np.random.default_rng([seed, 0, 15])
    start, bridge, goal, *others = rng.permutation(NAMES).tolist()
    first, second, third = rng.permutation(verbs).tolist()[:3]
    made = [f"{who} will {verb} {whom}." for who, verb, whom in (
        (start, first, bridge), (others[0], first, start), (start, third, others[1]),
        (bridge, second, goal), (others[2], second, bridge), (bridge, third, others[3]))]  # fmt: skip
    order = [int(i) for i in rng.permutation(6) if i % 3 in KINDS[kind]]
    gold = (order.index(0), order.index(3))
    return Puzzle(HopQuestion(first, start), second, (bridge, goal), tuple(made[i] for i in order), gold)
