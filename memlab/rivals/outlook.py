"""What a believer expects of a question under each history that it holds possible, and what it then believes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from memlab.rivals.beliefs import Beliefs

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outlook:
    """What is expected under each option: all stays, some moved in one of the ways, or an old arrangement is back.

    ``options`` (G, B, O, F, K) are the beliefs, ``way`` and ``log_w`` (G, B, O) their ways and weights, ``tools``
    (G, B, O, K) what serves this question.
    """

    beliefs: Beliefs
    kind: int
    options: Floats
    way: NDArray[np.intp]
    log_w: Floats
    tools: Floats

    def chances(self) -> Floats:
        """The chance that each tool serves this question, shape (K,)."""
        return np.einsum("gbo,gbok->k", np.exp(self.log_w), self.tools)

    def after(self, tool: int, worked: bool) -> Beliefs:
        """The beliefs once ``tool`` was tried and was reported to have ``worked``, or not."""
        was, bets, kind = self.beliefs, self.beliefs.bets, self.kind
        noise, moves = bets.grid[:, :, None, None]
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
        spread, changed = was.tools / (was.tools - 1), option > 0
        left = was.over(was.trust * [1.0, *[1 - bets.slip * spread] * bets.past], np.zeros(1))
        left[:, :, 1 : 1 + len(bets.ways)] = was.trust[:, :, :1] * (1 - moves * spread)
        total, before = np.logaddexp.reduce(log_w, axis=None), np.logaddexp.reduce(self.log_w, axis=None)
        kept = log_w[g, top]

        def shifted(now: NDArray[Any], old: NDArray[Any]) -> NDArray[Any]:
            """A change puts the arrangement that ends in front of the older ones, and the oldest is dropped."""
            shift = changed.reshape(*changed.shape, *[1] * (old.ndim - 2))
            return np.concatenate([now[:, :, None], np.where(shift, old[:, :, :-1], old[:, :, 1:])], axis=2)

        return replace(
            was,
            time=was.time + 1,
            evidence=was.evidence + float(total - before),
            log_w=kept - np.logaddexp.reduce(kept, axis=None),
            changes=was.changes[g, parent] + changed,
            olds=np.minimum(was.olds[g, parent] + changed, bets.past),
            held=shifted(new, was.held[g, parent]),
            way=shifted(self.way[g, parent, option], was.way[g, parent]),
            trust=shifted(left[g, parent, option], was.trust[g, parent]),
        )
