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
from memlab.tasks.toolbox import Question, questions

FAMILIES = (
    *("gcd", "letter_counting", "spell_backward", "chain_sum"),
    *("lcm", "prime_factorization", "products", "base_conversion"),
)
OUT = ("count_primes", "simple_equations", "leg_counting", "complex_arithmetic")
"""Families of the pilot alone: below chance (.25) there, or with 2 right options of 10 that had no chance at all."""
EASY = ("capital", "past", "first", "after")
"""Families written for this lab, of which the pilot had .37 to .84 right (guessing: .25), eight questions each."""
EACH, OPTIONS = 2, 4


def asked_of(family: str) -> tuple[Question, ...]:
    """All questions of a family."""
    return questions(data("lab07/questions.jsonl" if family in EASY else "toolbox/questions.jsonl"))[family]


def drawn(family: str, seed: int) -> list[Task]:
    """`EACH` questions, none in two of the seeds 0-9 and 100-115; wrong options are answers to other questions."""
    rows = asked_of(family)
    order, found = np.random.default_rng([7, *family.encode()]).permutation(len(rows)), []
    for number in order[EACH * (seed % 90) :][:EACH]:
        rng, asked = np.random.default_rng([seed, int(number)]), rows[number]
        options = {asked.answer[0]: asked.answer}
        for i in rng.permutation(len(rows)):
            if len(options) < OPTIONS:  # they differ in their first letter: there p_LLM tells them apart
                options.setdefault(rows[i].answer[0], rows[i].answer)
        choices, text = tuple(rng.permutation(list(options.values())).tolist()), prompt.one_line(asked.text)
        scorer = functools.partial(score_answer, family, asked.text, asked.answer)
        found.append(Task(f"{family}/{number}", text, choices, {}, (text,), asked.answer, family, {}, scorer))
    return found


def examples(family: str) -> list[Question]:
    """Six questions of an easy ``family`` that no replicate asks, with six answers."""
    rows, found = asked_of(family), dict[str, Question]()
    for number in reversed(np.random.default_rng([7, *family.encode()]).permutation(len(rows))):
        found.setdefault(rows[number].answer, rows[number])
    return list(found.values())[:6]


def answers(llm: LLM, task: Task, *cases: tuple[Task, str], half: int = 0) -> Floats:
    """p_LLM over the options, with ``cases`` in the prompt; an easy question stands behind a ``half`` of `examples`."""
    easy = task.family in EASY
    known = [(one, one.answer) for one in examples(task.family)[3 * half :][:3]] if easy else []
    lines = ["Answer the last question." if easy else "Answer with one of the options."]
    for asked, answer in (*known, *cases, (task, "")):
        lines.append(f"Q: {asked.text}")
        if isinstance(asked, Task) and not easy:
            lines.append("Options: " + ", ".join(f'"{option}"' for option in asked.choices))
        lines.append(f'A: "{answer}"' if answer else "A:")
    reply = llm.complete("\n".join(lines), choices=task.choices)
    probs = reply.choice_probs or {str(reply.value): 1.0}
    return np.array([probs.get(option, 0.0) for option in task.choices])


def easily_judged(llm: LLM, task: Task, option: str) -> float:
    """The model's own probability of "yes", behind four `examples` of which every other one is answered wrong."""
    known, lines = examples(task.family), ['Is the answer right? Say "yes" or "no".']
    for i, (one, word) in enumerate(zip(known, ("yes", "no") * 2, strict=False)):
        lines += [f"Q: {one.text}", f"A: {known[i - i % 2].answer}", f'Right: "{word}"']
    reply = llm.complete("\n".join([*lines, f"Q: {task.text}", f"A: {option}", "Right:"]), choices=("yes", "no"))
    return (reply.choice_probs or {str(reply.value): 1.0}).get("yes", 0.0)


def asked(llm: LLM, family: str, seed: int) -> Iterator[tuple[Task, pd.DataFrame]]:
    """The questions of a cell, each with a row an option: p_LLM (easy ones: also asked again), own yes, and truth."""
    judge = functools.partial(easily_judged, llm) if family in EASY else verify.self_judged(llm)
    for task in drawn(family, seed):
        found = {"p": answers(llm, task), "yes": [judge(task, option) for option in task.choices]}
        found |= {"again": answers(llm, task, half=1)} if family in EASY else {}
        right = [verify.oracle(task, option) for option in task.choices]
        yield task, pd.DataFrame(found | {"right": right}, index=list(task.choices))
