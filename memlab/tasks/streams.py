"""Streams of tasks. A new seed draws new questions, new families and a new order; the kinds of one seed share them.

- *stationary*: each family is served by the tool that its name suggests, throughout.
- *drift*: from the middle on, every family is served by another tool; the old advice is now wrong.
- *partial*: in the middle, half of the families move.
- *repeated*: every family moves after one third, and again after two.
- *recurrent*: every family moves after one third; after two, each is back with its first tool.
- *gradual*: the families move one by one, each at a time of its own in the middle half of the stream.
- *compositional*: nothing moves; each task of the second half needs the answer to a question of the first half.
- *deceptive*: each question begins with the desk it is meant for; the north and the south desk use different tools.

``+noisy15`` behind one of them reports 15 percent of the rewards the wrong way round; *noisy30* alone is stationary.

After a change the new tools come in one of the three `WAYS`, by turns of the seed, so that a learner which bets on one
of them gains nothing over the seeds: tools that served some family of the stream before, tools that never did, or
half as many tools as families, each shared by two. `Task.change` records which.
"""

import functools
import itertools
import re
from collections.abc import Mapping, Sequence

import numpy as np

from memlab.core import MemlabError, Task
from memlab.tasks import toolbox
from memlab.tasks.scorers import score_answer
from memlab.tasks.tools import solve

KINDS = ("stationary", "drift", "partial", "repeated", "recurrent", "gradual", "compositional", "deceptive", "noisy")
MOVING = ("drift", "partial", "repeated", "recurrent", "gradual")
WAYS = ("used", "unused", "shared")
NOISE = 0.15
DESKS = ("North desk. ", "South desk. ")
# Labs 03 to 06 were recorded on these: here the families of a drift exchange the tools of the whole set.
EXCHANGE = ("toolbox-a", "toolbox-b")


def stream(world: str, kind: str, n: int, seed: int, families: int = 4, two_step: float = 0.0) -> list[Task]:
    """``n`` tasks of ``world``: "toolbox-a" or "toolbox12-a" for tuning, "toolbox-b" or "toolbox12-b" for reports.

    ``kind`` is one of `KINDS`, with noise where wanted ("drift+noisy15"). ``families`` of the set's eight or twelve
    appear in a stream, equally often in each half (of a set of twelve: in each sixth), in random order. A share
    ``two_step`` of the tasks has a second step that needs the first one's result. Raises `MemlabError` for an
    unknown world or kind and for sizes that the world cannot serve.
    """
    native, (base, noise) = toolbox.own_tools(world), read_kind(kind)
    whole = all(isinstance(x, int | np.integer) for x in (n, seed, families)) and isinstance(two_step, float | int)
    if not whole or n < 1 or seed < 0 or not 1 <= families <= len(native) or not 0 <= two_step <= 1:
        raise MemlabError(
            f"n={n!r}, seed={seed!r}, families={families!r}, two_step={two_step!r}: need whole numbers n >= 1, "
            f"seed >= 0 and 1 <= families <= {len(native)}, and 0 <= two_step <= 1"
        )
    rng = np.random.default_rng([seed, *world.encode(), 7])
    other = dict(zip(native, _derange(list(native.values()), rng), strict=True))
    chosen = sorted(rng.choice(list(native), size=families, replace=False).tolist())
    exchange = world in EXCHANGE and base in ("stationary", "drift", "deceptive")
    order = _balanced(chosen, n, rng, parts=2 if world in EXCHANGE else 6)
    # Drawn for every kind alike, so that one seed gives the same questions in the same order in all of them.
    south, doubled, flipped = (rng.random(n) < share for share in (0.5, two_step, noise))
    plan = [(native, "")] * n if exchange else _plan(base, world, chosen, n, seed)
    deck = _Deck(world, rng)
    tasks: list[Task] = []
    numbers: list[toolbox.Question] = []
    for index, family in enumerate(order):
        late, (serves, change) = index >= n // 2, plan[index]
        if (base == "drift" and exchange and late) or (base == "deceptive" and bool(south[index])):
            serves = other
        desk = DESKS[int(south[index])] if base == "deceptive" else ""
        if base == "compositional" and late:
            parts = _two_parts(deck, world, rng, numbers)
        elif doubled[index]:
            parts = _two_parts(deck, world, rng)
        else:
            parts = [deck.deal(family)]
            numbers += [part for part in parts if family in toolbox.FIRST[world[-1]]]
        task_id = f"{world}/{kind}/{seed}/{index}"
        tasks.append(_task(task_id, index, world, parts, serves, desk, bool(flipped[index]), change))
    return tasks


def read_kind(kind: str) -> tuple[str, float]:
    """The kind without its noise, and the share of flipped rewards."""
    base, _, tail = str(kind).rpartition("+")
    noisy = re.fullmatch(r"noisy(\d\d)?", tail)
    if noisy:
        base, rate = base or "stationary", int(noisy[1]) / 100 if noisy[1] else NOISE
    else:
        base, rate = str(kind), 0.0
    if base not in KINDS[:-1]:
        raise MemlabError(f"unknown stream kind {kind!r}; take {', '.join(KINDS)}, noise behind a plus (drift+noisy15)")
    return base, rate


