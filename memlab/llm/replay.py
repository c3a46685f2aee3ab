"""Recorded replies: `Recorder` keeps every reply of a live model, `Replay` answers from what was kept."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from memlab.core import MemlabError, Reply
from memlab.datafiles import write_whole
from memlab.llm.choices import output_schema
from memlab.llm.contract import LLM, ReplayMiss

PART = ".part.jsonl"
COLUMNS = ("key", "model", "digest", "prompt", "call", "reply", "backend")


def call_key(
    model: str,
    digest: str,
    prompt: str,
    schema: Mapping[str, Any] | None,
    temperature: float,
    seed: int,
    max_tokens: int,
) -> str:
    """sha256 in hex over the canonical JSON of all that can change a reply."""
    parts = [model, digest, prompt, schema, float(temperature), int(seed), int(max_tokens)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """Rows of a recorded Parquet file, of its journal, or of all of them in a folder; raises MemlabError."""
    path = Path(path)
    if path.is_dir():
        names = {str(p).removesuffix(PART) for p in path.iterdir() if p.name.endswith((".parquet", PART))}
        return [row for name in sorted(names) for row in read_rows(name)]
    journal = Path(f"{path}{PART}")
    if not path.exists() and not journal.exists():
        raise MemlabError(f"No recorded replies at {path}: record them with Recorder(llm, path), or correct the path.")
    rows: dict[str, dict[str, str]] = {}
    for row in [*(_read_parquet(path) if path.exists() else ()), *_read_journal(journal)]:
        rows.setdefault(row["key"], row)
    return list(rows.values())


def _read_parquet(path: Path) -> list[dict[str, str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, columns=list(COLUMNS)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise MemlabError(f"{path} is no file of recorded replies ({error}): fetch it again.") from error


def _read_journal(path: Path) -> Iterable[dict[str, str]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            # A killed run may leave half a line: it was never acknowledged.
            if not line.endswith("\n"):
                return
            try:
                row = json.loads(line)
            except ValueError as error:
                raise MemlabError(f"{path}, line {number}, is not JSON ({error}): delete that line.") from error
            yield row


class Recorder:
    """A live model whose every reply is kept at ``path``, so that nothing is ever asked twice.

    Each reply is appended and synced to the journal ``path + ".part.jsonl"`` before it is returned; `compact`
    folds the journal into the Parquet file ``path``. One process records into one path. A reply from the record
    has ``backend="replay"``. Raises MemlabError when another process records there, or the disk refuses.
    """

    def __init__(self, llm: LLM, path: str | Path) -> None:
        from filelock import FileLock, Timeout

        self.llm = llm
        self.path = Path(path)
        self.journal = Path(f"{self.path}{PART}")
        self._guard = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path.with_name(f".{self.path.name}.lock"))
            self._lock.acquire(timeout=0)
            self._rows = {row["key"]: row for row in read_rows(self.path)} if self._exists() else {}
            self._out = _open_at_line_end(self.journal)
        except Timeout as error:
            raise MemlabError(f"Another process records to {self.path}: give each process its own file.") from error
        except OSError as error:
            raise MemlabError(f"Cannot record to {self.path} ({error}): choose a writable folder.") from error

    @property
    def name(self) -> str:
        """The recorded model's name."""
        return self.llm.name

    @property
    def backend(self) -> str:
        """The recorded model's backend."""
        return self.llm.backend

    @property
    def digest(self) -> str:
        """The recorded model's digest."""
        return self.llm.digest

    def __len__(self) -> int:
        return len(self._rows)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def complete(
        self,
        prompt: str,
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        seed: int = 0,
        temperature: float = 0.0,
        max_tokens: int = 64,
    ) -> Reply:
        """The recorded reply to this very call, or the model's, kept."""
        shape = output_schema(choices, schema)
        key = call_key(self.name, self.digest, prompt, shape, temperature, seed, max_tokens)
        if key in self._rows:
            return to_reply(self._rows[key])
        reply = self.llm.complete(
            prompt, choices=choices, schema=schema, seed=seed, temperature=temperature, max_tokens=max_tokens
        )
        call = {"schema": shape, "temperature": temperature, "seed": seed, "max_tokens": max_tokens}
        row = {
            "key": key,
            "model": self.name,
            "digest": self.digest,
            "prompt": prompt,
            "call": json.dumps(call),
            "reply": json.dumps(_reply_fields(reply)),
            "backend": reply.backend,
        }
        with self._guard:
            try:
                _append(self._out, (json.dumps(row) + "\n").encode())
            except OSError as error:
                raise MemlabError(
                    f"Cannot record to {self.journal} ({error}): free disk space and rerun; earlier replies are kept."
                ) from error
            self._rows[key] = row
        return reply

    def compact(self) -> Path:
        """Fold the journal into the Parquet file (zstd) with its provenance, all or nothing; gives its path."""
        with self._guard:
            write_rows(self.path, list(self._rows.values()))
            self._out.close()
            self.journal.unlink(missing_ok=True)
            self._out = _open_at_line_end(self.journal)
        return self.path

    def close(self) -> None:
        """Stop recording; the journal stays unless it is empty."""
        self._out.close()
        if self.journal.exists() and not self.journal.stat().st_size:
            self.journal.unlink()
        self._lock.release()

    def _exists(self) -> bool:
        return self.path.exists() or self.journal.exists()


