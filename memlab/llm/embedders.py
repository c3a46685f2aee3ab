"""Text to unit rows: Ollama's all-minilm, wordllama, hashed words, and recorded rows of any of them."""

import hashlib
import importlib
import json
import logging
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from memlab.core import MemlabError
from memlab.llm.contract import Embedder, ModelMissing, ReplayMiss, check_texts
from memlab.llm.ollama import Servers
from memlab.llm.replay import write_table

MINILM = "all-minilm"
BATCH = 64


class OllamaEmbedder(Embedder):
    """``model`` as an Ollama server runs it, asked in batches of 64 texts; raises NoServer or ModelMissing."""

    backend = "ollama"

    def __init__(self, model: str = MINILM, hosts: Sequence[str] | None = None, timeout: float = 120.0) -> None:
        self.name = model
        self.servers = Servers(hosts, timeout)
        self._dim = 0

    @property
    def dim(self) -> int:  # type: ignore[override]
        """Length of a row; the first look asks the server."""
        if not self._dim:
            self.embed(["dimension"])
        return self._dim

    def _rows(self, texts: list[str]) -> np.ndarray:
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return np.concatenate([self.servers.call(partial(self._ask, batch)) for batch in batches])

    def _ask(self, batch: list[str], host: str, client: Any) -> np.ndarray:
        self.servers.digest(host, self.name)
        answer = client.embed(model=self.name, input=batch, truncate=False, keep_alive="2h")
        found = np.array(answer.embeddings, float)
        if found.ndim != 2 or len(found) != len(batch) or self._dim not in (0, found.shape[1]):
            raise ValueError(f"embeddings of shape {found.shape} for {len(batch)} texts")
        self._dim = found.shape[1]
        return found


class WordLlamaEmbedder(Embedder):
    """The 256-d static word vectors in the wheel of `wordllama`; nothing is downloaded."""

    name = "wordllama"
    backend = "wordllama"
    dim = 256

    def __init__(self) -> None:
        wordllama = _import_quietly("wordllama")
        home = Path(wordllama.__file__).parent
        try:
            # The package looks for its own tokenizer in a cache folder only: its own folder serves as one.
            self._model = wordllama.WordLlama.load(cache_dir=home, disable_download=True, dim=self.dim)
        except OSError as error:
            raise MemlabError(f"wordllama at {home} holds no weights ({error}): install its wheel 0.4.") from error

    def _rows(self, texts: list[str]) -> np.ndarray:
        return np.asarray(self._model.embed(texts))


class HashEmbedder(Embedder):
    """Signed feature hashing of lower-case words and pairs of words: no weights, the same on every machine.

    A text without words counts as one word.
    """

    name = "hash"
    backend = "hash"

    def __init__(self, dim: int = 256) -> None:
        self.dim = dim

    def _rows(self, texts: list[str]) -> np.ndarray:
        rows = np.zeros((len(texts), self.dim))
        for row, text in zip(rows, texts, strict=True):
            words = re.findall(r"\w+", text.lower()) or [text.strip()]
            for feature in [*words, *(f"{a} {b}" for a, b in pairwise(words))]:
                code = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "big")
                row[(code >> 1) % self.dim] += 1.0 if code & 1 else -1.0
            if not row.any():
                # Opposite signs in one place may cancel; a row needs a direction.
                row[0] = 1.0
        return rows


class ReplayEmbedder(Embedder):
    """The rows recorded in the Parquet file ``path``."""

    backend = "replay"

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name, self.dim, self._rows_of = _read_vectors(self.path)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Rows of shape ``(n, dim)``; raises ReplayMiss."""
        texts = check_texts(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in self._rows_of]
        if missing:
            self._bring(missing)
        return np.array([self._rows_of[text] for text in texts], np.float32).reshape(len(texts), self.dim)

    def _bring(self, missing: list[str]) -> None:
        raise ReplayMiss(
            f"{self.path} holds no embedding by {self.name} of {len(missing)} texts, first {missing[0][:120]!r}: "
            "use recorded tasks, or a live embedder ('ollama:all-minilm', 'wordllama', 'hash')."
        )


class RecordingEmbedder(ReplayEmbedder, AbstractContextManager["RecordingEmbedder"]):
    """A live embedder that asks for no text twice and keeps its rows in the Parquet file ``path``.

    Rows are saved by `save`, on leaving a ``with`` block, and after each 256 new texts: unlike replies they cost
    little to make again. Raises MemlabError when ``path`` holds the rows of another embedder.
    """

    def __init__(self, embedder: Embedder, path: str | Path) -> None:
        self.embedder, self.path, self._unsaved = embedder, Path(path), 0
        self.name, self.dim, self._rows_of = embedder.name, embedder.dim, {}
        if self.path.exists():
            super().__init__(path)
        self.backend = embedder.backend
        if (self.name, self.dim) != (embedder.name, embedder.dim):
            raise MemlabError(
                f"{self.path} holds rows of {self.name!r} with {self.dim} columns, not of {embedder.name!r} with "
                f"{embedder.dim}: record to another file."
            )

    def __exit__(self, *exc: object) -> None:
        self.save()

    def _bring(self, missing: list[str]) -> None:
        self._rows_of.update(zip(missing, self.embedder.embed(missing), strict=True))
        self._unsaved += len(missing)
        if self._unsaved >= 256:
            self.save()

    def save(self) -> Path:
        """Write all rows, atomically; gives the path."""
        if self._unsaved or not self.path.exists():
            texts = sorted(self._rows_of)
            flat = np.array([self._rows_of[t] for t in texts], np.float32).reshape(-1)
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(flat, pa.float32()), self.dim)
            note = {"model": self.name, "backend": self.backend, "dim": self.dim}
            write_table(self.path, pa.table({"text": texts, "vector": vectors}), note, level=12)
            self._unsaved = 0
        return self.path


def _import_quietly(package: str) -> Any:
    """Imports a package that sets up root logging for everyone, and takes that back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    module = importlib.import_module(package)
    root.handlers[:], root.level = handlers, level
    return module


def open_auto_embedder() -> Embedder:
    """all-minilm when an Ollama server answers and has it, else wordllama; says which."""
    found: Embedder = (live := OllamaEmbedder(MINILM))
    why = "an Ollama server answers"
    try:
        live.servers.probe(MINILM)
    except MemlabError as error:
        found = WordLlamaEmbedder()
        why = f"Ollama has no {MINILM}" if isinstance(error, ModelMissing) else "no Ollama server answers"
    print(f"memlab: embeddings by {found.name} ({why})")
    return found


def _read_vectors(path: Path) -> tuple[str, int, dict[str, np.ndarray]]:
    try:
        table = pq.read_table(path)
        origin = json.loads((table.schema.metadata or {})[b"memlab"])
        dim = int(origin["dim"])
        flat = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        rows = flat.astype(np.float32).reshape(-1, dim)
        return origin["model"], dim, dict(zip(table["text"].to_pylist(), rows, strict=True))
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise MemlabError(f"{path} is no file of recorded embeddings ({error!r}): fetch it again.") from error
