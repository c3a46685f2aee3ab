"""Exercises of lab 02: rebuild memory from its log, undo an attack, find what is only forgotten."""

from __future__ import annotations

from functools import partial
from typing import Any

from memlab.course import Exercise

EMPTY: dict[str, Any] = {}
FIRST = {"text": "Ann: gcd of 8 and 12", "action": "sum", "q": 0.0}
LOG = [
    {"op": op, "case_id": case_id, "after": after}
    for op, case_id, after in (
        ("write", "a", FIRST),
        ("step", "", {"task": "t1", "action": "sum", "reward": 0.0}),
        ("rewrite", "a", {"action": "common", "q": 1.0}),
        ("forget", "a", {}),
        ("write", "c", {"text": "Ann asks for 2 + 2", "action": "sum", "q": 1.0}),
        ("rewrite", "c", {"text": "2 + 2"}),
        ("write", "e", {"text": "3 + 4", "action": "sum", "q": 1.0}),
        ("rewrite", "e", {"text": "3 + 4, said Ann"}),
        ("restore", "a", {}),
        ("rewrite", "a", {"q": 0.5}),
        ("forget", "e", {}),
    )
]


def rebuild(rows: Any, ignore: str = "", whole: bool = False) -> dict[str, Any]:
    """The live cases, id to fields, after ``rows``; the options make the mistakes that get a hint of their own."""
    live, gone = dict[str, Any](), dict[str, Any]()
    for op, name, after in [(row["op"], row["case_id"], row["after"]) for row in rows if row["op"] != ignore]:
        if op == "write":
            live[name] = after
        elif op == "rewrite" and name in live:
            live[name] = after if whole else live[name] | after
        elif op == "forget":
            gone[name] = live.pop(name)
        elif op == "restore" and name not in live:
            live[name] = gone.pop(name)
    return live


def once(rows: Any, word: str) -> set[str]:
    """The cases whose text once held ``word``."""
    return {row["case_id"] for row in rows if word in row["after"].get("text", "")}


def remains(rows: Any, word: str) -> set[str]:
    """The cases whose text once held ``word`` and in memory no longer does."""
    live = rebuild(rows)
    return {name for name in once(rows, word) if word not in live.get(name, {}).get("text", "")}


def _undo(answer: Any) -> str | None:
    if not isinstance(answer, dict):
        return 'write the arguments of revert as a dict, such as {"episode": 3}'
    for name in answer.keys() - {"version", "since", "episode", "author", "ids", "derived", "keep_later"}:
        return f"no argument {name!r}: the names are in the text above"
    more, mine = {"version", "since", "episode", "ids"} & answer.keys(), answer.get("author") == "attacker"
    if {"version", "since"} & more and not mine:
        return "that takes back what Ann did as well: whose edits do you want to be rid of?"
    if not mine:
        return "the attacker came in two episodes, to two cases: which argument finds all of that?"
    if more:
        return f"the author's name finds all that the attacker did: leave out {', '.join(sorted(more))}"
    if answer.get("keep_later") is not True:
        return "refused, as you saw: Ann changed a field after the attacker did. Should her value stay?"
    return None if answer.get("derived") is True else "the planted lesson goes, what the agent made of it stays"


EXERCISES = {
    "02.1": Exercise(
        start="row by row: what does each op do to the cases that are live, and what must be kept of those that go?",
        solution=rebuild,
        cases=((LOG,),),
        mistakes={
            "forgotten cases are still there": partial(rebuild, ignore="forget"),
            "case 'a' was restored, and is missing": partial(rebuild, ignore="restore"),
            "rewrites are missing": partial(rebuild, ignore="rewrite"),
            "a rewrite leaves the fields that it does not name": partial(rebuild, whole=True),
            "restore brings a case back as it last was": lambda rows: rebuild(rows) | {"a": FIRST | {"q": 0.5}},
            "a restored case has lost its fields": lambda rows: rebuild(rows) | {"a": {"q": 0.5}},
            "a row of op 'step' is a use of memory, no case": lambda rows: rebuild(rows) | {"": rows[2]["after"]},
            "a row of op 'step' has no case: leave it out": lambda rows: EMPTY[""],
            "put aside what is forgotten, or restore cannot find it": lambda rows: EMPTY["a"],
        },
        praise="the log is enough",
    ),
    "02.2": Exercise(
        start="who did it, what came of it, and what should become of the work that Ann did later?",
        solution={"author": "attacker", "derived": True, "keep_later": True},
        judge=_undo,
        praise="the attack and what came of it go, Ann's work stays",
    ),
    "02.3": Exercise(
        start="which rows bring a text into memory, and where does memory no longer show the word?",
        solution=remains,
        cases=((LOG, "Ann"),),
        mistakes={
            "not every row names a text: try row['after'].get('text', '')": lambda rows, word: EMPTY["text"],
            "leave out the cases whose text in memory still holds the word": once,
            "these are the cases that memory still shows": lambda rows, word: once(rows, word) - remains(rows, word),
            "case 'c' is live, but its text was rewritten": lambda rows, word: once(rows, word) - set(rebuild(rows)),
            "a rewrite leaves words behind, and so does a forget": lambda rows, word: set(),
        },
    ),
}
