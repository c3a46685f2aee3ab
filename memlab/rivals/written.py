"""Ways to decide what is written to memory: everything, the model's favorite, what it calls right, what the world does.

Each rule accepts the options of a question, as a verifier does in 2412.02674, and the frozen model then answers with
what was accepted in its memory. No paper compares these by what a memory makes of them; the update is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from memlab.core import Task
from memlab.llm.contract import LLM
from memlab.reward import Floats
from memlab.tasks.toolbox import Question
from memlab.verify import reweighted

EVERYTHING = "null: write everything"
WORLD, SELF, BEST, LIKELY = "the world judges", "the model judges", "its best judged", "its own favorite"
AGAIN = "asked again"
RULES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    EVERYTHING: lambda table: table["p"] >= 0,
    LIKELY: lambda table: table["p"] == table["p"].max(),
    SELF: lambda table: table["yes"],
    BEST: lambda table: table["yes"] == table["yes"].max(),
    AGAIN: lambda table: table["again"],
    WORLD: lambda table: table["right"],
}
"""How each rule accepts the options of a question, a row each: p_LLM as asked (``p``) and asked ``again``, the model's
own chance of ``yes`` and whether it is ``right``."""


def answered(llm: LLM, task: Task, *cases: tuple[Task, str], known: Sequence[tuple[Question, str]] = ()) -> Floats:
    """p_LLM over the options of ``task``, ``cases`` in the prompt; behind ``known`` answers no options are listed."""
    lines = ["Answer the last question." if known else "Answer with one of the options."]
    shown: list[tuple[Question | Task, str]] = [*known, *cases, (task, "")]
    for asked, answer in shown:
        lines.append(f"Q: {asked.text}")
        if isinstance(asked, Task) and not known:
            lines.append("Options: " + ", ".join(f'"{option}"' for option in asked.choices))
        lines.append(f'A: "{answer}"' if answer else "A:")
    reply = llm.complete("\n".join(lines), choices=task.choices)
    probs = reply.choice_probs or {str(reply.value): 1.0}
    return np.array([probs.get(option, 0.0) for option in task.choices])


def chain(f: Floats, w: Floats, copy: Floats, rounds: int) -> list[Floats]:
    """f_0 … f_rounds, (..., answers): f_{t+1}(a) = Σ_c f_t[w](c) copy(a|c), which is Eq 1 with μ = f_t[w].

    ``copy`` (..., answers, answers) is what the frozen model does when answer c stands in memory. Where nothing is
    accepted nothing is written, and f stays.
    """
    found = [f]
    for _ in range(rounds):
        f = found[-1]
        written = (reweighted(f, w)[..., None, :] @ copy)[..., 0, :]
        found.append(np.where((f * w).sum(axis=-1, keepdims=True) > 0, written, f))
    return found


def rounds_of(lived: Sequence[Floats], w: Floats, right: Floats) -> list[dict[str, Any]]:
    """A row a round of ``lived``: J of f_t, its ``gap`` behind ``w``, and what the update ``lost`` of J(f_t[w])."""
    rows = []
    for t, now in enumerate(lived):
        j, filtered, after = (float(x @ right) for x in (now, reweighted(now, w), lived[min(t + 1, len(lived) - 1)]))
        rows.append({"round": t, "success": j, "gap": filtered - j, "lost": filtered - after})
    return rows
