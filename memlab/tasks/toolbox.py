"""The Toolbox world: questions from reasoning-gym, tools with one-word names, and one tool that serves each question.

The agent must find out which tool serves a question. Set A is for tuning, set B for the report. A set of eight
families offers twelve tools: its own eight and four that serve none of its questions. ``toolbox12-a`` and
``toolbox12-b`` have twelve families, sixteen tools, and questions that the sets of eight do not hold.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from memlab.core import MemlabError
from memlab.datafiles import data
from memlab.tasks.tools import solve_any

# Each name is one token of SmolLM2, so that p_LLM of a choice can be read from one position (tested).
NATIVE: dict[str, dict[str, str]] = {
    "toolbox-a": {
        "gcd": "common",
        "letter_counting": "letters",
        "spell_backward": "reverse",
        "chain_sum": "sum",
        "fraction_simplification": "fraction",
        "count_bits": "bits",
        "number_filtering": "filter",
        "word_sequence_reversal": "order",
    },
    "toolbox-b": {
        "lcm": "multiple",
        "prime_factorization": "factors",
        "count_primes": "prime",
        "simple_equations": "solve",
        "products": "product",
        "base_conversion": "base",
        "leg_counting": "animal",
        "complex_arithmetic": "complex",
    },
}
NATIVE["toolbox12-a"] = NATIVE["toolbox-a"] | {
    "caesar_cipher": "decode",
    "course_schedule": "course",
    "dice": "roll",
    "aiw": "family",
}
NATIVE["toolbox12-b"] = NATIVE["toolbox-b"] | {
    "simple_geometry": "angle",
    "largest_island": "land",
    "basic_arithmetic": "value",
    "rotate_matrix": "matrix",
}
# Of set A and of set B, by the last letter of the world's name: the tools that serve none of its questions.
EXTRA: dict[str, tuple[str, ...]] = {
    "a": ("multiple", "prime", "product", "animal"),
    "b": ("common", "letters", "fraction", "sum"),
}
ABOUT: dict[str, str] = {
    "common": "greatest common divisor",
    "letters": "count a letter",
    "reverse": "spell a word backward",
    "sum": "add and subtract",
    "fraction": "simplify a fraction",
    "bits": "count 1 bits",
    "filter": "filter a list of numbers",
    "order": "reverse a list of words",
    "multiple": "least common multiple",
    "factors": "prime factorization",
    "prime": "count primes",
    "solve": "solve an equation",
    "product": "multiply",
    "base": "convert a base",
    "animal": "count legs",
    "complex": "complex numbers",
    "decode": "decrypt a cipher",
    "course": "check a schedule of courses",
    "roll": "odds of dice",
    "family": "count relatives and friends",
    "angle": "find an angle",
    "land": "largest island in a grid",
    "value": "calculate an expression",
    "matrix": "rotate a matrix",
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


def check_world(world: str) -> None:
    """Raises `MemlabError` where ``world`` is none of the family sets."""
    if world not in NATIVE:
        raise MemlabError(f"unknown world {world!r}; the worlds are {', '.join(NATIVE)}")


def tool_names(world: str) -> tuple[str, ...]:
    """The names that a world offers, in alphabetical order."""
    check_world(world)
    return tuple(sorted([*NATIVE[world].values(), *EXTRA[world[-1]]]))


@functools.lru_cache(maxsize=512)
def toolset(world: str, serves: tuple[tuple[str, str], ...]) -> Mapping[str, Callable[[str], str]]:
    """The tools as functions of the question. ``serves`` are pairs of a family and the name that serves it now.

    One name may serve several families. A name of the set that serves none can read no question; an extra one keeps
    its own meaning, which no question of the world asks for.
    """
    own = {name: (family,) for names in NATIVE.values() for family, name in names.items() if family not in dict(serves)}
    found = {name: tuple(family for family, now in serves if now == name) for name in tool_names(world)}
    return {name: functools.partial(solve_any, now or own.get(name, ())) for name, now in found.items()}
