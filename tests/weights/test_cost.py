"""The cost model against counting by hand, and its crossover against cost summed read by read."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.weights import cost

TINY = cost.Dims(blocks=2, width=4, kv=2, gate=6, words=10)


def test_the_weights_of_a_block_are_those_of_the_file():
    assert cost.Dims().block * 30 == 106_168_320  # SmolLM2-135M: its 134.5 million less embeddings and norms
    assert TINY.block == 4 * 4 + 4 * 2 + 4 * 2 + 4 * 4 + 3 * 4 * 6


@settings(max_examples=50)
@given(tokens=st.integers(1, 12), ahead=st.integers(0, 9))
def test_forward_counts_each_token_and_each_pair_of_tokens(tokens, ahead):
    by_hand = 0
    for t in range(tokens):
        for _ in range(TINY.blocks):
            by_hand += 2 * TINY.block + 4 * TINY.width * (ahead + t + 0.5)
    by_hand += 2 * TINY.width * TINY.words
    assert cost.forward(TINY, tokens, ahead=ahead) == pytest.approx(by_hand)


def test_a_step_on_all_blocks_is_twice_a_forward_pass_but_for_the_last_block():
    tokens = 150 + 8 * 50
    whole = 2 * (2 * cost.Dims().block * 30 * tokens)
    assert 0.9 * whole < cost.step(cost.Dims(), 150, 50, 8, 30) < 1.2 * whole
    assert cost.step(cost.Dims(), 150, 50, 8, 2) < 0.1 * cost.step(cost.Dims(), 150, 50, 8, 30)


@settings(max_examples=50)
@given(steps=st.integers(1, 50), tokens=st.integers(1, 500), share=st.floats(0.01, 1), shown=st.integers(1, 300),
       price=st.floats(0.1, 10))  # fmt: skip
def test_at_the_crossover_both_routes_have_cost_the_same(steps, tokens, share, shown, price):
    reads = float(cost.crossover(steps, tokens, share, shown, price))
    for params in (1e8, 7e10):
        trained = price * steps * tokens * share * 2 * (2 * params)
        assert reads * shown * 2 * params == pytest.approx(trained)


def test_a_memory_that_shows_no_token_is_never_overtaken():
    assert np.isinf(cost.crossover(16, 550, 0.1, 0))


def test_a_machine_is_found_from_its_own_clock():
    work = np.array([[1e9, 1e6], [5e9, 1e8], [2e8, 4e8]])
    made = np.array([2e-11, 3e-10])
    assert cost.rates(work, work @ made) == pytest.approx(made)


@settings(max_examples=30)
@given(name=st.sampled_from(sorted(cost.SHAPES)), shown=st.integers(10, 500), steps=st.integers(1, 100),
       share=st.floats(0.05, 1), price=st.floats(0.1, 10))  # fmt: skip
def test_at_the_horizon_both_routes_cost_the_same_a_task(name, shown, steps, share, price):
    dims = cost.SHAPES[name]
    tasks = dims.horizon(shown, steps, share)
    paid = dims.a_task(tasks, shown, steps, share)
    if np.isfinite(tasks):
        assert float(paid["adapter"]) == pytest.approx(float(paid["memory, in the prompt"]), rel=1e-9)
        assert dims.horizon(shown, steps, share, price) == pytest.approx(price * tasks)


def test_an_adapter_with_a_cache_of_its_own_never_pays_where_it_rereads_more_than_a_lesson():
    assert np.isinf(cost.Dims().horizon(cost.PREFIX - 10, uncached=1.0))
    assert np.isfinite(cost.Dims().horizon(cost.PREFIX + 60, uncached=1.0))


def test_what_was_not_fitted_is_predicted_where_the_clock_follows_the_count():
    rows = [{"what": what, "blocks": n, "prefix": 9, "suffix": 5, "batch": 2,
             "seconds": count(cost.Dims(), 9, 5, 2, n)[0] * 1e-11 + count(cost.Dims(), 9, 5, 2, n)[1] * 1e-10}
            for what, count in (("read", cost.reading), ("step", cost.stepping)) for n in (1, 5, 30)]  # fmt: skip
    table = cost.Dims().checked(pd.DataFrame(rows))
    assert table["ratio"].to_numpy() == pytest.approx(np.ones(6)) and table["fitted"].sum() == 4
    rows[2]["seconds"] *= 2  # a read of 30 blocks, which the fit does not see
    table = cost.Dims().checked(pd.DataFrame(rows)).set_index(["what", "blocks"])
    assert table.loc[("read", 30), "ratio"] == pytest.approx(0.5)
