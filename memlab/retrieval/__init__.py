"""Retrieval μ(c|s, M): policies that are given (`policies`), and values that are learned from past uses (`learned`)."""

from memlab.retrieval.policies import Retrieved, Retriever, TopK, kernel_q, soft_policy, soft_value

__all__ = ["Retrieved", "Retriever", "TopK", "kernel_q", "soft_policy", "soft_value"]
