"""Lab 02, the three memories: does a task of two steps need its subtask and its tool memory? SmolLM2 chooses the tools.

Every task asks a second question that needs the first one's result. A tool that cannot read a question says so, and a
step may call three tools. All arms keep case memory with credit; they differ in their working memories.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memlab.agent import Agent
from memlab.credit import RewriteQ
from memlab.experiments import Claim, Study, grid
from memlab.learners import live, with_memory
from memlab.llm.contract import LLM, Embedder
from memlab.retrieval import TopK
from memlab.stores import Store

if TYPE_CHECKING:
    import pandas as pd

FULL = "subtask and tool"
NOTES = {FULL: ("subtask", "tool"), "subtask only": ("subtask",), "tool only": ("tool",), "neither": ()}


def alone(llm: LLM, embedder: Embedder, store: Store, seed: int) -> Agent:
    """Keeps nothing, not even cases."""
    return Agent(llm, embedder, seed=seed, notes=(), tries=3)


ARMS = {name: with_memory(TopK(), RewriteQ(step=0.7), notes=notes, tries=3) for name, notes in NOTES.items()}
ARMS["no memory"] = alone


def live_two_steps(arm: str, world: str, seed: int, llm: LLM, embedder: Embedder) -> list[dict[str, Any]]:
    """One life of 8 two-step tasks from an empty memory, a row a task."""
    return live(ARMS[arm], llm, embedder, world=world, kind="stationary", n=8, seed=seed, two_step=1.0)


def solved_and_calls(rows: pd.DataFrame) -> dict[str, float]:
    """Share of tasks solved, and minus the model calls a task."""
    return {"success": float(rows["success"].mean()), "thrift": -float(rows["calls"].mean())}


STUDY = Study(
    "lab02-steps",
    live_two_steps,
    solved_and_calls,
    report=grid(arm=tuple(ARMS), world="toolbox-b", seed=range(100, 116)),
    claims=(
        Claim("subtask memory solves more two-step tasks", FULL, "tool only", primary=True, metric="success"),
        Claim("tool memory solves more two-step tasks", FULL, "subtask only", metric="success"),
        Claim("tool memory saves calls", FULL, "subtask only", metric="thrift"),
    ),
    nulls=("no memory", "neither"),
    model="ollama:smollm2:135m",
    embedder="wordllama",
)
