"""Curves over replicates: pairing, smoothing, and what the figure says."""

import numpy as np
import pandas as pd
import pytest

from memlab import show
from memlab.core import MemlabError
from memlab.show import series


def rows(backend="replay", seeds=range(8), arms=(("memory", 0.8), ("no memory", 0.4))):
    rng = np.random.default_rng(0)
    made = [
        {"arm": arm, "seed": i, "index": t, "success": float(rng.random() < p), "backend": backend, "model": ""}
        for arm, p in arms
        for i in seeds
        for t in range(30)
    ]
    return pd.DataFrame(made)


def legend(canvas):
    return [text.get_text() for text in canvas.fig.legends[0].get_texts()]


@pytest.mark.parametrize(("window", "last"), [(2, [1, 0.5, 0.5, 1]), (9, [1, 0.5, 2 / 3, 0.75])])
def test_a_curve_is_the_mean_of_the_last_tasks_or_of_fewer_at_the_start(canvases, window, last):
    one = pd.DataFrame({"arm": "a", "seed": 0, "index": range(4), "success": [1, 0, 1, 1], "backend": "replay"})
    show.learning_curve(one, window=window)
    assert canvases[0].panels[0].lines[0].get_ydata() == pytest.approx(last)


def test_the_curve_says_what_it_found_and_how():
    picture = show.learning_curve(rows(), changes=(15,))
    assert "memory 0." in picture.alt and "no memory 0." in picture.alt
    assert "8 replicates" in picture.caption


def test_the_band_is_the_bootstrap_over_whole_replicates(canvases):
    show.learning_curve(rows(), window=1)
    mean, low, high = series.band(
        rows().query("arm == 'memory'").pivot(index="seed", columns="index", values="success")
    )
    drawn = canvases[0].panels[0].collections[0].get_paths()[0].get_extents()
    assert (drawn.y0, drawn.y1) == pytest.approx((low.min(), high.max()))
    assert ((low <= mean) & (mean <= high)).all()


def test_each_line_says_its_own_backend_where_the_figure_mixes_them(canvases):
    mixed = pd.concat([rows("replay", arms=[("memory", 0.8)]), rows("simulated", arms=[("what if", 0.5)])])
    show.curves(mixed, y="success")
    assert legend(canvases[0]) == ["memory (replay)", "what if (simulated)"]
    assert canvases[0].made == "replay and simulated"
    show.curves(rows(), y="success")
    assert legend(canvases[1]) == ["memory", "no memory"]


def test_arrays_are_computed_and_panels_share_one_legend(canvases):
    show.curves({"a": np.zeros((3, 5)), "b": np.ones((3, 5))}, x=np.arange(0, 50, 10))
    assert canvases[0].made == "computed"
    assert canvases[0].panels[0].lines[0].get_xdata() == pytest.approx([0, 10, 20, 30, 40])
    both = pd.concat([rows().assign(world=world) for world in ("still", "drift")])
    levels = {"best": {"still": 0.9, "drift": 0.8}}
    show.curves(both, y="success", panel="world", levels=levels, xlim={"still": (0, 10), "drift": (0, 20)})
    assert [axes.get_title("left") for axes in canvases[1].panels] == ["still", "drift"]
    assert [axes.get_xlim()[1] for axes in canvases[1].panels] == [10, 20]
    assert [axes.lines[-1].get_ydata()[0] for axes in canvases[1].panels] == [0.9, 0.8]
    assert legend(canvases[1]) == ["memory", "no memory", "best"]


def test_known_values_have_points_beside_them_and_no_band(canvases):
    points = {"measured": ([0, 1], [0, 1], [-0.1, 0.9], [0.1, 1.1])}
    picture = show.curves({"theory": [0, 1, 4]}, x=[0, 1, 2], points=points, levels={"null": 1}, xlim=(0, 2))
    axes = canvases[0].panels[0]
    assert [len(line.get_xdata()) for line in axes.lines] == [3, 2, 2]
    assert [path.vertices[:, 1].tolist() for path in axes.collections[-1].get_paths()] == [[-0.1, 0.1], [0.9, 1.1]]
    assert "Final value: theory 4." in picture.alt and picture.caption == "One value a place."


def test_bad_rows_are_named():
    with pytest.raises(MemlabError, match="rows lack arm; they have seed"):
        show.learning_curve(rows().drop(columns="arm"))
    with pytest.raises(MemlabError, match="no column backend"):
        show.learning_curve(rows().drop(columns="backend"))
    with pytest.raises(MemlabError, match="'memory' lacks 1 rows"):
        show.learning_curve(rows().drop(index=3))


def test_own_and_recorded_arms_of_one_name_are_told_apart():
    with pytest.raises(MemlabError, match="30 rows stand twice, the first at arm memory, seed 7, index 0"):
        show.learning_curve(pd.concat([rows(seeds=range(8)), rows(seeds=range(7, 8), arms=[("memory", 0.8)])]))


def test_arms_on_unequal_replicates_are_refused_with_the_remedy():
    unequal = pd.concat([rows(), rows(seeds=range(4), arms=[("mine", 0.8)])])
    with pytest.raises(MemlabError, match=r"'memory' on 8, all of them on 4; .*isin\(\[0, 1, 2, 3\]\)"):
        show.learning_curve(unequal)
    assert show.learning_curve(unequal[unequal.seed.isin(range(4))]).png
