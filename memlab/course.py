"""What a notebook says to its reader: exercises whose checks hint, and guesses noted before a figure settles them.

An exercise is data: what is said before the first attempt, the solution, and typical mistakes, each with its hint. A
lab's ``exercises.py`` holds them as ``EXERCISES``.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from memlab.core import MemlabError

JUDGED = 1e9  # a tolerance above any answer: what the judge lets pass is right


@dataclass(frozen=True)
class Exercise:
    """One exercise. ``solution`` is a value, or a function that is tried on every tuple of arguments in ``cases``.

    ``mistakes`` maps a hint to the wrong value or function that earns it. ``start`` is said while nothing is filled in,
    and must not state the solution. ``judge(answer)``, for answers that no table covers, gives a hint or None and is
    asked first; a function without ``cases`` is its alone. ``tolerance`` is absolute, for numbers.
    """

    start: str
    solution: Any
    cases: tuple[tuple[Any, ...], ...] = ()
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    judge: Callable[[Any], str | None] = lambda answer: None
    praise: str = "right"
    tolerance: float = 5e-6


@dataclass(frozen=True)
class Judgment:
    """Whether an answer is right, and the sentence the reader gets."""

    ok: bool
    text: str


class Unfilled(Exception):
    """The reader's function still gives nothing."""


def unfilled(answer: Any) -> bool:
    """True for what an unfilled stub leaves behind: None or ``...``, alone or in a tuple."""
    return answer is None or answer is Ellipsis or (isinstance(answer, tuple) and any(map(unfilled, answer)))


def exercises(number: str) -> dict[str, Exercise]:
    """The exercises of lab ``number``, such as ``"01"``, by id. Raises `MemlabError` where there is no such lab."""
    labs = import_module("memlab.labs")
    if number not in labs.folders():
        raise MemlabError(f"no exercises of lab {number!r}: ids look like '01.2' (lab 01, exercise 2)")
    return import_module(f"{labs.folders()[number]}.exercises").EXERCISES


def judge(id: str, answer: Any) -> Judgment:
    """Judge ``answer`` to exercise ``id``; an unfilled stub or an error inside the reader's function is a hint too."""
    held = exercises(id.partition(".")[0])
    if id not in held:
        raise MemlabError(f"no exercise {id!r}: this lab has {', '.join(sorted(held))}")
    exercise = held[id]
    try:
        hint = exercise.start if unfilled(answer) else _hint(exercise, answer)
    except Unfilled:
        hint = exercise.start
    except Exception as problem:
        hint = f"your answer raised {type(problem).__name__}: {problem}"
    return Judgment(True, f"{id} ok: {exercise.praise}") if hint is None else Judgment(False, f"{id} not yet: {hint}")


def _hint(exercise: Exercise, answer: Any) -> str | None:
    found, near = _outcome(answer, exercise.cases), exercise.tolerance
    raised = isinstance(found, str)
    told = None if raised else exercise.judge(answer)
    if told is not None or (callable(exercise.solution) and not exercise.cases):
        return told
    wanted = _results(exercise.solution, exercise.cases)
    right = [False] if raised else [same(f, w, near) for f, w in zip(found, wanted, strict=True)]
    if all(right):
        return None
    for hint, mistake in exercise.mistakes.items():
        if same(found, _outcome(mistake, exercise.cases), near):
            return hint
    if raised:
        return str(found)
    at = right.index(False)
    given = f"for {', '.join(map(_show, exercise.cases[at]))} " if exercise.cases else ""
    return f"{given}expect {_show(wanted[at])}, got {_show(found[at])}"


def _outcome(answer: Any, cases: tuple[tuple[Any, ...], ...]) -> list[Any] | str:
    """What a function gives for each case, or in words what went wrong: an error too can be a typical mistake."""
    try:
        return _results(answer, cases)
    except Unfilled:
        raise
    except MemlabError as problem:
        return str(problem)
    except Exception as problem:
        return f"your answer raised {type(problem).__name__}: {problem}"


def _results(answer: Any, cases: tuple[tuple[Any, ...], ...]) -> list[Any]:
    """What a function gives for each case; an answer that is no function stands for itself."""
    if not cases:
        return [answer]
    if not callable(answer):
        raise TypeError(f"give a function, not {_show(answer)}")
    found = []
    with np.errstate(all="ignore"):
        for case in cases:
            given = copy.deepcopy(case)
            found.append(answer(*given))
            if unfilled(found[-1]):
                raise Unfilled
            if not same(list(given), list(case), 0.0):
                raise MemlabError("your function changed what it was given: work on a copy")
    return found


def same(a: Any, b: Any, tolerance: float) -> bool:
    """Whether two answers are equal: numbers and arrays within ``tolerance``, containers entry by entry."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key], tolerance) for key in a)
    if isinstance(a, set | frozenset | str) or isinstance(b, set | frozenset | str) or callable(a) or callable(b):
        return type(a) is type(b) and a == b
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        plain = type(a) is type(b) or not any(isinstance(x, str) for x in (*a, *b))
        return plain and len(a) == len(b) and all(same(x, y, tolerance) for x, y in zip(a, b, strict=True))
    try:
        first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    except (TypeError, ValueError):
        return type(a) is type(b) and bool(a == b)
    return first.shape == second.shape and bool(np.allclose(first, second, rtol=0, atol=tolerance, equal_nan=True))


def _show(value: Any) -> str:
    if callable(value):
        return getattr(value, "__name__", "a function")
    if isinstance(value, np.ndarray | float | np.floating):
        return str(np.round(value, 6).tolist())
    return repr(value)


def check(id: str, answer: Any) -> Any:
    """Print the judgment on ``answer`` to exercise ``id``; give what the next cells go on with: it, or the solution.

    Never raises for a wrong or missing answer.
    """
    said = judge(id, answer)
    print(said.text)
    return answer if said.ok else exercises(id.partition(".")[0])[id].solution


_GUESSES: dict[str, str] = {}


def predict(id: str, guess: Any, options: tuple[str, ...]) -> None:
    """Note the reader's ``guess`` for question ``id`` before the figure; ``...`` means no guess yet."""
    if unfilled(guess):
        print(f"No guess yet. Put one of {', '.join(options)} in place of ... and run this cell again.")
        return
    if guess not in options:
        raise MemlabError(f"guess {guess!r}: take one of {', '.join(options)}")
    _GUESSES[id] = guess
    print(f"Noted: {guess}. The figure below will tell.")


def settle(id: str, measured: str) -> None:
    """Print what was ``measured`` beside the guess that was noted for question ``id``."""
    guess = _GUESSES.get(id)
    said = "You made no guess" if guess is None else f"You guessed: {guess}"
    print(f"{said}. Measured: {measured}.")
