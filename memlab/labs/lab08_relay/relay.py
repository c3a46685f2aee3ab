"""Ways to edit a document with the real model: patch it, check the patch, log it, or let a tool find the place.

Pilots: SmolLM2 cannot copy a document, in free text or word by word, nor find a line by its number or a field by its
name. So the instruction names both words, the model chooses the one that goes out, and a program writes the new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from memlab import corruption
from memlab.labs.lab08_relay.documents import Relay, Swap, words_in
from memlab.llm.contract import LLM

PATCH, CHECKED, LOG, TOOL = "patch", "patch + checksum", "append-only log", "tool finds the line"
ORACLE, IDLE, BLIND = "oracle", "null: does nothing", "no memory"
ARMS = (PATCH, CHECKED, LOG, TOOL, ORACLE, IDLE, BLIND)
FORM = 'Replace "{old}" by "{new}". Which word goes out?'
SHOTS = (
    ("red,door,12\nblue,gate,40", Swap("blue", "thing", "gate", "roof", "")),
    ('first: 3 eggs\nthen: "salt"', Swap("first", "text", "eggs", "figs", "")),
)


def patch_question(change: Swap, text: str) -> str:
    """The prompt of a patch: examples, the distractor, the text, and what is asked; without memory no text."""
    shots = "".join(f'Text:\n{t}\n{FORM.format(**vars(c))}\nA: "{c.old}"\n\n' for t, c in SHOTS)
    parts = [f"Another text:\n{change.other}", f"Text:\n{text}"]
    shown = "\n\n".join(reversed(parts) if change.behind else parts) + "\n" if text else ""
    return f"{shots}{shown}{FORM.format(**vars(change))}\nA:"


def chosen(llm: LLM, change: Swap, text: str, shown: str) -> str:
    """The word of ``text`` that the model sends out when it sees ``shown``; the last one goes unasked."""
    left = words_in(text)
    return left[0] if len(left) == 1 else str(llm.complete(patch_question(change, shown), choices=left).value)


def patched(text: str, old: str, new: str) -> str:
    """The text with one word replaced where it stands first."""
    return re.sub(rf"\b{old}\b", new, text, count=1)


def by_tool(llm: LLM, text: str, change: Swap) -> str:
    """A tool looks up the line of the record by its key, and the model chooses in that line."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if re.search(rf"\b{change.key}\b", line))
    lines[at] = patched(lines[at], chosen(llm, change, lines[at], lines[at]), change.new)
    return "\n".join(lines)


def unharmed(before: corruption.Fields, after: corruption.Fields, place: tuple[str, str]) -> bool:
    """The checksum: are all fields but the one at ``place`` as they were?"""
    first, second = ({key: value for key, value in part.items() if key != place} for part in (before, after))
    return first == second


EDITORS: dict[str, Callable[[LLM, str, Swap], str]] = {
    PATCH: lambda llm, text, change: patched(text, chosen(llm, change, text, text), change.new),
    TOOL: by_tool,
    ORACLE: lambda llm, text, change: change.done(text),
    IDLE: lambda llm, text, change: text,
    BLIND: lambda llm, text, change: patched(text, chosen(llm, change, text, ""), change.new),
}


def relay_live(arm: str, seed: int, trips: int, llm: LLM, shuffled: bool = False) -> list[dict[str, Any]]:
    """All calls of one relay, two rows a trip: the document after it, its scores, and whether it did what it was told.

    A forward row is scored against what a perfect editor makes of the original, a backward row against the original.
    With a log a forward edit appends an entry, and its inverse takes that entry back without a call. The distractor
    stands first; where ``shuffled``, a coin for each call places it.
    """
    relay, rows = Relay.draw(seed, trips), list[dict[str, Any]]()
    start, kind, text = relay.text, relay.kind, relay.text
    asked = arm not in (ORACLE, IDLE)
    made = {"kind": kind, "backend": llm.backend if asked else "computed", "model": llm.name if asked else ""}
    editor, coins = EDITORS[PATCH if arm in (CHECKED, LOG) else arm], np.random.default_rng([seed, 88])
    for trip, change in enumerate(relay.changes, start=1):
        for step, now in (("forward", change), ("back", change.inverse())):
            now = replace(now, behind=shuffled and bool(coins.integers(2)))
            new = start if arm == LOG and step == "back" else editor(llm, text, now)
            wanted = now.done(start) if step == "forward" else start
            old, got, want = (corruption.fields(kind, one) for one in (text, new, wanted))
            refused = arm == CHECKED and not unharmed(old, got, (now.key, now.name))
            text, got = (text, old) if refused else (new, got)
            row = {"trip": trip, "step": step, "place": f"{now.name} of {now.key}", "new": now.new, "text": text}
            row |= {"kept": corruption.score(want, got), "score": corruption.score(wanted, text, kind)}
            rows.append(row | {"refused": refused, "obeyed": now.obeyed(kind, text)} | made)
    return rows
