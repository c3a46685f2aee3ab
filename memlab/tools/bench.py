"""``memlab bench``: the promises of the design, measured on this machine in one run and printed as ratios."""

import importlib.util
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from memlab import mdp, prompt
from memlab.agent import Agent
from memlab.bootstrap import ROOT
from memlab.core import MemlabError, Reply
from memlab.llm import LLM, open_embedder, open_llm
from memlab.llm.call import Call
from memlab.llm.ollama import hosts_from, ollama_models, ollama_version
from memlab.llm.weights import SMOLLM2
from memlab.retrieval.policies import TopK
from memlab.stores import open_store
from memlab.tasks import stream
from memlab.tools import bench_stores
from memlab.tools import notebooks as build
from memlab.tools.bench_peers import Measured

CALL_SECONDS = 0.5  # of one short JSON-enum choice by SmolLM2-135M on 2 cores, for where no server can be asked


def import_time() -> Iterator[Measured]:
    """Seconds for ``import memlab`` in a fresh interpreter, median of 5."""
    code = "import time; t = time.perf_counter(); import memlab; print(time.perf_counter() - t)"
    seconds = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(5)]
    yield Measured("import memlab", statistics.median(seconds), "s", 0.5)


def slider_simulation() -> Iterator[Measured]:
    """Milliseconds for the exact M-MDP behind the sliders of lab 01, median of 9."""
    world = mdp.generate()
    draws = mdp.draw(200, 1000, world.p_llm.shape[1])
    seconds = timeit.repeat(lambda: mdp.simulate(world, draws, alpha=0.2, eta=0.3), number=1, repeat=10)
    yield Measured("exact M-MDP, 200 episodes x 1,000 seeds", 1000 * statistics.median(seconds[1:]), "ms", 50)


class Instant(LLM):
    """A model that answers at once with its first choice, so that only memlab's own time is left."""

    name = "instant"
    backend = "simulated"
    digest = "none"

    def answer(self, call: Call) -> Reply:
        """The first choice, in no time."""
        first = (call.choices or ("",))[0]
        return Reply(first, first, None, 0, 0, 0.0, self.name, self.backend)


def own_share() -> Iterator[Measured]:
    """memlab's own share of an episode, in percent, on a 160-task stream with a memory that grows.

    Own time is an episode's wall time with a model and embedder that answer at once, retrieval, credit and commit
    included. It is set against one real call: timed here when a server answers, else the usual 0.5 s.
    """
    tasks = stream("toolbox-a", "drift", 160, seed=0)
    embedder = open_embedder("hash")
    with open_store(dim=embedder.dim) as store:
        agent = Agent(Instant(), embedder, store, TopK(4))
        own = timeit.timeit(lambda: list(agent.run(tasks)), number=1) / len(tasks)
    call, source = CALL_SECONDS, "as measured once on 2 cores"
    if llm := _live():
        prompts = [prompt.render(task.about, [], task.text) for task in tasks[:9]]
        seconds = [llm.complete(text, max_tokens=1).seconds for text in prompts]
        call, source = statistics.median(seconds[1:]), "measured on this server"  # the first one fills its cache
    note = f"{1000 * own:.2f} ms of memlab beside {call:.2f} s of model, {source}"
    yield Measured("memlab's own share of an LLM episode", 100 * own / (own + call), "%", 1, note)


def sliders() -> Iterator[Measured]:
    """Milliseconds from a slider's move to the decoded picture in Chromium, 95th percentile, by the browser test.

    Alone, and beside a Python loop that keeps one core busy.
    """
    test, promise = ROOT / "tests" / "browser", "slider to picture in Chromium, p95"
    if not test.is_dir() or importlib.util.find_spec("playwright") is None:
        yield Measured(promise, float("nan"), "ms", note="needs a clone and the extra dev")
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "latency.json"
        command = [sys.executable, "-m", "pytest", "-q", "-k", "slider", str(test)]
        environment = {**os.environ, "MEMLAB_LATENCY": str(kept)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        found = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if not found:
        last = done.stdout.strip().splitlines()[-1:]
        yield Measured(promise, float("nan"), "ms", note=f"the browser test gave nothing ({''.join(last)})")
    for name, rows in found.items():
        for beside, row in rows.items():
            note = f"median {row['p50_ms']} ms, {row['n']} moves"
            yield Measured(f"{promise}, {beside}: {name}", row["p95_ms"], "ms", 100, note)


def notebooks() -> Iterator[Measured]:
    """Seconds for each learner notebook, replayed from top to bottom."""
    for source in build.sources():
        seconds = build.execute(build.read(source, solutions=False))
        yield Measured(f"notebook {source.stem}, replayed", seconds, "s", 60)


PARTS = (import_time, slider_simulation, own_share, bench_stores.measure, sliders, notebooks)


def measure_all(save: Path | None = None, say: Callable[[str], None] = print) -> bool:
    """Measure every promise and say each as it comes; ``save`` also writes them as JSON. True if all were kept."""
    say(f"memlab bench on {machine()}")
    rows: list[Measured] = []
    broken = False
    for part in PARTS:
        try:
            for row in part():
                rows.append(row)
                say(str(row))
        except MemlabError as error:
            broken = True
            say(f"FAILED  {part.__name__}: {error}")
    if save is not None:
        found = [row._asdict() | {"value": None if math.isnan(row.value) else row.value} for row in rows]
        date = time.strftime("%Y-%m-%d", time.gmtime())
        text = json.dumps({"machine": machine(), "date": date, "measured": found}, indent=1)
        save.write_text(text + "\n", encoding="utf-8")
    return not broken and all(row.kept for row in rows)


def machine() -> str:
    """Python, system and cores, for the first line of a table of measurements."""
    cores = psutil.cpu_count()
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {cores} cores"


def _live() -> Any:
    return open_llm(f"ollama:{SMOLLM2}") if ollama_version() and SMOLLM2 in ollama_models(hosts_from()[0]) else None
