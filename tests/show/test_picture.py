"""Figures carry alt text and caption as HTML."""

import pytest
from matplotlib.figure import Figure

from memlab import show
from memlab.core import MemlabError


def test_html_holds_alt_caption_and_the_png():
    picture = show.figure(show.Canvas(), alt='two "lines" & a band', caption="a < b")
    html = picture._repr_html_()
    assert html.startswith("<figure") and "<figcaption>a &lt; b</figcaption>" in html
    assert 'alt="two &quot;lines&quot; &amp; a band"' in html and "data:image/png;base64,iVBOR" in html
    assert not hasattr(picture, "_repr_png_"), "a bare image would lose its alt text"


def test_a_plain_matplotlib_figure_works_too():
    assert "<img" in show.figure(Figure(), alt="empty", caption="empty").html


@pytest.mark.parametrize("words", [{"alt": "", "caption": "x"}, {"alt": "x", "caption": " "}])
def test_words_are_required(words):
    with pytest.raises(MemlabError, match="the figure has no"):
        show.figure(show.Canvas(), **words)
