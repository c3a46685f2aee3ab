"""Lab 13's world: orders told in turns, by users with words of their own, and rules about such words in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from memlab.core import Case, Edit
from memlab.credit import td
from memlab.llm.contract import LLM
from memlab.llm.embedders import HashEmbedder
from memlab.stores import Store, open_store

SLOTS = {
    "vehicle": ("car", "bike", "boat", "truck"),
    "color": ("red", "blue", "green", "white"),
    "size": ("small", "medium", "large", "huge"),
}
OWN = {"color": "cozy", "size": "proper"}  # a word for a slot that means something else to each user
USERS, EMBEDDER = ("Ann", "Ben", "Cleo", "Dan"), HashEmbedder(64)
SESSIONS, FAULT, FLOOR = 8, 0.15, 0.5  # of each user's word; chance that a verdict is turned round; least q of a rule
HEAD = 'Name what the user wants.\nUser: I want tea.\nQ: Which drink?\nA: "tea"\n'
HEAD += 'User: The taste is sweet.\nQ: Which taste?\nA: "sweet"'
Meanings = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Order:
    """What ``user`` wants of each slot, in which ``order`` it is told, and the slot told in an ``own`` word, if any."""

    user: str
    wanted: Mapping[str, str]
    order: tuple[str, ...]
    own: str = ""

    def shards(self, rules: Mapping[str, str]) -> list[str]:
        """One sentence a slot, as the user says it, with the values of ``rules`` in the place of own words."""
        said = {**self.wanted, **({self.own: OWN[self.own]} if self.own else {}), **rules}
        return [f"I want a {said[slot]}." if slot not in OWN else f"The {slot} is {said[slot]}." for slot in self.order]


def meanings(rng: np.random.Generator) -> dict[tuple[str, str], str]:
    """What each user means by each of the own words: ``{(user, slot): value}``."""
    return {(user, slot): str(rng.choice(SLOTS[slot])) for user in USERS for slot in OWN}


def draw_order(seed: int, own_word: bool, number: int = 0) -> tuple[Order, dict[tuple[str, str], str]]:
    """An order of replicate ``seed``, and what its users mean; with ``own_word`` one slot is told in such a word."""
    means, rng = meanings(np.random.default_rng([seed, 13])), np.random.default_rng([seed, number, 15])
    user, own = USERS[(seed + number) % 4], list(OWN)[(seed // 4 + number) % 2]
    wanted = {slot: str(rng.choice(options)) for slot, options in SLOTS.items()} | {own: means[user, own]}
    return Order(user, wanted, ("vehicle", *rng.permutation(list(OWN)).tolist()), own if own_word else ""), means


def rules_about(store: Store, user: str, slot: str) -> dict[str, Case]:
    """Rules about a user's word, cases such as "Ann says cozy" with the action "red", by their action."""
    text = f"{user} says {OWN[slot]}"
    hits = store.search(EMBEDDER.embed([text])[0], k=len(USERS) * len(SLOTS[slot]))
    return {case.action: case for case in hits.cases if case.text == text}


def taken_for(store: Store, user: str, slot: str) -> dict[str, str]:
    """What memory takes a user's word for, as ``{slot: value}``; empty where no rule has a q of `FLOOR` or more."""
    best = max(rules_about(store, user, slot).values(), key=lambda case: case.q, default=None)
    return {slot: best.action} if best is not None and best.q >= FLOOR else {}


def practice(seed: int, means: Meanings, later: Meanings, step: float) -> Store:
    """Memory after earlier sessions: a word is read as a rule or an untried value, and the user takes or refuses it.

    Credit moves that rule's q by ``step`` toward the verdict, which is turned round with chance `FAULT`; step 0 leaves
    it as written. From the middle on words mean what ``later`` says.
    """
    rng, store = np.random.default_rng([seed, 14]), open_store(dim=EMBEDDER.dim)
    asked = [key for _ in range(SESSIONS) for key in rng.permutation(list(means)).tolist()]
    for session, (user, slot) in enumerate(asked):
        rules, text = rules_about(store, user, slot), f"{user} says {OWN[slot]}"
        untried = [value for value in SLOTS[slot] if value not in rules]
        value = taken_for(store, user, slot).get(slot) or str(rng.choice(untried or SLOTS[slot]))
        wanted = (means if session < len(asked) / 2 else later)[user, slot]
        reward = float((value == wanted) != (rng.random() < FAULT))
        old = rules.get(value, Case(f"{text}: {value}", text, value, vector=EMBEDDER.embed([text])[0]))
        q = reward if value not in rules else float(td(old.q, reward, step)) if step else old.q
        why: dict[str, Any] = {"reason": f"{user} {'took the form' if reward else 'sent the form back'}"}
        why |= {"credit": reward - old.q, "episode": session, "author": "credit"}
        new = replace(old, q=q, uses=old.uses + 1, reward=reward, episode=session)
        again = Edit.rewrite(old.id, {"q": q, "uses": new.uses}, sources=(old.id,), **why)
        store.commit([again if value in rules else Edit.write(new, **why)])
    return store


def question(lines: Sequence[str], slot: str, draft: str = "") -> str:
    """The prompt for a slot: two examples, the user's ``lines`` so far with the ``draft`` before the last, the slot."""
    said, ask = [f"User: {line}" for line in lines], f"Q: Which {slot}?\nA:"
    return "\n".join([HEAD, *said[:-1], *([f'{ask} "{draft}"'] if draft else []), said[-1], ask])


def option_chances(llm: LLM | None, lines: Sequence[str], slot: str, draft: str = "") -> np.ndarray:
    """p_LLM over the options of a slot, from one call at temperature 0; without ``llm`` what was said, else any."""
    if llm is None:
        named = [option for option in SLOTS[slot] if f" {option}." in lines[-1]] or SLOTS[slot]
        return np.array([(option in named) / len(named) for option in SLOTS[slot]])
    probs = llm.complete(question(lines, slot, draft), choices=SLOTS[slot]).choice_probs or {}
    return np.array([probs[option] for option in SLOTS[slot]])
