"""The store on disk: LanceDB at a folder or an object-store URI.

One append to the table ``log`` is the commit point. ``version`` is memlab's own number, not LanceDB's: cleanup deletes
LanceDB's versions. The table ``view`` is a checkpoint that only saves time on opening; `LanceStore.rebuild` does
without it. Search runs on the matrix in memory, as in the array store.
"""

from __future__ import annotations

import os
import re
import secrets
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab.core import Edit, Step
from memlab.stores import checkpoint
from memlab.stores.base import LogStore
from memlab.stores.contract import StoreError, check_dim
from memlab.stores.log import Entry, View, replay
from memlab.stores.rows import STEP, decode, dim_of, encode, log_schema, newest_vectors

if TYPE_CHECKING:
    import pyarrow as pa

COMPACT_EVERY = 64
CHECKPOINT_EVERY = 512
LOCK_SECONDS = 60.0
URI_REFRESH_SECONDS = 1.0
URI_GRACE = timedelta(minutes=10)


class LanceStore(LogStore):
    """Memory that outlives the process. Writers on one machine take turns by a lock file.

    At a URI there is no lock: a writer reads its rows back when somebody else wrote meanwhile, the first of two
    commits of one version counts, and the other is checked again and committed after it. Readers at a URI look for
    new commits once a second.
    """

    def __init__(self, path: str | os.PathLike[str], dim: int | None = None) -> None:
        self._path = os.fspath(path)
        self._folder = None if "://" in self._path else Path(self._path).expanduser().absolute()
        self._table = self._open(None if dim is None else check_dim(dim))
        held = dim_of(self._table.schema)
        if dim is not None and dim != held:
            raise StoreError(f"{self._path} holds vectors of length {held}, not {dim}; use its embedder, or a new path")
        super().__init__(held)
        self._tokens: list[int] = []
        self._looked = 0.0
        self._lance_version = 0
        self._in_write = False
        self._look()
        self._view = self._load()

    def _open(self, dim: int | None) -> Any:
        import lancedb

        folder = self._folder
        with self._told("cannot open memory", "check the path and its permissions"):
            if folder is not None:
                if folder.exists() and not folder.is_dir():
                    raise StoreError(f"{self._path} is a file; give the path of a folder")
                self._db = lancedb.connect(folder)
                if not _has_log(folder):
                    return self._create(256 if dim is None else dim)
            else:
                self._db = lancedb.connect(self._path)
                if "log" not in self._db.list_tables().tables:
                    return self._create(256 if dim is None else dim)
        with self._told("cannot read memory", "the table is damaged: bring it back from a copy, or use another path"):
            table = self._db.open_table("log")
            schema = table.schema
        if not dim_of(schema):
            raise StoreError(f"{self._path} holds a table that memlab did not make ({schema.names}); use another path")
        return table

    def _create(self, dim: int) -> Any:
        folder = self._folder
        if folder is None:
            return self._db.create_table("log", schema=log_schema(dim), exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted({name.name for name in folder.iterdir()} - {"memlab.lock", "log.lance"})
        if others:
            raise StoreError(f"{self._path} holds other files ({', '.join(others[:3])}); give a new or empty folder")
        with self._lock():
            if _has_log(folder):
                return self._db.open_table("log")
            data = folder / "log.lance" / "data"
            if data.is_dir() and any(data.iterdir()):
                raise StoreError(
                    f"{self._path} lost its table's manifest; bring it back from a copy, or use another path"
                )
            return self._db.create_table("log", schema=log_schema(dim))

    @contextmanager
    def _told(self, what: str, remedy: str) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except Exception as error:
            raise StoreError(f"{what} at {self._path}: {_short(error)}; {remedy}") from error

    @contextmanager
    def _lock(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        assert self._folder is not None
        lock = FileLock(self._folder / "memlab.lock", timeout=LOCK_SECONDS, poll_interval=0.005)
        try:
            lock.acquire()
        except Timeout:
            raise StoreError(
                f"another writer has held {self._path} for {LOCK_SECONDS:.0f} s; stop it, then try again"
            ) from None
        except (OSError, NotImplementedError) as error:
            raise StoreError(
                f"cannot write to {self._path}: {error}; make the folder writable, or copy it and open the copy"
            ) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock() if self._folder is not None else nullcontext():
            self._in_write = True
            try:
                yield
            finally:
                self._in_write = False

    def _read(self, where: str, columns: list[str] | None = None) -> pa.Table:
        """Rows in the order they were appended. Another process may clean up under us: then look again."""
        for attempt in range(3):
            try:
                query = self._table.search().where(where)
                return (query if columns is None else query.select(columns)).to_arrow()
            except Exception as error:
                if attempt == 2:
                    raise StoreError(f"cannot read {self._path}: {_short(error)}; bring it back from a copy") from error
                self._table.checkout_latest()
        raise AssertionError

    def _manifest(self, version: int) -> str:
        """Where LanceDB puts the manifest of one of its own versions."""
        return os.path.join(self._folder or "", "log.lance", "_versions", f"{2**64 - 1 - version:020d}.manifest")

    def _moved(self) -> bool:
        if self._folder is None:
            return self._in_write or time.monotonic() - self._looked > URI_REFRESH_SECONDS
        # Two looks at names, because listing them would cost a search more the longer compaction is away.
        newer, here = (os.path.exists(self._manifest(self._lance_version + i)) for i in (1, 0))
        return newer or not here

    def _look(self) -> None:
        """Take in which commits there are now: the first token of a version, in the order of appending, counts."""
        self._looked = time.monotonic()
        with self._told("cannot read memory", "open it again, or bring it back from a copy"):
            self._table.checkout_latest()
            self._lance_version = self._table.version
        rows = self._read(f"version > {len(self._tokens)}", ["version", "token"])
        first: dict[int, int] = {}
        for version, token in zip(rows["version"].to_pylist(), rows["token"].to_pylist(), strict=True):
            first.setdefault(version, token)
        for version in sorted(first):
            if version != len(self._tokens) + 1:
                raise StoreError(f"{self._path} has no commit {len(self._tokens) + 1}; bring it back from a copy")
            self._tokens.append(first[version])

    def _newest(self) -> int:
        return len(self._tokens)

    def _decoded(self, where: str) -> list[tuple[int, int, Edit | Step]]:
        rows = self._read(where)
        with self._told("cannot read memory", "bring it back from a copy"):
            return decode(rows.filter(self._counts(rows)))

    def _counts(self, rows: pa.Table) -> pa.Array:
        """Whether each row is of the commit that counts for its version."""
        import pyarrow as pa

        tokens = np.array([0, *self._tokens])
        version = np.asarray(rows["version"])
        known = version < len(tokens)
        return pa.array(known & (tokens[np.where(known, version, 0)] == np.asarray(rows["token"])))

    def _entries(self, after: int = 0, upto: int | None = None, case_id: str | None = None) -> list[Entry]:
        if after >= self._newest():
            return []
        where = [f"op != '{STEP}'", f"version > {after}"]
        if upto is not None:
            where.append(f"version <= {upto}")
        if case_id is not None:
            where.append("case_id = '" + case_id.replace("'", "''") + "'")
        rows = self._decoded(" AND ".join(where))
        return [Entry(version, position, edit) for version, position, edit in rows if isinstance(edit, Edit)]

    def _steps(self) -> list[tuple[int, Step]]:
        rows = self._decoded("version > 0")
        return [(version, step) for version, _, step in rows if isinstance(step, Step)]

    def _append(self, version: int, edits: list[Edit], steps: list[Step]) -> bool:
        token = secrets.randbits(62)
        rows = encode(version, token, edits, steps, self._dim)
        with self._told("commit failed", "memory is as it was; free space or make it writable, then commit again"):
            done = self._table.add(rows).version
        alone = done == self._lance_version + 1
        if not alone and self._read(f"version = {version}", ["token"])["token"][0].as_py() != token:
            self._table.delete(f"token = {token}")
            return False
        self._tokens.append(token)
        self._lance_version = done
        return True

    def _load(self) -> View:
        view = checkpoint.load(self._db, self._vectors, self._newest())
        replay(view, self._entries(after=view.version))
        view.version = self._newest()
        return view

    def _vectors(self, upto: int) -> dict[str, np.ndarray]:
        """The newest vector of every case that got one in the first ``upto`` commits."""
        rows = self._read(
            f"point IS NOT NULL AND op != '{STEP}' AND version <= {upto}",
            ["version", "position", "token", "case_id", "point"],
        )
        return newest_vectors(rows.filter(self._counts(rows)))

    def rebuild(self) -> None:
        with self._guard:
            self._tokens = []
            super().rebuild()

    def _tidy(self) -> None:
        version = self._newest()
        if version % COMPACT_EVERY:
            return
        try:
            if version % CHECKPOINT_EVERY == 0:
                checkpoint.save(self._db, self._view)
            if self._table.stats()["fragment_stats"]["num_fragments"] < max(COMPACT_EVERY, version / COMPACT_EVERY):
                return
            grace = timedelta(milliseconds=1) if self._folder is not None else URI_GRACE
            self._table.optimize(cleanup_older_than=grace)
            self._lance_version = self._table.version
        except Exception as error:
            warnings.warn(f"{self._path} was not compacted, nothing is lost: {error}", RuntimeWarning, stacklevel=2)


def _short(error: Exception) -> str:
    """The first line of an error, without the place in LanceDB's own sources."""
    line = (str(error).splitlines() or [""])[0] or type(error).__name__
    return re.sub(r", /\S+\.rs:\d+:\d+", "", line)[:300]


def _has_log(folder: Path) -> bool:
    versions = folder / "log.lance" / "_versions"
    return versions.is_dir() and any(name.suffix == ".manifest" for name in versions.iterdir())
