"""Lab 11: the notebook's own passes are the package's, the arms do what their names say, and the bills add up."""

import numpy as np
import pandas as pd
import pytest

import memlab
from memlab.labs.lab11_sleep import night, study
from memlab.tools import notebooks
from memlab.weights import fast


@pytest.fixture(scope="module")
def built():
    """The functions that the notebook builds in view of its reader."""
    names = {"np": np, "fast": fast}
    for cell in notebooks.read(notebooks.sources(["11"])[0], solutions=True).cells:
        if cell.cell_type == "code" and cell.source.lstrip().startswith("def ") and "canvas" not in cell.source:
            exec(cell.source.partition("\n\n\n")[0], names)
    return names


def test_the_notebooks_repetition_is_that_of_the_package(built):
    keys, values = study.facts(0.6, "dense", 3)
    assert built["repeat"](keys, values, 3) == pytest.approx(fast.delta_passes(keys, values, 3), abs=1e-9)


@pytest.mark.parametrize("doubling", [False, True])
def test_the_notebooks_depth_is_that_of_the_package(built, doubling):
    rng = np.random.default_rng(0)
    codes, successor = fast.correlated_keys(12, 20, 0.4, rng), rng.integers(12, size=12)
    state = fast.depth_passes(codes, successor, 3, doubling)
    told = built["sleep"](codes, successor, 3, doubling)
    assert told.tolist() == fast.chased(state, codes, np.arange(12), 1).tolist()


def test_the_shipped_keys_are_the_draw_that_their_note_names():
    path = memlab.data("lab11/keys.parquet")
    drawn = fast.correlated_keys(16, 32, 0.5, np.random.default_rng(28))
    assert pd.read_parquet(path).to_numpy() == pytest.approx(drawn, abs=1e-12)
    assert "default_rng(28)" in memlab.experiments.read_note(path)["drawn"]


@pytest.mark.parametrize(("arm", "recall"), [(study.NOTHING, 1 / 16), (study.HEBB, 1.0), (study.DATABASE, 1.0)])
def test_arms_of_known_recall(arm, recall):
    assert study.repeat(arm, 0.8, "one-hot", 5)[0]["recall"] == recall


def test_dealt_values_are_never_those_of_their_keys():
    assert all(study.repeat(study.DEALT, 0.0, "one-hot", seed)[0]["recall"] == 0 for seed in range(40))


@pytest.mark.parametrize(("arm", "passes", "hops"), [
    (study.PLAIN, 3, 1), (study.REPEAT, 3, 1), (study.ONE, 3, 4), (study.DOUBLE, 2, 4),
    (study.DOUBLE, 3, 8), (study.WAKE, 3, 4),
])  # fmt: skip
def test_how_far_each_arm_reaches_where_every_read_is_right(arm, passes, hops):
    solved = [row["solved"] for row in study.chase(arm, passes, 0.0, 16, 2)]
    assert solved == [1.0] * hops + [0.0] * (8 - hops)


def test_without_memory_one_end_of_eight_is_named_whatever_is_asked():
    assert [row["solved"] for row in study.chase(study.NOTHING, 3, 0.0, 16, 2)] == [1 / 8] * 8


def test_repetition_is_given_no_less_computation_than_depth():
    n, d = len(study.NODES), 128
    read, write = 2 * d * d + 2 * n * d, 4 * d * d
    for passes in (3, 7):
        for repeats in (4, 16):
            depth = (1 + passes) * repeats * write + passes * read
            assert (1 + 2 * passes) * repeats * write >= depth


class Counted(float):
    """A number that counts what is done with it."""

    done = 0

    def _of(self, other, value):
        Counted.done += 1
        return Counted(value)

    def __add__(self, other):
        return self._of(other, float(self) + float(other))

    def __sub__(self, other):
        return self._of(other, float(self) - float(other))

    def __mul__(self, other):
        return self._of(other, float(self) * float(other))


def counted(n, m, d, passes):
    """Every addition and multiplication of a delta rule in plain loops, and those of reading one key and naming it."""
    one, Counted.done = Counted(1.0), 0

    def product(row, column):
        total = row[0] * column[0]
        for a, b in zip(row[1:], column[1:], strict=True):
            total = total + a * b
        return total

    S, keys, values = [[one] * d for _ in range(m)], [[one] * d for _ in range(n)], [[one] * m for _ in range(n)]
    for _ in range(passes):
        for key, value in zip(keys, values, strict=True):
            error = [v - product(row, key) for v, row in zip(value, S, strict=True)]
            S = [[s + e * k for s, k in zip(row, key, strict=True)] for row, e in zip(S, error, strict=True)]
    written, Counted.done = Counted.done, 0
    answer = [product(row, keys[0]) for row in S]
    _ = [product(value, answer) for value in values]
    return written, Counted.done


def test_flops_are_those_of_plain_loops():
    n, m, d = 2, 3, 5
    write, read = counted(n, m, d, 4)
    told = study.flops("delta, 4 passes", n, m, d)
    assert told[0] == write
    assert told[1] == read + m + n  # an entry's first product is added to 0: 2d operations where loops need 2d - 1
    assert study.flops(study.HEBB, n, m, d) == (n * 2 * m * d, told[1])
    assert study.flops(study.MEMORY, n, m, d) == (0, n * 2 * d)


def test_a_night_of_text_is_made_again_from_its_replies():
    rows = night.STUDY.rows()
    for arm in ("verbatim", "text, 2 passes"):
        kept = rows[(rows["arm"] == arm) & (rows["seed"] == 107)]
        again = night.STUDY.cell(arm=arm, seed=107)
        assert again[["question", "given", "notes", "there"]].to_dict("records") == kept[
            ["question", "given", "notes", "there"]
        ].to_dict("records")
