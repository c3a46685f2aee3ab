"""What a life paid, against counting by hand."""

import pandas as pd
import pytest

from memlab.weights import cost, toll


def life(success, families, **more):
    rows = [{"arm": "one", "seed": 1, "index": i, "family": f, "success": float(s), "calls": 1, "edits": 1, "steps": 0}
            for i, (s, f) in enumerate(zip(success, families, strict=True))]  # fmt: skip
    return pd.DataFrame([row | more for row in rows])


def test_recovery_counts_failures_of_a_kind_until_its_first_success():
    rows = life([1, 1, 0, 0, 1, 0, 0, 0], "abababab")
    assert toll.waited(rows, 2, 8) == pytest.approx((1 + 3) / 2)  # a: fails once, b: never again
    assert toll.waited(rows.sample(frac=1, random_state=0), 2, 8) == pytest.approx(2)
    assert toll.waited(rows, 0, 8) == 0


def test_an_arm_that_asks_half_as_often_reads_half_and_trains_nothing():
    whole, half = (toll.paid(life([1] * 8, "ab" * 4, calls=calls), 0).loc["one"] for calls in (1, 0.5))
    assert half["tokens"] == whole["tokens"] / 2 == (cost.PREFIX + cost.SUFFIX) / 2
    assert half["read"] == whole["read"] / 2 and whole["train"] == 0
    assert whole["kB"] == pytest.approx(8 * (1024 + 56) / 1024)


def test_each_refresh_writes_the_whole_adapter():
    none, two = (toll.paid(life([1] * 8, "ab" * 4, steps=steps), 0).loc["one"] for steps in (0, 32))
    assert two["kB"] - none["kB"] == pytest.approx(2 * 294)
    assert two["train"] * 8 == pytest.approx(32 * cost.step(cost.Dims(), cost.PREFIX, cost.SUFFIX, 8, 1) / 1e9)


def test_the_bytes_of_an_adapter_are_those_recorded():
    from memlab import data

    recorded = pd.read_parquet(data("lab10/sizes.parquet")).set_index("arm")["kilobytes"]
    for rank in (1, 4, 8, 16):
        assert 4 * cost.Dims().thin(rank, keys=False) / 1024 == recorded[f"last block, r = {rank}"].iloc[0]
