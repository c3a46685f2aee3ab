"""The real model's part: questions of reasoning-gym with four options, which it answers, and judges itself."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import pandas as pd

from memlab import prompt, verify
from memlab.core import Task
from memlab.datafiles import data
from memlab.llm.contract import LLM
from memlab.reward import Floats
from memlab.tasks.scorers import score_answer
from memlab.tasks.toolbox import questions

FAMILIES = (
    *("gcd", "letter_counting", "spell_backward", "chain_sum"),
    *("lcm", "prime_factorization", "products", "base_conversion"),
)
OUT = ("count_primes", "simple_equations", "leg_counting", "complex_arithmetic")
"""Families of the pilot alone: below chance (.25) there, or with 2 right options of 10 that had no chance at all."""
EACH, OPTIONS = 2, 4


def drawn(family: str, seed: int) -> list[Task]:
    """`EACH` questions of ``family``; seeds 0-9 and 100-115 share none. Wrong options are answers to other questions.

    The options differ in their first letter: there p_LLM tells them apart.
    """
    rows = questions(data("toolbox/questions.jsonl"))[family]
    order, found = np.random.default_rng([7, *family.encode()]).permutation(len(rows)), []
    for number in order[EACH * (seed % 90) :][:EACH]:
        rng, asked = np.random.default_rng([seed, int(number)]), rows[number]
        options = {asked.answer[0]: asked.answer}
        for i in rng.permutation(len(rows)):
            if len(options) < OPTIONS:
                options.setdefault(rows[i].answer[0], rows[i].answer)
        choices, text = tuple(rng.permutation(list(options.values())).tolist()), prompt.one_line(asked.text)
        scorer = functools.partial(score_answer, family, asked.text, asked.answer)
        found.append(Task(f"{family}/{number}", text, choices, {}, (text,), asked.answer, family, {}, scorer))
    return found


def answers(llm: LLM, task: Task, *cases: tuple[Task, str]) -> Floats:
    """p_LLM over the options of ``task``, with ``cases`` (task, answer) in the prompt."""
    lines = ["Answer with one of the options."]
    for asked, answer in (*cases, (task, "")):
        options = ", ".join(f'"{option}"' for option in asked.choices)
        lines += [f"Q: {asked.text}", f"Options: {options}", f'A: "{answer}"' if answer else "A:"]
    reply = llm.complete("\n".join(lines), choices=task.choices)
    probs = reply.choice_probs or {str(reply.value): 1.0}
    return np.array([probs.get(option, 0.0) for option in task.choices])


def asked(llm: LLM, family: str, seed: int) -> Iterator[tuple[Task, pd.DataFrame]]:
    """The questions of a cell, each with a row an option: p_LLM, the model's own yes, and the truth."""
    judge = verify.self_judged(llm)
    for task in drawn(family, seed):
        found = {"p": answers(llm, task), "yes": [judge(task, option) for option in task.choices]}
        right = [verify.oracle(task, option) for option in task.choices]
        yield task, pd.DataFrame(found | {"right": right}, index=list(task.choices))
