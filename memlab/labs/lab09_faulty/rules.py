"""Six latent rules (all things of one kind have one place), a bank of notes, and the real model as writer and reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memlab.llm.contract import LLM, Embedder

Note = tuple[str, str]  # what it is about, and the place: an episode ("plum", "pink") or a lesson ("fruit", "pink")
KINDS = {
    "fruit": "apple pear plum peach lemon grape cherry mango banana melon orange fig",
    "animal": "dog cat horse cow sheep goat pig rabbit mouse duck fox bear",
    "tool": "hammer saw drill wrench pliers screwdriver chisel axe shovel rake knife scissors",
    "clothing": "shirt coat hat sock shoe glove scarf dress skirt jacket belt boot",
    "vehicle": "car bus truck train bike boat plane van tram taxi ship scooter",
    "music": "piano guitar violin drum flute trumpet harp cello banjo organ tuba clarinet",
}
KIND_OF = {thing: kind for kind, things in KINDS.items() for thing in things.split()} | {kind: kind for kind in KINDS}
ANYTHING = "object"  # the name that a writer may give to everything
PLACES = ("red", "green", "blue", "white", "yellow", "pink")
ROUNDS, BANK = 6, 13  # a bank has room for six kinds, `ANYTHING` and one round of episodes
EXAMS = (1, 2, 4, 6)
EXAMPLES = 'Q: rose\nA: "flower"\nQ: copper\nA: "metal"\n'
PLACEBO = ("the sky", "gray")
ARMS = ("raw", "raw, all", "rewrite", "rewrite every 3rd", "rewrite, gated", "curated", "oracle memory")
NULLS = ("no memory", "null: dealt lessons", "null: placebo")


@dataclass(frozen=True)
class Household:
    """One replicate: the ``place`` of each kind, six ``rounds`` of one episode a kind, and an ``exam``.

    The exam asks two things a kind: one that was an episode (*seen*), and one that never is (*new*).
    """

    place: dict[str, str]
    rounds: tuple[tuple[Note, ...], ...]
    exam: tuple[tuple[str, str], ...]

    @classmethod
    def draw(cls, seed: int) -> Household:
        """The replicate of ``seed``: places, things and their order are drawn."""
        rng = np.random.default_rng([seed, 9])
        place = dict(zip(KINDS, rng.permutation(PLACES).tolist(), strict=True))
        things = {kind: rng.permutation(own.split()).tolist() for kind, own in KINDS.items()}
        rounds = [[(things[kind][i], place[kind]) for kind in rng.permutation(list(KINDS))] for i in range(ROUNDS)]
        seen = [("seen", own[int(rng.integers(ROUNDS))]) for own in things.values()]
        return cls(place, tuple(map(tuple, rounds)), (*seen, *(("new", own[ROUNDS]) for own in things.values())))

    def right(self, thing: str) -> str:
        """Where ``thing`` belongs."""
        return self.place[KIND_OF[thing]]

    def lessons(self, seed: int | None = None) -> list[Note]:
        """The six rules as notes; with ``seed`` their places are dealt anew, so that only the form is a lesson's."""
        places = list(self.place.values())
        dealt = places if seed is None else np.random.default_rng([seed, 10]).permutation(places).tolist()
        return list(zip(self.place, dealt, strict=True))

    def sort(self, note: Note) -> str:
        """What a note is: a right "episode" or "lesson", "misgrouped" (another kind's place), or "over-general"."""
        about, place = note
        if about not in KIND_OF:
            return {ANYTHING: "over-general"}.get(about, "placebo")
        return "misgrouped" if self.right(about) != place else "lesson" if about in KINDS else "episode"


def named(llm: LLM, about: str) -> str:
    """The writer: under which kind the model files what a note is about; `ANYTHING` is open to it as well."""
    text = f"Name the kind of the last thing.\n{EXAMPLES}Q: {about}\nA:"
    return str(llm.complete(text, choices=(*KINDS, ANYTHING)).value)


def rewritten(llm: LLM, notes: Sequence[Note]) -> list[Note]:
    """Every note anew, filed by `named`; of notes with one name only the newest stays."""
    return list({named(llm, about): place for about, place in notes}.items())


def nearest(embedder: Embedder, notes: Sequence[Note], thing: str) -> Note:
    """The note whose words are nearest to ``thing``, the newest of equals."""
    rows = embedder.embed([thing, *(about for about, _ in notes)])
    return notes[len(notes) - 1 - int(np.argmax((rows[1:] @ rows[0]).round(6)[::-1]))]


def kept_right(embedder: Embedder, house: Household, notes: Sequence[Note], asked: Sequence[Note]) -> int:
    """What a gate counts: episodes that ``notes`` still answer when the episode's own note is left out."""
    shown = [nearest(embedder, [n for n in notes if n[0] != thing] or [PLACEBO], thing) for thing, _ in asked]
    return sum(note[1] == place for note, (_, place) in zip(shown, asked, strict=True))


def ask(llm: LLM, thing: str, note: Note | None) -> tuple[str, str, str]:
    """The reader: the place that the model names for ``thing`` with one note in its prompt, and what answered."""
    shown = f'Q: {note[0]}\nA: "{note[1]}"\n' if note else ""
    reply = llm.complete(f"Name the place of the last thing.\n{shown}Q: {thing}\nA:", choices=PLACES)
    return str(reply.value), reply.backend, reply.model


def live_rounds(arm: str, seed: int, llm: LLM, embedder: Embedder) -> list[dict[str, Any]]:
    """One life of an arm, a row for each thing that one of `EXAMS` asks; a *copier* says what the note says."""
    house, notes, past, rows = Household.draw(seed), [], [], []
    for number, batch in enumerate(house.rounds, start=1):
        past += batch
        notes = (notes + list(batch))[-len(past) if arm == "raw, all" else -BANK:]
        if "rewrite" in arm and (number % 3 == 0 or arm != "rewrite every 3rd"):
            new, check = rewritten(llm, notes), past[-2 * len(batch):]
            if arm != "rewrite, gated" or kept_right(embedder, house, new, check) >= kept_right(embedder, house, notes, check):
                notes = new
        held = {"curated": house.lessons(), "null: dealt lessons": house.lessons(seed), "null: placebo": [PLACEBO]}.get(arm, notes)
        for sort, thing in house.exam if number in EXAMS else ():
            note = None if arm == "no memory" else nearest(embedder, held, thing)
            if arm == "oracle memory":
                note = (KIND_OF[thing], house.right(thing))
            said, backend, model = ask(llm, thing, note)
            found = {"round": number, "sort": sort, "thing": thing, "about": note[0] if note else "", "notes": len(held)}
            found |= {"shown": house.sort(note) if note else "nothing", "copied": float(bool(note) and note[1] == house.right(thing))}
            rows.append(found | {"success": float(said == house.right(thing)), "backend": backend, "model": model})
    return rows
