"""The canvas keeps its artists and its colors."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from memlab import show

X = np.arange(5)


def grey(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_a_second_call_moves_the_artist_instead_of_adding_one():
    canvas = show.Canvas()
    for level in (0.2, 0.8):
        canvas.line("memory", X, np.full(5, level))
        canvas.band("memory", X, np.full(5, level - 0.1), np.full(5, level + 0.1))
        canvas.level("no memory", level)
        canvas.bars("learners", ["a", "b"], [level, level])
        canvas.axes(ylim=(0, 1))
        picture = canvas.png()
    axes = canvas.panels[0]
    assert (len(axes.lines), len(axes.collections), len(axes.patches)) == (2, 1, 2)
    assert axes.patches[0].get_height() == 0.8
    assert grey(picture).shape[1] == round(7.2 * canvas.fig.dpi)


def test_bars_follow_when_their_number_changes():
    canvas = show.Canvas()
    canvas.bars("μ", ["a", "b"], [0.5, 0.5])
    canvas.bars("μ", ["a", "b", "c"], [0.2, 0.3, 0.5])
    assert len(canvas.panels[0].patches) == 3
    assert [bar.get_x() + bar.get_width() / 2 for bar in canvas.panels[0].patches] == pytest.approx([0, 1, 2])
    canvas.bars("μ*", ["a", "b", "c"], [0.3, 0.3, 0.4], interval=([0.2, 0.2, 0.3], [0.4, 0.4, 0.5]))
    canvas.bars("μ*", ["a", "b", "c"], [0.4, 0.3, 0.3], interval=([0.3, 0.2, 0.2], [0.5, 0.4, 0.4]))
    axes = canvas.panels[0]
    assert [bar.get_x() for bar in axes.patches] == pytest.approx([-0.4, 0.6, 1.6, 0, 1, 2])
    assert len(axes.collections) == 1 and axes.collections[0].get_segments()[0][:, 1] == pytest.approx([0.3, 0.5])
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
    canvas.source("simulated")
    before = grey(canvas.png())
    canvas.title("second, and longer")
    after = grey(canvas.png())
    assert canvas.words == "second, and longer"
    assert (before[:30] != after[:30]).any() and (before[60:-30] == after[60:-30]).all()


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


def test_whiskers_stay_on_their_bars_when_another_group_joins():
    canvas = show.Canvas()
    canvas.bars("first", ["a", "b"], [1, 2], interval=([0.5, 1.5], [1.5, 2.5]))
    canvas.bars("second", ["a", "b"], [2, 1], interval=([1.5, 0.5], [2.5, 1.5]))
    for name in ("first", "second"):
        bars, lines = canvas._artists["bars", name, 0], canvas._artists["whiskers", name, 0]
        middles = [bar.get_x() + bar.get_width() / 2 for bar in bars]
        assert [path.vertices[0, 0] for path in lines.get_paths()] == pytest.approx(middles)
