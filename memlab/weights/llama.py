"""A Llama model in JAX: prompts that share their opening tokens, with or without adapter.

Prompts share a prefix, which is computed once for all; logits are made at the last token alone. Weights stay in the
file's own layout (rope on pairs 2i, 2i+1). Needs the extra ``adapters`` (jax, gguf, tokenizers). Arrays are float32.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

LINEAR = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
Adapter = Mapping[str, Mapping[str, Any]]
"""``{"attn_q": {"a": (n, r, in), "b": (n, out, r)}}`` for the top n blocks: x W^T becomes x W^T + x a^T b^T."""


@dataclass(frozen=True)
class Shape:
    """Heads, heads of keys and values, the base of rope's frequencies, and the epsilon of RMSNorm."""

    heads: int
    kv: int
    theta: float
    eps: float


@dataclass(frozen=True)
class Llama:
    """``blocks`` hold each matrix of all L blocks, (L, out, in), and norms (L, D); ``embed`` (V, D), also the head."""

    shape: Shape
    embed: Any
    norm: Any
    blocks: Mapping[str, Any]
    tokenizer: Any = None

    def part(self, start: int, stop: int | None = None) -> dict[str, Any]:
        """The blocks from ``start`` up to ``stop``."""
        return {name: w[start:stop] for name, w in self.blocks.items()}


@dataclass(frozen=True)
class Waiting:
    """Hidden states at a cut: shared ``prefix`` (P, D), ``suffix`` (B, S, D) padded behind, ``last`` (B,) in it."""

    prefix: Any
    suffix: Any
    last: Any

    def rows(self, which: ArrayLike) -> Waiting:
        """Some of the prompts, padded to a multiple of 32 tokens, so that few shapes are ever compiled."""
        at = np.asarray(which)
        return replace(self, suffix=self.suffix[at, : padded(self.last[at])], last=self.last[at])


def padded(last: Any) -> int:
    """Tokens of the longest prompt, up to the next multiple of 32: few shapes are ever compiled."""
    return -(-(int(last.max()) + 1) // 32) * 32


def _rope(x: Any, at: Any, theta: float) -> Any:
    """Rotate pairs of x (..., T, heads, width) by the positions ``at`` (..., T)."""
    import jax.numpy as jnp

    angle = at[..., None, None] * theta ** (-jnp.arange(0, x.shape[-1], 2) / x.shape[-1])
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = [even * jnp.cos(angle) - odd * jnp.sin(angle), even * jnp.sin(angle) + odd * jnp.cos(angle)]
    return jnp.stack(turned, -1).reshape(x.shape)


def _norm(x: Any, w: Any, eps: float) -> Any:
    return x * ((x**2).mean(-1, keepdims=True) + eps) ** -0.5 * w


def _block(shape: Shape, w: Any, a: Adapter, prefix: Any, suffix: Any, last: Any = None) -> tuple[Any, Any]:
    """One block; with ``last`` (B,) only that token of each suffix goes on, (B, 1, D), and the prefix ends here."""
    import jax
    import jax.numpy as jnp

    def linear(x: Any, name: str, heads: int = 0) -> Any:
        y = x @ w[name].T + (x @ a[name]["a"].T @ a[name]["b"].T if name in a else 0.0)
        return y.reshape(*y.shape[:-1], heads, y.shape[-1] // heads) if heads else y

    def attend(x: Any, at: Any, before: Any, keys: Any, key_at: Any) -> Any:
        """Tokens x (B, T, D) at (B, T) read what is ``before`` them all, and their own keys up to themselves."""
        n = _norm(x, w["attn_norm"], shape.eps)
        q = _rope(linear(n, "attn_q", shape.heads), at, shape.theta)
        q = q.reshape(*q.shape[:2], shape.kv, shape.heads // shape.kv, q.shape[-1]) / np.sqrt(q.shape[-1])
        old = jnp.einsum("btkgd,pkd->btkgp", q, before[0])
        new = jnp.where(
            (key_at <= at[..., None])[:, :, None, None], jnp.einsum("btkgd,bskd->btkgs", q, keys[0]), -jnp.inf
        )
        share = jax.nn.softmax(jnp.concatenate([old, new], -1), -1)
        size = old.shape[-1]
        read = jnp.einsum("btkgp,pkd->btkgd", share[..., :size], before[1])
        read += jnp.einsum("btkgs,bskd->btkgd", share[..., size:], keys[1])
        x = x + linear(read.reshape(*x.shape[:2], w["attn_output"].shape[1]), "attn_output")
        n = _norm(x, w["ffn_norm"], shape.eps)
        return x + linear(jax.nn.silu(linear(n, "ffn_gate")) * linear(n, "ffn_up"), "ffn_down")

    def keys_of(x: Any, at: Any) -> tuple[Any, Any]:
        n = _norm(x, w["attn_norm"], shape.eps)
        return _rope(linear(n, "attn_k", shape.kv), at, shape.theta), linear(n, "attn_v", shape.kv)

    at, key_at = jnp.arange(len(prefix)), len(prefix) + jnp.arange(suffix.shape[1])
    before, keys = keys_of(prefix, at), keys_of(suffix, key_at)
    if last is not None:
        taken = jnp.take_along_axis(suffix, last[:, None, None], 1)
        return prefix, attend(taken, len(prefix) + last[:, None], before, keys, key_at)
    none = tuple(x[:0] for x in before)
    gone = attend(prefix[None], at[None], none, tuple(x[None] for x in before), at)[0]
    return gone, attend(suffix, jnp.broadcast_to(key_at, suffix.shape[:2]), before, keys, key_at)


@functools.cache
def compiled() -> tuple[Any, Any]:
    """The pass of a prefix and suffixes through some blocks, and `head`."""
    import jax

    return jax.jit(_through, static_argnums=0), jax.jit(head, static_argnums=0)


def _through(shape: Shape, blocks: Any, a: Adapter, prefix: Any, suffix: Any) -> tuple[Any, Any]:
    import jax

    return jax.lax.scan(lambda x, wa: (_block(shape, *wa, *x), None), (prefix, suffix), (blocks, a))[0]


def head(shape: Shape, blocks: Any, a: Adapter, norm: Any, embed: Any, prompts: tuple[Any, Any, Any]) -> Any:
    """Logits (B, V) at each last token, through ``blocks`` with the adapter ``a``; ``prompts`` as in `Waiting`."""
    import jax

    first: Any
    last: Any
    first, last = (jax.tree.map(lambda x, i=i: x[:-1] if i else x[-1], (blocks, a)) for i in (1, 0))
    prefix, suffix = _through(shape, first[0], first[1], prompts[0], prompts[1])
    _, x = _block(shape, last[0], last[1], prefix, suffix, prompts[2])
    return _norm(x[:, 0], norm, shape.eps) @ embed.T


def logits(model: Llama, prompts: Waiting, cut: int, adapter: Adapter | None = None) -> np.ndarray:
    """Logits (B, V) at the last token of ``prompts`` that wait at the ``cut``."""
    told = (prompts.prefix, prompts.suffix, prompts.last)
    return np.asarray(compiled()[1](model.shape, model.part(cut), adapter or {}, model.norm, model.embed, told))
