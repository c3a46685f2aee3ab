"""What a believer holds possible: how a world of tools may change, and how far its rewards may be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bets:
    """One setting for every stream. Of a tuple, the data weigh the entries.

    ``noise``: share of rewards reported wrong. ``moves``: chance that a change moves a given kind. ``alone``: how
    strongly a tool that serves one kind is taken from the others (0: not at all). ``reuse``: how much a kind that moved
    prefers tools that served some kind before (0: not at all). ``hazard``: changes and tasks seen before the first
    task, which set the rate of change. ``returns``: chance that a change brings one of the last ``past`` arrangements
    back, in which ``slip`` of the kinds are another. ``shared``: a change moves all kinds, or else one alone.
    ``beam``: histories kept for each setting.
    """

    noise: tuple[float, ...] = (0.003, 0.03, 0.1, 0.2, 0.35)
    moves: tuple[float, ...] = (0.5, 0.95)
    alone: tuple[float, ...] = (0.9,)
    reuse: tuple[float, ...] = (1.0,)
    hazard: tuple[float, float] = (1.0, 100.0)
    returns: float = 0.1
    past: int = 2
    slip: float = 0.05
    shared: bool = True
    beam: int = 8

    @cached_property
    def grid(self) -> NDArray[np.float64]:
        """Every combination of ``noise``, ``moves``, ``alone`` and ``reuse``, shape (4, G)."""
        axes = np.meshgrid(self.noise, self.moves, self.alone, self.reuse, indexing="ij")
        return np.array([axis.ravel() for axis in axes], dtype=float)
