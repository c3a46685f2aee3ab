"""memlab: an agent that learns by rewriting its memory while its language model stays frozen.

Names load on first use, so that ``import memlab`` costs little: ``memlab.open_store`` imports the stores, and so on.
"""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

# For type checkers; at run time `_HOMES` says where a name comes from.
# ruff: noqa: F401
if TYPE_CHECKING:
    from memlab.agent import Agent
    from memlab.core import Case, Edit, Episode, Hits, MemlabError, Reply, Step, Task
    from memlab.datafiles import data
    from memlab.experiments import Claim, Study, Verdict, grid, verdict
    from memlab.learners import study
    from memlab.llm import open_embedder, open_llm
    from memlab.stores import open_store
    from memlab.tasks import stream

__version__ = "0.1.0"

_HOMES = {
    "agent": ("Agent",),
    "core": ("Case", "Edit", "Episode", "Hits", "MemlabError", "Reply", "Step", "Task"),
    "datafiles": ("data",),
    "experiments": ("Claim", "Study", "Verdict", "grid", "verdict"),
    "learners": ("study",),
    "llm": ("open_embedder", "open_llm"),
    "stores": ("open_store",),
    "tasks": ("stream",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Load a public name or submodule on first use (PEP 562)."""
    if name in _HOME:
        value = getattr(import_module(f"memlab.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if find_spec(f"memlab.{name}"):
        return import_module(f"memlab.{name}")
    raise AttributeError(f"module 'memlab' has no attribute {name!r}; it offers: {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *(module.name for module in iter_modules(__path__))})
