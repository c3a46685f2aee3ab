"""The agent's prompt: one format, rendered here and read back here.

What is fixed comes first (the documentation of the tools), so that the server's prefix cache serves it; the
cases follow, and the question stands last. Names stand in quotes because the reply is a JSON string: a 135M
model copies ``A: "sum"`` far better than ``Tool: sum`` (measured in lab 06).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CASE_LENGTH = 60
QUESTION_LENGTH = 120
_INSTRUCTION = "Name the tool that fits the last question."
# <|name|> of ChatML and Llama 3, <｜name｜> of DeepSeek, <name> of SmolLM2 and Gemma, [NAME] of Mistral.
_CONTROL = re.compile(r"<(?=[|｜][^<>]+[|｜]>|/?\w+>)|\[(?=/?[A-Z][A-Z_]+\])")


@dataclass(frozen=True)
class Shown:
    """What a prompt shows: documented names, (text, action) pairs of cases, results so far, and the question."""

    about: dict[str, str]
    cases: tuple[tuple[str, str], ...]
    done: tuple[str, ...]
    question: str


def one_line(text: str) -> str:
    """``text`` on one line, with a space in what a chat template would read as its own, such as ``<|im_end|>``.

    Servers turn these spellings into control tokens wherever they stand: a case that spells them could end the
    user's message and speak as the model.
    """
    return _CONTROL.sub(r"\g<0> ", " ".join(text.split()))


def shorten(text: str, length: int) -> str:
    """``text`` as `one_line`, cut to ``length`` characters."""
    line = one_line(text)
    return line if len(line) <= length else line[:length] + "..."


def render(about: Mapping[str, str], cases: Sequence[tuple[str, str]], question: str, done: Sequence[str] = ()) -> str:
    """The prompt for one choice. ``cases`` are (text, action) pairs, the nearest last; ``done`` are earlier results."""
    lines = ["Tools:", *(one_line(f'"{name}": {line}') for name, line in about.items()), _INSTRUCTION]
    for text, action in cases:
        lines += [f"Q: {shorten(text, CASE_LENGTH)}", f'A: "{one_line(action)}"']
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
