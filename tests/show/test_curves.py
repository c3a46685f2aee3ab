"""Learning curves: smoothing, pairing, and what the figure says."""

import numpy as np
import pandas as pd
import pytest

from memlab import show
from memlab.core import MemlabError


def rows(backend="replay"):
    rng = np.random.default_rng(0)
    made = [
        {"learner": learner, "seed": i, "index": t, "success": float(rng.random() < p), "backend": backend}
        for learner, p in (("memory", 0.8), ("no memory", 0.4))
        for i in range(8)
        for t in range(30)
    ]
    return pd.DataFrame(made)


def test_rolling_and_cumulative_means():
    y = np.array([[1.0, 0.0, 1.0, 1.0]])
    assert show.rolling(y, 2)[0] == pytest.approx([1, 0.5, 0.5, 1])
    assert show.rolling(y, 9)[0] == pytest.approx([1, 0.5, 2 / 3, 0.75])
    assert show.cumulative(y)[0] == pytest.approx([1, 0.5, 2 / 3, 0.75])


@pytest.mark.parametrize("mode", ["rolling", "cumulative"])
def test_the_curve_says_what_it_found_and_how(mode):
    picture = show.learning_curve(rows(), mode=mode, changes=(15,))
    assert "memory ends at" in picture.alt and "30 tasks" in picture.alt
    assert "8 replicates" in picture.caption


def test_bad_rows_are_named():
    with pytest.raises(MemlabError, match="rows lack backend"):
        show.learning_curve(rows().drop(columns="backend"))
    with pytest.raises(MemlabError, match="'memory' lacks some tasks"):
        show.learning_curve(rows().drop(index=3))
    with pytest.raises(MemlabError, match="mode='median'"):
        show.learning_curve(rows(), mode="median")
