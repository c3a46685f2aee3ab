"""What a notebook says to its reader: checks of exercises that hint, and guesses noted before a figure settles them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from memlab.checks import Unfilled, filled, find, unfilled, value
from memlab.core import MemlabError

__all__ = ["Verdict", "check", "filled", "judge", "predict", "settle", "value"]


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and the sentence the reader gets."""

    ok: bool
    text: str


def judge(id: str, answer: Any) -> Verdict:
    """Judge ``answer`` to exercise ``id``; an unfilled stub or an error inside the reader's function is a hint too."""
    exercise = find(id)
    if unfilled(answer):
        return Verdict(False, f"{id} not yet: {exercise.start}")
    try:
        hint = exercise.judge(answer)
    except Unfilled:
        return Verdict(False, f"{id} not yet: {exercise.start}")
    except Exception as problem:
        return Verdict(False, f"{id} not yet: your answer raised {type(problem).__name__}: {problem}")
    return Verdict(True, f"{id} ok: {exercise.praise}") if hint is None else Verdict(False, f"{id} not yet: {hint}")


def check(id: str, answer: Any) -> None:
    """Print the verdict on ``answer`` to exercise ``id``. Never raises for a wrong or missing answer."""
    print(judge(id, answer).text)


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
