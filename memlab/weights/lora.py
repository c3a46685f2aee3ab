"""Low-rank adapters (LoRA, 2106.09685) on the top blocks of a `memlab.weights.llama` model: trained here, served there.

Below the ``cut`` all is frozen, and prompts wait there (`memlab.weights.states.below`), so that a step of
training costs the top blocks alone.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from memlab.core import MemlabError
from memlab.weights.llama import LINEAR, Adapter, Llama, Shape, Waiting, head

QV = ("attn_q", "attn_v")
"""The matrices that the paper adapts."""
ON = tuple(name for name in LINEAR if name != "attn_k")
"""Those that learn in our labs: all of a block but the keys'."""
CUT, RANK, BATCH, STEPS = 29, 8, 8, 16
"""In our labs an adapter sits on the last of 30 blocks; its rank, prompts a step, and steps of a refresh."""


def fresh(model: Llama, cut: int, rank: int = RANK, seed: int = 0, on: Sequence[str] = QV) -> Adapter:
    """An adapter for the blocks from ``cut`` on that changes nothing yet: b = 0."""
    rng, found = np.random.default_rng(seed), {}
    for name in on:
        n, out, wide = model.blocks[name][cut:].shape
        a = rng.normal(size=(n, rank, wide)) / np.sqrt(wide)
        found[name] = {"a": a.astype(np.float32), "b": np.zeros((n, out, rank), np.float32)}
    return found


def whole(model: Llama, cut: int, on: Sequence[str]) -> Adapter:
    """A full update of the matrices in the form of an adapter: a is the identity, so b is what is added to W."""
    found = {}
    for name in on:
        n, out, wide = model.blocks[name][cut:].shape
        same = np.broadcast_to(np.eye(wide, dtype=np.float32), (n, wide, wide))
        found[name] = {"a": same.copy(), "b": np.zeros((n, out, wide), np.float32)}
    return found


def loss(a: Adapter, shape: Shape, blocks: Any, norm: Any, embed: Any, prompts: Any, target: Any, weight: Any) -> Any:
    """Mean of −log p(target) at the last token, (B,) targets, weighted by (B,) weights."""
    import jax
    import jax.numpy as jnp

    log_p = jax.nn.log_softmax(head(shape, blocks, a, norm, embed, prompts))
    return -(jnp.take_along_axis(log_p, target[:, None], 1)[:, 0] * weight).sum() / weight.sum()


@functools.cache
def _step(rate: float, held: str) -> tuple[Any, Any]:
    import jax
    import optax

    adam = optax.adam(rate)

    def step(a: Adapter, state: Any, shape: Shape, *given: Any) -> tuple[Adapter, Any, Any]:
        value, slope = jax.value_and_grad(loss)(a, shape, *given)
        slope = {name: {k: 0 * g if k == held else g for k, g in ab.items()} for name, ab in slope.items()}
        moved, state = adam.update(slope, state, a)
        return optax.apply_updates(a, moved), state, value

    return adam, jax.jit(step, static_argnums=2)


def fit(
    model: Llama,
    adapter: Adapter,
    cut: int,
    prompts: Waiting,
    target: Sequence[int],
    *,
    steps: int,
    rate: float,
    weight: ArrayLike | None = None,
    batch: int = 12,
    seed: int = 0,
    held: str = "",
) -> tuple[Adapter, list[float]]:
    """``adapter`` after ``steps`` of Adam toward the tokens ``target`` (B,), and the loss at each step.

    A step sees ``batch`` prompts, drawn in shuffled rounds so that each counts alike, times its ``weight``; the factor
    ``held`` ("a" or "b") stays as it is. Raises
    `MemlabError` where there is no prompt, or a weight below 0.
    """
    y, w = np.asarray(target, dtype=np.int32), np.ones(len(target)) if weight is None else np.asarray(weight, float)
    if not len(y) or (w < 0).any() or not w.any():
        raise MemlabError(f"{len(y)} lessons of weights {w.tolist()}: give one or more, none below 0, and not all 0")
    rng, losses = np.random.default_rng(seed), []
    order = np.concatenate([rng.permutation(len(y)) for _ in range(steps * batch // len(y) + 1)])
    adam, step = _step(rate, held)
    state = adam.init(adapter)
    for drawn in order[: steps * batch].reshape(steps, batch):
        some = prompts.rows(drawn)
        told = (some.prefix, some.suffix, some.last)
        blocks, weights = model.part(cut), w[drawn].astype(np.float32) + 1e-9
        adapter, state, value = step(
            adapter, state, model.shape, blocks, model.norm, model.embed, told, y[drawn], weights
        )
        losses.append(float(value))
    return {name: {k: np.asarray(v) for k, v in ab.items()} for name, ab in adapter.items()}, losses


def merge(model: Llama, cut: int, adapter: Adapter) -> Llama:
    """The model with b a added to its weights: the same answers with no adapter, and no way to take it back."""
    blocks = dict(model.blocks)
    for name, ab in adapter.items():
        blocks[name] = blocks[name].at[cut:].add(np.einsum("nor,nri->noi", ab["b"], ab["a"]))
    return replace(model, blocks=blocks)
