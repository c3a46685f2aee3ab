"""Figures and widgets in the house style: seen by notebooks, the command line and nothing else."""

from memlab.show.canvas import Canvas
from memlab.show.explorer import Explorer
from memlab.show.picture import Picture
from memlab.show.rows import made_by
from memlab.show.scores import arms, verdicts
from memlab.show.series import curves, learning_curve
from memlab.show.style import COLORS, NULL

__all__ = ["COLORS", "NULL", "Canvas", "Explorer", "Picture", "arms", "curves", "learning_curve", "made_by", "verdicts"]
