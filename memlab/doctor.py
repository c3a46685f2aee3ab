"""``memlab doctor``: is everything ready? One line per thing, with the remedy where something is not."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from memlab import bootstrap
from memlab.core import MemlabError

ENOUGH_DISK = 2e9


@dataclass(frozen=True)
class Finding:
    """What one check found: ``warn`` where memlab goes on with less, ``fail`` where it cannot go on."""

    status: Literal["ok", "warn", "fail"]
    name: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.status:<4}  {self.name:<9}  {self.text}{f'. Remedy: {self.remedy}' if self.remedy else ''}"


def examine() -> list[Finding]:
    """Run every check; a check that breaks is itself reported as a failure."""
    checks = (python, packages, disk, recorded_files, kernel, ollama, weights)
    return [_guarded(check) for check in checks]


def python() -> Finding:
    """The interpreter and its version."""
    return Finding("ok", "Python", f"{sys.version.split()[0]} at {sys.executable}")


def packages() -> Finding:
    """Whether all that pyproject.toml asks for is installed."""
    if not (bootstrap.ROOT / "pyproject.toml").exists():
        return Finding("ok", "packages", "memlab is installed as a package")
    if missing := bootstrap.missing():
        return Finding("fail", "packages", f"missing: {', '.join(missing)}", "python3 -m memlab lab installs them")
    return Finding("ok", "packages", f"all {len(bootstrap.requirements())} are installed")


def disk() -> Finding:
    """Free space where the clone and where the weights live."""
    from memlab.llm.weights import cache_dir

    cache = next(folder for folder in (cache_dir(), *cache_dir().parents) if folder.exists())
    least, place = min((shutil.disk_usage(place).free, place) for place in (bootstrap.ROOT, cache))
    text = f"{least / 1e9:.1f} GB free at {place}"
    return Finding("ok", "disk", text) if least > ENOUGH_DISK else Finding("warn", "disk", text, "free 2 GB")


def recorded_files() -> Finding:
    """Whether the recorded files are here and unchanged."""
    from memlab import datafiles

    folder = datafiles.data_folder()
    listed, found = datafiles.read_manifest(folder), datafiles.scan(folder)
    wrong = sorted(name for name in listed if found.get(name) != listed[name])
    if wrong:
        return Finding("fail", "data", f"missing or changed: {', '.join(wrong)}", "git checkout -- data")
    return Finding("ok", "data", f"{len(listed)} recorded files match their manifest")


def kernel() -> Finding:
    """Whether JupyterLab will find a Python kernel that imports this memlab."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Finding("fail", "kernel", "JupyterLab has no kernel python3", "python -m ipykernel install --sys-prefix")
    if Path(program).name != program and Path(program).resolve() != Path(sys.executable).resolve():
        text = f"the kernel python3 runs {program}, not {sys.executable}"
        return Finding("warn", "kernel", text, "start JupyterLab with `memlab lab`")
    return Finding("ok", "kernel", "python3 runs this interpreter")


def ollama() -> Finding:
    """Whether an Ollama server answers, and holds the models of the course."""
    from memlab.llm.ollama import hosts_from, ollama_models, ollama_version
    from memlab.llm.weights import ASSETS

    host, version = hosts_from()[0], ollama_version()
    if version is None:
        remedy = "none needed: the embedded model or the recorded replies stand in, and say so; or start `ollama serve`"
        return Finding("warn", "Ollama", f"no server at {host}", remedy)
    held = ollama_models(host)
    if lacking := [name for name in ASSETS if name not in held]:
        return Finding("warn", "Ollama", f"{version} lacks {', '.join(lacking)}", "memlab models fetch")
    return Finding("ok", "Ollama", f"{version} at {host}, with {', '.join(ASSETS)}")


def weights() -> Finding:
    """Whether the embedded model's weights are in the cache and intact."""
    from memlab.llm.weights import SMOLLM2, cache_dir, state

    if (now := state(SMOLLM2)) != "ready":
        return Finding("warn", "weights", f"{SMOLLM2} in {cache_dir()}: {now}", "memlab models fetch (98 MB)")
    return Finding("ok", "weights", f"{SMOLLM2} in {cache_dir()}, sha256 checked")


def _guarded(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except MemlabError as error:
        return Finding("fail", check.__name__, str(error))
    except Exception as error:
        return Finding("fail", check.__name__, f"{type(error).__name__}: {error}", "report this line as an issue")
