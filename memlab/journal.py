"""`Journal`: keys and values in one SQLite file, for results that must survive a kill or a power cut."""

import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from memlab.core import MemlabError


class Journal(AbstractContextManager["Journal"]):
    """The file ``path``, open for one writer: what `put` returned from is on the disk, whatever happens next.

    Threads may share it. `close` removes a file without entries. Raises MemlabError when another writer has the
    file, when the disk refuses, and when the file is damaged: every value is checked as it is read.
    """

    def __init__(self, path: str | Path) -> None:
        from filelock import FileLock, Timeout

        self.path = Path(path)
        self._turn = threading.Lock()
        with _named(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), thread_local=False)
            try:
                self._lock.acquire(timeout=0)
                self._db = _connect(self.path)
            except Timeout:
                raise MemlabError(f"Another process writes {self.path}: wait for it, or use another file.") from None
            except BaseException:
                self._lock.release()
                raise

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value`` under ``key``, in place of an older one; it is synced to the disk before this returns."""
        self._ask("INSERT OR REPLACE INTO journal VALUES (?, ?, ?)", key, value, _crc(key, value))

    def get(self, key: str) -> bytes | None:
        """The value under ``key``, or None."""
        rows = self._ask("SELECT key, value, crc FROM journal WHERE key = ?", key)
        return _checked(self.path, *rows[0])[1] if rows else None

    def clear(self) -> None:
        """Drop all entries, once they stand in another file."""
        self._ask("DELETE FROM journal")

    def __len__(self) -> int:
        return int(self._ask("SELECT count(*) FROM journal")[0][0])

    def close(self) -> None:
        """Let another writer have the file; a second call does nothing."""
        if self._lock.is_locked:
            empty = not len(self)
            self._db.close()
            if empty:
                self.path.unlink(missing_ok=True)
            self._lock.release()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _ask(self, statement: str, *values: object) -> list[Any]:
        with self._turn, _named(self.path):
            return self._db.execute(statement, values).fetchall()


def read_journal(path: str | Path) -> dict[str, bytes]:
    """The entries of the journal at ``path``, also while another process writes it; none where there is no file."""
    path = Path(path)
    if not path.exists():
        return {}
    with _named(path), closing(_connect(path)) as db:
        rows = db.execute("SELECT key, value, crc FROM journal ORDER BY rowid").fetchall()
    return dict(_checked(path, *row) for row in rows)


def _connect(path: Path) -> sqlite3.Connection:
    # Each statement is a transaction of its own: an interrupt finds it done or not begun.
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        # EXTRA also syncs the folder: with FULL a power cut may take back the last transaction.
        db.execute("PRAGMA synchronous = EXTRA")
        db.execute("CREATE TABLE IF NOT EXISTS journal (key TEXT PRIMARY KEY, value BLOB, crc INTEGER)")
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _crc(key: str, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(key.encode()))


def _checked(path: Path, key: str, value: bytes, crc: int) -> tuple[str, bytes]:
    if not isinstance(key, str) or not isinstance(value, bytes) or _crc(key, value) != crc:
        raise _damaged(path, f"the checksum of entry {key!r} is wrong")
    return key, value


def _damaged(path: Path, why: object) -> MemlabError:
    return MemlabError(
        f"{path} is damaged, or no journal of memlab ({why}): move it away and run again, which makes its entries anew."
    )


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Names the file and the remedy in what SQLite and the disk complain about."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        # Python's own complaint about undecodable text carries no name.
        if isinstance(error, sqlite3.DatabaseError):
            refused = ("FULL", "IOERR", "BUSY", "LOCKED", "CANTOPEN", "READONLY", "PERM")
            if not getattr(error, "sqlite_errorname", "").startswith(tuple(f"SQLITE_{name}" for name in refused)):
                raise _damaged(path, error) from error
        raise MemlabError(
            f"Cannot read or write {path} ({error}): free disk space, or choose a writable folder. "
            "Entries that were put before are kept."
        ) from error
