"""memlab: an agent that learns by rewriting its memory while its language model stays frozen.

Names load on first use, so that ``import memlab`` costs little: ``memlab.open_store`` imports the stores, and so on.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memlab.agent import Agent
    from memlab.core import Case, Edit, Episode, Hits, MemlabError, Reply, Step, Task
    from memlab.datafiles import data
    from memlab.experiments import study
    from memlab.llm import open_embedder, open_llm
    from memlab.stores import open_store
    from memlab.tasks import stream

__version__ = "0.1.0"

_HOMES = {
    "Agent": "agent",
    "Case": "core",
    "Edit": "core",
    "Episode": "core",
    "Hits": "core",
    "MemlabError": "core",
    "Reply": "core",
    "Step": "core",
    "Task": "core",
    "data": "datafiles",
    "open_embedder": "llm",
    "open_llm": "llm",
    "open_store": "stores",
    "stream": "tasks",
    "study": "experiments",
}
_MODULES = (
    "agent",
    "belief",
    "bench",
    "core",
    "course",
    "credit",
    "credit_rules",
    "credit_world",
    "datafiles",
    "doctor",
    "experiments",
    "lessons",
    "llm",
    "mdp",
    "prompt",
    "retrieval",
    "retrieval_learned",
    "reward",
    "rivals",
    "show",
    "stats",
    "stores",
    "studies",
    "tasks",
    "weights",
)

__all__ = [
    "Agent",
    "Case",
    "Edit",
    "Episode",
    "Hits",
    "MemlabError",
    "Reply",
    "Step",
    "Task",
    "data",
    "open_embedder",
    "open_llm",
    "open_store",
    "stream",
    "study",
]


def __getattr__(name: str) -> Any:
    """Load a public name or submodule on first use (PEP 562)."""
    if name in _HOMES:
        value = getattr(import_module(f"memlab.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"memlab.{name}")
    raise AttributeError(f"module 'memlab' has no attribute {name!r}; it offers: {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
