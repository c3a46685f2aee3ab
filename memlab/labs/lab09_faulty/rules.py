"""Six latent rules (things of one kind have one place), a bank of notes, the real model as its writer and reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memlab.core import Reply
from memlab.llm.contract import LLM, Embedder

Note = tuple[str, str]  # what it is about, and the place: an episode ("plum", "pink") or a lesson ("fruit", "pink")
WORDS = {
    "fruit": "apple pear plum peach lemon grape cherry mango banana melon orange fig",
    "animal": "dog cat horse cow sheep goat pig rabbit mouse duck fox bear",
    "tool": "hammer saw drill wrench pliers screwdriver chisel axe shovel rake knife scissors",
    "clothing": "shirt coat hat sock shoe glove scarf dress skirt jacket belt boot",
    "vehicle": "car bus truck train bike boat plane van tram taxi ship scooter",
    "music": "piano guitar violin drum flute trumpet harp cello banjo organ tuba clarinet",
}
KINDS = {
    kind: words.split() for kind, words in WORDS.items()
}  # the writer reads of the last two, and lives none of them
KIND_OF = {thing: kind for kind, things in KINDS.items() for thing in [kind, *things]}
ANYTHING = "object"  # the name that fits everything, open to the writer as well
PLACES = ("red", "green", "blue", "white", "yellow", "pink")
ROUNDS, EXAMS, BANK = 6, (1, 2, 4, 6), 13  # a bank has room for seven names and one round of episodes
PLACEBO = ("the sky", "gray")
ARMS = ("raw", "raw, all", "rewrite", "rewrite every 3rd", "rewrite, gated", "curated", "oracle memory")
NULLS = ("no memory", "null: dealt lessons", "null: placebo")


@dataclass(frozen=True)
class Household:
    """One replicate: the ``place`` of each kind, ``rounds`` of an episode a kind, an ``exam`` of *seen* and *new*."""

    place: dict[str, str]
    rounds: tuple[tuple[Note, ...], ...]
    exam: tuple[tuple[str, str], ...]

    @classmethod
    def draw(cls, seed: int) -> Household:
        rng = np.random.default_rng([seed, 9])
        place = dict(zip(KINDS, rng.permutation(PLACES).tolist(), strict=True))
        things = {kind: rng.permutation(own[:10]).tolist() for kind, own in KINDS.items()}
        rounds = [[(things[kind][i], place[kind]) for kind in rng.permutation(list(KINDS))] for i in range(ROUNDS)]
        seen = [("seen", own[int(rng.integers(ROUNDS))]) for own in things.values()]
        return cls(place, tuple(map(tuple, rounds)), (*seen, *(("new", own[ROUNDS]) for own in things.values())))

    def sort(self, note: Note | None) -> str:
        """What a note is: a right "episode" or "lesson", "misgrouped" (another kind's place), or "over-general"."""
        if note is None or note[0] not in KIND_OF:
            return "over-general" if note and note[0] == ANYTHING else "nothing"
        about, place = note
        return "misgrouped" if self.place[KIND_OF[about]] != place else "lesson" if about in KINDS else "episode"


def filed_under(llm: LLM, about: str) -> str:
    """The writer: under which kind, or `ANYTHING`, the model files what a note is about."""
    kinds = [f'"{kind}": such as {things[-1]} or {things[-2]}' for kind, things in KINDS.items()]
    lines = ["Kinds:", *kinds, f'"{ANYTHING}": any thing', "Name the kind of the last thing.", f"Q: {about}", "A:"]
    return str(llm.complete("\n".join(lines), choices=(*KINDS, ANYTHING)).value)


def rewritten(llm: LLM, notes: Sequence[Note]) -> list[Note]:
    """Every note anew, filed by `filed_under`; of notes with one name only the newest stays."""
    return list({filed_under(llm, about): place for about, place in notes}.items())


def nearest(embedder: Embedder, notes: Sequence[Note], thing: str) -> Note:
    """The note whose words are nearest to ``thing``, the newest of equals."""
    rows = embedder.embed([thing, *(about for about, _ in notes)])
    return notes[len(notes) - 1 - int(np.argmax((rows[1:] @ rows[0]).round(6)[::-1]))]


def kept_right(embedder: Embedder, notes: Sequence[Note], asked: Sequence[Note]) -> int:
    """What a gate counts: episodes ``asked`` that ``notes`` answer when the episode's own note is left out."""
    shown = [nearest(embedder, [n for n in notes if n[0] != thing] or [PLACEBO], thing) for thing, _ in asked]
    return sum(note[1] == place for note, (_, place) in zip(shown, asked, strict=True))


def ask(llm: LLM, thing: str, note: Note | None) -> Reply:
    """The reader: the model names a place for ``thing`` with one note in its prompt, or none."""
    shown = f'Q: {note[0]}\nA: "{note[1]}"\n' if note else ""
    return llm.complete(f"Name the place of the last thing.\n{shown}Q: {thing}\nA:", choices=PLACES)


def live_rounds(arm: str, seed: int, llm: LLM, embedder: Embedder) -> list[dict[str, Any]]:
    """One life, a row for each thing that an exam asks; ``copied`` is the success of saying what the note says."""
    house, rows, notes, past = Household.draw(seed), list[dict[str, Any]](), list[Note](), list[Note]()
    dealt = np.random.default_rng([seed, 10]).permutation(PLACES).tolist()
    held = {"curated": list(house.place.items()), "null: dealt lessons": list(zip(KINDS, dealt, strict=True))}
    for number, batch in enumerate(house.rounds, start=1):
        past += batch
        notes = past if arm == "raw, all" else [*notes, *batch][-BANK:]
        if "rewrite" in arm and (number % 3 == 0 or arm != "rewrite every 3rd"):
            new = rewritten(llm, notes)
            before, after = (kept_right(embedder, some, past[-12:]) for some in (notes, new))
            notes = new if after >= before or arm != "rewrite, gated" else notes
        bank = [PLACEBO] if arm == "null: placebo" else held.get(arm, notes)
        for sort, thing in house.exam if number in EXAMS else ():
            right = house.place[KIND_OF[thing]]
            note: Note | None = (KIND_OF[thing], right)
            if arm != "oracle memory":
                note = None if arm == "no memory" else nearest(embedder, bank, thing)
            reply = ask(llm, thing, note)
            row = {"round": number, "sort": sort, "thing": thing, "about": note[0] if note else "", "notes": len(bank)}
            row |= {"shown": house.sort(note), "copied": float(note is not None and note[1] == right)}
            rows.append(row | {"success": float(reply.value == right), "backend": reply.backend, "model": reply.model})
    return rows
