"""The Toolbox world: questions from reasoning-gym, twelve tools with one-word names, and one tool that serves each.

The agent must find out which tool serves a question. Set A is for tuning, set B for the report. Each set has
eight families and offers twelve tools: its own eight and four that serve none of its questions.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from memlab.core import MemlabError
from memlab.tasks.tools import solve

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
EXTRA: dict[str, tuple[str, ...]] = {
    "toolbox-a": ("multiple", "prime", "product", "animal"),
    "toolbox-b": ("common", "letters", "fraction", "sum"),
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
}
# Two-step tasks: the first family's number goes into the second question.
FIRST: dict[str, tuple[str, ...]] = {
    "toolbox-a": ("gcd", "letter_counting", "count_bits"),
    "toolbox-b": ("lcm", "count_primes", "simple_equations", "leg_counting"),
}
SECOND: dict[str, dict[str, str]] = {
    "toolbox-a": {
        "chain_sum": "State the final answer to the following arithmetic problem: {result} + 18 =",
        "count_bits": "How many 1 bits are there in the binary representation of the number {result}?",
    },
    "toolbox-b": {
        "products": "Solve the following multiplication: {result} * 7. Give only the result as your final answer.",
        "prime_factorization": "Find the prime factorization of {result}. Write the factors separated by ×",
    },
}


@dataclass(frozen=True)
class Question:
    """One row of ``data/toolbox/questions.jsonl``."""

    family: str
    text: str
    answer: str


@functools.cache
def questions(path: Path) -> dict[str, tuple[Question, ...]]:
    """All shipped questions by family."""
    found: dict[str, list[Question]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found.setdefault(row["family"], []).append(Question(row["family"], row["question"], row["answer"]))
    return {family: tuple(rows) for family, rows in found.items()}


def check_world(world: str) -> None:
    """Raises `MemlabError` where ``world`` is not one of the two family sets."""
    if world not in NATIVE:
        raise MemlabError(f"unknown world {world!r}; the worlds are {', '.join(NATIVE)}")


def tool_names(world: str) -> tuple[str, ...]:
    """The twelve names that a world offers, in alphabetical order."""
    check_world(world)
    return tuple(sorted([*NATIVE[world].values(), *EXTRA[world]]))


def toolset(world: str, serves: Mapping[str, str]) -> dict[str, Callable[[str], str]]:
    """The tools as functions of the question. ``serves`` maps a family to the name that serves it now.

    A name that serves none of the world's families keeps its own meaning, which no question of the world asks for.
    """
    by_name = {name: family for family, name in serves.items()}
    every_native = {name: family for names in NATIVE.values() for family, name in names.items()}
    return {
        name: functools.partial(solve, by_name.get(name, every_native[name]))
        for name in tool_names(world)
        if name in by_name or name not in NATIVE[world].values()
    }
