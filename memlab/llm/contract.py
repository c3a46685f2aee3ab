"""What a frozen language model and an embedder must offer, and the errors they raise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from memlab.core import MemlabError, Reply

if TYPE_CHECKING:
    from memlab.llm.call import Call


class NoServer(MemlabError):
    """No Ollama server answers, or it stopped answering."""


class ModelMissing(MemlabError):
    """The server or the cache does not hold the model that was asked for."""


class ContextTooLong(MemlabError):
    """The prompt and the reply do not fit into the context window."""


class BadReply(MemlabError):
    """The model's reply is not valid JSON, or not one of the choices."""


class ReplayMiss(MemlabError):
    """The recorded replies hold no answer to this call."""


class LLM(Protocol):
    """p_LLM(a|s,c): a frozen model. ``backend`` is ollama, embedded, replay or simulated."""

    @property
    def name(self) -> str:
        """The model's name, such as ``smollm2:135m``."""

    @property
    def backend(self) -> str:
        """Which of the four kinds of model answers."""

    @property
    def digest(self) -> str:
        """Identifies the weights, so that a record is never mixed up with another model's."""

    def complete(self, prompt: str, **settings: Any) -> Reply:
        """Answer one user message; ``settings`` are those of `memlab.llm.call.Call`."""

    def answer(self, call: Call) -> Reply:
        """Answer a call that was made before, such as one that a recorder hands on."""


class Embedder(Protocol):
    """Text to unit rows."""

    @property
    def name(self) -> str:
        """The embedding model's name."""

    @property
    def backend(self) -> str:
        """ollama, wordllama, hash or replay."""

    @property
    def dim(self) -> int:
        """Length d of a row."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Rows of shape ``(n, d)``, float32, each of length 1."""
