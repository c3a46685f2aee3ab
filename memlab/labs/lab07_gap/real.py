"""The real model's part: questions of reasoning-gym with four options, which it answers, and judges itself."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from memlab import verify
from memlab.core import Task
from memlab.datafiles import data
from memlab.llm.contract import LLM
from memlab.reward import Floats
from memlab.rivals import written
from memlab.tasks.toolbox import Question, questions, with_options

FAMILIES = ("gcd", "letter_counting", "spell_backward", "chain_sum",
            "lcm", "prime_factorization", "products", "base_conversion")  # fmt: skip
OUT = ("count_primes", "simple_equations", "leg_counting", "complex_arithmetic")
"""Families of the pilot alone: below chance (.25) there, or with 2 right options of 10 that had no chance at all."""
EASY = ("capital", "past", "first", "after")
"""Families written for this lab, of which the pilot had .37 to .84 right (guessing: .25), eight questions each."""
EACH, OPTIONS = 2, 4


def pool(family: str) -> tuple[Question, ...]:
    """All questions of a family."""
    return questions(data("lab07/questions.jsonl" if family in EASY else "toolbox/questions.jsonl"))[family]


def drawn(family: str, seed: int) -> list[Task]:
    """`EACH` questions, none in two of the seeds 0-9 and 100-115; wrong options are answers to other questions."""
    rows = pool(family)
    order = np.random.default_rng([7, *family.encode()]).permutation(len(rows))[EACH * (seed % 90) :][:EACH]
    return [with_options(rows, int(number), OPTIONS, np.random.default_rng([seed, int(number)])) for number in order]


def examples(family: str) -> list[Question]:
    """Six questions of an easy ``family`` that no replicate asks, with six answers."""
    rows, found = pool(family), dict[str, Question]()
    for number in reversed(np.random.default_rng([7, *family.encode()]).permutation(len(rows))):
        found.setdefault(rows[number].answer, rows[number])
    return list(found.values())[:6]


def answers(llm: LLM, task: Task, *cases: tuple[Task, str], half: int = 0) -> Floats:
    """p_LLM over the options, with ``cases`` in the prompt; an easy question stands behind a ``half`` of `examples`."""
    known = examples(task.family)[3 * half :][:3] if task.family in EASY else []
    return written.answered(llm, task, *cases, known=[(one, one.answer) for one in known])


def asked(llm: LLM, family: str, seed: int) -> Iterator[tuple[Task, pd.DataFrame]]:
    """The questions of a cell, each with a row an option: p_LLM (easy ones: also asked again), own yes, and truth."""
    known = examples(family)[:4] if family in EASY else []  # of which every other one is answered wrong
    judged = [(one.text, known[i - i % 2].answer, ("yes", "no")[i % 2]) for i, one in enumerate(known)]
    judge = verify.self_judged(llm, judged or verify.JUDGED)
    for task in drawn(family, seed):
        found = {"p": answers(llm, task), "yes": [judge(task, option) for option in task.choices]}
        found |= {"again": answers(llm, task, half=1)} if family in EASY else {}
        right = [verify.oracle(task, option) for option in task.choices]
        yield task, pd.DataFrame(found | {"right": right}, index=list(task.choices))
