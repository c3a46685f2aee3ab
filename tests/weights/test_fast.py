"""Fast weights: the delta rule's exact remainder, the Hebbian null, and pointers that passes follow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.core import MemlabError
from memlab.weights import fast

DRAWS = st.integers(0, 10_000)


def drawn(seed, n=5, dim=7, cosine=0.4, size=3):
    rng = np.random.default_rng(seed)
    return fast.correlated_keys(n, dim, cosine, rng), rng.normal(size=(n, size))


@settings(deadline=None, max_examples=40)
@given(seed=DRAWS, n=st.integers(1, 7), passes=st.integers(0, 9), cosine=st.floats(0, 0.9))
def test_the_remainder_is_the_exact_one(seed, n, passes, cosine):
    keys, values = drawn(seed, n, cosine=cosine)
    exact = values.T @ np.linalg.pinv(keys).T  # S* k_i = v_i, as there are no more keys than dimensions
    once = np.eye(7)
    for key in keys:
        once = once @ (np.eye(7) - np.outer(key, key))
    found = fast.delta_passes(keys, values, passes)
    assert found - exact == pytest.approx(-exact @ np.linalg.matrix_power(once, passes), abs=1e-8)


@settings(deadline=None, max_examples=40)
@given(seed=DRAWS, n=st.integers(1, 12), passes=st.integers(0, 6), size=st.floats(0.1, 1.4))
def test_passes_are_the_rule_written_item_by_item(seed, n, passes, size):
    keys, values = drawn(seed, n)
    state = np.zeros((3, 7))
    for _ in range(passes):
        for key, value in zip(size * keys, values, strict=True):
            state = state + np.outer(value - state @ key, key)
    assert fast.delta_passes(size * keys, values, passes) == pytest.approx(state, rel=1e-7, abs=1e-9)


def test_passes_go_on_from_a_start_and_replicates_are_apart():
    pairs = [drawn(seed) for seed in range(4)]
    keys, values = (np.stack(part) for part in zip(*pairs, strict=True))
    together = fast.delta_passes(keys, values, 3)
    for state, pair in zip(together, pairs, strict=True):
        assert state == pytest.approx(fast.delta_passes(*pair, 2, fast.delta_passes(*pair, 1)))
    assert together.shape == (4, 3, 7)


def test_two_keys_by_hand():
    keys = [[1.0, 0.0], [0.6, 0.8]]
    # The first pair is written whole; the second then corrects .6 of it away along its own key.
    assert fast.delta_passes(keys, [[1.0], [0.0]], 1) == pytest.approx(np.array([[0.64, -0.48]]))
    assert fast.hebbian_pass(keys, [[1.0], [0.0]]).tolist() == [[1.0, 0.0]]


def test_orthogonal_keys_need_one_pass_and_no_passes_know_nothing():
    values = np.arange(12.0).reshape(4, 3)
    assert fast.delta_passes(np.eye(4), values, 1) == pytest.approx(fast.hebbian_pass(np.eye(4), values))
    assert fast.delta_passes(np.eye(4), values, 1) @ np.eye(4) == pytest.approx(values.T)
    assert not fast.delta_passes(np.eye(4), values, 0).any()


@given(seed=DRAWS, cosine=st.floats(0, 0.99))
def test_one_hebbian_pass_recalls_every_key_where_each_has_a_line_of_its_own(seed, cosine):
    # (S k_i)_j = k_j·k_i, and of unit rows none has a larger product with k_i than k_i itself.
    keys = fast.correlated_keys(16, 32, cosine, np.random.default_rng(seed))
    state = fast.hebbian_pass(keys, np.eye(16))
    assert fast.recalled(state, keys, np.eye(16)).tolist() == list(range(16))


def recalls(seed):
    keys = fast.correlated_keys(16, 32, 0.5, np.random.default_rng(seed))
    states = (fast.delta_passes(keys, np.eye(16), passes) for passes in (1, 2, 4))
    return [np.mean(fast.recalled(state, keys, np.eye(16)) == np.arange(16)) for state in states]


def test_fifty_draws_recall_as_noted_and_one_of_them_is_the_draw_that_is_shipped():
    shares = [recalls(seed) for seed in range(50)]
    assert np.mean(shares, axis=0) == pytest.approx([0.45875, 0.9075, 0.995])
    assert np.std(shares, axis=0) == pytest.approx([0.202, 0.080, 0.021], abs=6e-4)
    assert shares.index([5 / 16, 14 / 16, 1.0]) == 28


def test_mean_cosine_of_the_keys_is_the_one_asked_for():
    rows = fast.correlated_keys(400, 400, 0.5, np.random.default_rng(0))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1)
    assert (rows @ rows.T)[np.triu_indices(400, 1)].mean() == pytest.approx(0.5, abs=0.05)


def chains(many, length):
    """Chains of ``length`` hops: the successor of every node, and how many hops each is from its end."""
    hops = np.tile(np.arange(length + 1), many)
    return np.arange(len(hops)) - (hops > 0), hops


@pytest.mark.parametrize("passes", range(6))
def test_depth_solves_k_hops_iff_there_are_passes_enough(passes):
    successor, hops = chains(3, 9)
    codes, ends, nodes = np.eye(30), np.arange(30) - hops, np.arange(30)
    one, two = (fast.depth_passes(codes, successor, passes, doubling) for doubling in (False, True))
    assert ((fast.chased(one, codes, nodes, 1) == ends) == (hops - 1 <= passes)).all()
    assert ((fast.chased(two, codes, nodes, 1) == ends) == (hops <= 2**passes)).all()
    repeated = fast.delta_passes(codes, codes[successor], 1 + passes)
    assert ((fast.chased(repeated, codes, nodes, 1) == ends) == (hops <= 1)).all()
    assert ((fast.chased(repeated, codes, nodes, 1 + passes) == ends) == (hops <= 1 + passes)).all()


@settings(deadline=None, max_examples=30)
@given(seed=DRAWS, passes=st.integers(0, 3), doubling=st.booleans())
def test_on_any_map_passes_are_powers_of_it(seed, passes, doubling):
    successor = np.random.default_rng(seed).integers(8, size=8)
    state = fast.depth_passes(np.eye(8), successor, passes, doubling)
    wanted = np.arange(8)
    for _ in range(2**passes if doubling else 1 + passes):
        wanted = successor[wanted]
    assert fast.chased(state, np.eye(8), np.arange(8), 1).tolist() == wanted.tolist()


@pytest.mark.parametrize(("keys", "values", "passes", "words"), [
    (np.eye(3), np.eye(2), 1, "a row of each"),
    ([[2.0, 0.0]], [[1.0]], 1, "diverges"),
    ([[np.nan, 0.0]], [[1.0]], 1, "NaN"),
    (np.eye(2), np.eye(2), -1, "passes=-1"),
    (np.eye(2), np.eye(2), 1.5, "passes=1.5"),
])  # fmt: skip
def test_bad_input_is_named(keys, values, passes, words):
    with pytest.raises(MemlabError, match=words):
        fast.delta_passes(keys, values, passes)


def test_a_cosine_outside_of_its_range_is_named():
    with pytest.raises(MemlabError, match="cosine=1"):
        fast.correlated_keys(4, 4, 1.0, np.random.default_rng(0))


def test_a_key_is_the_products_and_biases_of_each_layer():
    tokens, width = 3, 4
    per_token = [(width, width)] * 4 + [(width, 4 * width), (4 * width, width)]
    layer = tokens * sum(2 * into * out for into, out in per_token)  # 2·in − 1 for a product, 1 for its bias
    assert fast.key_flops(tokens, 2, width) == 2 * (layer + 2 * (2 * tokens * tokens * width))
