"""The Toolbox world: questions from reasoning-gym, tools with one-word names, and one tool that serves each question.

The agent must find out which tool serves a question. Set A is for tuning, set B for the report. A set of eight
families offers twelve tools: its own eight and four that serve none of its questions. ``toolbox12-a`` and
``toolbox12-b`` have twelve families, sixteen tools, and questions that the sets of eight do not hold.
"""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memlab import prompt
from memlab.core import MemlabError, Task
from memlab.datafiles import data
from memlab.tasks.scorers import score_answer
from memlab.tasks.tools import solve_any

FAMILIES = (
    # Each name is one token of SmolLM2, so that p_LLM of a choice can be read from one position (tested).
    ("toolbox-a", "gcd", "common", "greatest common divisor"),
    ("toolbox-a", "letter_counting", "letters", "count a letter"),
    ("toolbox-a", "spell_backward", "reverse", "spell a word backward"),
    ("toolbox-a", "chain_sum", "sum", "add and subtract"),
    ("toolbox-a", "fraction_simplification", "fraction", "simplify a fraction"),
    ("toolbox-a", "count_bits", "bits", "count 1 bits"),
    ("toolbox-a", "number_filtering", "filter", "filter a list of numbers"),
    ("toolbox-a", "word_sequence_reversal", "order", "reverse a list of words"),
    ("toolbox-b", "lcm", "multiple", "least common multiple"),
    ("toolbox-b", "prime_factorization", "factors", "prime factorization"),
    ("toolbox-b", "count_primes", "prime", "count primes"),
    ("toolbox-b", "simple_equations", "solve", "solve an equation"),
    ("toolbox-b", "products", "product", "multiply"),
    ("toolbox-b", "base_conversion", "base", "convert a base"),
    ("toolbox-b", "leg_counting", "animal", "count legs"),
    ("toolbox-b", "complex_arithmetic", "complex", "complex numbers"),
    ("toolbox12-a", "caesar_cipher", "decode", "decrypt a cipher"),
    ("toolbox12-a", "course_schedule", "course", "check a schedule of courses"),
    ("toolbox12-a", "dice", "roll", "odds of dice"),
    ("toolbox12-a", "aiw", "family", "count relatives and friends"),
    ("toolbox12-b", "simple_geometry", "angle", "find an angle"),
    ("toolbox12-b", "largest_island", "land", "largest island in a grid"),
    ("toolbox12-b", "basic_arithmetic", "value", "calculate an expression"),
    ("toolbox12-b", "rotate_matrix", "matrix", "rotate a matrix"),
)
"""World, family of questions, the tool that its name suggests, and what the documentation says of that tool."""
NATIVE: dict[str, dict[str, str]] = {
    world: {family: tool for home, family, tool, _ in FAMILIES if home in (world, world.replace("12", ""))}
    for world, *_ in FAMILIES
}
ABOUT = {tool: about for *_, tool, about in FAMILIES}
# Of set A and of set B, by the last letter of the world's name: the tools that serve none of its questions.
EXTRA: dict[str, tuple[str, ...]] = {
    "a": ("multiple", "prime", "product", "animal"),
    "b": ("common", "letters", "fraction", "sum"),
}
# Two-step tasks of set A and of set B: the first family's number goes into the second question.
FIRST: dict[str, tuple[str, ...]] = {
    "a": ("gcd", "letter_counting", "count_bits"),
    "b": ("lcm", "count_primes", "simple_equations", "leg_counting"),
}
SECOND: dict[str, dict[str, str]] = {
    "a": {
        "chain_sum": "State the final answer to the following arithmetic problem: {result} + 18 =",
        "count_bits": "How many 1 bits are there in the binary representation of the number {result}?",
    },
    "b": {
        "products": "Solve the following multiplication: {result} * 7. Give only the result as your final answer.",
        "prime_factorization": "Find the prime factorization of {result}. Write the factors separated by ×",
    },
}


@dataclass(frozen=True)
class Question:
    """One row of a file of questions."""

    family: str
    text: str
    answer: str


@functools.cache
def questions(path: Path) -> dict[str, tuple[Question, ...]]:
    """All questions in a shipped file, by family."""
    found: dict[str, list[Question]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found.setdefault(row["family"], []).append(Question(row["family"], row["question"], row["answer"]))
    return {family: tuple(rows) for family, rows in found.items()}


def questions_of(world: str) -> dict[str, tuple[Question, ...]]:
    """The questions that a stream of ``world`` draws from, by family."""
    return questions(data(f"toolbox/{'questions12' if '12' in world else 'questions'}.jsonl"))


def with_options(rows: Sequence[Question], number: int, options: int, rng: np.random.Generator) -> Task:
    """Question ``number`` of one family with so many ``options``: wrong ones are answers to the other ``rows``.

    They differ in their first letter: there p_LLM tells them apart.
    """
    asked = rows[number]
    found, text = {asked.answer[0]: asked.answer}, prompt.one_line(asked.text)
    for i in rng.permutation(len(rows)):
        if len(found) < options:
            found.setdefault(rows[i].answer[0], rows[i].answer)
    choices, name = tuple(rng.permutation(list(found.values())).tolist()), f"{asked.family}/{number}"
    scorer = functools.partial(score_answer, asked.family, asked.text, asked.answer)
    return Task(name, text, choices, {}, (text,), asked.answer, asked.family, {}, scorer)


def own_tools(world: str) -> dict[str, str]:
    """The families of ``world``, each with its own tool. Raises `MemlabError` where there is no such world."""
    if world not in NATIVE:
        raise MemlabError(f"unknown world {world!r}; the worlds are {', '.join(NATIVE)}")
    return NATIVE[world]


def tool_names(world: str) -> tuple[str, ...]:
    """The names that a world offers, in alphabetical order."""
    return tuple(sorted([*own_tools(world).values(), *EXTRA[world[-1]]]))


@functools.lru_cache(maxsize=512)
def toolset(world: str, serves: tuple[tuple[str, str], ...]) -> Mapping[str, Callable[[str], str]]:
    """The tools as functions of the question. ``serves`` are pairs of a family and the name that serves it now.

    One name may serve several families. A name of the set that serves none can read no question; an extra one keeps
    its own meaning, which no question of the world asks for.
    """
    own = {name: (family,) for names in NATIVE.values() for family, name in names.items() if family not in dict(serves)}
    found = {name: tuple(family for family, now in serves if now == name) for name in tool_names(world)}
    return {name: functools.partial(solve_any, now or own.get(name, ())) for name, now in found.items()}
