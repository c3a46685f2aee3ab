"""Lab 13: what turns cost SmolLM2, what recap, rules and a mediator give back; and how rules are best written.

The model is asked once a prompt, at temperature 0; runs are draws at temperature 1 from the probabilities of its reply.
"success": a form is right in any turn, as published; "last": the last form is. The prompt was chosen on other words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab13_intent import world as places
from memlab.labs.lab13_intent.runs import Floats, expected_aptitude, form_chances
from memlab.llm.contract import LLM

STEP, LEAST = 0.5, 0.01  # η of the credit that writes rules, from the tuning run; drafts below are not asked for
PLAIN, PRIVATE, SEEDS = "plain words", "own words", range(100, 116)
MODES, RULED = ("full", "concat", "sharded", "snowball", "recap"), "recap + rules"
BARE, OTHER, READER = "no memory", "null: another user's rules", "null: keyword reader"


def spoken(arm: str, order: places.Order, rules: Mapping[str, str]) -> tuple[list[list[str]], bool]:
    """The user's lines in the prompt of each turn, and whether the model sees its own drafts.

    A mediator hands on all that was said so far as one message, with ``rules`` put in the place of the own word.
    """
    shards, restated, turns = order.shards({}), order.shards(rules), (1, 2, 3)
    parts = [shards[:turn] for turn in turns]
    known = [f"By {places.OWN[slot]} I mean {value}." for slot, value in rules.items()]
    recap = [*parts, [*shards, "To sum up: " + " ".join(shards + known)]]
    drafted = {"sharded": parts, "recap": recap, RULED: recap}
    drafted["snowball"] = [[" ".join(part) for part in parts[:turn]] for turn in turns]
    alone = {"full": ["I want a {size} {color} {vehicle}.".format(**order.wanted)], "concat": [" ".join(shards)]}
    mediated = [[" ".join(restated[:turn])] for turn in turns]
    return drafted.get(arm, [alone[arm]] if arm in alone else mediated), arm in drafted


def chances(llm: LLM | None, lines: Sequence[Sequence[str]], drafts: bool) -> list[list[Floats]]:
    """The ``turns`` of `form_chances`: one call a slot or draft; a draft of chance `LEAST` or less counts as kept."""
    found: list[list[Floats]] = []
    reached = [np.eye(len(options))[0] for options in places.SLOTS.values()]
    for said in lines:
        now = []
        for (slot, options), before in zip(places.SLOTS.items(), reached, strict=True):
            rows = [places.option_chances(llm, said, slot, "")] * len(options) if not drafts or not found else [
                places.option_chances(llm, said, slot, draft) if p > LEAST else kept
                for draft, p, kept in zip(options, before, np.eye(len(options)), strict=True)]  # fmt: skip
            now.append(np.array(rows))
        reached = [before @ rows for before, rows in zip(reached, now, strict=True)]
        found.append(now)
    return found


def rules_of(arm: str, store: places.Store, user: str, slot: str, value: str) -> dict[str, str]:
    """What ``arm`` takes ``user``'s word for ``slot`` for; ``value`` is what it means."""
    if arm == BARE or arm in MODES or not slot:
        return {}
    whose = places.USERS[places.USERS.index(user) - (arm == OTHER)]
    return {slot: value} if "oracle" in arm else places.taken_for(store, whose, slot)


def talk(arm: str, world: str, seed: int, llm: LLM) -> list[dict[str, Any]]:
    """A row for each of two orders: chances of a right form, and the mean A90 and U of ten runs."""
    model, rows = None if arm == READER else llm, []
    made = {"backend": model.backend if model else "computed", "model": model.name if model else ""}
    for number in (0, 1):
        order, means = places.draw_order(seed, world == PRIVATE, number)
        store = places.practice(seed, means, means, STEP)
        rules = rules_of(arm, store, order.user, order.own, order.wanted.get(order.own, ""))
        right = tuple(places.SLOTS[slot].index(value) for slot, value in order.wanted.items())
        success, last = form_chances(chances(model, *spoken(arm, order, rules)), right)
        a90, u = map(float, expected_aptitude(success))
        rows.append({"order": number, "success": success, "last": last, "a90": a90, "u": u, "rules": len(rules)} | made)
    return rows


STUDY = Study("lab13", talk, lambda rows: rows[["success", "last", "a90", "u"]].mean().to_dict(),
    report=grid(arm=(*MODES, "mediator", READER), world=PLAIN, seed=SEEDS)
    + grid(arm=("full", "concat", "sharded", "recap", RULED, BARE, "mediator", "oracle mediator", OTHER, READER),
           world=PRIVATE, seed=SEEDS), nulls=(BARE, OTHER, READER), model="ollama:smollm2:135m",
    claims=(
        Claim("plain words: recap is as good as mediating", "recap", "mediator", True, 0.05, {"world": PLAIN}, "last"),
        Claim("own words: recap with rules is as good", RULED, "mediator", False, 0.05, {"world": PRIVATE}, "last"),
        Claim("own words: the mediator beats recap", "mediator", "recap", False, None, {"world": PRIVATE}, "last"),
        Claim("own words: a user's rules beat another's", "mediator", OTHER, False, None, {"world": PRIVATE}, "last"),
        Claim("plain words: one turn beats three", "concat", "sharded", False, None, {"world": PLAIN}, "success"),
    ))  # fmt: skip


def understood(arm: str, world: str, seed: int, step: float = STEP) -> list[dict[str, Any]]:
    """A row a user and word after all sessions: the chance to read it right, 1/4 where no rule is known."""
    rng = np.random.default_rng([seed, 13])
    first, moved = places.meanings(rng), places.meanings(rng)
    now = moved if world == "moving" else first
    store = places.practice(seed, first, now, 0.0 if arm == "append-only" else step)
    found = [(rules_of(arm, store, *key, value).get(key[1]), value) for key, value in now.items()]
    return [{"right": float(v == right) if v else 0.25, "backend": "computed", "model": ""} for v, right in found]


RULES = Study("lab13-rules", understood, lambda rows: float(rows["right"].mean()),
    tune=grid(arm="credit", world=("steady", "moving"), seed=range(10), step=(0.1, 0.2, 0.3, 0.5, 0.7, 1.0)),
    report=grid(arm=("append-only", "credit", OTHER, BARE, "oracle"), world=("steady", "moving"), seed=range(100, 164)),
    tuned=({"arm": "credit", "step": STEP},), nulls=(OTHER, BARE),
    claims=(
        Claim("where words move, credit beats append-only", "credit", "append-only", True, where={"world": "moving"}),
        Claim("where nothing moves, credit does too", "credit", "append-only", where={"world": "steady"}),
        Claim("where nothing moves, a user's rules beat another's", "credit", OTHER, where={"world": "steady"}),
    ))  # fmt: skip
