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
