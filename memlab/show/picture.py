"""A figure as HTML with alt text and caption, which survives GitHub, nbconvert and the loss of the kernel."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from memlab.core import MemlabError


@dataclass(frozen=True)
class Picture:
    """A finished figure: the last expression of a cell shows it as ``<figure><img alt=...><figcaption>``."""

    png: bytes
    alt: str
    caption: str

    def __post_init__(self) -> None:
        for name in ("alt", "caption"):
            if not getattr(self, name).strip():
                raise MemlabError(f"the figure has no {name}: say in words what a reader should see")

    @property
    def html(self) -> str:
        """The figure as one HTML element with its PNG inside."""
        data = base64.b64encode(self.png).decode("ascii")
        return (
            f'<figure style="margin:0"><img alt="{escape(self.alt)}" style="max-width:100%;height:auto" '
            f'src="data:image/png;base64,{data}"><figcaption>{escape(self.caption)}</figcaption></figure>'
        )

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"


def encode(fig: Any, level: int = 6) -> bytes:
    """The PNG of what a matplotlib figure's Agg canvas holds; ``level`` is zlib's (1 is fastest)."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.asarray(fig.canvas.buffer_rgba())).convert("RGB").save(out, "png", compress_level=level)
    return out.getvalue()


def figure(drawn: Any, alt: str, caption: str) -> Picture:
    """A `Picture` of a `Canvas` or of a matplotlib figure; ``alt`` and ``caption`` must not be empty."""
    if hasattr(drawn, "png"):
        return Picture(drawn.png(level=9), alt, caption)
    if not hasattr(drawn.canvas, "buffer_rgba"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        FigureCanvasAgg(drawn)
    drawn.canvas.draw()
    return Picture(encode(drawn, level=9), alt, caption)