class Replay:
    """Answers from the replies recorded at ``path`` (a Parquet file, or a folder of them), and calls no model.

    ``model`` picks one when several were recorded. Raises MemlabError when there is none, or more than one.
    """

    backend = "replay"

    def __init__(self, path: str | Path, model: str | None = None) -> None:
        self.path = Path(path)
        rows = read_rows(self.path)
        models = sorted({(row["model"], row["digest"]) for row in rows if model in (None, row["model"])})
        if len(models) != 1:
            held = sorted({row["model"] for row in rows})
            raise MemlabError(
                f"{self.path} holds replies of {held or 'no model'}, wanted {model or 'one'}: "
                "name one as 'replay:PATH#MODEL'."
            )
        self.name, self.digest = models[0]
        self._rows = {row["key"]: row for row in rows}

    def __len__(self) -> int:
        return len(self._rows)

    def complete(
        self,
        prompt: str,
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        seed: int = 0,
        temperature: float = 0.0,
        max_tokens: int = 64,
    ) -> Reply:
        """The reply recorded for this very call; raises ReplayMiss."""
        key = call_key(self.name, self.digest, prompt, output_schema(choices, schema), temperature, seed, max_tokens)
        if key not in self._rows:
            shown = prompt if len(prompt) <= 240 else f"{prompt[:100]} [...] {prompt[-140:]}"
            raise ReplayMiss(
                f"{self.path} holds no reply of {self.name} to this call (choices {list(choices or ())}, seed {seed}, "
                f"temperature {temperature:g}, max_tokens {max_tokens}): {shown!r}. Use recorded settings, or the "
                "model 'simulated', or a live one ('ollama:NAME', 'embedded')."
            )
        return to_reply(self._rows[key])


def to_reply(row: Mapping[str, str]) -> Reply:
    """The reply in one recorded row, labeled ``backend="replay"``; its seconds are the live call's."""
    return Reply(**json.loads(row["reply"]), model=row["model"], backend="replay")


def provenance() -> dict[str, Any]:
    """What made a file: command (without the folders of this machine), date (UTC) and versions."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {"python": sys.version.split()[0]}
    for package in ("memlab", "lancedb", "numpy", "ollama", "pandas", "pyarrow", "wordllama", "xllamacpp"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    words = [Path(part).name if os.path.isabs(part) else part for part in sys.argv]
    return {
        "command": " ".join(words).replace("__main__.py", "memlab", 1),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": versions,
    }


def write_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write recorded rows as one Parquet file with provenance in its metadata, atomically."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    origin = {
        **provenance(),
        "models": sorted({(row["model"], row["digest"]) for row in rows}),
        "backends": sorted({row["backend"] for row in rows}),
    }
    schema = pa.schema([(name, pa.string()) for name in COLUMNS], metadata={"memlab": json.dumps(origin)})
    table = pa.Table.from_pylist(list(rows), schema=schema)
    write_whole(path, lambda part: pq.write_table(table, part, compression="zstd", compression_level=19))


def _reply_fields(reply: Reply) -> dict[str, Any]:
    probs = None if reply.choice_probs is None else {c: round(p, 9) for c, p in reply.choice_probs.items()}
    missing = None if reply.missing_mass is None else round(reply.missing_mass, 9)
    return {
        "text": reply.text,
        "value": reply.value,
        "choice_probs": probs,
        "tokens_in": reply.tokens_in,
        "tokens_out": reply.tokens_out,
        "seconds": round(reply.seconds, 6),
        "missing_mass": missing,
    }


def _open_at_line_end(path: Path) -> IO[bytes]:
    """Open a journal for appending, unbuffered, behind its last whole line."""
    out = path.open("a+b", buffering=0)
    out.seek(0)
    whole = out.read()
    out.truncate(whole.rfind(b"\n") + 1)
    return out


def _append(out: IO[bytes], line: bytes) -> None:
    """Append one line and sync it, or leave the file as it was and raise."""
    end = os.fstat(out.fileno()).st_size
    rest = memoryview(line)
    try:
        while rest:
            rest = rest[out.write(rest) :]
        os.fsync(out.fileno())
    except BaseException:
        # An interrupt too must leave no half line: a notebook goes on with the same file.
        with suppress(OSError):
            out.truncate(end)
        raise
