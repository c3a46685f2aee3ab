"""What a prompt shows, read back from its text, and the features of each choice that follow from it."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memlab.core import MemlabError
from memlab.llm.embedders import HashEmbedder

ASKED = re.compile(r"^(?:Q|Question|Task): (.+)$")
ANSWERED = re.compile(r'^(?:A|Answer|Tool|Action): "?([^"\n]+?)"?$')
SHOWN_FEATURES = ("shown", "share", "last", "near", "listed")
WORD_DIM = 48


@dataclass(frozen=True)
class Shown:
    """A prompt's last ``question`` and, in order, the ``cases`` above it as pairs (question, action)."""

    question: str
    cases: tuple[tuple[str, str], ...]


def read_prompt(prompt: str) -> Shown:
    """Read lines ``Q: text`` and ``A: "action"`` (or Question/Task, Tool/Answer/Action) back from a prompt.

    Raises MemlabError when it ends in no question.
    """
    cases: list[tuple[str, str]] = []
    question = ""
    for line in prompt.splitlines():
        if asked := ASKED.match(line.strip()):
            question = asked.group(1)
        elif question and (answered := ANSWERED.match(line.strip())):
            cases.append((question, answered.group(1)))
            question = ""
    if not question:
        raise MemlabError(
            f"The simulated model reads prompts that end in an open line 'Q: ...', this one ends in {prompt[-60:]!r}: "
            "render it with memlab's agent, or use a real model."
        )
    return Shown(question, tuple(cases))


def features(shown: Shown, choices: Sequence[str]) -> np.ndarray:
    """One row per choice, shape ``(n, 5)``, columns `SHOWN_FEATURES`.

    ``shown``: log(1 + cases with this action); ``share``: their share of the cases; ``last``: 1 if the last case has
    it; ``near``: the largest cosine of hashed words between the question and such a case; ``listed``: the choice's
    place in the list, 0 to 1.
    """
    table = np.zeros((len(choices), len(SHOWN_FEATURES)))
    here = word_row(shown.question, 256)
    for i, choice in enumerate(choices):
        own = [text for text, action in shown.cases if action == choice]
        table[i, 4] = i / max(1, len(choices) - 1)
        if own:
            near = max(float(here @ word_row(text, 256)) for text in own)
            table[i, :4] = np.log1p(len(own)), len(own) / len(shown.cases), shown.cases[-1][1] == choice, near
    return table


@functools.lru_cache(maxsize=20_000)
def word_row(text: str, dim: int = WORD_DIM) -> np.ndarray:
    """Hashed words of ``text`` with the digits left out, a unit row of shape ``(dim,)``."""
    return HashEmbedder(dim).embed([re.sub(r"\d+", "#", text)])[0]
