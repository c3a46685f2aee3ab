"""Six latent rules (all things of one kind have one keeper), a memory of at most twelve notes, and who rewrites it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memlab.llm.contract import LLM
from memlab.prompt import one_line

Note = tuple[str, str]  # scope and keeper: ("plum", "Anna"), or the lesson ("any fruit", "Anna")
KINDS = {
    "fruit": "apple pear plum peach lemon grape cherry mango banana melon fig orange",
    "animal": "dog cat horse cow sheep goat pig rabbit mouse duck fox bear",
    "tool": "hammer saw drill wrench pliers screwdriver chisel axe shovel rake knife scissors",
    "garment": "shirt coat hat sock shoe glove scarf dress skirt jacket belt boot",
    "vehicle": "car bus truck train bike boat plane van tram taxi ship scooter",
    "instrument": "piano guitar violin drum flute trumpet harp cello banjo organ tuba clarinet",
}
KIND_OF = {item: kind for kind, items in KINDS.items() for item in items.split()}
KEEPERS = ("Anna", "Ben", "Clara", "David", "Emma", "Frank")
ROUNDS, BANK = 6, 12
ELSEWHERE = ("flower", "metal", "gem", "dish", "game", "coin")  # kinds that are never asked for
TALK = ("the sky", "the road", "the soup", "the week", "the song", "the hill")  # matters that have no keeper
SAID = ("gray", "long", "warm", "over", "loud", "high")


@dataclass(frozen=True)
class Household:
    """One replicate: the ``keeper`` of each kind, six ``rounds`` of one episode a kind, and an ``exam``.

    The exam asks one thing a kind that was an episode (*seen*), and one that never is (*new*).
    """

    keeper: dict[str, str]
    rounds: tuple[tuple[Note, ...], ...]
    exam: dict[str, tuple[str, ...]]

    @classmethod
    def draw(cls, seed: int) -> Household:
        """The replicate of ``seed``: keepers, things and order are drawn."""
        rng = np.random.default_rng([seed, 9])
        keeper = dict(zip(KINDS, rng.permutation(KEEPERS).tolist(), strict=True))
        things = {kind: rng.permutation(items.split()).tolist() for kind, items in KINDS.items()}
        rounds = [[(things[kind][i], keeper[kind]) for kind in rng.permutation(list(KINDS))] for i in range(ROUNDS)]
        exam = {"seen": tuple(own[int(rng.integers(ROUNDS))] for own in things.values())}
        exam["new"] = tuple(own[ROUNDS] for own in things.values())
        return cls(keeper, tuple(map(tuple, rounds)), exam)

    def right(self, thing: str) -> str:
        """Who keeps ``thing``."""
        return self.keeper[KIND_OF[thing]]

    def lessons(self) -> list[Note]:
        """The six rules, in the form of lessons."""
        return [(f"any {kind}", keeper) for kind, keeper in self.keeper.items()]

    def fault(self, note: Note) -> str:
        """What ``note`` is: a right "episode" or "lesson", "misgrouped" (another's keeper), or "over-general"."""
        scope, keeper = note
        kind = KIND_OF.get(scope) or scope.removeprefix("any ")
        if kind not in self.keeper:
            return "over-general"
        return "misgrouped" if self.keeper[kind] != keeper else "episode" if scope in KIND_OF else "lesson"


def ask(llm: LLM, notes: Sequence[Note], thing: str) -> str:
    """The keeper that the model names for ``thing`` with ``notes`` in its prompt, the newest last."""
    shown = [line for scope, said in notes for line in (f"Q: {one_line(scope)}", f'A: "{one_line(said)}"')]
    text = "\n".join(["All things of one kind have the same keeper.", *shown, f"Q: {thing}", "A:"])
    return str(llm.complete(text, choices=KEEPERS).value)
