"""Exercise checks, one small file per lab: ``lab01.py`` registers the exercises ``01.1``, ``01.2`` and so on.

A check takes the reader's answer (a value or a function) and gives ``None`` when it is right, else a hint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from memlab.core import MemlabError


@dataclass(frozen=True)
class Exercise:
    """One exercise: its ``judge`` gives None or a hint; ``start`` is said while the stub is unfilled."""

    id: str
    start: str
    judge: Callable[[Any], str | None]
    praise: str


_EXERCISES: dict[str, Exercise] = {}


def exercise(id: str, start: str, praise: str = "right") -> Callable[[Callable[[Any], str | None]], Callable]:
    """Register the decorated function as the check of exercise ``id`` (lab.number, such as ``01.2``)."""

    def register(judge: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
        _EXERCISES[id] = Exercise(id, start, judge, praise)
        return judge

    return register


def find(id: str) -> Exercise:
    """The exercise ``id``, with its lab's file loaded. Raises `MemlabError` for an unknown one."""
    try:
        import_module(f"memlab.checks.lab{id.split('.')[0]}")
    except ModuleNotFoundError:
        raise MemlabError(f"no checks for exercise {id!r}: ids look like '01.2' (lab 01, exercise 2)") from None
    if id not in _EXERCISES:
        known = ", ".join(sorted(name for name in _EXERCISES if name.split(".")[0] == id.split(".")[0]))
        raise MemlabError(f"no exercise {id!r}: this lab has {known}")
    return _EXERCISES[id]


class Unfilled(Exception):
    """Raised by `value` when the reader's function still gives nothing."""


def unfilled(answer: Any) -> bool:
    """True for what an unfilled stub leaves behind: None or ``...``."""
    return answer is None or answer is Ellipsis


def value(function: Any, *arguments: Any) -> Any:
    """Call the reader's ``function`` for a check; raises `Unfilled` when its stub gives nothing yet."""
    result = function(*arguments)
    if unfilled(result):
        raise Unfilled
    return result


def filled(answer: Any, default: Any) -> Any:
    """The reader's ``answer`` when it is filled in, else ``default``, so that later cells run either way."""
    return default if unfilled(answer) else answer
