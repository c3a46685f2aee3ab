"""The agent's prompt: one format, rendered here and read back here.

What is fixed comes first (the documentation of the tools), so that the server's prefix cache serves it; the
cases follow, and the question stands last. Names stand in quotes because the reply is a JSON string: a 135M
model copies ``A: "sum"`` far better than ``Tool: sum`` (measured in lab 06).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CASE_LENGTH = 60
QUESTION_LENGTH = 120
_INSTRUCTION = "Name the tool that fits the last question."


@dataclass(frozen=True)
class Shown:
    """What a prompt shows: documented names, (text, action) pairs of cases, results so far, and the question."""

    about: dict[str, str]
    cases: tuple[tuple[str, str], ...]
    done: tuple[str, ...]
    question: str


def shorten(text: str, length: int) -> str:
    """``text`` on one line, cut to ``length`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[:length] + "..."


def render(about: Mapping[str, str], cases: Sequence[tuple[str, str]], question: str, done: Sequence[str] = ()) -> str:
    """The prompt for one choice. ``cases`` are (text, action) pairs, the nearest last; ``done`` are earlier results."""
    lines = ["Tools:", *(f'"{name}": {line}' for name, line in about.items()), _INSTRUCTION]
    for text, action in cases:
        lines += [f"Q: {shorten(text, CASE_LENGTH)}", f'A: "{action}"']
    lines += [f"Done: {shorten(result, CASE_LENGTH)}" for result in done]
    lines += [f"Q: {shorten(question, QUESTION_LENGTH)}", "A:"]
    return "\n".join(lines)


def parse(prompt: str) -> Shown:
    """What `render` put into ``prompt``. Retrieved text is one line each, so it cannot pose as another part."""
    head, _, body = prompt.partition(f"\n{_INSTRUCTION}")
    about = dict(re.findall(r'^"(.*?)": (.*)$', head, re.MULTILINE))
    cases = re.findall(r'^Q: (.*)\nA: "(.*)"$', body, re.MULTILINE)
    done = re.findall(r"^Done: (.*)$", body, re.MULTILINE)
    return Shown(about, tuple(cases), tuple(done), body.rpartition("\nA:")[0].rpartition("\nQ: ")[2])
