"""Fast weights: one matrix S that is written while the model sleeps (arXiv:2605.26099, known to us at second hand).

The paper's layer is S_t = α_t S_{t−1} + β_t v_t k_tᵀ. Its sleep runs the blocks N times over the facts, so that k and v
are computed anew in each pass: *depth*. Here α = β = 1, keys are unit rows, and nothing is trained. `delta_passes` is
another, simpler mechanism, *repetition*: the same keys and values again. `depth_passes` is depth at its smallest,
pointers that are followed. Leading axes are replicates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import MemlabError
from memlab.reward import Floats

Nodes = NDArray[np.intp]


def correlated_keys(n: int, dim: int, cosine: float, rng: np.random.Generator) -> Floats:
    """``n`` unit rows (n, dim) = (√c u + √(1−c) z_i), scaled to length 1, whose mean cosine is about c = ``cosine``.

    u is one random direction, z_i one for each key: all are standard normal draws divided by √dim.
    """
    if not 0 <= cosine < 1:
        raise MemlabError(f"cosine={cosine}: the mean cosine of two keys lies in [0, 1)")
    shared, own = rng.normal(size=dim), rng.normal(size=(n, dim))
    rows = np.sqrt(cosine) * shared + np.sqrt(1 - cosine) * own
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def hebbian_pass(keys: ArrayLike, values: ArrayLike) -> Floats:
    """S = Σ_i v_i k_iᵀ (..., m, d), one pass that does not look at what it has written; shapes as in `delta_passes`."""
    k, v = _pairs(keys, values)
    return np.swapaxes(v, -1, -2) @ k


def delta_passes(keys: ArrayLike, values: ArrayLike, passes: int, start: ArrayLike | None = None) -> Floats:
    """S (..., m, d) after ``passes`` of S ← S + (v_i − S k_i) k_iᵀ over keys (..., n, d) and values (..., n, m).

    From 0, or from ``start`` (..., m, d). With A = Π_i (I − k_i k_iᵀ) and any S* that has S* k_i = v_i for every i,
    S_N − S* = (S_0 − S*) Aᴺ, exactly. A pass is one solve: what its i-th write adds along k_i is the error that the
    writes j < i have left. Raises `MemlabError` for keys of squared length 2 or more, where the rule diverges.
    """
    k, v = _pairs(keys, values)
    gram = k @ np.swapaxes(k, -1, -2)
    longest = float(np.diagonal(gram, axis1=-2, axis2=-1).max(initial=0.0))
    if longest >= 2:
        raise MemlabError(f"a key of squared length {longest:.3g}: the delta rule diverges from 2 on; scale keys to 1")
    if passes < 0 or passes != int(passes):
        raise MemlabError(f"passes={passes}: give a whole number, 0 or more")
    state = np.zeros((*k.shape[:-2], v.shape[-1], k.shape[-1])) if start is None else np.asarray(start, dtype=float)
    once, added = np.linalg.inv(np.eye(k.shape[-2]) + np.tril(gram, -1)), np.zeros_like(v)
    wanted = v - k @ np.swapaxes(state, -1, -2)
    for _ in range(int(passes)):
        added = added + once @ (wanted - gram @ added)
    return state + np.swapaxes(added, -1, -2) @ k


def recalled(state: Floats, cues: ArrayLike, codes: ArrayLike) -> Nodes:
    """The index of the code (..., n, m) with the largest product with S·cue, for each of the cues (..., q, d)."""
    answers = np.asarray(cues, dtype=float) @ np.swapaxes(state, -1, -2)
    return (answers @ np.swapaxes(np.asarray(codes, dtype=float), -1, -2)).argmax(axis=-1)


def depth_passes(
    codes: ArrayLike, successor: ArrayLike, passes: int, doubling: bool = False, repeats: int = 1
) -> Floats:
    """S after the pointers i → ``successor[i]`` were written, then ``passes`` that compute the values anew.

    ``codes`` (..., n, d) are unit rows, key and value of a node alike; ``successor`` is (..., n), and an end points to
    itself. Each item carries the node it has reached. A pass sends it on from there, through the pointers as first
    written (one hop), or with ``doubling`` through S itself, which has moved on, and writes where it came to; a write
    is ``repeats`` delta passes. If each read is right, an item k hops from its end is there iff passes ≥ k − 1, or iff
    2^passes ≥ k.
    """
    code, at = np.asarray(codes, dtype=float), np.asarray(successor)
    first = state = delta_passes(code, _rows(code, at), repeats)
    for _ in range(passes):
        at = recalled(state if doubling else first, _rows(code, at), code)
        state = delta_passes(code, _rows(code, at), repeats, state)
    return state


def chased(state: Floats, codes: ArrayLike, nodes: ArrayLike, reads: int) -> Nodes:
    """Where ``reads`` reads in a row lead from ``nodes`` (..., q): one is what sleep is for, several are its rival."""
    code, at = np.asarray(codes, dtype=float), np.asarray(nodes)
    for _ in range(reads):
        at = recalled(state, _rows(code, at), code)
    return at


def key_flops(tokens: int, layers: int = 6, width: int = 384) -> int:
    """Multiplications and additions of a key (width,) from a text: products and biases of an encoder like all-minilm.

    A layer has 12 width² weights, and its attention compares ``tokens`` with each other.
    """
    return layers * (24 * tokens * width**2 + 4 * tokens**2 * width)


def _rows(codes: Floats, nodes: Nodes) -> Floats:
    return np.take_along_axis(codes, np.asarray(nodes)[..., None], axis=-2)


def _pairs(keys: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats]:
    k, v = np.asarray(keys, dtype=float), np.asarray(values, dtype=float)
    if k.ndim < 2 or k.shape[:-1] != v.shape[:-1]:
        raise MemlabError(f"keys {k.shape} and values {v.shape}: give a row of each for every fact")
    if not (np.isfinite(k).all() and np.isfinite(v).all()):
        raise MemlabError("a key or a value is NaN or infinite: leave that fact out")
    return k, v
