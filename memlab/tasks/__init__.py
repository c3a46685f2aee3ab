"""Where tasks come from: `stream` draws the streams of the Toolbox world."""

from memlab.tasks.streams import KINDS, stream

__all__ = ["KINDS", "stream"]
