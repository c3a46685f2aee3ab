"""Learners of lab 06's field behind a gate: what a verifier of edits is worth where rewards are reported wrong.

A gate (`memlab.verify.gate`) lets an edit pass where its verifier agrees with the reward. The coin is its null: it
refuses as much, whatever the answer.
"""

from __future__ import annotations

from typing import Any

from memlab import data, open_store, stream, verify
from memlab.learners import life
from memlab.llm.contract import LLM
from memlab.llm.embedders import ReplayEmbedder
from memlab.rivals.arms import learners
from memlab.tasks.tools import UNREADABLE
from memlab.verify import Gate

TPR, FPR = 0.8, 0.2
KEPT = 0.71  # .85 × TPR + .15 × FPR: the share of reports that a noisy gate lets through


def gates(seed: int) -> dict[str, Gate | None]:
    """The gates by name."""
    coin = verify.noisy(KEPT, KEPT, seed)
    return {
        "no gate": None,
        "null: coin": lambda task, episode, edit: "" if coin(task, episode.answer) else "by chance",
        "noisy gate": verify.gate(verify.noisy(TPR, FPR, seed)),
        "program gate": verify.gate(verify.program(lambda question, answer: answer != UNREADABLE)),
        "oracle gate": verify.gate(verify.oracle),
        "no memory": lambda task, episode, edit: "nothing is written",
    }


def behind(gate: Gate | None, rule: str, seed: int, llm: LLM) -> list[dict[str, Any]]:
    """A life on a noisy stream of lab 06's field, a row a task: its agents show no case, so its record answers."""
    embedder = ReplayEmbedder(data("lab06/embeddings.parquet"))
    agent = learners("ranked")[rule](llm, embedder, open_store(dim=embedder.dim), seed)
    agent.gate = gate
    return life(agent, stream("toolbox12-b", "noisy15", 240, seed, 8))


def gated(arm: str, seed: int, llm: LLM) -> list[dict[str, Any]]:
    """A rule and a gate by name, such as "newest-first, noisy gate"."""
    rule, _, name = arm.rpartition(", ")
    return behind(gates(seed)[name], rule or "newest-first", seed, llm)
