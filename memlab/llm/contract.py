"""What a frozen language model and an embedder must offer, and the errors they raise."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab.core import MemlabError, Reply

if TYPE_CHECKING:
    from memlab.llm.call import Call

LIVE = ("ollama", "embedded")
"""The backends that ask a model, and take its time."""


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


class LLM:
    """p_LLM(a|s,c): a frozen model. ``backend`` is ollama, embedded, replay or simulated; each gives its own `answer`.

    ``name`` is the model's, such as ``smollm2:135m``; ``digest`` identifies the weights, so that a record is never
    mixed up with another model's.
    """

    name: str
    backend: str
    digest: str

    def complete(self, prompt: str, **settings: Any) -> Reply:
        """Answer one user message; ``settings`` are those of `memlab.llm.call.Call`, such as ``choices``."""
        from memlab.llm.call import Call

        return self.answer(Call(prompt, **settings))

    def answer(self, call: "Call") -> Reply:
        """The reply to ``call``."""
        raise NotImplementedError


class Embedder:
    """Text to unit rows of length ``dim``; ``backend`` is ollama, wordllama, hash or replay."""

    name: str
    backend: str
    dim: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Rows of shape ``(n, dim)``, float32, each of length 1; raises MemlabError for a text without words."""
        texts = check_texts(texts)
        return unit_rows(self._rows(texts), texts, self.name) if texts else np.zeros((0, self.dim), np.float32)

    def _rows(self, texts: list[str]) -> np.ndarray:
        """Rows of any length, one for each of the texts: at least one, none of them empty."""
        raise NotImplementedError


def check_texts(texts: Sequence[str]) -> list[str]:
    """A list of non-empty strings; raises MemlabError, also on a bare string."""
    if isinstance(texts, str):
        raise MemlabError(f"embed() takes a list of texts, got one string {texts[:40]!r}: put it in a list.")
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise MemlabError(f"Text {i} of {len(texts)} is {text!r}: an embedder needs a non-empty string.")
    return list(texts)


def unit_rows(rows: np.ndarray, texts: Sequence[str], name: str) -> np.ndarray:
    """``rows`` as float32 of length 1 each; raises MemlabError on NaN and on zero rows, and names the text."""
    rows = np.asarray(rows, dtype=np.float64)
    length = np.linalg.norm(rows, axis=1)
    bad = np.flatnonzero(~np.isfinite(length) | (length == 0))
    if bad.size:
        raise MemlabError(
            f"The embedder {name!r} gives no direction for the text {texts[bad[0]]!r} (length {length[bad[0]]}): "
            "give it a text with words, or use another embedder."
        )
    return (rows / length[:, None]).astype(np.float32)
