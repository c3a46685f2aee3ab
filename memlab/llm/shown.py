"""The features of each choice that follow from what a prompt shows; the simulated model knows nothing else."""

import functools
import re
from collections.abc import Sequence

import numpy as np

from memlab.core import MemlabError
from memlab.llm.embedders import HashEmbedder
from memlab.prompt import Shown, parse

SHOWN_FEATURES = ("shown", "share", "last", "near", "about", "listed")
WORD_DIM = 48


def read_prompt(prompt: str) -> Shown:
    """What `memlab.prompt.render` put into ``prompt``; raises MemlabError when it ends in no open question."""
    shown = parse(prompt)
    if "\nQ: " not in prompt or not prompt.endswith("\nA:") or not shown.question.strip():
        raise MemlabError(
            f"The simulated model reads prompts of memlab's agent, which end in an open question; this one ends in "
            f"{prompt[-60:]!r}: render it with memlab.prompt, or use a real model."
        )
    return shown


def features(shown: Shown, choices: Sequence[str]) -> np.ndarray:
    """One row per choice, shape ``(n, 6)``, columns `SHOWN_FEATURES`.

    ``shown``: log(1 + cases with this action); ``share``: their share of the cases; ``last``: 1 if the last case has
    it; ``near``: the largest cosine of hashed words between the question and such a case; ``about``: the same with
    the line that documents the name; ``listed``: the choice's place in the list, 0 to 1.
    """
    table = np.zeros((len(choices), len(SHOWN_FEATURES)))
    here = word_row(shown.question, 256)
    for i, choice in enumerate(choices):
        own = [text for text, action in shown.cases if action == choice]
        if own:
            near = max(float(here @ word_row(text, 256)) for text in own)
            table[i, :4] = np.log1p(len(own)), len(own) / len(shown.cases), shown.cases[-1][1] == choice, near
        if choice in shown.about:
            table[i, 4] = here @ word_row(shown.about[choice], 256)
        table[i, 5] = i / max(1, len(choices) - 1)
    return table


@functools.lru_cache(maxsize=20_000)
def word_row(text: str, dim: int = WORD_DIM) -> np.ndarray:
    """Hashed words of ``text``, each number as one word, a unit row of shape ``(dim,)``."""
    return HashEmbedder(dim).embed([re.sub(r"\d+", "0", text).strip() or "-"])[0]
