"""What a believer holds possible: how a world of tools may change, and how far its rewards may be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bets:
    """One setting for every stream. Of a tuple, the data weigh the entries.

    ``noise``: share of rewards reported wrong. ``moves``: chance that a change moves a given kind. ``ways`` in which an
    arrangement may find its tools, equally likely at each change: pairs (alone, reuse). ``alone``: how strongly a tool
    that serves one kind is taken from the others (below 0: shared with them). ``reuse``: how much a kind that moved
    prefers tools that served before (below 0: avoids them). ``hazard``: changes and tasks seen before the first task,
    which set the rate of change. ``returns``: chance that a change brings one of the last ``past`` arrangements back,
    in which ``slip`` of the kinds are another. ``shared``: a change moves all kinds, or else one alone. ``beam``:
    histories kept for each noise and chance to move.
    """

    noise: tuple[float, ...] = (0.003, 0.03, 0.1, 0.2, 0.35)
    moves: tuple[float, ...] = (0.5, 0.95)
    ways: tuple[tuple[float, float], ...] = ((0.9, 1.0), (0.9, -0.9), (-1.0, 0.0))
    hazard: tuple[float, float] = (1.0, 100.0)
    returns: float = 0.1
    past: int = 2
    slip: float = 0.05
    shared: bool = True
    beam: int = 16

    @cached_property
    def grid(self) -> NDArray[np.float64]:
        """Every combination of ``noise`` and ``moves``, shape (2, G)."""
        axes = np.meshgrid(self.noise, self.moves, indexing="ij")
        return np.array([axis.ravel() for axis in axes], dtype=float)
