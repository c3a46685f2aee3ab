"""Make the environment that memlab needs, with the standard library alone.

A fresh clone has nothing installed: the first ``python3 -m memlab lab`` builds a virtual environment in the clone,
installs the packages there and starts again inside it. A conda user's own environment is used as it is when it
holds every package. Nothing outside the clone is written (``MEMLAB_VENV`` names another folder, ``MEMLAB_EXTRAS``
more extras of pyproject.toml, with commas between).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
DEV_VERBS = ("test", "notebooks", "sizes")
OLDEST = (3, 11)


def ensure(args: Sequence[str]) -> None:
    """Return if this interpreter can run ``memlab *args``; otherwise build ``.venv`` and start again in it.

    Outside a clone (memlab installed as a package) there is nothing to do. Exits with a message that says what
    to do when Python is too old, the network is missing or the folder cannot be written.
    """
    if sys.version_info < OLDEST:
        version = ".".join(map(str, sys.version_info[:3]))
        raise SystemExit(f"memlab needs Python 3.11 or newer, this is {version}. See python.org/downloads.")
    if not (ROOT / "pyproject.toml").exists():
        return
    extras = wanted_extras(args)
    home = venv_folder()
    inside = Path(sys.prefix).resolve() == home.resolve()
    if inside and (is_fresh(home, extras) or not (stamp(home).exists() or missing(extras))):
        return
    if not inside and not missing(extras):
        return
    if not is_fresh(home, extras):
        install(home, extras, create=not inside)
    restart(home, args)


def wanted_extras(args: Sequence[str]) -> set[str]:
    """The extras that a verb needs, and those named in ``MEMLAB_EXTRAS``."""
    told = {name.strip() for name in os.environ.get("MEMLAB_EXTRAS", "").split(",")} - {""}
    return told | ({"dev"} if args and args[0] in DEV_VERBS else set())


def venv_folder() -> Path:
    """The folder of the environment: ``MEMLAB_VENV``, or ``.venv`` in the clone."""
    return Path(os.environ.get("MEMLAB_VENV") or ROOT / ".venv")


def venv_python(home: Path) -> Path:
    """The interpreter inside the environment ``home``, on this system."""
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def requirements(extras: Iterable[str] = ()) -> list[str]:
    """Names of the distributions that pyproject.toml asks for everywhere, with those of ``extras``.

    A line with a marker (``; sys_platform ...``) is left to pip: to judge it takes more than the standard library.
    """
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    unknown = sorted(set(extras) - set(project["optional-dependencies"]))
    if unknown:
        known = ", ".join(project["optional-dependencies"])
        raise SystemExit(f"No such extra: {', '.join(unknown)}. MEMLAB_EXTRAS may name {known}.")
    lines = [*project["dependencies"], *(line for name in extras for line in project["optional-dependencies"][name])]
    return [re.split(r"[\s\[<>=!~]", line, maxsplit=1)[0] for line in lines if ";" not in line]


def missing(extras: Iterable[str] = ()) -> list[str]:
    """Names of required distributions that this interpreter lacks; ``memlab`` itself must come from this clone."""
    absent = [name for name in requirements(extras) if not _installed(name)]
    ours = _installed("memlab")
    from_clone = ours and f'"{ROOT.as_uri()}"' in (ours.read_text("direct_url.json") or "")
    return absent if from_clone else [*absent, "memlab"]


def _installed(name: str) -> importlib.metadata.Distribution | None:
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def wanted_hash() -> str:
    """Hash of the files that decide what gets installed."""
    texts = (ROOT / name for name in ("pyproject.toml", "constraints.txt"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in texts)).hexdigest()


def stamp(home: Path) -> Path:
    """The file in an environment that says what was installed there."""
    return home / "memlab-installed.txt"


def is_fresh(home: Path, extras: Iterable[str]) -> bool:
    """Whether the environment holds what pyproject.toml and constraints.txt ask for today, with these extras."""
    try:
        seen, *held = stamp(home).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return False
    return seen == wanted_hash() and set(extras) <= set(held) and venv_python(home).exists()


def install(home: Path, extras: Iterable[str], create: bool = True) -> None:
    """Create the environment when ``create``, install memlab and its packages, and write the stamp last."""
    held = stamp(home).read_text(encoding="utf-8").split()[1:] if stamp(home).exists() else []
    names = sorted({*held, *extras})
    target = f"{ROOT}[{','.join(names)}]" if names else str(ROOT)
    try:
        stamp(home).unlink(missing_ok=True)
        if create and not venv_python(home).exists():
            say(f"Making a virtual environment in {home} (Python {sys.version.split()[0]})")
            run_or_explain([sys.executable, "-m", "venv", str(home)], VENV_REMEDY)
        say("Installing the packages there: 1.5 GB on disk, about a minute, only the first time")
        quiet = [] if sys.stdout.isatty() else ["--quiet"]
        pip = [str(venv_python(home)), "-m", "pip", "install", "--disable-pip-version-check", *quiet]
        run_or_explain([*pip, "-c", str(ROOT / "constraints.txt"), "-e", target], PIP_REMEDY)
        stamp(home).write_text("\n".join([wanted_hash(), *names]) + "\n", encoding="utf-8")
    except OSError as error:
        raise SystemExit(f"Cannot write the environment {home}: {error}. Set MEMLAB_VENV to another folder.") from None


VENV_REMEDY = (
    "Python could not make a virtual environment. On Debian and Ubuntu: sudo apt install python3-venv. "
    "With conda: conda env create -f environment.yml && conda activate memlab, then repeat the command."
)
PIP_REMEDY = (
    "Installing the packages failed (pip's own words are above). Check the network and the free disk space, then "
    "repeat the command: it goes on where it stopped. Behind a proxy, set HTTPS_PROXY."
)


def run_or_explain(command: list[str], remedy: str) -> None:
    """Run a command; when it fails, exit with its status and the remedy."""
    if subprocess.run(command, check=False).returncode != 0:
        say(remedy)
        raise SystemExit(1)


def restart(home: Path, args: Sequence[str]) -> NoReturn:
    """Run ``memlab *args`` with the environment's interpreter, in place of this process where the system can."""
    command = [str(venv_python(home)), "-m", "memlab", *args]
    sys.stdout.flush()
    if os.name == "nt":
        raise SystemExit(subprocess.run(command, check=False).returncode)
    os.execv(command[0], command)


def say(text: str) -> None:
    """Print one line at once, so that it stands before the output of the command it announces."""
    print(f"memlab: {text}", flush=True)
