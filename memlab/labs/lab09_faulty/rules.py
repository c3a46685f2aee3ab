"""Six latent rules (things of one kind have one place), a bank of notes, the real model as its writer and reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memlab.llm.contract import LLM, Embedder

Note = tuple[str, str]  # what it is about, and the place: an episode ("plum", "pink") or a lesson ("fruit", "pink")
KINDS = {
    "fruit": "apple pear plum peach lemon grape cherry mango banana melon",
    "animal": "dog cat horse cow sheep goat pig rabbit mouse duck",
    "tool": "hammer saw drill wrench pliers screwdriver chisel axe shovel rake",
    "clothing": "shirt coat hat sock shoe glove scarf dress skirt jacket",
    "vehicle": "car bus truck train bike boat plane van tram taxi",
    "music": "piano guitar violin drum flute trumpet harp cello banjo organ",
}
KIND_OF = {thing: kind for kind, things in KINDS.items() for thing in [kind, *things.split()]}
ANYTHING = "object"  # the name that fits everything, open to the writer as well
PLACES = ("red", "green", "blue", "white", "yellow", "pink")
ROUNDS, EXAMS, BANK = 6, (1, 2, 4, 6), 13  # a bank has room for seven names and one round of episodes
ABOUT = {  # what the writer reads of each kind; no episode is about these things
    "fruit": "fig or orange", "animal": "bear or fox", "tool": "scissors or knife", "clothing": "boot or belt",
    "vehicle": "scooter or ship", "music": "clarinet or tuba",
}  # fmt: skip
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

    def sort(self, note: Note | None) -> str:
        """What a note is: a right "episode" or "lesson", "misgrouped" (another kind's place), or "over-general"."""
        if note is None or note[0] not in KIND_OF:
            return "over-general" if note and note[0] == ANYTHING else "nothing"
        about, place = note
        return "misgrouped" if self.place[KIND_OF[about]] != place else "lesson" if about in KINDS else "episode"


def named(llm: LLM, about: str) -> str:
    """The writer: under which kind, or `ANYTHING`, the model files what a note is about."""
    kinds = [f'"{kind}": such as {things}' for kind, things in ABOUT.items()]
    lines = ["Kinds:", *kinds, f'"{ANYTHING}": any thing', "Name the kind of the last thing.", f"Q: {about}", "A:"]
    return str(llm.complete("\n".join(lines), choices=(*KINDS, ANYTHING)).value)


def rewritten(llm: LLM, notes: Sequence[Note]) -> list[Note]:
    """Every note anew, filed by `named`; of notes with one name only the newest stays."""
    return list({named(llm, about): place for about, place in notes}.items())


def nearest(embedder: Embedder, notes: Sequence[Note], thing: str) -> Note:
    """The note whose words are nearest to ``thing``, the newest of equals."""
    rows = embedder.embed([thing, *(about for about, _ in notes)])
    return notes[len(notes) - 1 - int(np.argmax((rows[1:] @ rows[0]).round(6)[::-1]))]


def kept_right(embedder: Embedder, notes: Sequence[Note], asked: Sequence[Note]) -> int:
    """What a gate counts: episodes ``asked`` that ``notes`` answer when the episode's own note is left out."""
    shown = [nearest(embedder, [n for n in notes if n[0] != thing] or [PLACEBO], thing) for thing, _ in asked]
    return sum(note[1] == place for note, (_, place) in zip(shown, asked, strict=True))


def ask(llm: LLM, thing: str, note: Note | None) -> tuple[str, str, str]:
    """The reader: the place that the model names with one note in its prompt; its backend and name."""
    shown = f'Q: {note[0]}\nA: "{note[1]}"\n' if note else ""
    reply = llm.complete(f"Name the place of the last thing.\n{shown}Q: {thing}\nA:", choices=PLACES)
    return str(reply.value), reply.backend, reply.model


def live_rounds(arm: str, seed: int, llm: LLM, embedder: Embedder) -> list[dict[str, Any]]:
    """One life, a row for each thing that an exam asks; ``copied`` is the success of saying what the note says.

    A gate takes a rewrite if it answers the last twelve episodes no worse. "null: dealt lessons" have a lesson's form,
    but their places are dealt at random.
    """
    house, notes, past, rows = Household.draw(seed), [], [], []
    dealt = np.random.default_rng([seed, 10]).permutation(PLACES).tolist()
    held = {"curated": list(house.place.items()), "null: dealt lessons": list(zip(KINDS, dealt, strict=True))}
    for number, batch in enumerate(house.rounds, start=1):
        past += batch
        notes = past if arm == "raw, all" else [*notes, *batch][-BANK:]
        if "rewrite" in arm and (number % 3 == 0 or arm != "rewrite every 3rd"):
            new = rewritten(llm, notes)
            gain = kept_right(embedder, new, past[-12:]) - kept_right(embedder, notes, past[-12:])
            notes = new if gain >= 0 or arm != "rewrite, gated" else notes
        bank = [PLACEBO] if arm == "null: placebo" else held.get(arm, notes)
        for sort, thing in house.exam if number in EXAMS else ():
            right = house.place[KIND_OF[thing]]
            note = (KIND_OF[thing], right) if arm == "oracle memory" else nearest(embedder, bank, thing)
            note = None if arm == "no memory" else note
            said, backend, model = ask(llm, thing, note)
            row = {"round": number, "sort": sort, "thing": thing, "about": note[0] if note else "", "notes": len(bank)}
            row |= {"shown": house.sort(note), "copied": float(note is not None and note[1] == right)}
            rows.append(row | {"success": float(said == right), "backend": backend, "model": model})
    return rows
