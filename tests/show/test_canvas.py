"""The canvas keeps its artists and its colors."""

import io
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from memlab import show
from memlab.show.picture import to_png

X = np.arange(5)


def grey(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_a_second_call_moves_the_artist_instead_of_adding_one(drawn_bars):
    canvas = show.Canvas()
    for level in (0.2, 0.8):
        canvas.line("memory", X, np.full(5, level))
        canvas.band("memory", X, np.full(5, level - 0.1), np.full(5, level + 0.1))
        canvas.level("no memory", level)
        canvas.bars("learners", ["a", "b"], [level, level])
        canvas.axes(ylim=(0, 1))
        picture = canvas.png()
    axes = canvas.panels[0]
    assert (len(axes.lines), len(axes.collections), len(axes.patches)) == (3, 1, 1)
    assert [height for _, _, height in drawn_bars(axes)[0]] == [0.8, 0.8]
    assert grey(picture).shape[1] == round(5.5 * canvas.fig.dpi)


def test_bars_follow_when_their_number_changes(drawn_bars):
    canvas = show.Canvas()
    canvas.bars("μ", ["a", "b"], [0.5, 0.5])
    canvas.bars("μ", ["a", "b", "c"], [0.2, 0.3, 0.5])
    axes = canvas.panels[0]
    assert [left + width / 2 for left, width, _ in drawn_bars(axes)[0]] == pytest.approx([0, 1, 2])
    canvas.bars("μ*", ["a", "b", "c"], [0.3, 0.3, 0.4])
    lefts = [[left for left, _, _ in group] for group in drawn_bars(axes)]
    assert lefts == [pytest.approx([-0.4, 0.6, 1.6]), pytest.approx([0, 1, 2])]
    assert axes.get_xlim() == (-0.5, 2.5) and axes.get_ylim()[1] > 0.5
    assert [label.get_text() for label in canvas.panels[0].get_xticklabels()] == ["a", "b", "c"]


def test_nulls_are_grey_and_colors_keep_to_their_name():
    canvas = show.Canvas(panels=2)
    first = canvas.color("memory")
    assert canvas.color("no memory") == canvas.color("null: table") == show.NULL
    assert canvas.color("_memory") == first != canvas.color("credit")


def test_neighbouring_colors_differ_in_grey():
    light = [np.dot([int(c[i : i + 2], 16) for i in (1, 3, 5)], [0.299, 0.587, 0.114]) for c in show.COLORS[:4]]
    assert min(abs(a - b) for a, b in pairwise(light)) > 40


def test_title_and_source_are_drawn_again():
    canvas = show.Canvas()
    canvas.line("memory", X, X)
    canvas.title("first")
    canvas.source("replay")
    before = grey(canvas.png())
    canvas.title("second, and longer")
    after = grey(canvas.png())
    assert canvas.words == "second, and longer"
    assert (before[:30] != after[:30]).any() and (before[60:-30] == after[60:-30]).all()


def ink(changed: np.ndarray, text: Text) -> list[int]:
    """First and last row and column that a text changed; a title has the first 45 rows."""
    rows, columns = np.nonzero(changed[45:] if text.axes else changed[:45])
    return [rows.min(), rows.max(), columns.min(), columns.max()]


def test_the_words_of_a_frame_stand_where_matplotlib_would_write_them_and_cost_little(monkeypatch):
    canvas = show.Canvas()
    canvas.line("memory", X, X)
    canvas.text("words", 0.1, 0.8, "gypsum", fontsize=8)
    canvas.title("A finding of so many words that its line is broken, at 0.52 and another time")
    ours, bare = grey(canvas.png(fast=False)), grey(to_png(canvas.fig, []))
    for text in (canvas._title, canvas.panels[0].texts[0]):
        canvas.fig.draw_artist(text)
        box = [ink(one != bare, text) for one in (ours, grey(to_png(canvas.fig, [])))]
        assert np.abs(np.subtract(*box)).max() <= 5, box
    monkeypatch.setattr(Text, "draw", lambda *_: pytest.fail("a title by matplotlib takes 8 ms"))
    canvas.title("Another finding")
    assert (grey(canvas.png()) != ours).any()


def test_a_frame_drawn_over_the_kept_background_equals_a_fresh_figure():
    def paint(canvas, level, label):
        canvas.line("memory", X, X * level)
        canvas.level("no memory", level)
        canvas.bars("μ", ["a", "b"], [level, 1 - level], panel=1)
        canvas.axes(0, xlabel=label, xlim=(0, 4), ylim=(0, 4))
        canvas.axes(1, ylim=(0, 1))
        canvas.title(f"level {level}")
        return canvas.png()

    moved, fresh = show.Canvas(panels=2), show.Canvas(panels=2)
    paint(moved, 0.2, "task")
    assert paint(moved, 0.7, "task") == paint(fresh, 0.7, "task")
    assert paint(moved, 0.7, "episode") != paint(moved, 0.7, "task"), "a changed label is drawn again"
    before = moved.png()
    moved.panels[0].plot([0, 4], [4, 0])
    assert moved.png() != before, "what a notebook draws by itself is drawn too"


def test_thin_lines_stay_on_their_bars_when_another_group_joins_and_move_with_it(drawn_bars):
    canvas = show.Canvas()
    for add in (0, 1):
        canvas.bars("first", ["a", "b"], [1, 2], interval=([0.5 + add, 1.5], [1.5, 2.5]))
        canvas.bars("second", ["a", "b"], [2, 1])
        canvas.axes(ylim=(0, 3))
        canvas.png()
    bars, whiskers = drawn_bars(canvas.panels[0])[0], canvas.panels[0].lines[0]
    assert whiskers.get_xdata()[::3] == pytest.approx([left + width / 2 for left, width, _ in bars])
    assert whiskers.get_ydata()[[0, 1, 3, 4]] == pytest.approx([1.5, 1.5, 1.5, 2.5])
    assert show.Canvas().color("x") == canvas.color("first") != canvas.color("second")


def widest(text):
    canvas = show.Canvas()
    canvas.line(text, X, X)
    canvas.line("other", X, X)
    canvas.title(text)
    canvas.axes(xlabel=text, xticks=[0], xticklabels=[text])
    canvas.png()
    renderer = canvas.fig.canvas.get_renderer()
    texts = {t for t in canvas.fig.findobj(Text) if t.get_text() == text}
    assert len(texts) == 5, "title, axis, legend, and both labels of a tick"
    return sorted(t.get_window_extent(renderer).width for t in texts)


def test_a_dollar_in_a_title_or_a_label_is_a_dollar():
    # As a formula "$x_1$" would be narrower than its five letters.
    assert widest("costs $x_1$") == pytest.approx(widest("costs €x_1€"), rel=0.03)


def test_log_axes_have_plain_numbers():
    canvas = show.Canvas()
    canvas.line("memory", [1, 1000], [0.01, 100])
    canvas.axes(xscale="log", yscale="log")
    canvas.png()
    labels = [label.get_text() for label in canvas.panels[0].get_yticklabels()]
    assert "0.01" in labels and "100" in labels


def test_a_title_that_grows_again_finds_its_room_and_nothing_is_laid_out_twice(monkeypatch):
    canvas, long, laid_out = show.Canvas(), "A finding of so many words that its line is broken. " * 2, []
    settle = canvas._settle
    monkeypatch.setattr(canvas, "_settle", lambda: (laid_out.append(canvas.words), settle()))
    for words in ("short", long, "short", long, "short", long):
        canvas.title(words)
        canvas.png()
    assert laid_out == ["short", long]


def test_panels_stand_one_below_the_other_under_one_legend_inside_the_picture():
    canvas = show.Canvas(panels=2)
    for panel in (0, 1):
        for name in ("memory", "no memory", f"own name of panel {panel}"):
            canvas.line(name, X, X, panel=panel)
    canvas.title("A finding that is so long that it does not fit into one line of a picture of this width")
    canvas.source(*(f"model {number} of a long list" for number in range(5)))
    canvas.png()
    top, below = (axes.get_position() for axes in canvas.panels)
    assert below.y1 < top.y0 and below.x0 == top.x0
    names = [text.get_text() for text in canvas.fig.legends[0].get_texts()]
    assert names == ["memory", "no memory", "own name of panel 0", "own name of panel 1"]
    assert canvas.fig.legends[0].get_title().get_text().startswith("made by: model 0")
    picture = canvas.fig.bbox
    for artist in (*canvas.fig.texts, *canvas.panels, canvas.fig.legends[0]):
        box = artist.get_tightbbox(canvas.fig.canvas.get_renderer())
        assert picture.x0 <= box.x0 and box.x1 <= picture.x1 and picture.y0 <= box.y0 and box.y1 <= picture.y1


def test_a_title_that_grows_gets_its_room():
    canvas = show.Canvas()
    canvas.line("memory", X, X)
    canvas.title("short")
    canvas.png()
    before = canvas.panels[0].get_position().y1
    size = canvas.fig.get_size_inches().tolist()
    canvas.title("this one has many more words than fit into a single line of a picture that is so narrow")
    canvas.png()
    assert canvas.panels[0].get_position().y1 < before and canvas.fig.get_size_inches().tolist() == size


def test_words_in_a_panel_change_in_place_and_a_dollar_is_a_dollar():
    canvas = show.Canvas()
    for words, color in (("a = $1", "black"), ("b = $2$", "red")):
        canvas.text("line 1", 0.1, 0.5, words, color=color)
        picture = canvas.png()
    assert [(text.get_text(), text.get_color()) for text in canvas.panels[0].texts] == [("b = $2$", "red")]
    assert grey(picture).min() < 100
