"""The store on disk: LanceDB at a folder or an object-store URI.

One append to the table ``log`` is the commit point. ``version`` is memlab's own number, not LanceDB's: cleanup deletes
LanceDB's versions. The table ``view`` is a checkpoint that only saves time on opening; `LanceStore.rebuild` does
without it. Search runs on the matrix in memory, as in the array store.

What is promised: a commit is there as a whole or not at all, and a commit that was acknowledged outlives the process.
`memlab.open_store` says what holds at a power loss. What comes back is what was written, by a checksum of each row, or
an error that names the commit. A store is told from another that took its place by its identity, and by the token of
the last commit that was seen.
"""

import ctypes
import os
import re
import secrets
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from memlab.core import Edit, Step
from memlab.stores import checkpoint
from memlab.stores.base import LogStore
from memlab.stores.checks import StoreError
from memlab.stores.durability import log_files, set_back, sync, torn
from memlab.stores.log import Entry, replay
from memlab.stores.rows import STEP, absent_columns, decode, dim_of, encode, identity_of, log_schema, newest_vectors

COMPACT_EVERY = 64
CHECKPOINT_EVERY = 512
LOCK_SECONDS = 60.0
URI_REFRESH_SECONDS = 1.0
GRACE, URI_GRACE = timedelta(milliseconds=1), timedelta(minutes=10)
# LanceDB's own bound, 7 GB, is never reached: it kept 65 kB of each commit.
CACHE_BYTES = 8_000_000
# glibc's M_ARENA_MAX, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD; it kept 40 kB more, in a heap for each of Lance's threads.
HEAPS = {-8: 2, -3: 4 << 20, -1: 8 << 20}
# Row ids then tell the order of appending whatever compaction does to the order of rows.
STABLE_ROW_IDS = {"new_table_enable_stable_row_ids": "true"}
COPY = "bring it back from a copy"


class Damaged(StoreError):
    """Files of the log cannot be read, or do not hold what was written."""


