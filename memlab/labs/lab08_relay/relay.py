"""Lab 08's documents, eight kinds and small, and the ways to edit them with the real model.

In pilots SmolLM2 could not copy a document, nor find a numbered line or a named field. So the instruction names both
words, the model chooses the one that goes out, and a program writes the new one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from memlab.core import MemlabError
from memlab.corruption import KINDS, Fields, fields, score
from memlab.llm.contract import LLM

PATCH, CHECKED, LOG, TOOL = "patch", "patch + checksum", "append-only log", "tool finds the line"
ORACLE, IDLE, BLIND, REWRITE = "oracle", "null: does nothing", "no memory", "whole rewrite"
FORM = 'Replace "{old}" by "{new}". Which word goes out?'
WHOLE = '{text}\n\nCopy this text, and put "{new}" in place of "{old}". Write nothing else.'
TABLES = json.loads(Path(__file__).with_name("documents.json").read_text(encoding="utf-8"))
WORDS, TEMPLATES = TABLES["words"], TABLES["templates"]  # what may be replaced; a text of each kind, with gaps
SAMPLE = ("sample_id", "sample_type", "metadata", "states", "files")


def words_in(text: str) -> list[str]:
    """Those of `WORDS` that stand in ``text``, each once, in order: all that an editor may replace."""
    return list(dict.fromkeys(re.findall(rf"\b(?:{'|'.join(WORDS)})\b", text)))


class Swap(NamedTuple):
    """Put ``new`` for ``old`` in field ``name`` of record ``key``; ``other``, a distractor, may stand ``behind``."""

    key: str
    name: str
    old: str
    new: str
    other: str
    behind: bool = False

    def inverse(self) -> Swap:
        """Puts the old word back."""
        return self._replace(old=self.new, new=self.old)

    def done(self, text: str) -> str:
        """The text, where no word was harmed, as a perfect editor leaves it."""
        return re.sub(rf"\b{self.old}\b", self.new, text)

    def obeyed(self, kind: str, text: str) -> bool:
        """Whether the new word stands in the field that was named, whatever became of the others."""
        return self.new in fields(kind, text).get((self.key, self.name), "")


def draw_relay(seed: int, trips: int) -> tuple[str, str, list[Swap]]:
    """A document's kind, its text without a word twice, and a change a trip; a longer relay begins with the shorter."""
    rng, kind = np.random.default_rng([seed, 8]), KINDS[seed % len(KINDS)]

    def write(kind: str) -> str:
        return str(TEMPLATES[kind].format(*rng.choice(WORDS, size=TEMPLATES[kind].count("{}"), replace=False)))

    text, changes = write(kind), []
    places = {word: place for place, value in fields(kind, text).items() for word in words_in(value)}
    for _ in range(trips):
        other = write(str(rng.choice([k for k in KINDS if k != kind])))
        new = str(rng.choice([word for word in WORDS if word not in text + other]))
        old = str(rng.choice(words_in(text)))
        changes.append(Swap(*places[old], old, new, other))
    return kind, text, changes


def load_delegate(path: str | Path) -> list[dict[str, Any]]:
    """Samples of the authors' JSON lines, by the names in `SAMPLE`; ``files`` maps "basic_state/NAME" to a text.

    Raises `MemlabError` for a line that is no sample. The data is theirs (CDLA-permissive) and not part of memlab.
    """
    samples = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        try:
            samples.append({name: held[name] for held in [json.loads(line)] for name in SAMPLE})
        except (ValueError, KeyError, TypeError) as error:
            raise MemlabError(f"{path}, line {number} is no sample ({error}): it needs {', '.join(SAMPLE)}") from None
    return samples


def patch_question(change: Swap, text: str) -> str:
    """The prompt of a patch: examples, the distractor, the text, and what is asked; without memory no text."""
    shots = "".join(f'Text:\n{t}\n{FORM.format(old=a, new=b)}\nA: "{a}"\n\n' for t, a, b in TABLES["examples"])
    parts = [f"Another text:\n{change.other}", f"Text:\n{text}"]
    shown = "\n\n".join(reversed(parts) if change.behind else parts) + "\n" if text else ""
    return f"{shots}{shown}{FORM.format(**change._asdict())}\nA:"


def patched(llm: LLM, text: str, change: Swap, shown: str) -> str:
    """``text`` with the word replaced that the model sends out when it sees ``shown``; the last one goes unasked."""
    left = words_in(text)
    old = left[0] if len(left) == 1 else str(llm.complete(patch_question(change, shown), choices=left).value)
    return re.sub(rf"\b{old}\b", change.new, text, count=1)


def by_tool(llm: LLM, text: str, change: Swap) -> str:
    """A tool looks up the line of the record by its key, and the model chooses in that line."""
    line = next(line for line in text.splitlines() if re.search(rf"\b{change.key}\b", line))
    return text.replace(line, patched(llm, line, change, line), 1)


def unharmed(before: Fields, after: Fields, place: tuple[str, str]) -> bool:
    """The checksum: are all fields but the one at ``place`` as they were?"""
    first, second = ({key: value for key, value in part.items() if key != place} for part in (before, after))
    return first == second


EDITORS: dict[str, Callable[[LLM, str, Swap], str]] = {
    **dict.fromkeys((PATCH, CHECKED, LOG), lambda llm, text, change: patched(llm, text, change, text)),
    TOOL: by_tool,
    ORACLE: lambda llm, text, change: change.done(text),
    IDLE: lambda llm, text, change: text,
    BLIND: lambda llm, text, change: patched(llm, text, change, ""),
    REWRITE: lambda llm, text, change: llm.complete(WHOLE.format(text=text, **change._asdict()), max_tokens=120).text,
}


def relay_live(arm: str, seed: int, trips: int, llm: LLM, shuffled: bool = False) -> list[dict[str, Any]]:
    """All calls of one relay, two rows a trip: the document after it, its scores, and whether it did what it was told.

    A forward row is scored against what a perfect editor makes of the original, a backward row against the original.
    With a log an inverse takes the entry back without a call. Where ``shuffled``, a coin a call places the distractor.
    """
    (kind, start, changes), coins = draw_relay(seed, trips), np.random.default_rng([seed, 88])
    text, rows, asked = start, list[dict[str, Any]](), arm not in (ORACLE, IDLE)
    made = {"kind": kind, "backend": llm.backend if asked else "computed", "model": llm.name if asked else ""}
    for trip, change in enumerate(changes, start=1):
        for step, now, wanted in (("forward", change, change.done(start)), ("back", change.inverse(), start)):
            placed = now._replace(behind=shuffled and bool(coins.integers(2)))
            new = start if arm == LOG and step == "back" else EDITORS[arm](llm, text, placed)
            old, got, want = (fields(kind, one) for one in (text, new, wanted))
            refused = arm == CHECKED and not unharmed(old, got, (now.key, now.name))
            text, got = (text, old) if refused else (new, got)
            row = {"trip": trip, "step": step, "place": f"{now.name} of {now.key}", "new": now.new, "text": text}
            row |= {"kept": score(want, got), "score": score(wanted, text, kind)}
            rows.append(row | {"refused": refused, "obeyed": now.obeyed(kind, text)} | made)
    return rows
