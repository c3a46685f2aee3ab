"""Figures and widgets in the house style: seen by notebooks, the command line and nothing else."""

from memlab.show.canvas import Canvas
from memlab.show.curves import cumulative, learning_curve, rolling
from memlab.show.explorer import Explorer, choice, knob
from memlab.show.picture import Picture, figure, figure_html
from memlab.show.style import COLORS, NULL

__all__ = [
    "COLORS",
    "NULL",
    "Canvas",
    "Explorer",
    "Picture",
    "choice",
    "cumulative",
    "figure",
    "figure_html",
    "knob",
    "learning_curve",
    "rolling",
]
