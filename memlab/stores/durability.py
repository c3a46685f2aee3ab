"""What a power loss does to a folder: files are synced against it, and files that it tore are set aside."""

import time
from collections.abc import Callable
from pathlib import Path

from memlab.datafiles import to_disk

END = b"LANC"
"""The last bytes of each of Lance's data files and manifests; a file that was not written to its end lacks them."""


def log_files(folder: Path) -> set[Path]:
    """The files that hold the log in ``folder``."""
    return {file for part in ("data", "_deletions", "_versions") for file in (folder / "log.lance" / part).glob("*")}


def sync(folder: Path, synced: set[Path]) -> None:
    """Have the system write to disk the files of the log in ``folder`` but the ``synced`` ones; add them to these."""
    files = log_files(folder)
    fresh = files - synced
    folders = {file.parent for file in fresh} | ({folder / "log.lance", folder, folder.parent} if not synced else set())
    for path in [*fresh, *folders]:
        to_disk(path)
    synced &= files
    synced |= fresh


def torn(folder: Path) -> list[Path]:
    """The data files and manifests of the log in ``folder`` that were not written to their end."""
    log = folder / "log.lance"
    files = [*(log / "data").glob("*.lance"), *(log / "_versions").glob("*.manifest")]
    ends = ((file, int.from_bytes(file.read_bytes()[-len(END) :])) for file in files)
    return [file for file, end in ends if (end ^ int.from_bytes(END)).bit_count() > 1]  # one flipped bit is no tear


def set_back(folder: Path, whole: Callable[[], bool]) -> tuple[int, Path] | None:
    """Move LanceDB's newest versions aside until the log reads as a ``whole``: how many, and where they went.

    None, and all is where it was, when it never does.
    """
    aside = folder / time.strftime("torn-%Y%m%d-%H%M%S")
    aside.mkdir(exist_ok=True)
    # LanceDB counts its file names down, so the newest comes first; the oldest is not moved.
    manifests = sorted((folder / "log.lance" / "_versions").glob("*.manifest"))[:-1]
    for moved, manifest in enumerate(manifests, 1):
        manifest.replace(aside / manifest.name)
        if whole():
            for file in torn(folder):
                file.replace(aside / file.name)
            return moved, aside
    for manifest in manifests:
        (aside / manifest.name).replace(manifest)
    aside.rmdir()
    return None
