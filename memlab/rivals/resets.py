"""The filter that resets: Bayes' rule over the near cases in order, with a chance that each task begun a change.

A change-point filter as in Adams and MacKay (0710.3742), reduced to one hypothesis: between two cases t tasks apart,
the belief over the tools moves a share 1 − (1−h)^t toward uniform; each case then multiplies it by the chance of its
reward. Every query starts from the model's p_LLM(a|s), so one call a step. It shares nothing between kinds of question,
keeps no old arrangement, and h and ε are given, not learned (tuned in the prototype: h = .1, ε = .005).
Build it as ``with_memory(TopK(k=0), narrow_below=None, make=Resets)``: the model sees no case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from memlab.agent import Agent, Choice, Query
from memlab.core import Case
from memlab.credit.rules import GOOD
from memlab.retrieval.policies import shortlist
from memlab.rivals.beliefs import smoothed
from memlab.rivals.fold import prior


def filtered(
    prior: np.ndarray, cases: Iterable[Case], tools: Sequence[str], now: int, hazard: float, noise: float
) -> np.ndarray:
    """The belief over ``tools`` (K,) at task ``now``, after the near ``cases`` in the order of their episodes."""
    belief, last = smoothed(prior), None
    for case in sorted(cases, key=lambda case: case.episode):
        belief = _drifted(belief, 0 if last is None else case.episode - last, hazard)
        wrong = noise if case.reward >= GOOD else 1 - noise
        belief = belief * [1 - wrong if tool == case.action else wrong for tool in tools]
        belief, last = belief / belief.sum(), case.episode
    return _drifted(belief, 0 if last is None else now - last, hazard)


def _drifted(belief: np.ndarray, tasks: int, hazard: float) -> np.ndarray:
    return belief + (1 - (1 - hazard) ** tasks) * (1 / len(belief) - belief)


class Resets(Agent):
    """Takes the tool that `filtered` favors; ties are broken at random."""

    noise, near = 0.005, 0.5

    def __init__(self, *parts: Any, hazard: float = 0.1, **named: Any) -> None:
        super().__init__(*parts, **named)
        self.hazard = hazard

    def plan(self, query: Query) -> Choice:
        """One call, for the prior; the near cases decide with it."""
        assert self.store is not None
        choice = super().plan(query)
        near = shortlist(query.vector, self.store, len(self.store), self.near)
        tools = choice.choices
        start = np.array(list(prior(tools, choice.reply).values()))
        belief = filtered(start, near.cases, tools, query.task.index, self.hazard, self.noise)
        best = int(np.argmax(belief + 1e-9 * query.rng.random(len(belief))))
        return replace(choice, action=tools[best])
