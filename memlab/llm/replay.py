"""Recorded replies: `Recorder` keeps every reply of a live model, `Replay` answers from what was kept."""

import json
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from memlab.core import MemlabError, Reply
from memlab.datafiles import write_whole
from memlab.journal import Journal, read_journal
from memlab.llm.call import Call
from memlab.llm.contract import LLM, NoServer, ReplayMiss

PART = ".part.sqlite"
COLUMNS = ("key", "model", "digest", "prompt", "call", "reply", "backend")


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """Rows of a recorded file, of its journal, or of all ``*replies.parquet`` below a folder; raises MemlabError."""
    path = Path(path)
    # Of os.path, because a Path raises for a name that is too long.
    if os.path.isdir(path):
        names = {
            str(p).removesuffix(PART) for p in path.rglob("*replies.parquet*") if p.name.endswith((".parquet", PART))
        }
        return [row for name in sorted(names) for row in read_rows(name)]
    journal = Path(f"{path}{PART}")
    if not os.path.exists(path) and not os.path.exists(journal):
        raise MemlabError(f"No recorded replies at {path}: record them with Recorder(llm, path), or correct the path.")
    rows = {row["key"]: row for row in (_read_parquet(path) if path.exists() else ())}
    rows |= {key: json.loads(row) for key, row in read_journal(journal).items()}
    return list(rows.values())


def _read_parquet(path: Path) -> list[dict[str, str]]:
    try:
        return pq.read_table(path, columns=list(COLUMNS)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise MemlabError(f"{path} is no file of recorded replies ({error}): fetch it again.") from error


class Recorder(LLM, AbstractContextManager["Recorder"]):
    """A live model whose every reply is kept at ``path``, so that nothing is ever asked twice.

    Each reply is synced to the journal ``path + ".part.sqlite"`` before it is returned; `compact` folds the journal
    into the Parquet file ``path``. One process records into one path. A reply from the record has
    ``backend="replay"``. Raises MemlabError when another process records there, or the disk refuses.
    """

    def __init__(self, llm: LLM, path: str | Path) -> None:
        self.llm = llm
        self.name, self.backend = llm.name, llm.backend
        self.path = Path(path)
        self.journal = Journal(f"{self.path}{PART}")
        self._guard = threading.Lock()
        try:
            self._rows = {row["key"]: row for row in read_rows(self.path)}
        except MemlabError:
            self.close()
            raise

    @cached_property
    def digest(self) -> str:  # type: ignore[override]
        """The recorded model's digest."""
        return self.llm.digest

    def __len__(self) -> int:
        return len(self._rows)

    def __exit__(self, *exc: object) -> None:
        self.close()

    def answer(self, call: Call) -> Reply:
        """The recorded reply to this very call, or the model's, kept."""
        key = call.key(self.name, self.digest)
        if key in self._rows:
            return to_reply(self._rows[key], call, self.path)
        try:
            reply = self.llm.answer(call)
        except NoServer as error:
            raise NoServer(f"{error} The replies recorded so far are kept in {self.path}: a rerun goes on.") from error
        fields = ("schema", "temperature", "seed", "max_tokens", *(("answer",) if call.answer == "ranked" else ()))
        settings = {field: getattr(call, field) for field in fields}
        row = {"key": key, "model": self.name, "digest": self.digest, "prompt": call.prompt, "backend": reply.backend}
        row |= {"call": json.dumps(settings), "reply": json.dumps(_reply_fields(reply))}
        with self._guard:
            self.journal.put(key, json.dumps(row).encode())
            self._rows[key] = row
        return reply

    def compact(self) -> Path:
        """Fold the journal into the Parquet file (zstd) with its provenance, all or nothing; gives its path."""
        with self._guard:
            write_rows(self.path, list(self._rows.values()))
            self.journal.clear()
        return self.path

    def close(self) -> None:
        """Stop recording; the journal stays unless it is empty."""
        self.journal.close()


class Replay(LLM):
    """Answers from the replies recorded at ``paths`` (Parquet files, or folders of them), and calls no model.

    ``model`` picks one when several were recorded. Raises MemlabError when there is none, or more than one.
    """

    backend = "replay"

    def __init__(self, *paths: str | Path, model: str | None = None) -> None:
        self.path = os.path.commonpath(paths) if paths else ""
        rows = [row for path in paths for row in read_rows(path)]
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

    def answer(self, call: Call) -> Reply:
        """The reply recorded for this very call; raises ReplayMiss."""
        key = call.key(self.name, self.digest)
        if key not in self._rows:
            shown = call.prompt if len(call.prompt) <= 240 else f"{call.prompt[:100]} [...] {call.prompt[-140:]}"
            settings = f"seed {call.seed}, temperature {call.temperature:g}, max_tokens {call.max_tokens}"
            raise ReplayMiss(
                f"{self.path} holds no reply of {self.name} to this call (choices {list(call.choices or ())}, "
                f"{settings}): {shown!r}. Use recorded settings, or the model 'simulated', or a live one "
                "('ollama:NAME', 'embedded')."
            )
        return to_reply(self._rows[key], call, self.path)


def to_reply(row: Mapping[str, str], call: Call, path: str | Path) -> Reply:
    """The reply in a row recorded for ``call``, labeled ``backend="replay"``; its seconds are the live call's.

    Raises MemlabError, which names ``path``, for a reply that ``call`` does not allow: the record was changed.
    """
    try:
        reply = Reply(**json.loads(row["reply"]), model=row["model"], backend="replay")
        if call.choices is not None and reply.value not in call.choices:
            raise ValueError(f"{reply.value!r} is none of the choices {list(call.choices)}")
        return reply
    except (TypeError, ValueError) as error:
        raise MemlabError(
            f"A reply recorded in {path} was changed or damaged ({error}): fetch the file again "
            "(`git checkout` it, where it is the course's)."
        ) from error


def provenance() -> dict[str, Any]:
    """What made a file: command (without the folders of this machine), date (UTC) and versions."""
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
    """Write recorded rows as one Parquet file, with what made them."""
    table = pa.Table.from_pylist(list(rows), schema=pa.schema([(name, pa.string()) for name in COLUMNS]))
    models = sorted({(row["model"], row["digest"]) for row in rows})
    note = {"models": models, "backends": sorted({row["backend"] for row in rows})}
    write_table(path, table, note, level=19)


def write_table(path: Path, table: pa.Table, note: Mapping[str, Any], level: int | None = None) -> None:
    """Write a Parquet file (zstd at ``level``) with `provenance` and ``note`` in its metadata, all or nothing."""
    told = {**(table.schema.metadata or {}), b"memlab": json.dumps({**provenance(), **note}).encode()}
    table = table.replace_schema_metadata(told)
    write_whole(path, lambda part: pq.write_table(table, part, compression="zstd", compression_level=level))


def _reply_fields(reply: Reply) -> dict[str, Any]:
    probs = None if reply.choice_probs is None else {c: round(p, 9) for c, p in reply.choice_probs.items()}
    missing = None if reply.missing_mass is None else round(reply.missing_mass, 9)
    kept = replace(reply, choice_probs=probs, missing_mass=missing, seconds=round(reply.seconds, 6))
    return {name: value for name, value in vars(kept).items() if name not in ("model", "backend")}
