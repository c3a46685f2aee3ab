"""The real model's part: reasoning-gym questions with four answers, asked, judged, and asked again with a memory."""

from __future__ import annotations

import functools

import numpy as np

from memlab import prompt, verify
from memlab.core import Task
from memlab.datafiles import data
from memlab.llm.contract import LLM
from memlab.reward import Floats
from memlab.tasks.scorers import score_answer
from memlab.tasks.toolbox import questions

TRIED = (
    *("gcd", "letter_counting", "spell_backward", "chain_sum", "lcm", "prime_factorization"),
    *("count_primes", "simple_equations", "products", "base_conversion", "leg_counting", "complex_arithmetic"),
)
"""The families of the pilot."""
FAMILIES: tuple[str, ...] = TRIED
EACH, OPTIONS = 2, 4


def drawn(family: str, seed: int) -> list[Task]:
    """`EACH` questions of ``family``; seeds 0-9 and 100-115 share none. Wrong options are answers to other questions.

    The options differ in their first letter: there p_LLM tells them apart.
    """
    rows = questions(data("toolbox/questions.jsonl"))[family]
    order = np.random.default_rng([7, *family.encode()]).permutation(len(rows))
    return [_task(family, int(i), seed) for i in order[EACH * (seed % 90) :][:EACH]]


def _task(family: str, number: int, seed: int) -> Task:
    rows, rng = questions(data("toolbox/questions.jsonl"))[family], np.random.default_rng([seed, number])
    right, options = rows[number], {rows[number].answer[0]: rows[number].answer}
    for i in rng.permutation(len(rows)):
        if len(options) < OPTIONS:
            options.setdefault(rows[i].answer[0], rows[i].answer)
    choices = tuple(rng.permutation(list(options.values())).tolist())
    text = prompt.one_line(right.text)
    scorer = functools.partial(score_answer, family, right.text, right.answer)
    return Task(f"{family}/{number}", text, choices, {}, (text,), right.answer, family, {}, scorer)


def answers(llm: LLM, task: Task, *cases: tuple[Task, str]) -> Floats:
    """p_LLM over the options of ``task``, with ``cases`` (task, answer) in the prompt."""
    lines = ["Answer with one of the options."]
    for asked, answer in (*cases, (task, "")):
        options = ", ".join(f'"{option}"' for option in asked.choices)
        lines += [f"Q: {asked.text}", f"Options: {options}", f'A: "{answer}"' if answer else "A:"]
    reply = llm.complete("\n".join(lines), choices=task.choices)
    probs = reply.choice_probs or {str(reply.value): 1.0}
    return np.array([probs.get(option, 0.0) for option in task.choices])


def believed(llm: LLM, task: Task) -> Floats:
    """The model's own yes to each option of ``task``."""
    judge = verify.self_judged(llm)
    return np.array([judge(task, option) for option in task.choices])


def copies(llm: LLM, task: Task) -> Floats:
    """p_LLM(a | s, c), (options, options): a row for each option that memory may hold as the answer."""
    return np.stack([answers(llm, task, (task, option)) for option in task.choices])


def is_right(task: Task) -> Floats:
    """1 for the right option, 0 for the others, by the world's scorer."""
    return np.array([verify.oracle(task, option) for option in task.choices])
