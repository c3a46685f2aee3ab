"""Checks of lab 02: rebuild memory from the log, find what a forgotten case leaves, extrapolate a cost."""

from __future__ import annotations

import copy
from typing import Any

from memlab.course import exercise, value


def _row(op: str, case_id: str, **after: Any) -> dict[str, Any]:
    return {"op": op, "case_id": case_id, "after": after}


LOG: list[dict[str, Any]] = [
    _row("write", "a", text="Ann: gcd of 8 and 12", action="sum", q=0.0),
    _row("write", "b", text="spell cat backward", action="reverse", q=1.0),
    _row("step", "", task="t1", action="sum", reward=0.0),
    _row("rewrite", "a", action="common", q=1.0),
    _row("forget", "a"),
    _row("write", "c", text="Ann asks for 2 + 2", action="sum", q=1.0),
    _row("write", "d", text="Ann: count 1 bits of 9", action="bits", q=1.0),
    _row("rewrite", "c", text="2 + 2"),
    _row("write", "e", text="3 + 4", action="sum", q=1.0),
    _row("rewrite", "e", text="3 + 4, said Ann"),
    _row("forget", "b"),
    _row("restore", "a"),
    _row("rewrite", "a", q=0.5),
    _row("forget", "e"),
]
"""A short log with every op; the text of a case that is gone, or was rewritten, still stands in it."""


def rebuild(rows: list[dict[str, Any]], ignore: str = "", whole: bool = False, first: bool = False) -> dict[str, Any]:
    """The live cases, id to fields, after ``rows``; the options make the mistakes that get a hint of their own."""
    live: dict[str, Any] = {}
    gone: dict[str, Any] = {}
    written: dict[str, Any] = {}
    for row in rows:
        op, name = row["op"], row["case_id"]
        if op == ignore:
            continue
        if op == "write":
            live[name] = written[name] = dict(row["after"])
        elif op == "rewrite" and name in live:
            live[name] = dict(row["after"]) if whole else live[name] | row["after"]
        elif op == "forget":
            gone[name] = live.pop(name)
        elif op == "restore" and name not in live:
            live[name] = written[name] if first else gone.pop(name)
    return live


def remains(rows: list[dict[str, Any]], word: str) -> set[str]:
    """The cases whose text once held ``word`` and in memory no longer does."""
    once = {row["case_id"] for row in rows if word in row["after"].get("text", "")}
    return {name for name in once if word not in rebuild(rows).get(name, {}).get("text", "")}


@exercise("02.1", "go through rows in order and keep two dicts: the cases that are live, and those that are gone")
def rebuild_function(answer: Any) -> str | None:
    """A function ``rows -> {case id: fields}`` that folds the log."""
    rows = copy.deepcopy(LOG)
    try:
        found = value(answer, rows)
    except KeyError as missing:
        return f"your code looks for {missing} where it is not: skip rows of op 'step', and set aside what is forgotten"
    if not isinstance(found, dict):
        return f"return a dict of case id to fields, got {type(found).__name__}"
    if rows != LOG:
        return "your code changes the rows it reads: make a new dict, as in live[id] | row['after']"
    if "" in found:
        return "rows of op 'step' record a use of memory, they are no case: skip them"
    wrong = {
        "forgotten cases are still there: on 'forget' take the case out of the live ones": rebuild(LOG, "forget"),
        "case 'a' was restored, and is missing": {n: c for n, c in rebuild(LOG).items() if n != "a"},
        "a rewrite changes the fields it names and leaves the others: merge the two dicts": rebuild(LOG, whole=True),
        "restore brings a case back as it last was, not as it was first written": rebuild(LOG, first=True),
        "rewrites are missing: on 'rewrite' merge row['after'] into the case": rebuild(LOG, "rewrite"),
    }
    for hint, typical in wrong.items():
        if found == typical:
            return hint
    right = rebuild(LOG)
    return None if found == right else f"expected the live cases {right}, got {found}"


@exercise(
    "02.2", "collect the ids of the rows whose after['text'] holds the word, then leave out what memory still shows"
)
def remains_function(answer: Any) -> str | None:
    """A function ``(rows, word) -> ids`` of cases that only the log still remembers."""
    found = value(answer, copy.deepcopy(LOG), "Ann")
    if isinstance(found, str | dict) or not hasattr(found, "__iter__"):
        return f"return a set of case ids, got {type(found).__name__}"
    found = set(found)
    right, live = remains(LOG, "Ann"), rebuild(LOG)
    once = {row["case_id"] for row in LOG if "Ann" in row["after"].get("text", "")}
    written = {row["case_id"] for row in LOG if row["op"] == "write" and "Ann" in row["after"]["text"]}
    wrong = {
        "these are all cases that ever held the word: leave out those whose text in memory still does": once,
        "these are the cases that memory still shows: wanted are the others": once - right,
        "case 'c' is live, but its text was rewritten: the old words are in the log all the same": once - set(live),
        "case 'e' got the word by a rewrite before it was forgotten: look at every row, not at writes alone": (
            written & right
        ),
        "both a rewrite and a forget leave words behind: look at every row with a text": written - set(live),
    }
    for hint, typical in wrong.items():
        if found == typical:
            return hint
    if "a" in found:
        return "case 'a' was forgotten and restored: it is in memory, so it is not what only the log remembers"
    return (
        None if found == right else f"for the word 'Ann' in the check's log expect {sorted(right)}, got {sorted(found)}"
    )


@exercise("02.3", "disk grows with the square of the number of commits: scale 384 MB by (1,000,000 / 3,000) squared")
def terabytes(answer: Any) -> str | None:
    """Terabytes of a million one-row commits, from 384 MB at 3,000 and growth with n squared."""
    factor = 1_000_000 / 3_000
    wrong = {
        "this is growth in proportion to n: every commit also lists all commits before it": 384e6 * factor / 1e12,
        "this is in megabytes: a terabyte is a million of them": 384 * factor**2,
        "this is in gigabytes: divide by 1,000": 384 * factor**2 / 1e3,
        "this is the cube: the list of each commit is as long as n, and there are n of them": 384e6 * factor**3 / 1e12,
    }
    for hint, typical in wrong.items():
        if abs(answer / typical - 1) < 0.02:
            return hint
    right = 384e6 * factor**2 / 1e12
    return None if abs(answer / right - 1) < 0.02 else f"expected about {right:.0f} TB, got {answer}"