Serves = Mapping[str, str]
"""Which tool serves each family."""


def _plan(kind: str, world: str, chosen: Sequence[str], n: int, seed: int) -> list[tuple[Serves, str]]:
    """What serves at each of ``n`` tasks, and how the last change found its tools ("none": there was none yet)."""
    rng = np.random.default_rng([seed, *world.encode(), 8])
    native, names = toolbox.NATIVE[world], {*toolbox.tool_names(world)}
    movers = rng.permutation(chosen).tolist()
    if kind == "partial":
        movers = movers[: max(1, len(movers) // 2)]
    starts = {"repeated": [n // 3, 2 * n // 3], "recurrent": [n // 3]}.get(kind, [n // 2])
    changes: list[tuple[int, Serves, str]] = []
    served, now = {native[family] for family in chosen}, native
    for turn, start in enumerate(starts if kind in MOVING else (), seed):
        stay = {now[family] for family in chosen if family not in movers}
        pools = {"used": served - stay, "unused": names - served, "shared": names - stay}
        moved, way = _new_tools(now, movers, pools, turn, rng)
        now, served = {**now, **moved}, served | set(moved.values())
        changes.append((start, now, way))
    if kind == "recurrent":
        changes.append((2 * n // 3, native, "returned"))
    if kind == "gradual":
        times = sorted(rng.integers(n // 4, 3 * n // 4 + 1, len(movers)).tolist())
        changes = [(t, {**native, **{f: now[f] for f in movers[: i + 1]}}, way) for i, t in enumerate(times)]
    plan: list[tuple[Serves, str]] = [(native, "none")] * n
    for start, serves, change in changes:
        plan[start:] = [(serves, change)] * (n - start)
    return plan


def _new_tools(
    now: Serves, movers: Sequence[str], pools: Mapping[str, set[str]], turn: int, rng: np.random.Generator
) -> tuple[dict[str, str], str]:
    """Another tool for each of ``movers``, and the way: of `WAYS`, the first from ``turn`` on that has tools enough."""
    sizes = {"used": len(movers), "unused": len(movers), "shared": len(movers) // 2}
    turns = [WAYS[(turn + i) % len(WAYS)] for i in range(len(WAYS))]
    # A family that moves alone has none to exchange with, and none to share with.
    way = next(w for w in turns if sizes[w] <= len(pools[w]) and (len(movers) > 1 or w == "unused"))
    while True:
        drawn = rng.choice(sorted(pools[way]), size=sizes[way], replace=False)
        tools = rng.permutation(np.resize(drawn, len(movers))).tolist()
        if all(now[family] != tool for family, tool in zip(movers, tools, strict=True)):
            return dict(zip(movers, tools, strict=True)), way


class _Deck:
    """Deals the questions of each family without repeats until they run out."""

    def __init__(self, world: str, rng: np.random.Generator) -> None:
        self._questions = toolbox.questions_of(world)
        self._orders = {family: rng.permutation(len(rows)) for family, rows in self._questions.items()}
        self._dealt = dict.fromkeys(self._questions, 0)

    def deal(self, family: str) -> toolbox.Question:
        order, dealt = self._orders[family], self._dealt[family]
        self._dealt[family] += 1
        return self._questions[family][order[dealt % len(order)]]


def _two_parts(
    deck: _Deck, world: str, rng: np.random.Generator, known: Sequence[toolbox.Question] = ()
) -> list[toolbox.Question]:
    """A question whose answer is a number, of those ``known`` where there are any, and one that needs its answer."""
    first = known[int(rng.integers(len(known)))] if known else deck.deal(str(rng.choice(toolbox.FIRST[world[-1]])))
    seconds = toolbox.SECOND[world[-1]]
    family, template = list(seconds.items())[rng.integers(len(seconds))]
    answer = solve(family, template.replace("{result}", first.answer))
    return [first, toolbox.Question(family, template, answer)]


def _task(
    task_id: str,
    index: int,
    world: str,
    parts: list[toolbox.Question],
    serves: Serves,
    desk: str,
    flip: bool,
    change: str,
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
        tools=toolbox.toolset(world, tuple(serves.items())),
        scorer=functools.partial(score_answer, last.family, asked, last.answer),
        serves=tuple(serves[part.family] for part in parts),
        flip=flip,
        change=change,
        index=index,
    )


def _derange(names: list[str], rng: np.random.Generator) -> list[str]:
    """``names`` in an order that leaves none in its place."""
    while True:
        moved = rng.permutation(names).tolist()
        if all(a != b for a, b in zip(names, moved, strict=True)):
            return moved


def _balanced(families: list[str], n: int, rng: np.random.Generator, parts: int) -> list[str]:
    """``n`` family names, each equally often (within one) in each of ``parts``, in random order."""
    cuts = [n * i // parts for i in range(parts + 1)]
    sizes = [after - before for before, after in itertools.pairwise(cuts)]
    return [str(name) for size in sizes for name in rng.permutation((families * (size // len(families) + 1))[:size])]
