"""Recorded runs, replies and documents: found from the clone, checked against ``data/MANIFEST.sha256``."""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from memlab.core import MemlabError

MANIFEST = "MANIFEST.sha256"
UNFINISHED = (".lock", ".part", ".sqlite", ".sqlite-journal")


def data_folder() -> Path:
    """The folder of recorded data: ``MEMLAB_DATA``, or ``data/`` in the clone that this package stands in.

    Raises `MemlabError` when memlab was installed without its clone and the variable is not set.
    """
    told = os.environ.get("MEMLAB_DATA")
    folder = Path(told).expanduser() if told else Path(__file__).resolve().parent.parent / "data"
    if not (folder / MANIFEST).is_file():
        raise MemlabError(
            f"No recorded data in {folder}: work in a clone of memlab, or set MEMLAB_DATA to its data folder "
            f"(the one that holds {MANIFEST})."
        )
    return folder


def data(name: str) -> Path:
    """Path of one recorded file, such as ``data("toolbox/questions.csv")``, checked before it is handed out.

    Raises `MemlabError` for a name the manifest does not list, and for a file that is missing or was changed.
    """
    folder = data_folder()
    listed = read_manifest(folder)
    if name not in listed:
        near = ", ".join(sorted(listed)) or "nothing"
        raise MemlabError(f"No recorded file {name!r}; the manifest lists: {near}.")
    path = folder / name
    if not path.is_file():
        raise MemlabError(f"Recorded file {name!r} is missing: restore it with `git checkout -- data/{name}`.")
    if sha256(path) != listed[name]:
        raise MemlabError(
            f"Recorded file {name!r} differs from the manifest: restore it with `git checkout -- data/{name}`, "
            "or accept your own version with `python -m memlab data manifest`."
        )
    return path


def sha256(path: Path) -> str:
    """Hash of a file, computed again when its size or its time of change is another."""
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict[str, str]:
    """Name to hash, as in the lines ``hash  name`` that ``sha256sum --check`` reads too."""
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("  ", 1) for line in lines if line.strip())
    return {name: digest for digest, name in pairs}


def scan(folder: Path) -> dict[str, str]:
    """Name to hash of every file that stands in ``folder`` now; hidden and unfinished files are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        passing = name.endswith(UNFINISHED) or any(part.startswith(".") for part in name.split("/"))
        if path.is_file() and not passing and name != MANIFEST:
            found[name] = sha256(path)
    return found


def write_manifest(folder: Path) -> int:
    """Rewrite the manifest of ``folder`` from its files; returns how many it lists."""
    found = scan(folder)
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(found.items()))
    write_whole(folder / MANIFEST, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))
    return len(found)


def write_whole(path: Path, writer: Callable[[Path], object]) -> Path:
    """Let ``writer`` fill a file beside ``path``, sync it and put it in place: ``path`` is whole, or as it was.

    Gives ``path``. Raises `MemlabError` where the disk refuses.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(part)
        to_disk(part)
        os.replace(part, path)
        to_disk(path.parent)
    except OSError as error:
        raise MemlabError(f"Cannot write {path} ({error}): free disk space, or choose a writable folder.") from error
    finally:
        with suppress(OSError):
            part.unlink()
    return path


def to_disk(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to disk; Windows opens no folder."""
    if path.is_file() or os.name == "posix":
        opened = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
