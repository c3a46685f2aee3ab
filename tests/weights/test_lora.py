"""Adapters: against a forward pass written anew in numpy, finite differences, and the served model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("jax")

from memlab.core import MemlabError
from memlab.weights import files, llama, lora, states

D, HEADS, KV, WIDE, V = 8, 4, 2, 12, 11
SHAPE = llama.Shape(HEADS, KV, 100.0, 1e-5)


class Letters:
    """A tokenizer of single letters."""

    def encode(self, text, add_special_tokens=False):
        return type("Encoding", (), {"ids": [ord(c) - ord("a") for c in text]})


def tiny(seed=0, blocks=3):
    import jax.numpy as jnp

    rng = np.random.default_rng(seed)
    half = D * KV // HEADS
    sizes = {"attn_q": (D, D), "attn_k": (half, D), "attn_v": (half, D), "attn_output": (D, D)}
    sizes |= {"ffn_gate": (WIDE, D), "ffn_up": (WIDE, D), "ffn_down": (D, WIDE)}
    held = {name: jnp.asarray(rng.normal(size=(blocks, *size)) / 2, jnp.float32) for name, size in sizes.items()}
    held |= {name: jnp.asarray(rng.uniform(0.5, 1.5, (blocks, D)), jnp.float32) for name in ("attn_norm", "ffn_norm")}
    embed = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    return llama.Llama(SHAPE, embed, jnp.ones(D), held, Letters())


def random_adapter(model, cut, seed=0, on=llama.LINEAR):
    rng = np.random.default_rng(seed)
    made = lora.fresh(model, cut, rank=2, seed=seed, on=on)
    return {
        name: {"a": ab["a"], "b": rng.normal(size=ab["b"].shape).astype(np.float32) / 3} for name, ab in made.items()
    }


def by_hand(model, text, cut=0, adapter=None):
    """One prompt through all blocks, token by token and head by head, in float64: logits at the last token."""
    x = np.asarray(model.embed, float)[model.tokenizer.encode(text).ids]

    def norm(x, w):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + SHAPE.eps) * w

    def turn(v, t):
        pairs = v.reshape(-1, 2)
        angle = t * SHAPE.theta ** (-2 * np.arange(len(pairs)) / len(v))
        z = (pairs[:, 0] + 1j * pairs[:, 1]) * np.exp(1j * angle)
        return np.stack([z.real, z.imag], -1).ravel()

    for i in range(len(model.blocks["attn_q"])):
        w = {name: np.asarray(m[i], float) for name, m in model.blocks.items()}
        for name, ab in (adapter or {}).items():
            if i >= cut:
                w[name] = w[name] + np.asarray(ab["b"][i - cut], float) @ np.asarray(ab["a"][i - cut], float)
        n, width = norm(x, w["attn_norm"]), D // HEADS
        q, k, v = (n @ w[f"attn_{s}"].T for s in "qkv")
        read = np.zeros_like(x)
        for t in range(len(x)):
            for h in range(HEADS):
                g = h // (HEADS // KV)
                mine = turn(q[t, h * width :][:width], t)
                score = [mine @ turn(k[s, g * width :][:width], s) / np.sqrt(width) for s in range(t + 1)]
                share = np.exp(score) / np.exp(score).sum()
                read[t, h * width :][:width] = share @ v[: t + 1, g * width :][:, :width]
        x = x + read @ w["attn_output"].T
        n = norm(x, w["ffn_norm"])
        gate = n @ w["ffn_gate"].T
        x = x + (gate / (1 + np.exp(-gate)) * (n @ w["ffn_up"].T)) @ w["ffn_down"].T
    return norm(x, np.asarray(model.norm, float))[-1] @ np.asarray(model.embed, float).T


words = st.text("abcdefghijk", min_size=1, max_size=6)


@settings(max_examples=10, deadline=None)
@given(opening=st.sampled_from(["", "abc"]), ends=st.lists(words, min_size=2, max_size=2), cut=st.integers(0, 2),
       seed=st.integers(0, 99))  # fmt: skip
def test_logits_are_those_of_a_pass_by_hand_whatever_the_cut_and_the_prefix(opening, ends, cut, seed):
    model = tiny(seed)
    adapter = random_adapter(model, cut, seed)
    texts = [opening + end for end in ends]
    waiting = states.below(model, texts, cut, opening)
    assert waiting.prefix.shape[0] <= len(opening)
    found = llama.logits(model, waiting, cut, adapter)
    assert found == pytest.approx(np.array([by_hand(model, text, cut, adapter) for text in texts]), abs=2e-4)


def test_a_fresh_adapter_changes_nothing():
    model = tiny()
    waiting = states.below(model, ["abcd", "abef"], 1, "ab")
    bare = llama.logits(model, waiting, 1)
    assert np.array_equal(llama.logits(model, waiting, 1, lora.fresh(model, 1)), bare)
    assert not np.allclose(llama.logits(model, waiting, 1, random_adapter(model, 1)), bare)


def test_a_merged_adapter_equals_the_unmerged_one():
    model, cut = tiny(), 1
    adapter = random_adapter(model, cut)
    waiting = states.below(model, ["abcd", "abef"], cut, "ab")
    merged = llama.logits(lora.merge(model, cut, adapter), waiting, cut)
    assert merged == pytest.approx(llama.logits(model, waiting, cut, adapter), abs=1e-4)


def test_gradients_are_finite_differences():
    import jax

    model, cut = tiny(), 1
    waiting, adapter = states.below(model, ["abcd", "abefg"], cut, "ab"), random_adapter(model, cut)
    jax.config.update("jax_enable_x64", True)
    try:
        told = (model.part(cut), model.norm, model.embed, waiting.prefix, waiting.suffix, adapter)
        *fixed, wide = jax.tree.map(lambda x: jax.numpy.asarray(x, float), told)
        prompts, weight = (*fixed[3:], waiting.last), np.array([1.0, 2.0])
        given = (SHAPE, *fixed[:3], prompts, np.array([3, 5]), weight)
        slope, rng = jax.grad(lora.loss)(wide, *given), np.random.default_rng(0)
        way = jax.tree.map(lambda x: rng.normal(size=x.shape), wide)
        ahead, behind = (jax.tree.map(lambda x, d, e=e: x + e * d, wide, way) for e in (1e-5, -1e-5))
        steep = (lora.loss(ahead, *given) - lora.loss(behind, *given)) / 2e-5
        along = sum(jax.tree.leaves(jax.tree.map(lambda g, d: (g * d).sum(), slope, way)))
        assert float(along) == pytest.approx(float(steep), rel=1e-6)
    finally:
        jax.config.update("jax_enable_x64", False)


def test_a_loss_is_weighted():
    model = tiny()
    waiting = states.below(model, ["abcd", "abef"], 1, "ab")
    bare = llama.logits(model, waiting, 1)
    nats = np.log(np.exp(bare).sum(axis=1)) - bare[[0, 1], [3, 5]]
    told = (waiting.prefix, waiting.suffix, waiting.last)
    given = (SHAPE, model.part(1), model.norm, model.embed, told, np.array([3, 5]))
    assert float(lora.loss({}, *given, np.array([1.0, 3.0]))) == pytest.approx((nats[0] + 3 * nats[1]) / 4, abs=1e-5)


def test_lessons_are_learned_and_a_lesson_of_weight_0_is_not():
    model = tiny()
    waiting = states.below(model, ["abcd", "abef", "abgh"], 1, "ab")
    aim = [(int(best) + 1) % V for best in llama.logits(model, waiting, 1).argmax(axis=1)]
    adapter, losses = lora.fit(
        model, lora.fresh(model, 1), 1, waiting, aim, steps=150, rate=0.05, weight=[1, 1, 0], batch=4
    )
    after = llama.logits(model, waiting, 1, adapter).argmax(axis=1)
    assert after[:2].tolist() == aim[:2] and len(losses) == 150 and losses[-1] < 0.2 < losses[0]
    again, _ = lora.fit(model, lora.fresh(model, 1), 1, waiting, aim, steps=150, rate=0.05, weight=[1, 1, 0], batch=4)
    assert all(np.array_equal(adapter[name]["b"], again[name]["b"]) for name in adapter)


@pytest.mark.parametrize("weight", [[], [0.0, 0.0], [1.0, -1.0]])
def test_no_lesson_is_an_error_that_says_so(weight):
    model = tiny()
    waiting = states.below(model, ["abcd", "abef"][: len(weight)] or ["ab"], 1)
    with pytest.raises(MemlabError, match="give one or more"):
        lora.fit(model, lora.fresh(model, 1), 1, waiting, [1] * len(weight), steps=1, rate=0.1, weight=weight)


def test_an_exported_adapter_reads_back(tmp_path):
    model = tiny()
    adapter = random_adapter(model, 2, on=("attn_q", "attn_v"))
    cut, again = files.read_adapter(files.write_adapter(tmp_path / "a.gguf", 2, adapter))
    assert cut == 2 and set(again) == set(adapter)
    assert all(np.array_equal(again[name][k], adapter[name][k]) for name in adapter for k in ("a", "b"))
