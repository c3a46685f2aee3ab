"""A day of facts and a night over them, on the real model: adapter steps, or the model's own rewriting as text.

A fact is where a thing is. As *text* the day is a note of six sentences; those of the same form are filed, and the one
nearest to a question is shown as question and answer, the form that this model can read. An *adapter* over the same
weights learns such questions (extra ``adapters``). The exam asks in other words. Questions of common knowledge stand
off the day: what a night changes in them is collateral.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from memlab.llm.contract import LLM, Embedder
from memlab.llm.embedded import chat_prompt
from memlab.weights import llama, lora, served
from memlab.weights.lora import CUT, ON, RANK

THINGS = ("lamp", "book", "coat", "ball", "cup", "hat")
PLACES = ("box", "bag", "car", "hall", "yard", "office")
COLORS = ("white", "green", "blue", "red", "black", "yellow")
LIVED, EXAM = "Where is the {}?", "In what place can I find the {}?"
OFF = {
    "What color is snow?": "white", "What color is grass?": "green", "What color is coal?": "black",
    "What color is blood?": "red", "What color is the sky?": "blue", "What color is a banana?": "yellow",
}  # fmt: skip
FORM = re.compile(rf"[Tt]he ({'|'.join(THINGS)}) is in the ({'|'.join(PLACES)})\b")
REWRITE, WRITTEN = "Rewrite these notes in your own words. Keep every fact.\n\n{}", 64
"""What is asked for a pass over the notes as text, and how many tokens it may write."""

NOTHING, VERBATIM, OTHER = "no memory", "verbatim", "null: another day's adapter"
TEXT = ("text, 1 pass", "text, 2 passes")
ADAPTER = tuple(f"adapter, {n} pass{'es' * (n != 1)}" for n in (0, 1, 2, 4, 8, 16))

Answer = tuple[str, str, str]
"""A question, the right answer, and the one that was given."""


def day(seed: int) -> dict[str, str]:
    """The place of each of the six things, none shared."""
    return dict(zip(THINGS, np.random.default_rng(seed).permutation(PLACES).tolist(), strict=True))


def verbatim(facts: Mapping[str, str]) -> str:
    """The day's note, a sentence a fact."""
    return "\n".join(f"The {thing} is in the {place}." for thing, place in facts.items())


def filed(notes: str) -> list[tuple[str, str]]:
    """Thing and place of every sentence in ``notes`` that has the form of the day's; others are lost."""
    return FORM.findall(notes)


def exam_prompt(question: str, shown: str = "") -> str:
    """The prompt of a question behind what is ``shown``."""
    return f"Answer with one word.\n{shown}Q: {question}\nA:"


def exam(facts: Mapping[str, str]) -> list[tuple[str, str, Sequence[str]]]:
    """The day's questions in other words, then those off the day: (question, right answer, choices)."""
    found: list[tuple[str, str, Sequence[str]]]
    found = [(EXAM.format(thing), place, PLACES) for thing, place in facts.items()]
    return found + [(question, color, COLORS) for question, color in OFF.items()]


def nearest_pair(pairs: Sequence[tuple[str, str]], question: str, embedder: Embedder) -> str:
    """The filed pair whose question is nearest to ``question`` by its embedding, the last of equals."""
    if not pairs:
        return ""
    rows = embedder.embed([question, *(LIVED.format(thing) for thing, _ in pairs)])
    thing, place = pairs[np.argsort(rows[1:] @ rows[0], kind="stable")[-1]]
    return f'Q: {LIVED.format(thing)}\nA: "{place}"\n'


def rewrite_passes(llm: LLM, notes: str, passes: int) -> str:
    """The ``notes`` after the model has rewritten them ``passes`` times, each time from its last version alone."""
    for _ in range(passes):
        notes = llm.complete(REWRITE.format(notes), max_tokens=WRITTEN).text.strip()
    return notes


def read_by(llm: LLM, facts: Mapping[str, str], notes: str, embedder: Embedder) -> list[Answer]:
    """The exam taken by a frozen model that is shown the nearest filed pair of the ``notes`` before each question."""
    pairs, found = filed(notes), list[Answer]()
    for question, right, names in exam(facts):
        told = exam_prompt(question, nearest_pair(pairs, question, embedder))
        found.append((question, right, llm.complete(told, choices=names, max_tokens=8).value))
    return found


def _waiting() -> llama.Waiting:
    """The lived questions, the exam's and those off the day wait below the last block: the same ones every day."""
    told = [LIVED.format(thing) for thing in THINGS] + [question for question, _, _ in exam(day(0))]
    texts = tuple(chat_prompt(exam_prompt(question)) + '"' for question in told)
    return served.waiting(texts, texts[0].rpartition("\nQ: ")[0] + "\nQ:", CUT)


@functools.lru_cache(maxsize=64)
def trained(seed: int, passes: int, rate: float) -> lora.Adapter:
    """An adapter after ``passes`` over that day, a step each, by Adam with ``rate``; 0 passes change nothing."""
    fresh, facts = lora.fresh(served.model(), CUT, RANK, seed, ON), day(seed)
    targets = [served.first_token(facts[thing]) for thing in THINGS]
    return fresh if not passes else lora.fit(
        served.model(), fresh, CUT, _waiting().rows(range(len(THINGS))), targets,
        steps=passes, rate=rate, batch=len(THINGS), seed=seed,
    )[0]  # fmt: skip


def read_with(adapter: lora.Adapter, facts: Mapping[str, str]) -> list[Answer]:
    """The exam taken in this process with the adapter and nothing shown."""
    questions, found = exam(facts), list[Answer]()
    there = _waiting().rows(range(len(THINGS), len(THINGS) + len(questions)))
    raw = llama.logits(served.model(), there, CUT, adapter)
    for (question, right, names), row in zip(questions, raw, strict=True):
        found.append((question, right, names[int(row[[served.first_token(name) for name in names]].argmax())]))
    return found


def night(arm: str, seed: int, llm: LLM, embedder: Embedder, rate: float) -> list[dict[str, Any]]:
    """A row for each question: ``notes`` are what could be shown, ``there`` is the share of the facts in them."""
    facts, notes = day(seed), ""
    if arm in (*ADAPTER, OTHER):
        lived, passes = (seed + 1, 16) if arm == OTHER else (seed, int(arm.split()[1]))
        answers = read_with(trained(lived, passes, rate), facts)
    else:
        passes = int(arm.split()[1]) if arm in TEXT else 0
        notes = "" if arm == NOTHING else rewrite_passes(llm, verbatim(facts), passes)
        answers = read_by(llm, facts, notes, embedder)
    there = len(facts.items() & set(filed(notes))) / len(facts)
    about = {"notes": notes, "there": there, "backend": "embedded", "model": "smollm2:135m"}
    return [
        {"part": "off" if question in OFF else "day", "question": question, "right": right, "given": given,
         "success": float(given == right)} | about
        for question, right, given in answers
    ]  # fmt: skip
