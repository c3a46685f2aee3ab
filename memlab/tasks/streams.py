"""Streams of tasks. A new seed draws new questions, new families and a new order.

- *stationary*: each family is served by the tool that its name suggests, throughout.
- *drift*: from the middle on, every family is served by another of the set's tools; the old advice is now wrong.
- *deceptive*: each question begins with the desk it is meant for; the north and the south desk use different tools.
- *noisy*: as stationary, but `NOISE` of the rewards are reported the wrong way round.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from memlab.core import MemlabError, Task
from memlab.datafiles import data
from memlab.tasks import toolbox
from memlab.tasks.scorers import score_answer
from memlab.tasks.tools import solve

KINDS = ("stationary", "drift", "deceptive", "noisy")
NOISE = 0.15
DESKS = ("North desk. ", "South desk. ")


def stream(world: str, kind: str, n: int, seed: int, families: int = 4, two_step: float = 0.0) -> list[Task]:
    """``n`` tasks of ``world`` ("toolbox-a" for tuning, "toolbox-b" for reports).

    ``families`` of the set's eight appear in a stream, equally often in each half, in random order. A share
    ``two_step`` of the tasks has a second step that needs the first one's result. Raises `MemlabError` for an
    unknown world or kind and for sizes that the world cannot serve.
    """
    toolbox.check_world(world)
    if kind not in KINDS:
        raise MemlabError(f"unknown stream kind {kind!r}; the kinds are {', '.join(KINDS)}")
    whole = all(isinstance(x, int | np.integer) for x in (n, seed, families)) and isinstance(two_step, float | int)
    if not whole or n < 1 or seed < 0 or not 1 <= families <= len(toolbox.NATIVE[world]) or not 0 <= two_step <= 1:
        raise MemlabError(
            f"n={n!r}, seed={seed!r}, families={families!r}, two_step={two_step!r}: need whole numbers n >= 1, "
            f"seed >= 0 and 1 <= families <= {len(toolbox.NATIVE[world])}, and 0 <= two_step <= 1"
        )
    rng = np.random.default_rng([seed, *world.encode(), 7])
    native = toolbox.NATIVE[world]
    other = dict(zip(native, _derange(list(native.values()), rng), strict=True))
    chosen = sorted(rng.choice(list(native), size=families, replace=False).tolist())
    order = _balanced(chosen, n, rng)
    # Drawn for every kind alike, so that one seed gives the same questions in the same order in all four.
    south, doubled, flipped = (rng.random(n) < share for share in (0.5, two_step, NOISE))
    deck = _Deck(rng)
    tasks = []
    for index, family in enumerate(order):
        moved = (kind == "drift" and index >= n // 2) or (kind == "deceptive" and bool(south[index]))
        serves = other if moved else native
        desk = DESKS[int(south[index])] if kind == "deceptive" else ""
        parts = _two_parts(deck, world, rng) if doubled[index] else [deck.deal(family)]
        flip = kind == "noisy" and bool(flipped[index])
        tasks.append(_task(f"{world}/{kind}/{seed}/{index}", index, world, parts, serves, desk, flip))
    return tasks


class _Deck:
    """Deals the questions of each family without repeats until they run out."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._questions = toolbox.questions(data("toolbox/questions.jsonl"))
        self._orders = {family: rng.permutation(len(rows)) for family, rows in self._questions.items()}
        self._dealt = dict.fromkeys(self._questions, 0)

    def deal(self, family: str) -> toolbox.Question:
        order, dealt = self._orders[family], self._dealt[family]
        self._dealt[family] += 1
        return self._questions[family][order[dealt % len(order)]]


def _two_parts(deck: _Deck, world: str, rng: np.random.Generator) -> list[toolbox.Question]:
    first = deck.deal(str(rng.choice(toolbox.FIRST[world])))
    family, template = list(toolbox.SECOND[world].items())[rng.integers(len(toolbox.SECOND[world]))]
    answer = solve(family, template.replace("{result}", first.answer))
    return [first, toolbox.Question(family, template, answer)]


def _task(
    task_id: str,
    index: int,
    world: str,
    parts: list[toolbox.Question],
    serves: Mapping[str, str],
    desk: str,
    flip: bool,
) -> Task:
    last = parts[-1]
    asked = last.text.replace("{result}", parts[0].answer)
    names = toolbox.tool_names(world)
    return Task(
        id=task_id,
        text=desk + " Then: ".join(part.text for part in parts),
        choices=names,
        about={name: toolbox.ABOUT[name] for name in names},
        subtasks=tuple(desk + part.text for part in parts),
        answer=last.answer,
        family="+".join(part.family for part in parts),
        tools=toolbox.toolset(world, serves),
        scorer=functools.partial(score_answer, last.family, asked, last.answer),
        serves=tuple(serves[part.family] for part in parts),
        flip=flip,
        index=index,
    )


def _derange(names: list[str], rng: np.random.Generator) -> list[str]:
    """``names`` in an order that leaves none in its place."""
    while True:
        moved = rng.permutation(names).tolist()
        if all(a != b for a, b in zip(names, moved, strict=True)):
            return moved


def _balanced(families: list[str], n: int, rng: np.random.Generator) -> list[str]:
    """``n`` family names, each equally often (within one) in each half, in random order."""
    halves = [n // 2, n - n // 2]
    return [str(name) for size in halves for name in rng.permutation((families * (size // len(families) + 1))[:size])]
