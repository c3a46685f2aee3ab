"""Figures, as the canvases that they were drawn on."""

import pytest

from memlab import show
from memlab.show import scores, series


@pytest.fixture
def canvases(monkeypatch):
    """Every canvas that a one-call figure draws, so that its artists can be looked at."""
    kept = []
    for module in (scores, series):
        monkeypatch.setattr(module, "Canvas", lambda *size: kept.append(show.Canvas(*size)) or kept[-1])
    return kept


@pytest.fixture
def drawn_bars():
    """The bars of a panel, group by group: the left edge, the width and the height of each."""

    def read(axes):
        corners = [patch.get_path().vertices.reshape(-1, 5, 2) for patch in axes.patches]
        return [[(bar[0, 0], bar[2, 0] - bar[0, 0], bar[1, 1]) for bar in group] for group in corners]

    return read
