"""What a server's settings change: flash attention, and a cache of fewer bits, each on a server of its own.

Ollama takes these settings when it starts. So a server is started on a free port of this machine, is asked, and is
stopped again. Its work is told in processor seconds, since other work may go on beside, and in its own seconds. Needs
the program ``ollama`` (`memlab.llm.ollama.ollama_program`) with the model.
"""

from __future__ import annotations

import re
import socket
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab import prompt
from memlab.core import MemlabError
from memlab.llm.contract import LLM
from memlab.llm.ollama import OllamaLLM, serving
from memlab.tasks import stream
from memlab.weights.cost import Dims, forward
from memlab.weights.night import PLACES, THINGS
from memlab.weights.school import TASKS, WORLD

if TYPE_CHECKING:
    import pandas as pd

PLAIN, FLASH, EIGHT, FOUR = "no flash attention", "flash attention", "flash, 8-bit cache", "flash, 4-bit cache"
BITS = {PLAIN: 16.0, FLASH: 16.0, EIGHT: 8.5, FOUR: 4.5}
"""Bits a number of the cache: where there are fewer than 16, each 32 numbers share a scale of 16 bits."""
KINDS = {16.0: "f16", 8.5: "q8_0", 4.5: "q4_0"}
"""How Ollama names them. A quantized cache needs flash attention."""
DEPTHS, WRITTEN, ASKED = (200, 800), 16, 4
"""Words read so far, each about a token; tokens then written there; and recorded questions that are asked again."""
TIMED = ("words", "depth", "new", "read", "read_cpu", "write", "write_cpu")


def settings_of(arm: str) -> dict[str, str]:
    """The environment of the server."""
    return {
        "OLLAMA_FLASH_ATTENTION": str(int(arm != PLAIN)), "OLLAMA_KV_CACHE_TYPE": KINDS[BITS[arm]],
        "OLLAMA_NUM_PARALLEL": "1", "OLLAMA_NOPRUNE": "1",  # another server may have the same folder of models
    }  # fmt: skip


def free_host() -> str:
    """An address of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def drawn_words(n: int, seed: int) -> list[str]:
    """``n`` short words."""
    return [str(word) for word in np.random.default_rng(seed).choice((*THINGS, *PLACES), n)]


def said_by(log: str) -> dict[str, Any]:
    """What a server's ``log`` says of its last load: megabytes of the cache and of its buffers, bits, flash attention.

    Raises MemlabError where it says nothing of them.
    """
    wanted = {
        "cache_mb": r"llama_kv_cache: size = +([\d.]+) MiB", "buffer_mb": r"CPU compute buffer size = +([\d.]+) MiB",
        "kind": r"llama_kv_cache: size = .* K \((\w+)\)", "flash": r"llama_context: flash_attn += (\w+)",
    }  # fmt: skip
    found = {name: re.findall(pattern, log) for name, pattern in wanted.items()}
    if lacking := [name for name, said in found.items() if not said]:
        raise MemlabError(f"the server's log does not tell {', '.join(lacking)}: this Ollama logs in another form")
    return {name: float(said[-1]) if name.endswith("_mb") else said[-1] for name, said in found.items()}


def agreement(recorded: LLM, asked: LLM, seed: int) -> dict[str, float]:
    """``same``: share of a stream's first questions that get the recorded tool; ``apart``: the mean, over them, of the
    largest difference of a tool's probability."""
    same, apart = [], []
    for task in stream(WORLD, "drift", TASKS, seed)[:ASKED]:
        text = prompt.render(task.about, [], task.subtasks[0])
        was, now = (llm.complete(text, choices=task.choices, answer="ranked") for llm in (recorded, asked))
        same.append(was.value == now.value)
        apart.append(max(abs(p - (now.choice_probs or {})[tool]) for tool, p in (was.choice_probs or {}).items()))
    return {"same": float(np.mean(same)), "apart": float(np.mean(apart))}


