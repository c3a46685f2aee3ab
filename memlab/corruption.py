"""Relayed documents (2604.15597): what is left of a document that is edited, edited back, and so on; typed scores.

A document is a text of one of `KINDS`. The shapes of the scores are the authors' (the domain viewer of their code);
ours compares texts by difflib where they use Levenshtein, and never runs what a model wrote, as they run Python.
"""

import ast
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import SequenceMatcher
from math import sqrt
from typing import Any

from memlab.core import MemlabError

LINES = {
    "ledger": r"(?P<key>\d\d-\d\d),(?P<account>[^,]*),(?P<amount>[^,]*),(?P<comment>[^,]*)",
    "playlist": r"\d+\. (?P<key>.+?) by (?P<artist>.+?) \((?P<note>.*)\)",
    "recipe": r"(?P<key>(?:Ingredient|Step|Tip) \d+): (?P<text>.*)",
    "citations": r"\[(?P<key>\d+)\] (?P<author>.+?) (?P<year>\d+): (?P<title>.*)",
    "schedule": r"(?P<time>\d\d:\d\d) (?P<key>.+?) in (?P<room>.+?) \((?P<category>.*)\)",
    "table": r"(?P<key>[^,]*),(?P<unit>[^,]*),(?P<price>[^,]*),(?P<total>[^,]*)",
}
Fields = Mapping[tuple[str, str], str]
KINDS = (*LINES, "config", "source")


def expected_retention(q: float, trips: float, records: int | None = None) -> float:
    """The null: mean plain field accuracy after ``trips``, when each field survives a trip with chance ``q``: q^trips.

    With ``records``, the mean of coverage² when so many survive like that: p² + p(1 − p)/records with p = q^trips.
    """
    if not 0 <= q <= 1 or trips < 0:
        raise MemlabError(f"q={q}, trips={trips}: give a chance in [0, 1] and trips of 0 or more")
    p = float(q) ** trips
    return p if records is None else p * p + p * (1 - p) / records


def fields(kind: str, text: str) -> dict[tuple[str, str], str]:
    """The typed parser: ``{(record's key, name): value}`` without what cannot be read; of two, the first counts."""
    if kind not in KINDS:
        raise MemlabError(f"kind {kind!r}: take one of {', '.join(KINDS)}")
    found: dict[tuple[str, str], str] = {}
    for key, name, value in _read(kind, text):
        found.setdefault((key, name), value)
    return found


def _read(kind: str, text: str) -> Iterator[tuple[str, str, str]]:
    lines = [re.fullmatch(LINES[kind], line.strip()) for line in text.splitlines()] if kind in LINES else []
    for found in filter(None, lines):
        yield from ((found["key"], name, value) for name, value in found.groupdict().items() if name != "key")
    try:
        if kind == "config":
            yield from ((key, "value", json.dumps(value)) for key, value in dict(json.loads(text)).items())
        if kind == "source":
            parts = (ast.unparse(statement).partition(" = ") for statement in ast.parse(text).body)
            yield from ((name, "value", value) for name, _, value in parts)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return  # one missing comma, and nothing of the file can be read


def score(before: Any, after: Any, kind: str | None = None) -> float:
    """How much of ``before`` stands in ``after``, in [0, 1]; with a ``kind``, of two texts by the authors' shape.

    Without one, plain field accuracy: the share of equal entries of two mappings or sequences, of the longer one, so
    that what was made up counts too. A text is the sequence of its lines.
    """
    if kind is not None:
        both = _Pair(fields(kind, before), fields(kind, after))
        return float(SHAPES[kind](both))
    old, new = (x if isinstance(x, Mapping) else dict(enumerate(x.splitlines() if isinstance(x, str) else x))
                for x in (before, after))  # fmt: skip
    same = sum(key in new and bool(new[key] == value) for key, value in old.items())
    return same / max(len(old), len(new)) if old or new else 1.0


class _Pair:
    """Two parsed documents; called with names of fields, their mean likeness over the records that both have."""

    def __init__(self, old: dict[Any, str], new: dict[Any, str]) -> None:
        self.old, self.new, self.keys = old, new, [list(dict.fromkeys(key for key, _ in part)) for part in (old, new)]
        self.coverage = _jaccard(*self.keys)
        self.order = _ratio(*([key for key in self.keys[i] if key in self.keys[1 - i]] for i in (0, 1)))

    def __call__(self, *names: str, alike: Callable[[str, str], float] = lambda a, b: a == b) -> float:
        both = [place for place in self.old if place[1] in names and place[0] in self.keys[1]]
        return sum(alike(self.old[place], self.new.get(place, "")) for place in both) / max(len(both), 1)

    def texts(self, start: str) -> float:
        old, new = (" ".join(v for (key, _), v in x.items() if key.startswith(start)) for x in (self.old, self.new))
        return _ratio(old, new)

    def rows(self) -> float:
        old, new = ([(k, *(v for (key, _), v in x.items() if key == k)) for k in keys]
                    for x, keys in zip((self.old, self.new), self.keys, strict=True))  # fmt: skip
        head, count = bool(new and old[:1] == new[:1]), min(len(old), len(new)) / max(len(old), len(new), 1)
        return 0.5 * _jaccard(old[1:], new[1:]) + 0.25 * self.order * bool(new) + 0.15 * head + 0.1 * count


def _jaccard(a: Collection[Any], b: Collection[Any]) -> float:
    return len(set(a) & set(b)) / len(set(a) | set(b)) if a or b else 1.0


def _ratio(a: Any, b: Any) -> float:
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def _near(a: str, b: str) -> float:
    low, high = sorted(float(x) if re.fullmatch(r"\d+(\.\d+)?", x) else 0.0 for x in (a, b))
    return low / high if high else float(a == b)


SHAPES: dict[str, Callable[[_Pair], float]] = {
    "ledger": lambda d: d.coverage**2 * d("account") * d("amount", alike=_near) * (0.5 + 0.5 * sqrt(d("comment"))),
    "playlist": lambda d: d.coverage**2 * d("artist") * sqrt((d("note") + d.order) / 2),
    "recipe": lambda d: 0.4 * d.texts("Ingredient") + 0.4 * d.texts("Step") + 0.2 * d.texts("Tip"),
    "citations": lambda d: d.coverage * (0.1 * d("year") + 0.9 * d("author", "title")),
    "schedule": lambda d: d.coverage**2 * d("time", "room") * sqrt((d.order + d("category")) / 2),
    "table": lambda d: d.rows(),
    "config": lambda d: 0.3 * d.coverage + 0.7 * d.coverage * d("value"),
    "source": lambda d: d.coverage * d("value"),
}