class LanceStore(LogStore):
    """Memory that outlives the process. Writers on one machine take turns by a lock file.

    At a URI there is no lock: a writer reads its rows back when somebody else wrote meanwhile, the first of two
    commits of one version counts, and the other is checked again and committed after it. Readers at a URI look for
    new commits once a second. A store begun at a URI by an older memlab is read and written, but never compacted.
    """

    def __init__(self, path: str | os.PathLike[str], dim: int | None = None, durable: bool = False) -> None:
        self._path = os.fspath(path)
        self._folder = None if "://" in self._path else Path(self._path).expanduser().absolute()
        if durable and self._folder is None:
            raise StoreError(
                f"durable=True is for a folder; leave it out at {self._path}, which syncs by its own rules"
            )
        self._durable = durable
        self._synced: set[Path] = set()
        try:
            self._start(dim)
        except Damaged as error:
            if self._folder is None or not torn(self._folder):
                raise
            self._start_before_tear(self._folder, dim, error)

    def _start(self, dim: int | None) -> None:
        self._table = self._open(dim)
        held = dim_of(self._table.schema)
        if dim is not None and dim != held:
            raise StoreError(f"{self._path} holds vectors of length {held}, not {dim}; use its embedder, or a new path")
        super().__init__(held)
        self._identity = identity_of(self._table.schema)
        self._tokens: list[int] = []
        self._lost: set[int] = set()
        self._checked = 0
        self._looked = 0.0
        self._lance_version = 0
        self._in_write = False
        self._look()
        self._view = checkpoint.load(self._db, self._vectors, self._tokens)
        replay(self._view, self._entries(after=self._view.version), self._newest())

    def _start_before_tear(self, folder: Path, dim: int | None, error: Damaged) -> None:
        """Open at the last version of LanceDB's that reads as a whole."""

        def whole() -> bool:
            try:
                self._start(dim)
                self._decoded(self._checked)
            except StoreError:
                return False
            return self._newest() > 0

        with self._lock():
            if whole():
                return
            back = set_back(folder, whole)
        if back is None:
            raise error
        warnings.warn(
            f"the newest files of {self._path} are torn, as by a power loss; it was opened at commit {self._newest()}, "
            f"the last whole one. Dropped, and kept in {back[1].name}: what {back[0]} later writes held",
            RuntimeWarning,
            stacklevel=4,
        )

    def _open(self, dim: int | None) -> Any:
        _limit_heaps()
        import lancedb

        folder = self._folder
        with self._told("cannot open memory", "check the path and its permissions"):
            if folder is not None and folder.exists() and not folder.is_dir():
                raise StoreError(f"{self._path} is a file; give the path of a folder")
            self._db = lancedb.connect(folder or self._path, session=lancedb.Session(CACHE_BYTES, CACHE_BYTES))
            if not (_has_log(folder) if folder else "log" in self._db.list_tables().tables):
                return self._create(256 if dim is None else dim)
        with self._told("cannot read memory", f"the table is damaged: {COPY}, or use another path", Damaged):
            table = self._db.open_table("log")
            schema = table.schema
        if not dim_of(schema):
            raise StoreError(f"{self._path} holds a table that memlab did not make ({schema.names}); use another path")
        return table

    def _create(self, dim: int) -> Any:
        folder, schema = self._folder, log_schema(dim, secrets.token_hex(8))
        if folder is None:
            return self._db.create_table("log", schema=schema, exist_ok=True, storage_options=STABLE_ROW_IDS)
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted({name.name for name in folder.iterdir()} - {"memlab.lock", "log.lance"})
        if others:
            raise StoreError(f"{self._path} holds other files ({', '.join(others[:3])}); give a new or empty folder")
        with self._lock():
            if _has_log(folder):
                return self._db.open_table("log")
            data = folder / "log.lance" / "data"
            if data.is_dir() and any(data.iterdir()):
                raise StoreError(f"{self._path} lost its table's manifest; {COPY}, or use another path")
            return self._db.create_table("log", schema=schema, storage_options=STABLE_ROW_IDS)

    @contextmanager
    def _told(self, what: str, remedy: str, kind: type[StoreError] = StoreError) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except Exception as error:
            raise kind(f"{what} at {self._path}: {_short(error)}; {remedy}") from error

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

    def _read(self, where: str, columns: list[str] | None = None, row_ids: bool = False) -> pa.Table:
        """Rows in any order. Another process may clean up under us: then look again."""
        for attempt in range(3):
            try:
                query = self._table.search().where(where).with_row_id(row_ids)
                return (query if columns is None else query.select(columns)).to_arrow()
            except Exception as error:
                if attempt == 2:
                    raise Damaged(f"cannot read {self._path}: {_short(error)}; {COPY}") from error
                self._table.checkout_latest()
        raise AssertionError

    def _first(self, where: str) -> tuple[dict[int, int], set[int]]:
        """The token that counts for each version, which is the first that was appended; and the tokens that lost."""
        rows = self._read(where, ["version", "token"], row_ids=True).sort_by("_rowid")
        first: dict[int, int] = {}
        pairs = list(zip(rows["version"].to_pylist(), rows["token"].to_pylist(), strict=True))
        for version, token in pairs:
            first.setdefault(version, token)
        return first, {token for version, token in pairs if token != first[version]}

    def _manifest(self, version: int) -> str:
        """Where LanceDB puts the manifest of one of its own versions."""
        return os.path.join(self._folder or "", "log.lance", "_versions", f"{2**64 - 1 - version:020d}.manifest")

    def _stamp(self) -> tuple[int, ...] | None:
        """What tells the manifest that was last seen from another at its place; None when there is none."""
        try:
            found = os.stat(self._manifest(self._lance_version))
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _moved(self) -> bool:
        if self._folder is None:
            return self._in_write or time.monotonic() - self._looked > URI_REFRESH_SECONDS
        # Two looks at names, because listing them would cost a search more the longer compaction is away.
        return os.path.exists(self._manifest(self._lance_version + 1)) or self._stamp() != self._seen

    def _look(self) -> None:
        """Take in which commits there are now, in the same store as before."""
        self._looked = time.monotonic()
        with self._told("cannot read memory", f"open it again, or {COPY}", Damaged):
            # Not checkout_latest: it takes no notice of a table that was made anew with fewer versions.
            self._table = self._db.open_table("log")
            self._note(self._table.version)
        known = len(self._tokens)
        first, self._lost = self._first(f"version >= {known}")
        schema = self._table.schema  # asked once a look: asking for it at each commit cost a tenth of it
        self._lacking = absent_columns(schema)
        if identity_of(schema) != self._identity or (known and first.pop(known, None) != self._tokens[-1]):
            self._closed = True
            raise StoreError(
                f"{self._path} holds another store than before, or an older copy of it; nothing was written. "
                f"Open it again with memlab.open_store"
            )
        for version in sorted(first):
            if version != len(self._tokens) + 1:
                raise Damaged(f"{self._path} has no commit {len(self._tokens) + 1}; {COPY}")
            self._tokens.append(first[version])

    def _note(self, lance_version: int) -> None:
        """Remember which of LanceDB's versions the handle is at, and what its manifest looks like."""
        self._lance_version = lance_version
        self._seen = self._stamp()

    def _newest(self) -> int:
        return len(self._tokens)

    def _decoded(self, after: int = 0, upto: int | None = None, part: str = "") -> list[tuple[int, int, Edit | Step]]:
        """Checked rows of the commits in ``(after, upto]``; of those that fit the condition ``part``, where given."""
        upto = self._newest() if upto is None else upto
        rows = self._read(f"version > {after} AND version <= {upto}{part}")
        with self._told("cannot read memory", COPY, Damaged):
            found = decode(rows, self._tokens, whole=not part)
            lost = set() if part else {*range(after + 1, upto + 1)} - {version for version, _, _ in found}
            if lost:
                raise ValueError(f"commit {min(lost)} is missing")
        if not part and after <= self._checked < upto:
            self._checked = upto
        return found

    def _entries(self, after: int = 0, upto: int | None = None, case_id: str | None = None) -> list[Entry]:
        part = ""
        if case_id is not None:
            self._decoded(self._checked)  # what was not read yet: a part of it may lack rows unseen
            part = " AND case_id = '" + case_id.replace("'", "''") + "'"
        rows = self._decoded(after, upto, part) if after < self._newest() else []
        return [Entry(version, position, edit) for version, position, edit in rows if isinstance(edit, Edit)]

    def _steps(self) -> list[tuple[int, Step]]:
        return [(version, step) for version, _, step in self._decoded() if isinstance(step, Step)]

    def _append(self, version: int, edits: list[Edit], steps: list[Step]) -> bool:
        token = secrets.randbits(62)
        rows = encode(version, token, edits, steps, self._dim)
        with self._told("commit failed", "memory is as it was; free space or make it writable, then commit again"):
            if self._lacking:
                self._table.add_columns(self._lacking)
                self._lacking, self._lance_version = [], self._table.version
            done = self._table.add(rows).version
        alone = done == self._lance_version + 1
        if not alone and self._first(f"version = {version}")[0][version] != token:
            with suppress(Exception):  # Rows that lost are never read; who looks next removes them.
                self._table.delete(f"token = {token}")
            return False
        self._tokens.append(token)
        self._note(done)
        if self._checked == version - 1:
            self._checked = version
        if self._durable and self._folder is not None:
            with self._told(f"commit {version} is written but not synced", "mend the disk, then read memory again"):
                sync(self._folder, self._synced)
        return True

    def _vectors(self, upto: int) -> dict[str, np.ndarray]:
        """The newest vector of every case that got one in the first ``upto`` commits."""
        rows = self._read(
            f"point IS NOT NULL AND op != '{STEP}' AND version <= {upto}",
            ["version", "position", "token", "case_id", "point"],
        )
        return newest_vectors(rows, self._tokens)

    def _tidy(self) -> None:
        version = self._newest()
        if version % COMPACT_EVERY:
            return
        try:
            if version % CHECKPOINT_EVERY == 0:
                checkpoint.save(self._db, self._view, self._tokens[-1])
            if self._table.stats()["fragment_stats"]["num_fragments"] >= max(COMPACT_EVERY, version**0.5):
                self._compact()
        except Exception as error:
            warnings.warn(f"{self._path} was not compacted, nothing is lost: {error}", RuntimeWarning, stacklevel=2)

    def _compact(self) -> None:
        if self._folder is not None:
            before = log_files(self._folder)
            self._table.optimize()
            made = {file for file in log_files(self._folder) - before if file.parent.name == "data"}
            if self._table.stats()["fragment_stats"]["num_fragments"] == len(made):
                self._synced |= before  # every row stands in what was made, so these need not outlive a power loss
            sync(self._folder, self._synced)  # before the files that it replaces are removed
            self._table.optimize(cleanup_older_than=GRACE)
            self._note(self._table.version)
            _give_back()
        elif self._identity:
            if self._lost:
                self._table.delete(f"token IN ({', '.join(map(str, self._lost))})")
            self._table.checkout_latest()
            self._table.optimize(cleanup_older_than=URI_GRACE)


@cache
def _limit_heaps() -> None:
    """Have the C library give back what Lance frees, in this whole process; it must be told before Lance starts."""
    with suppress(AttributeError, OSError, TypeError):  # where it is not glibc
        mallopt = ctypes.CDLL(None).mallopt
        for what, value in HEAPS.items():
            mallopt(what, value)


def _give_back() -> None:
    """Have the C library return what compaction freed: with the whole log it takes 40 MB in 5,000 commits."""
    with suppress(AttributeError, OSError, TypeError):  # where it is not glibc
        ctypes.CDLL(None).malloc_trim(0)


def _short(error: Exception) -> str:
    """The first line of an error, without the place in LanceDB's own sources."""
    line = (str(error).splitlines() or [""])[0] or type(error).__name__
    return re.sub(r", /\S+\.rs:\d+:\d+", "", line)[:300]


def _has_log(folder: Path) -> bool:
    versions = folder / "log.lance" / "_versions"
    return versions.is_dir() and any(name.suffix == ".manifest" for name in versions.iterdir())
