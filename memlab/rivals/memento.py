"""Memento's two memories (2508.16153), K = 4: non-parametric, and parametric as written and as released.

- Non-parametric: Write appends every (s, a, r), Read is the K nearest (Eq 16).
- Parametric, as written: cases are drawn from μ ∝ exp(Q(s, c; θ)/α) (Eq 7), with void (Memento 2), θ fitted online by
  cross-entropy (Eq 15). As released: the K cases with the highest Q; no sampling, and θ is trained once, offline.

Where ours differ: Q is linear in features of the two vectors, where theirs is a small network on text; θ is fitted
again after every 8 uses, in both. The prompt has no words for a failure, so a retrieved failure is not shown but takes
its tool out of the choices (`memlab.agent.narrow`). The parametric reads rank the 16 nearest cases, not all.
"""

from __future__ import annotations

from memlab.retrieval.learned import Hybrid, ParametricQ, Soft
from memlab.retrieval.policies import TopK

K = 4


def nonparametric() -> TopK:
    """Read = TopK (Eq 16): the K nearest cases, whatever their similarity."""
    return TopK(k=K, shortlist=K, min_similarity=-1.0)


def parametric() -> Soft:
    """Read as written: K draws from μ ∝ exp(Q/α), or fewer where void is drawn."""
    return Soft(ParametricQ(), k=K, alpha=0.1, void_q=0.5, shortlist=16, min_similarity=0.5)


def parametric_released() -> Hybrid:
    """Read as released: the K cases with the highest Q, similarity apart (λ = 1)."""
    return Hybrid(ParametricQ(), k=K, lam=1.0, shortlist=16, min_similarity=0.5)
