"""A belief over the tools of each kind of question: Bayes' rule over histories of shared changes, kept as a beam.

The world that it holds possible: one tool serves each kind of question; now and then, at a rate that is learned, a
change moves many kinds at once, or an old arrangement comes back; a share of the rewards is reported the wrong way
round. Given a history (when a change came, and whether to something new or old), the kinds are independent and their
beliefs exact; with `Bets.alone` and `Bets.reuse` above 0, and after a return, they are approximations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from memlab.rivals.bets import Bets

Floats = NDArray[np.float64]
SMOOTH = 0.01
"""Added to every tool of a prior, so that what the model calls impossible can still be learned."""


@dataclass(frozen=True)
class Beliefs:
    """Weighted histories after ``time`` tasks: G settings, B histories of each, F kinds, K tools.

    ``log_w`` (G, B) sums to 1 in exp; ``changes`` and ``olds`` (G, B) count changes and arrangements kept;
    ``held`` (G, B, 1 + R, F, K) are the beliefs now and in the last R arrangements, newest first; ``trust``
    (G, B, 1 + R) is how far the model's prior still holds for a kind not met yet. ``evidence`` is the log probability
    of all rewards so far.
    """

    bets: Bets
    tools: int
    time: int
    evidence: float
    log_w: Floats
    changes: Floats
    olds: Floats
    held: Floats
    trust: Floats

    @classmethod
    def start(cls, bets: Bets, tools: int) -> Beliefs:
        """Nothing seen yet."""
        size, depth = (bets.grid.shape[1], bets.beam), 1 + bets.past
        log_w = np.full(size, -np.inf)
        log_w[:, 0] = -np.log(size[0])
        none = np.zeros(size)
        return cls(bets, tools, 0, 0.0, log_w, none, none, np.zeros((*size, depth, 0, tools)), np.ones((*size, depth)))

    def outlook(self, kind: int, prior: Floats, far: Floats) -> Outlook:
        """What is expected of a question of ``kind`` (F for a new one), whose ``prior`` (K,) is p_LLM(a|s).

        ``far`` (F,) or longer is 1 for kinds of question unlike this one and falls to 0 for those that resemble it.
        """
        bets, held, kinds = self.bets, self.held, self.held.shape[3]
        if kind == kinds:
            trust = self.trust[..., None]
            new = trust * smoothed(prior) + (1 - trust) / self.tools
            held, kinds = np.concatenate([held, new[..., None, :]], axis=3), kinds + 1
        _, moves, alone, reuse = bets.grid[:, :, None, None, None, None]
        now, past = held[:, :, :1], held[:, :, 1:]
        moved = (1 - moves) * now + moves * _redrawn(now, 1 + reuse * now.max(axis=3, keepdims=True))
        options = np.concatenate([now, moved, (1 - bets.slip) * past + bets.slip * _redrawn(past, 1.0)], axis=2)
        if not bets.shared:
            options[:, :, :, np.arange(kinds) != kind] = now[:, :, :, np.arange(kinds) != kind]
        before, after = bets.hazard
        change = (self.changes + before) / (self.time + before + after) * (self.time > 0)
        back = np.where(self.olds > 0, bets.returns, 0.0)
        each = [change * back / np.maximum(self.olds, 1) * (self.olds > j) for j in range(bets.past)]
        with np.errstate(divide="ignore"):
            log_w = self.log_w[..., None] + np.log(np.stack([1 - change, change * (1 - back), *each], axis=2))
        apart = np.where(np.arange(kinds) == kind, 0.0, far[:kinds])
        tools = options[:, :, :, kind]
        if alone.any() and kinds > 1:
            tools = tools * np.prod(1 - alone * apart[:, None] * options, axis=3)
            tools = tools / tools.sum(axis=-1, keepdims=True)
        return Outlook(replace(self, held=held), kind, options, log_w, tools)

    def weights(self) -> Floats:
        """How much each history counts, shape (G, B), sum 1."""
        return np.exp(self.log_w)

    def now(self) -> Floats:
        """What each kind is believed to be served by, shape (F, K); rows sum to 1."""
        return np.einsum("gb,gbfk->fk", self.weights(), self.held[:, :, 0])


@dataclass(frozen=True)
class Outlook:
    """What is expected of one question. ``options`` (G, B, 2 + R, F, K): all stays, some moved, an old one is back."""

    beliefs: Beliefs
    kind: int
    options: Floats
    log_w: Floats
    tools: Floats

    def chances(self) -> Floats:
        """The chance that each tool serves this question, shape (K,)."""
        return np.einsum("gbo,gbok->k", np.exp(self.log_w), self.tools)

    def after(self, tool: int, worked: bool) -> Beliefs:
        """The beliefs once ``tool`` was tried and was reported to have ``worked``, or not."""
        was, bets, kind = self.beliefs, self.beliefs.bets, self.kind
        noise, moves = bets.grid[0][:, None, None], bets.grid[1][:, None]
        spread = was.tools / (was.tools - 1)
        chance = self.tools[..., tool] * (1 - noise) + (1 - self.tools[..., tool]) * noise
        with np.errstate(divide="ignore"):
            log_w = (self.log_w + np.log(chance if worked else 1 - chance)).reshape(len(noise), -1)
        top = np.argsort(-log_w, axis=1, kind="stable")[:, : bets.beam]
        parent, option = np.divmod(top, self.log_w.shape[2])
        g = np.arange(len(noise))[:, None]
        shown = np.full((len(noise), was.tools), noise[:, 0] if worked else 1 - noise[:, 0])
        shown[:, tool] = 1 - shown[:, tool]
        new = self.options[g, parent, option]
        new[:, :, kind] *= shown[:, None]
        new[:, :, kind] /= new[:, :, kind].sum(axis=-1, keepdims=True)
        changed, old, trust = option > 0, was.held[g, parent], was.trust[g, parent]
        # A change puts the arrangement that ends in front of the older ones, and the oldest is dropped.
        shift = changed[:, :, None]
        past = np.where(shift[..., None, None], old[:, :, :-1], old[:, :, 1:])
        kept = np.where(shift, trust[:, :, :-1], trust[:, :, 1:])
        back = np.take_along_axis(trust, np.maximum(option - 1, 0)[..., None], axis=2)[..., 0]
        left = np.select([option == 0, option == 1], [1.0, 1 - moves * spread], 1 - bets.slip * spread)
        total, before = np.logaddexp.reduce(log_w, axis=None), np.logaddexp.reduce(self.log_w, axis=None)
        kept_w = log_w[g, top]
        return replace(
            was,
            time=was.time + 1,
            evidence=was.evidence + float(total - before),
            log_w=kept_w - np.logaddexp.reduce(kept_w, axis=None),
            changes=was.changes[g, parent] + changed,
            olds=np.minimum(was.olds[g, parent] + changed, bets.past),
            held=np.concatenate([new[:, :, None], past], axis=2),
            trust=np.concatenate([(back * left)[..., None], kept], axis=2),
        )


def smoothed(prior: Floats) -> Floats:
    """A prior (K,) in which nothing is impossible; sums to 1."""
    return (prior + SMOOTH) / (prior + SMOOTH).sum()


def _redrawn(beliefs: Floats, weight: Floats | float) -> Floats:
    """Beliefs of kinds that surely moved: any tool but the one before, by ``weight``."""
    other = (1 - beliefs) * weight
    return other / other.sum(axis=-1, keepdims=True)
