"""The cost model against counting by hand, and its crossover against cost summed read by read."""

import numpy as np
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
