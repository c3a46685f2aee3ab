"""The Toolbox world's tools: one plain Python function for each family of questions.

Each reads a question as reasoning-gym words it and returns the answer as text. A question that a tool
cannot read gives `UNREADABLE`, never an exception: to the agent, a wrong tool is a tool that does not help.
"""

# ruff: noqa: D103 (each solver is named after the family it solves)

import ast
import functools
import graphlib
import math
import operator
import re
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

UNREADABLE = "this tool cannot read the question"
_LEGS_BY_COUNT = {
    0: "snake, sea slug, jellyfish, flatworm, leech",
    2: "chicken, bird, human, duck",
    4: "dog, cat, cow, horse, lion, elephant, giraffe, tiger, deer, sheep",
    5: "starfish",
    6: "insect, ant, butterfly, beetle, bee, wasp, grasshopper, cricket, cockroach, praying mantis, firefly",
    8: "spider, scorpion",
    10: "crab, lobster, shrimp",
    14: "woodlouse",
}
LEGS = {animal: legs for legs, animals in _LEGS_BY_COUNT.items() for animal in animals.split(", ")}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_RARE_TO_COMMON = "ZQXJKVBPYGFWMUCLDRHSNIOATE"


def _find(pattern: str, question: str) -> re.Match[str]:
    found = re.search(pattern, question)
    if found is None:
        raise ValueError(UNREADABLE)
    return found


def _integers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def gcd(question: str) -> str:
    return str(math.gcd(*_integers(_find(r"Greatest Common Divisor.*numbers: ([\d, ]+)", question)[1])))


def lcm(question: str) -> str:
    return str(math.lcm(*_integers(_find(r"Least Common Multiple.*numbers: ([\d, ]+)", question)[1])))


def letter_counting(question: str) -> str:
    found = _find(r'the letter "(.)" appear in the text: "(.*)"', question)
    return str(found[2].lower().count(found[1]))


def spell_backward(question: str) -> str:
    return _find(r"Spell this word backward.*: (\w+)", question)[1][::-1]


def chain_sum(question: str) -> str:
    expression = _find(r"arithmetic problem: ([\d +-]+) =", question)[1]
    return str(sum(int(term) for term in re.findall(r"[+-]?\d+", expression.replace(" ", ""))))


def products(question: str) -> str:
    return str(math.prod(_integers(_find(r"multiplication: ([\d *]+)\.", question)[1])))


def fraction_simplification(question: str) -> str:
    found = _find(r"Simplify the fraction (\D*)(\d+)(\D+?)(\d+)(\D*) to its", question)
    numerator, denominator = int(found[2]), int(found[4])
    factor = math.gcd(numerator, denominator)
    return f"{found[1]}{numerator // factor}{found[3]}{denominator // factor}{found[5]}"


def count_bits(question: str) -> str:
    return str(int(_find(r"binary representation of the number (\d+)", question)[1]).bit_count())


def number_filtering(question: str) -> str:
    found = _find(r"(Keep|Remove) all numbers (larger|smaller) than (\S+) in this list: (\[.*?\])", question)
    compare = operator.gt if (found[1] == "Keep") == (found[2] == "larger") else operator.lt
    bound = float(found[3])
    kept = [number for number in re.findall(r"'([^']*)'", found[4]) if compare(float(number), bound)]
    return str(kept) if kept else "[]"


def word_sequence_reversal(question: str) -> str:
    return ", ".join(reversed(_find(r"Reverse this list of words: (.*)", question)[1].strip().split(", ")))


