"""Ways to edit a document with the real model: rewrite it, patch it, check that, log the edits, or call a tool."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import Any

from memlab import corruption
from memlab.labs.lab08_relay.documents import WORDS, Change, Relay
from memlab.llm.contract import LLM

SHOTS = (
    ("red,door,12\nblue,gate,40", Change("gate", "roof"), "2"),
    ('first: 3 eggs\nthen: "salt"', Change("eggs", "figs"), "1"),
)
REWRITE, PATCH, CHECKED, LOG, TOOL = "whole rewrite", "patch", " + checksum", "append-only log", "tool only"
ORACLE, IDLE, BLIND = "oracle", "null: does nothing", "no memory"
Entry = tuple[int, str, str]  # of a log: in which line, from 0, which word became which


def numbered(text: str) -> str:
    """The text with its lines numbered from 1."""
    return "\n".join(f"{i}: {line}" for i, line in enumerate(text.splitlines(), start=1))


def copying(text: str, change: Change, copied: str) -> str:
    """The prompt of a rewrite: two examples, the instruction, the document, and what was copied so far."""
    shots = [f'Replace "{c.old}" by "{c.new}".\nText:\n{t}\nCopy:\n{c.done(t)}\n\n' for t, c, _ in SHOTS]
    asked = f'Replace "{change.old}" by "{change.new}".\nText:\n{text}\nCopy:\n{copied}'
    return f"Copy the text and replace one word.\n\n{''.join(shots)}{asked}"


def rewrite(llm: LLM, text: str, change: Change, other: str) -> str:
    """The document anew, word by word; its skeleton of names, numbers and signs is kept for the model."""
    skeleton, *rest = re.split(rf"\b({'|'.join(WORDS)})\b", text)
    options = list(dict.fromkeys([*rest[::2], change.new]))
    for after in rest[1::2]:
        skeleton += str(llm.complete(copying(text, change, skeleton), choices=options).value) + after
    return skeleton


def locate(llm: LLM, text: str, change: Change, blind: bool = False) -> Entry | None:
    """The model chooses a line, then the word in it that goes out; None where that line has no word."""
    shots = [f'Text:\n{numbered(t)}\nQ: Which line holds "{c.old}"?\nA: "{n}"\n\n' for t, c, n in SHOTS]
    shown, lines = "" if blind else f"Text:\n{numbered(text)}\n", text.splitlines()
    asked = f'Name the number of the line.\n\n{"".join(shots)}{shown}Q: Which line holds "{change.old}"?\nA:'
    at = int(llm.complete(asked, choices=[str(i + 1) for i in range(len(lines))]).value) - 1
    words = list(dict.fromkeys(re.findall(r"\w+", lines[at])))
    asked = "" if blind else f"Line: {lines[at]}\n"
    asked += f'Replace "{change.old}" by "{change.new}". Which word goes out?\nA:'
    return (at, str(llm.complete(asked, choices=words).value), change.new) if words else None


def patched(text: str, entry: Entry | None) -> str:
    """The text with one entry applied, which may find its word gone."""
    at, old, new = entry or (0, "", "")
    lines = text.splitlines()
    lines[at] = re.sub(rf"\b{re.escape(old)}\b", new, lines[at], count=1) if entry else lines[at]
    return "\n".join(lines)


def unharmed(before: str, after: str, old: str, new: str) -> bool:
    """The checksum: with the two words of a change masked, is all else as it was?"""
    first, second = (re.sub(rf"\b({old}|{new})\b", "#", text) for text in (before, after))
    return first == second


def call_tool(llm: LLM, text: str, change: Change) -> str:
    """The model fills in replace(old, new); the tool refuses an old word that is not there exactly once."""
    words = list(dict.fromkeys([*re.findall(r"[a-z]+", text), change.old, change.new]))
    asked = f'Text:\n{text}\nReplace "{change.old}" by "{change.new}".\nreplace('
    old = str(llm.complete(asked, choices=words).value)
    new = str(llm.complete(f'{asked}"{old}", ', choices=[word for word in words if word != old]).value)
    return Change(old, new).done(text) if len(re.findall(rf"\b{old}\b", text)) == 1 else text


EDITORS: dict[str, Callable[[LLM, str, Change, str], str]] = {
    REWRITE: rewrite,
    PATCH: lambda llm, text, change, other: patched(text, locate(llm, text, change)),
    TOOL: lambda llm, text, change, other: call_tool(llm, text, change),
    ORACLE: lambda llm, text, change, other: change.done(text),
    IDLE: lambda llm, text, change, other: text,
    BLIND: lambda llm, text, change, other: patched(text, locate(llm, text, change, blind=True)),
}


def append(llm: LLM, log: list[Entry], start: str, change: Change, back: bool) -> list[Entry]:
    """A change is one more entry of the log; for its inverse the model names the entry that is taken back."""
    if not back:
        entry = locate(llm, reduce(patched, log, start), change)
        return [*log, entry] if entry else log
    entries = "".join(f"{i}: {old} -> {new}\n" for i, (_, old, new) in enumerate(log, start=1))
    asked = f'Log:\n0: none of these\n{entries}Q: Which entry made "{change.new}" into "{change.old}"?\nA:'
    taken = int(llm.complete(asked, choices=[str(i) for i in range(len(log) + 1)]).value)
    return [entry for i, entry in enumerate(log, start=1) if i != taken]


def live(arm: str, seed: int, trips: int, llm: LLM) -> list[dict[str, Any]]:
    """All calls of one relay, two rows a trip: the document after it, its scores, and whether it did what it was told.

    A forward row is scored against what a perfect editor makes of the original, a backward row against the original.
    """
    relay, rows, log = Relay.draw(seed, trips), list[dict[str, Any]](), list[Entry]()
    start, kind, text = relay.text, relay.kind, relay.text
    asked = arm not in (ORACLE, IDLE)
    made = {"kind": kind, "backend": llm.backend if asked else "computed", "model": llm.name if asked else ""}
    for trip, (change, other) in enumerate(relay.trips, start=1):
        for step, now in (("forward", change), ("back", change.inverse())):
            if arm == LOG:
                log = append(llm, log, start, now, other, step == "back")
            new = (
                reduce(patched, log, start) if arm == LOG else EDITORS[arm.removesuffix(CHECKED)](llm, text, now, other)
            )
            refused = arm.endswith(CHECKED) and not unharmed(text, new, now.old, now.new)
            before, text = text, text if refused else new
            wanted = now.done(start) if step == "forward" else start
            kept = corruption.score(corruption.fields(kind, wanted), corruption.fields(kind, text))
            row = {"trip": trip, "step": step, "old": now.old, "new": now.new, "text": text, "kept": kept}
            row |= {"score": corruption.score(wanted, text, kind), "refused": refused}
            rows.append(row | {"obeyed": now.obeyed(kind, before, text)} | made)
    return rows
