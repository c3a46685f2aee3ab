"""Lines, points and bars of values without sampling error."""

import pandas as pd
import pytest

from memlab import show


def test_lines_over_common_or_own_places_with_points_and_levels(canvases):
    points = {"measured": ([0, 1], [0, 1], [-0.1, 0.9], [0.1, 1.1])}
    picture = show.lines({"theory": [0, 1, 4]}, x=[0, 1, 2], points=points, levels={"null": 1}, ylabel="v")
    axes = canvases[0].panels[0]
    assert [len(line.get_xdata()) for line in axes.lines] == [3, 2, 2] and len(axes.collections) == 1
    assert picture.alt == "Lines. At the end: theory 4." and canvases[0].made == "computed"
    show.lines({"exact": ([0, 1], [0, 1])}, xlim=(0, 2))
    assert canvases[1].panels[0].get_xlim() == (0, 2)


@pytest.mark.parametrize(
    "table", [{"mu": {"a": 0.2, "b": 0.8}}, {"a": 0.2, "b": 0.8}, pd.DataFrame({"mu": {"a": 0.2, "b": 0.8}})]
)
def test_bars_of_one_group_or_several(canvases, table):
    assert "0.8" in show.bars(table, title="").alt
    axes = canvases[0].panels[0]
    assert [bar.get_height() for bar in axes.patches] == [0.2, 0.8]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