def one_server(arm: str, seed: int, llm: LLM) -> list[dict[str, Any]]:
    """A row a depth: seconds to read what is new up to there, and to write a token there; ``_cpu``: of its processor.

    Read by one thread: two wait for each other where other work goes on, and waiting counts as work. Only even seeds
    read, since that takes longest; an odd one has a row of what else was seen. ``llm`` holds the recorded replies.
    Raises MemlabError where the server has another model.
    """
    host, text, rows = free_host(), drawn_words(DEPTHS[-1], seed), list[dict[str, Any]]()
    with tempfile.TemporaryFile() as log:
        with serving(host, log, **settings_of(arm)) as server:
            asked = OllamaLLM(llm.name, [host])
            if asked.digest != llm.digest:
                raise MemlabError(f"the recorded replies are of other weights than the {asked.name} of {host}")
            about: dict[str, Any] = agreement(llm, asked, seed) | {"cells": asked.num_ctx}

            def told(words: int, most: int) -> tuple[Any, float]:
                options = {"num_ctx": asked.num_ctx, "num_thread": 1, "num_predict": most, "temperature": 0.0}
                said, start = " ".join(text[:words]), _runner(server.pid).cpu_times()
                reply = asked.servers.client(host).generate(asked.name, said, raw=True, options=options)
                return reply, sum(_runner(server.pid).cpu_times()[:2]) - sum(start[:2])

            for words in DEPTHS * (seed % 2 == 0):
                if not rows:
                    told(1, 1)  # loads the model for one thread
                (read, read_cpu), (wrote, write_cpu) = told(words, 1), told(words, WRITTEN)
                depth, made = read.prompt_eval_count, wrote.eval_count
                rows.append({
                    "words": words, "depth": depth, "new": depth - (rows[-1]["depth"] if rows else 0),
                    "read": read.prompt_eval_duration / 1e9, "read_cpu": read_cpu,
                    "write": wrote.eval_duration / 1e9 / made, "write_cpu": write_cpu / made,
                })  # fmt: skip
            about["resident_mb"] = _runner(server.pid).memory_info().rss / 2**20
        log.seek(0)
        about |= said_by(log.read().decode(errors="replace"))
    return [row | about | {"backend": "ollama", "model": llm.name} for row in rows or [dict.fromkeys(TIMED, np.nan)]]


def _runner(server: int) -> Any:
    """The process that holds the model, of the server with this number."""
    import psutil

    return psutil.Process(server).children(recursive=True)[-1]


def economy(rows: pd.DataFrame) -> dict[str, float]:
    """Minus log10 of processor seconds to read all, and to write a token behind it; `agreement`, higher is better."""
    last = rows.iloc[-1]
    read, write = -np.log10([rows["read_cpu"].sum(min_count=1), last["write_cpu"]])
    return {"read": float(read), "write": float(write), "same": last["same"], "near": -last["apart"]}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Means of each arm, beside what `memlab.weights.cost` counts: GFLOP a processor second, bytes of the cache."""
    dims, deepest, read = Dims(), DEPTHS[-1], rows[rows["words"].notna()]
    rate = [forward(dims, row.new, ahead=row.depth - row.new) / 1e9 / row.read_cpu for row in read.itertuples()]
    means = read.assign(rate=rate).groupby(["arm", "words"]).mean(numeric_only=True).unstack().reindex(list(BITS))
    found = means["read_cpu"].sum(axis=1).to_frame("read, s")
    for words in (DEPTHS[0], deepest):
        found[f"GFLOP/s at {words:,}"] = means["rate", words]
        found[f"ms a token at {words:,}"] = 1000 * means["write_cpu", words]
    found["cache, MiB"], found["runner, MiB"] = means["cache_mb", deepest], means["resident_mb", deepest]
    numbers = 2 * dims.blocks * dims.kv * means["cells", deepest]
    found["counted, MiB"] = [n * BITS[arm] / 8 / 2**20 for arm, n in numbers.items()]
    return found.join(rows.drop_duplicates(["arm", "seed"]).groupby("arm")[["same", "apart"]].mean())