def prime_factorization(question: str) -> str:
    number, factors, divisor = int(_find(r"prime factorization of (\d+)", question)[1]), [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return " × ".join(str(factor) for factor in [*factors, number] if factor > 1)


@functools.lru_cache(maxsize=4096)
def count_primes(question: str) -> str:
    found = _find(r"prime numbers there are between (\d+) and (\d+)", question)
    numbers = range(max(2, int(found[1])), int(found[2]) + 1)
    return str(sum(all(n % d for d in range(2, math.isqrt(n) + 1)) for n in numbers))


def simple_equations(question: str) -> str:
    variable, left, right = _find(r"(?:Solve for|value of) (\w)\b.*?: ?(.*?) = (-?\d+)", question).groups()
    zero, one = (_evaluate(left, {variable: value}) for value in (0, 1))
    return str((int(right) - zero) // (one - zero))


def base_conversion(question: str) -> str:
    names = {"binary": 2, "hexadecimal": 16}
    found = _find(r"convert the (\S+) number (\w+) to (\S+)", question)
    source, target = (names.get(name) or int(name.removeprefix("base-")) for name in (found[1], found[3]))
    number, digits = int(found[2], source), ""
    while number:
        number, digit = divmod(number, target)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def leg_counting(question: str) -> str:
    listed = re.findall(r"(\d+) ([a-z ]+)", _find(r"if you have (.*)\?", question)[1])
    return str(sum(int(count) * LEGS[name if name in LEGS else name.removesuffix("s")] for count, name in listed))


def complex_arithmetic(question: str) -> str:
    signs = {"Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/"}
    verb, rest = _find(r"(Add|Subtract|Multiply|Divide) the complex numbers: (.*)", question).groups()
    left, right = (complex(part.replace(" ", "").replace("i", "j")) for part in re.findall(r"\(([^)]*)\)", rest))
    steps = {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else 0}
    value = complex(steps[signs[verb]])
    return f"{value.real} {'+' if value.imag >= 0 else '-'} {abs(value.imag)}i"


def caesar_cipher(question: str) -> str:
    text = _find(r"Caesar cipher text: ([A-Z ]+)\.", question)[1]
    turned = ["".join(c if c == " " else chr((ord(c) - 65 + by) % 26 + 65) for c in text) for by in range(26)]
    return max(turned, key=lambda line: sum(_RARE_TO_COMMON.find(c) for c in line))


def course_schedule(question: str) -> str:
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for course, before in re.findall(r"\((\d+), (\d+)\)", _find(r"(?s)courses you have to take(.*)", question)[1]):
        sorter.add(course, before)
    try:
        sorter.prepare()
    except graphlib.CycleError:
        return "False"
    return "True"


def dice(question: str) -> str:
    sides = [int(n) for n in re.findall(r"1d(\d+)", _find(r"these dice: (.*?)\.", question)[1])]
    least = int(_find(r"rolling (\d+) or higher", question)[1])
    ways = functools.reduce(np.convolve, [np.ones(n, dtype=int) for n in sides])[least - len(sides) :].sum()
    odds = Fraction(int(ways), math.prod(sides))
    return f"{odds.numerator}/{odds.denominator}"


def aiw(question: str) -> str:
    return str(int(_find(r"(?=.*she also has).*?(\d+) (?:sisters|female)", question)[1]) + 1)


def simple_geometry(question: str) -> str:
    angles = [float(angle) for angle in re.findall(r"([\d.]+)°", _find(r"convex (?:polygon|\d+-gon)(.*)", question)[1])]
    return f"{180 * (len(angles) - 1) - sum(angles):g}"


def largest_island(question: str) -> str:
    from scipy.ndimage import label

    rows = _find(r"binary matrix grid:\n([01 \n]+)\n\n", question)[1].split("\n")
    islands, _ = label([_integers(row) for row in rows])
    return str(max(np.bincount(islands.ravel())[1:], default=0))


def basic_arithmetic(question: str) -> str:
    return str(_evaluate(_find(r"Calculate (.*)\.", question)[1].strip(), {}))


def rotate_matrix(question: str) -> str:
    degrees, rows = _find(r"Rotate the matrix below by (\d+) degrees clockwise:\n([\d \n]+)", question).groups()
    turned = np.rot90([_integers(row) for row in rows.strip().split("\n")], -int(degrees) // 90)
    return "\n".join(" ".join(map(str, row)) for row in turned)


def _evaluate(expression: str, names: dict[str, int]) -> int:
    """The value of an integer expression in + - * / (rounded down) and ``names``, read from its tree, never by eval."""
    steps: dict[type, Callable[[int, int], int]] = {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.floordiv,
    }

    def value(node: ast.expr) -> int:
        match node:
            case ast.BinOp():
                return steps[type(node.op)](value(node.left), value(node.right))
            case ast.UnaryOp(op=ast.USub()):
                return -value(node.operand)
            case ast.Name():
                return names[node.id]
            case ast.Constant(value=int(number)):
                return number
        raise ValueError(UNREADABLE)

    return value(ast.parse(expression, mode="eval").body)


SOLVERS: dict[str, Callable[[str], str]] = {
    solver.__name__: solver
    for solver in (
        *(gcd, letter_counting, spell_backward, chain_sum),
        *(fraction_simplification, count_bits, number_filtering, word_sequence_reversal),
        *(lcm, prime_factorization, count_primes, simple_equations),
        *(products, base_conversion, leg_counting, complex_arithmetic),
        *(caesar_cipher, course_schedule, dice, aiw),
        *(simple_geometry, largest_island, basic_arithmetic, rotate_matrix),
    )
}


def solve(family: str, question: str) -> str:
    """What the tool that serves ``family`` makes of ``question``; `UNREADABLE` where it can make nothing of it."""
    try:
        return SOLVERS[family](question)
    except (ValueError, KeyError, SyntaxError, TypeError, ZeroDivisionError):
        return UNREADABLE


def solve_any(families: Sequence[str], question: str) -> str:
    """What a tool that serves all of ``families`` makes of ``question``."""
    return next((read for family in families if (read := solve(family, question)) != UNREADABLE), UNREADABLE)
