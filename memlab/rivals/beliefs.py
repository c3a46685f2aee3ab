"""A belief over the tools of each kind of question: Bayes' rule over histories of shared changes, kept as a beam.

The world that it holds possible: one tool serves each kind of question; now and then, at a rate that is learned, a
change moves many kinds at once, or an old arrangement comes back; a share of the rewards is reported the wrong way
round. Given a history (when a change came, and whether to something new or old), the kinds are independent and their
beliefs exact; with `Bets.ways` other than (0, 0), and after a return, they are approximations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.rivals.bets import Bets
from memlab.rivals.outlook import Outlook

Floats = NDArray[np.float64]
SMOOTH = 0.01
"""Added to every tool of a prior, so that what the model calls impossible can still be learned."""


@dataclass(frozen=True)
class Beliefs:
    """Weighted histories after ``time`` tasks: G settings, B histories of each, F kinds, K tools.

    ``log_w`` (G, B) sums to 1 in exp; ``changes`` and ``olds`` (G, B) count changes and arrangements kept. Of the
    arrangement now and of the last R, newest first: ``held`` (G, B, 1 + R, F, K) is the belief, ``way`` (G, B, 1 + R)
    the way in which it found its tools, ``trust`` (G, B, 1 + R) how far the model's prior still holds in it for a kind
    not met yet. ``evidence`` is the log probability of all rewards so far.
    """

    bets: Bets
    tools: int
    time: int
    evidence: float
    log_w: Floats
    changes: Floats
    olds: Floats
    held: Floats
    way: NDArray[np.intp]
    trust: Floats

    @classmethod
    def start(cls, bets: Bets, tools: int) -> Beliefs:
        """Nothing seen yet: one history for each way."""
        size, depth, ways = (bets.grid.shape[1], bets.beam), 1 + bets.past, len(bets.ways)
        log_w = np.full(size, -np.inf)
        log_w[:, :ways] = -np.log(size[0] * ways)
        way = np.broadcast_to(np.minimum(np.arange(bets.beam), ways - 1)[:, None], (*size, depth))
        none, nothing = np.zeros(size), np.zeros((*size, depth, 0, tools))
        return cls(bets, tools, 0, 0.0, log_w, none, none, nothing, way, np.ones((*size, depth)))

    def outlook(self, kind: int, prior: Floats, far: Floats) -> Outlook:
        """What is expected of a question of ``kind`` (F for a new one), whose ``prior`` (K,) is p_LLM(a|s).

        ``far`` (F,) or longer is 1 for kinds of question unlike this one and falls to 0 for those that resemble it.
        """
        bets, held, kinds = self.bets, self.held, self.held.shape[3]
        if kind == kinds:
            trust = self.trust[..., None]
            new = trust * smoothed(prior) + (1 - trust) / self.tools
            held, kinds = np.concatenate([held, new[..., None, :]], axis=3), kinds + 1
        moves, (alone, reuse) = bets.grid[1][:, None, None, None, None], np.array(bets.ways).T
        now, past = held[:, :, :1], held[:, :, 1:]
        kept = np.arange(bets.past) < self.olds[..., None]
        served = np.maximum(now[:, :, 0].max(axis=2), (past.max(axis=3) * kept[..., None]).max(axis=2, initial=0.0))
        moved = (1 - moves) * now + moves * _redrawn(now, 1 + reuse[:, None, None] * served[:, :, None, None, :])
        options = np.concatenate([now, moved, (1 - bets.slip) * past + bets.slip * _redrawn(past, 1.0)], axis=2)
        if not bets.shared:
            options[:, :, :, np.arange(kinds) != kind] = now[:, :, :, np.arange(kinds) != kind]
        before, after = bets.hazard
        change = ((self.changes + before) / (self.time + before + after) * (self.time > 0))[..., None]
        back = np.where(self.olds > 0, bets.returns, 0.0)[..., None]
        some = np.broadcast_to(change * (1 - back) / len(alone), (*change.shape[:2], len(alone)))
        again = change * back / np.maximum(self.olds, 1)[..., None] * kept
        with np.errstate(divide="ignore"):
            log_w = self.log_w[..., None] + np.log(np.concatenate([1 - change, some, again], axis=2))
        way = self.over(self.way, np.arange(len(alone)))
        tools = options[:, :, :, kind]
        if kinds > 1 and alone.any():
            apart = np.where(np.arange(kinds) == kind, 0.0, far[:kinds])[:, None]
            tools = tools * np.prod(1 - alone[way][..., None, None] * apart * options, axis=3)
            tools = tools / tools.sum(axis=-1, keepdims=True)
        return Outlook(replace(self, held=held), kind, options, way, log_w, tools)

    def over(self, what: NDArray[Any], moved: NDArray[Any]) -> NDArray[Any]:
        """Of ``what`` (G, B, 1 + R) an entry for each option: as it is, as each way of moving has it, as it was."""
        new = np.broadcast_to(moved, (*what.shape[:2], len(self.bets.ways)))
        return np.concatenate([what[:, :, :1], new, what[:, :, 1:]], axis=2)

    def weights(self) -> Floats:
        """How much each history counts, shape (G, B), sum 1."""
        return np.exp(self.log_w)

    def now(self) -> Floats:
        """What each kind is believed to be served by, shape (F, K); rows sum to 1."""
        return np.einsum("gb,gbfk->fk", self.weights(), self.held[:, :, 0])


def smoothed(prior: Floats) -> Floats:
    """A prior (K,) in which nothing is impossible; sums to 1."""
    return (prior + SMOOTH) / (prior + SMOOTH).sum()


def _redrawn(beliefs: Floats, weight: Floats | float) -> Floats:
    """Beliefs of kinds that surely moved: any tool but the one before, by ``weight``."""
    other = (1 - beliefs) * weight
    return other / other.sum(axis=-1, keepdims=True)
