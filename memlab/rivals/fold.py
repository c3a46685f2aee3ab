"""The log of cases, folded into beliefs: which kind of question each belongs to, and what is believed after it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.core import Case, Reply
from memlab.credit.rules import GOOD
from memlab.rivals.beliefs import Beliefs, Outlook
from memlab.rivals.bets import Bets

BELIEF, WORLD, BEFORE = "belief:", "belief:world", "belief:before/"


def kind_of(resembles: NDArray[Any], near: float) -> int:
    """The kind of a question: that whose cases resemble it most, at ``near`` or above, else a new one.

    ``resembles`` (F,) is the mean similarity to the cases of each kind (average linkage). On set A a threshold of .35
    mixed no two kinds and left 1 of 20 questions outside of its kind's largest part, with word vectors and with hashed
    words; asking for a single near case at .5, as the prototype did, left 2.
    """
    return int(resembles.argmax()) if resembles.max(initial=-1.0) >= near else len(resembles)


class Fold:
    """Cases taken in one after the other, in the order in which they were lived. ``tools`` are all names there are."""

    def __init__(self, bets: Bets, near: float, tools: Iterable[str]) -> None:
        self.near, self.tools = near, tuple(sorted(set(tools)))
        self.cases: dict[str, Case] = {}
        self.kinds: list[int] = []
        self.beliefs = Beliefs.start(bets, len(self.tools))
        self.last: tuple[list[int], str] = ([-1], "")
        self.written = False
        self._looked: tuple[Any, Outlook] | None = None

    def holds(self, cases: Mapping[str, Case], tools: Iterable[str]) -> bool:
        """Whether a fold of ``cases`` over ``tools`` would begin with this one."""
        new = [case for name, case in cases.items() if name not in self.cases]
        same = all(cases.get(name) == case for name, case in self.cases.items())
        later = all(order(case) > self.last for case in new)
        return same and later and {*tools, *(case.action for case in new)} <= set(self.tools)

    def take(self, case: Case) -> None:
        """What ``case`` teaches. The cases come in their `order`."""
        assert case.vector is not None
        look = self.look(case.vector, said(case))
        self.kinds.append(look.kind)
        self.cases[case.id], self.last = case, order(case)
        self.beliefs = look.after(self.tools.index(case.action), case.reward >= GOOD)

    def look(self, vector: NDArray[Any], prior: Mapping[str, float]) -> Outlook:
        """What is expected of a question with this ``vector``, for which the model gives ``prior`` (empty: uniform)."""
        asked = (len(self.cases), vector.tobytes(), tuple(prior.items()))
        if self._looked is None or self._looked[0] != asked:  # a task is looked at twice: to choose, and to learn
            known = np.array([case.vector for case in self.cases.values()]).reshape(-1, len(vector))
            similarity = np.round((known @ vector).astype(float), 6)
            resembles = np.bincount(self.kinds, similarity) / np.bincount(self.kinds) if self.kinds else np.zeros(0)
            p = np.array([prior.get(tool, 0.0) for tool in self.tools])
            p = p / p.sum() if p.sum() > 0 else np.full(len(p), 1 / len(p))
            far = np.append(np.clip(1 - resembles / self.near, 0, 1), 0.0)
            self._looked = (asked, self.beliefs.outlook(kind_of(resembles, self.near), p, far))
        return self._looked[1]

    def names(self) -> list[str]:
        """The id of the memory that holds what is believed of each kind: it is named after the kind's first case."""
        ids = list(self.cases)
        return [BELIEF + ids[self.kinds.index(kind)] for kind in range(self.beliefs.held.shape[3])]

    def memories(self) -> list[Case]:
        """What is believed, as it is kept in a store: rounded to .01, so that only what moved is rewritten."""
        names, first = self.names(), {kind: self.kinds.index(kind) for kind in set(self.kinds)}
        cases, kept = list(self.cases.values()), []
        for kind, row in enumerate(self.beliefs.now()):
            one, uses = cases[first[kind]], self.kinds.count(kind)
            best = {"action": self.tools[int(row.argmax())], "q": round(float(row.max()), 2)}
            kept.append(self._memory(names[kind], one.text, self._shares(row), uses=uses, vector=one.vector, **best))
        weights, grid = self.beliefs.weights(), self.beliefs.bets.grid
        noise, changes = weights.sum(axis=1) @ grid[0], (weights * self.beliefs.changes).sum()
        world = {"noise": round(float(noise), 2), "changes": round(float(changes), 1)}
        kept.append(self._memory(WORLD, "what is believed of all questions", world))
        top = np.unravel_index(weights.argmax(), weights.shape)
        for age in range(int(self.beliefs.olds[top])):
            best_then = self.beliefs.held[top][1 + age].argmax(axis=1)
            number = int(self.beliefs.changes[top]) - age
            then = {name: self.tools[tool] for name, tool in zip(names, best_then, strict=True)}
            kept.append(self._memory(f"{BEFORE}{number}", f"what served before change {number}", then))
        return kept

    def _shares(self, row: NDArray[np.float64]) -> dict[str, float]:
        return {tool: round(float(p), 2) for tool, p in zip(self.tools, row, strict=True) if p >= 0.005}

    @staticmethod
    def _memory(name: str, text: str, told: Mapping[str, Any], **fields: Any) -> Case:
        return Case(name, text, note=json.dumps(told), kind="tool", **fields)


def _note(case: Case) -> dict[str, Any]:
    """What a believer noted on ``case``; nothing where another wrote it."""
    try:
        told = json.loads(case.note)
        fits = isinstance(told["p"], dict) and all(isinstance(place, int) for place in told["at"])
    except (ValueError, TypeError, KeyError):
        return {}
    return told if fits else {}


def said(case: Case) -> dict[str, float]:
    """p_LLM(a|s) as the model gave it when ``case`` was lived; empty where it was not asked."""
    return {name: p for name, p in _note(case).get("p", {}).items() if isinstance(p, float | int) and 0 <= p <= 1}


def order(case: Case) -> tuple[list[int], str]:
    """Where ``case`` stands among the others: cases that no believer wrote come first."""
    return _note(case).get("at", [-1, case.episode]), case.id


def prior(choices: Sequence[str], reply: Reply | None) -> dict[str, float]:
    """p_LLM(a|s) of a reply, rounded to 1e-6; uniform without one, and certain where the server gives no logprobs."""
    if reply is None:
        return dict.fromkeys(choices, 1.0)
    probs = reply.choice_probs or {reply.value: 1.0}
    return {choice: round(probs.get(choice, 0.0), 6) for choice in choices}
