"""Scores in [0, 1], equal to reasoning-gym 0.1.25's ``score_answer`` for the Toolbox families (tested row by row)."""

import math
import re
from decimal import Decimal, InvalidOperation


def score_answer(family: str, question: str, expected: str, answer: str) -> float:
    """The reward of ``answer`` to ``question`` of ``family``, where ``expected`` is right."""
    if family in ("chain_sum", "products"):
        return _decimal(expected, answer)
    if family == "spell_backward":
        return _letters(expected.lower(), answer.lower())
    if family == "fraction_simplification":
        return _fraction(question, expected, answer)
    if family == "prime_factorization":
        return _factors(expected, answer)
    if family == "complex_arithmetic":
        return _complex(expected, answer)
    if family == "dice":
        return float(answer == expected)
    return _contains(expected, answer)


def _contains(expected: str, answer: str) -> float:
    return len(expected) / len(answer) if answer and expected in answer else 0.0


def _decimal(expected: str, answer: str) -> float:
    plain_expected, plain_answer = expected.replace(",", ""), answer.replace(",", "")
    try:
        if Decimal(plain_answer) == Decimal(plain_expected):
            return 1.0
    except InvalidOperation:
        pass
    return _contains(plain_expected, plain_answer)


def _letters(expected: str, answer: str) -> float:
    if expected == answer:
        return 1.0
    reward = 0.0
    for want, got in zip(expected, answer, strict=False):
        # Added one by one, as theirs: since Python 3.12 `sum` of floats compensates, and its last bit differs.
        reward += (want == got) / len(expected)
    return reward - 0.2 if reward == 1.0 else reward


def _fraction(question: str, expected: str, answer: str) -> float:
    wanted, asked, got = _read_fraction(expected), _read_fraction(question), _read_fraction(answer, whole=True)
    if got is None:
        return 0.01
    if got == wanted:
        return 1.0
    return 0.1 if asked is not None and (got[0] == asked[0] or got[1] == asked[1]) else 0.05


def _read_fraction(text: str, whole: bool = False) -> tuple[int, int] | None:
    plain = text.strip().strip("$").strip()
    latex = r"\\(?:frac|dfrac)\s*{\s*(\d+)\s*}\s*{\s*(\d+)\s*}"
    found = re.match(latex, plain, re.IGNORECASE) if whole else re.search(latex, plain, re.IGNORECASE)
    found = found or (re.fullmatch if whole else re.search)(r"(-?\d+)\s*/\s*(-?\d+)", plain)
    return (int(found[1]), int(found[2])) if found else None


def _factors(expected: str, answer: str) -> float:
    try:
        wanted, got = (sorted(int(f) for f in text.split("×") if f.strip()) for text in (expected, answer))
    except ValueError:
        return 0.0
    if wanted == got:
        return 1.0
    return 0.5 if math.prod(wanted) == math.prod(got) else 0.01


def _complex(expected: str, answer: str) -> float:
    try:
        wanted, got = (complex(text.replace(" ", "").strip("()").replace("i", "j")) for text in (expected, answer))
    except ValueError:
        return 0.0
    return min(1.0, math.exp(-abs(got - wanted)))
