"""A figure as HTML with alt text and caption, which survives GitHub, nbconvert and the loss of the kernel."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from memlab.core import MemlabError
from memlab.show.style import COLORS, NULL

_font = lru_cache(ImageFont.truetype)


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
            f'src="data:image/png;base64,{data}"><figcaption>{plain(self.caption)}</figcaption></figure>'
        )

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"


def plain(text: str) -> str:
    """``text`` as HTML in which a dollar is a dollar: JupyterLab takes what stands between two for a formula."""
    return escape(text).replace("$", "<span>$</span>")


def to_png(fig: Any, words: Sequence[Any], fast: bool = False) -> bytes:
    """The PNG of what a matplotlib figure's Agg canvas holds, as small as it gets: a notebook keeps it.

    The texts ``words`` are written on it by Pillow: matplotlib takes 8 ms for a title, more than for all else.
    ``fast`` is for a widget's frame: 256 tints of the house's colors take a third of the time and half of the bytes.
    """
    out, frame = io.BytesIO(), Image.fromarray(np.asarray(fig.canvas.buffer_rgba())).convert("RGB")
    for text in words:
        font = _font(findfont(text.get_fontproperties()), text.get_fontsize() * fig.dpi / 72)
        x, y = text.get_transform().transform(text.get_position())
        y += font.getbbox("l", anchor="ls")[1] if text.get_va() == "top" else 0
        ImageDraw.Draw(frame).text((x, frame.height - y), text.get_text(), text.get_color(), font, anchor="ls")
    frame = frame.quantize(palette=_tints(), dither=Image.Dither.NONE) if fast else frame
    frame.save(out, "png", compress_level=1 if fast else 9)
    return out.getvalue()


@lru_cache(maxsize=1)
def _tints() -> Image.Image:
    """The palette: each color of the house in steps toward white, and white; a step nearer to white would tinge it."""
    colors = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in (*COLORS, NULL)])
    share = np.linspace(0, 0.9, 31)[:, None, None]
    tints = np.concatenate([(colors + share * (255 - colors)).reshape(-1, 3), [[255, 255, 255]]])
    palette = Image.new("P", (1, 1))
    palette.putpalette(tints.round().astype(np.uint8).tobytes())
    return palette
