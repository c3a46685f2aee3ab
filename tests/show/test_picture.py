"""Figures carry alt text and caption as HTML."""

import io

import numpy as np
import pytest
from PIL import Image

from memlab import show
from memlab.core import MemlabError


def test_html_holds_alt_caption_and_the_png():
    picture = show.Canvas().picture(alt='two "lines" & a band', caption="a < b")
    html = picture._repr_html_()
    assert html.startswith("<figure") and "<figcaption>a &lt; b</figcaption>" in html
    assert 'alt="two &quot;lines&quot; &amp; a band"' in html and "data:image/png;base64,iVBOR" in html
    assert not hasattr(picture, "_repr_png_"), "a bare image would lose its alt text"


@pytest.mark.parametrize("words", [{"alt": "", "caption": "x"}, {"alt": "x", "caption": " "}])
def test_words_are_required(words):
    with pytest.raises(MemlabError, match="the figure has no"):
        show.Canvas().picture(**words)


def test_a_dollar_is_a_dollar_in_the_caption_too():
    html = show.Canvas().picture(alt="x", caption="from $5 to $7").html
    assert "from <span>$</span>5 to <span>$</span>7" in html


def test_a_frame_in_the_palette_of_the_house_looks_like_the_full_one():
    canvas = show.Canvas()
    for place, name in enumerate(("memory", "credit", "shapley", "soft", "hybrid", "no memory")):
        canvas.line(name, [0, 1], [place, place + 1])
        canvas.band(name, [0, 1], [place - 0.4, place + 0.6], [place + 0.4, place + 1.4])
    canvas.title("A finding")
    fast, full = (np.asarray(Image.open(io.BytesIO(canvas.png(how))).convert("RGB"), int) for how in (True, False))
    assert (fast[0, -1] == 255).all(), "white stays white"
    assert np.abs(fast - full).mean() < 1 and (np.abs(fast - full).max(axis=2) > 40).mean() < 0.001
