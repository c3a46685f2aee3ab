"""Ways to edit a document with the real model: rewrite it, patch it, check it, log the edits, or call a tool."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from memlab import corruption
from memlab.labs.lab08_relay.documents import Edit, Relay
from memlab.llm.contract import LLM

SHOTS = (
    ("red,door,12\nblue,gate,40", Edit("gate", "roof"), "2"),
    ('first: 3 eggs\nthen: "salt"', Edit("eggs", "figs"), "1"),
)
REWRITE, PATCH, CHECKED, LOG, TOOL = "whole rewrite", "patch", " + checksum", "append-only log", "tool only"
ORACLE, IDLE, BLIND = "oracle", "null: does nothing", "no memory"
Entry = tuple[int, str, str]  # of a log: in which line (from 0) which word became which


def numbered(text: str) -> str:
    return "\n".join(f"{i}: {line}" for i, line in enumerate(text.splitlines(), start=1))


def rewrite(llm: LLM, text: str, edit: Edit, other: str) -> str:
    """The model writes the whole document anew."""
    shots = [f'Replace "{e.old}" by "{e.new}".\nText:\n{t}\nCopy:\n{e.done(t)}\n\n' for t, e, _ in SHOTS]
    asked = f'Replace "{edit.old}" by "{edit.new}".\nText:\n{text}\nCopy:\n'
    reply = llm.complete(f"Copy the text and replace one word.\n\n{''.join(shots)}{asked}", max_tokens=110)
    return reply.text.strip().split("\n\n")[0]


def locate(llm: LLM, text: str, edit: Edit, other: str, blind: bool = False) -> Entry | None:
    """The model chooses a line, then the word in it that goes out; None where that line has no word."""
    shots = [f'Text:\n{numbered(t)}\nQ: Which line holds "{e.old}"?\nA: "{n}"\n\n' for t, e, n in SHOTS]
    shown, lines = "" if blind else f"Text:\n{numbered(text)}\n", text.splitlines()
    head, asked = "Name the number of the line.\n\n", f'{shown}Q: Which line holds "{edit.old}"?\nA:'
    names = [str(i) for i in range(1, len(lines) + 1)]
    at = int(llm.complete(f"{head}{''.join(shots)}{asked}", choices=names).value) - 1
    words = list(dict.fromkeys(re.findall(r"\w+", lines[at])))
    if not words:
        return None
    line = "" if blind else f"Line: {lines[at]}\n"
    asked = f'{line}Replace "{edit.old}" by "{edit.new}". Which word goes out?\nA:'
    return at, str(llm.complete(asked, choices=words).value), edit.new


def patched(text: str, entry: Entry | None) -> str:
    """The text with one entry applied."""
    if entry is None:
        return text
    lines = text.splitlines()
    lines[entry[0]] = re.sub(rf"\b{re.escape(entry[1])}\b", entry[2], lines[entry[0]], count=1)
    return "\n".join(lines)


def unharmed(before: str, after: str, edit: Edit) -> bool:
    """The checksum: with the two words of the edit masked, is everything else as it was?"""
    masked = [re.sub(rf"\b({edit.old}|{edit.new})\b", "#", text) for text in (before, after)]
    return masked[0] == masked[1]


def call_tool(llm: LLM, text: str, edit: Edit) -> str:
    """The model gives the words of replace(old, new); the tool refuses an old word that is not there exactly once."""
    words = list(dict.fromkeys([*re.findall(r"[a-z]+", text), edit.old, edit.new]))
    asked = f'Text:\n{text}\nReplace "{edit.old}" by "{edit.new}".\nreplace('
    old = str(llm.complete(asked, choices=words).value)
    new = str(llm.complete(f'{asked}"{old}", ', choices=[w for w in words if w != old]).value)
    return Edit(old, new).done(text) if len(re.findall(rf"\b{old}\b", text)) == 1 else text


EDITORS: dict[str, Callable[[LLM, str, Edit, str], str]] = {
    REWRITE: rewrite,
    PATCH: lambda llm, text, edit, other: patched(text, locate(llm, text, edit, other)),
    TOOL: call_tool,
    ORACLE: lambda llm, text, edit, other: edit.done(text),
    IDLE: lambda llm, text, edit, other: text,
    BLIND: lambda llm, text, edit, other: patched(text, locate(llm, text, edit, other, blind=True)),
}


def append(llm: LLM, log: list[Entry], start: str, edit: Edit, other: str, back: bool) -> list[Entry]:
    """A forward edit is one more entry of the log; for its inverse the model names the entry that is taken back."""
    text = reduce(patched, log, start)
    if not back:
        entry = locate(llm, text, edit, other)
        return [*log, entry] if entry else log
    names = ["0", *(str(i) for i in range(1, len(log) + 1))]
    entries = "".join(f"{i}: {old} -> {new}\n" for i, (_, old, new) in enumerate(log, start=1))
    asked = f'Log:\n0: none of these\n{entries}Q: Which entry made "{edit.new}" into "{edit.old}"?\nA:'
    chosen = int(llm.complete(asked, choices=names).value)
    return [entry for i, entry in enumerate(log, start=1) if i != chosen]


def live(arm: str, seed: int, trips: int, llm: LLM) -> list[dict[str, Any]]:
    """All calls of one relay, two rows a trip: the document after it, its scores, and whether the edit was carried out.

    A forward row is compared with what a perfect editor makes of the original, a backward row with the original.
    """
    relay, rows, log = Relay.draw(seed, trips), list[dict[str, Any]](), list[Entry]()
    text, made = relay.text, {"backend": "computed", "model": ""}
    if arm not in (ORACLE, IDLE):
        made = {"backend": llm.backend, "model": llm.name}
    for trip, (edit, other) in enumerate(relay.trips, start=1):
        for step, now in (("forward", edit), ("back", edit.inverse())):
            if arm == LOG:
                log = append(llm, log, relay.text, now, other, step == "back")
                new = reduce(patched, log, relay.text)
            else:
                new = EDITORS[arm.removesuffix(CHECKED)](llm, text, now, other)
            refused = arm.endswith(CHECKED) and not unharmed(text, new, now)
            new = text if refused else new
            wanted = now.done(relay.text) if step == "forward" else relay.text
            kept = corruption.score(*(corruption.fields(relay.kind, t) for t in (wanted, new)))
            rows.append(
                {"trip": trip, "step": step, "kind": relay.kind, "old": now.old, "new": now.new, "text": new}
                | {"score": corruption.score(wanted, new, relay.kind), "kept": kept, "refused": refused}
                | {"obeyed": now.obeyed(relay.kind, text, new)}
                | made
            )
            text = new
    return rows
