"""Lab 02: what it costs to keep a memory on disk, measured. No language model takes part, and no claim is judged.

*growth*: what a commit costs (``ms`` of wall time, ``cpu_ms`` of processor time) when ``size`` cases are there, ``mb``
of disk, and reading all back (``open_ms``, ``open_cpu_ms``). *crash*: a process is killed while it commits; how many
cases it had ``acknowledged``, and how many are ``found`` (-1: unreadable).
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab.core import MemlabError
from memlab.experiments import Study, grid
from memlab.labs.lab02_stores.keepers import KEEPERS, many_cases

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 64
"""Commits that are timed at each size: as many as memlab makes between two compactions, so their mean holds one."""
GROWING = tuple(name for name in KEEPERS if "renamed" not in name)


def clock(work: Callable[..., object], *args: Any) -> tuple[float, float]:
    """Wall time and processor time (all threads) of ``work(*args)``, in milliseconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(*args)
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def growth(arm: str, seed: int, size: int, folder: Path) -> dict[str, float]:
    """What the last commits up to ``size`` cases cost, disk, and an opening."""
    keep, count = KEEPERS[arm]
    write, many = keep(folder), many_cases(size, seed)
    first = max(1, size - (2 if "file" in arm else BLOCK))
    write(many[:first])
    ms, cpu_ms = np.mean([clock(write, [case]) for case in many[first:]], axis=0)
    disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    open_ms, open_cpu_ms = clock(count, folder)
    return {"ms": ms, "cpu_ms": cpu_ms, "mb": disk / 1e6, "open_ms": open_ms, "open_cpu_ms": open_cpu_ms}


def crash(arm: str, seed: int, size: int, folder: Path) -> dict[str, float]:
    """Kill a process that commits case after case, on top of ``size``."""
    rng = random.Random(seed)
    code = f"from {__name__} import commit_on; commit_on({arm!r}, {str(folder)!r}, {size})"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(rng.randint(2, 6))]
        time.sleep(rng.uniform(0, 0.3))
        child.kill()
        said += child.stdout.readlines()
    whole = [line for line in said if line.endswith("\n")]
    if not whole:
        raise MemlabError(f"{arm}: the process that should have been killed did not start; run it by hand: {code}")
    return {"acknowledged": int(whole[-1]), "found": KEEPERS[arm][1](folder)}


def commit_on(arm: str, folder: str, filled: int) -> None:
    """Commit case after case and say how many there are, until killed."""
    write, many = KEEPERS[arm][0](Path(folder)), many_cases(filled + 5_000, 0)
    write(many[:filled])
    for done, case in enumerate(many[filled:], filled + 1):
        write([case])
        print(done, flush=True)


def measure_keeping(part: str, arm: str, seed: int, size: int) -> list[dict[str, Any]]:
    """One row of one part, measured in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        measured = {"growth": growth, "crash": crash}[part](arm, seed, size, Path(folder))
    return [{"part": part, "arm": arm, "seed": seed, "size": size, "backend": "measured"} | measured]


def mean_value(rows: pd.DataFrame) -> dict[str, float]:
    """Processor time of a commit and of an opening, and disk: nothing is judged, and less is better."""
    return {name: float(rows[name].iloc[0]) for name in ("cpu_ms", "open_cpu_ms", "mb")}


STUDY = Study(
    "lab02",
    measure_keeping,
    mean_value,
    report=grid(part="growth", size=(64, 512, 1024), seed=range(100, 108), arm=GROWING)
    + grid(part="growth", size=(2048, 3072), seed=range(100, 102), arm=GROWING)  # row by row is slow by then
    + grid(part="crash", size=200, seed=range(100, 108), arm=tuple(KEEPERS)),
    nulls=("null: JSON file", "null: JSON lines"),
    repeats=False,
)
