"""An agent's knobs on many streams: at once where they are simulated, life by life in the agent's loop for all else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from memlab.core import MemlabError, Reply
from memlab.datafiles import data
from memlab.learners import study
from memlab.llm import open_llm
from memlab.llm.call import Call
from memlab.llm.contract import LLM
from memlab.llm.embedders import ReplayEmbedder
from memlab.llm.replay import Recorder
from memlab.rivals.knobs import LIVE, MAKE, SIMULATED, Settings, learner_of
from memlab.rivals.outcome import Outcome, of_rows
from memlab.rivals.questions import Questions, ask_all, serves
from memlab.rivals.quick import NONE, VOTE, live_side_by_side, perfect_memory

WORLD, MANY, FEW = "toolbox-b", tuple(range(100, 132)), tuple(range(100, 116))
"""The streams' world; the replicates of what is simulated at once, and of what is lived in the loop."""


_kept = lru_cache(maxsize=2)(open_llm)  # the record of all labs takes seconds to read


@lru_cache(maxsize=1)
def parts() -> tuple[Any, ReplayEmbedder]:
    """The simulated model, and the recorded vectors of all questions of this world."""
    return open_llm("simulated"), ReplayEmbedder(data("lab05/embeddings.parquet"))


@lru_cache(maxsize=256)
def asked_of(n: int, seeds: tuple[int, ...] = MANY) -> Questions:
    """The questions of streams of ``n`` tasks."""
    return ask_all(*parts(), WORLD, n, seeds)


def unaided(settings: Settings) -> np.ndarray:
    """Success by task of perfect memory with blind search, a mean over `MANY` replicates."""
    return _unaided(settings["stream"], settings["horizon"], settings["noise"])


@lru_cache(maxsize=256)
def _unaided(kind: str, n: int, noise: float) -> np.ndarray:
    return perfect_memory(asked_of(n), serves(WORLD, kind, n, MANY), noise).mean(axis=0)


def at_once(settings: Settings, seeds: tuple[int, ...] = MANY) -> Outcome | None:
    """The outcome of learners that are simulated side by side; None for all others, which take time."""
    s, vote, n = settings, settings["learner"] == VOTE, settings["horizon"]
    if s["learner"] not in (*MAKE, NONE) or not (vote or s["model"] == SIMULATED):
        return None
    gate = (s["TPR"], s["FPR"]) if s["verifier"] == "gate" else None
    how = {name: s[name] for name in ("learner", "retrieval", "k", "alpha", "credit", "step", "noise", "corruption")}
    lives = live_side_by_side(asked_of(n, seeds), serves(WORLD, s["stream"], n, seeds), parts()[0], gate=gate, **how)
    return Outcome(s, seeds, lives, *(("computed", "") if vote else (SIMULATED, parts()[0].name)))


class Stopped(MemlabError):
    """A run was stopped before its first life was done."""


class Stoppable(LLM):
    """``llm``, until ``stop`` is set; ``hear(calls)`` is told how many there were since it was last set to 0."""

    def __init__(self, llm: Any, stop: threading.Event, hear: Callable[[int], Any]) -> None:
        self.llm, self.stop, self.name, self.backend, self.digest = llm, stop, llm.name, llm.backend, llm.digest
        self.hear, self.calls = hear, 0

    def answer(self, call: Call) -> Reply:
        """The model's reply; raises `Stopped`."""
        if self.stop.is_set():
            raise Stopped(
                "stopped, by halt or after 3 minutes, before the first life was done: live replies are kept, a rerun "
                "goes on from there"
            )
        reply = self.llm.answer(call)
        self.calls += 1
        self.hear(self.calls)
        return reply


def in_the_loop(
    settings: Settings, home: Path, tick: Callable[[int, int], Any] = lambda done, all: None,
    stop: threading.Event | None = None, seeds: Sequence[int] = FEW, seconds: float | None = 180.0,
) -> Outcome:  # fmt: skip
    """Lives these settings in the agent's own loop, life by life; ``tick(done, all)`` hears of each call and life.

    It counts tasks, of which a call is taken to be one until its life is done. Each life that is done is kept in
    ``home``, and each live reply as soon as it came: a run that was interrupted goes on where it was. Once ``stop`` is
    set, or after ``seconds`` with a live model, it ends with the lives that are done; raises `Stopped` where none is.
    """
    import pandas as pd

    s, learner, stop, found = settings, learner_of(settings), stop or threading.Event(), list[pd.DataFrame]()
    kind = s["stream"] + (f"+noisy{round(100 * s['noise']):02d}" if s["noise"] else "")
    llm = open_llm("auto") if s["model"] == LIVE else _kept(SIMULATED if s["model"] == SIMULATED else "recorded")
    source = Recorder(llm, home / "replies.parquet") if s["model"] == LIVE else llm
    where: dict[str, Any] = {"world": WORLD, "embedder": parts()[1], "folder": home, "progress": False}
    n, alarm = s["horizon"], threading.Timer(seconds or 0, stop.set)
    asked = Stoppable(source, stop, lambda calls: tick(len(found) * n + min(calls, n - 1), len(seeds) * n))
    if s["model"] == LIVE and seconds is not None:
        alarm.start()
    try:
        for seed in seeds:
            asked.calls = 0
            found.append(study({"run": learner}, [kind], [seed], n, llm=asked, **where))
            tick(len(found) * n, len(seeds) * n)
    except Stopped:
        if not found:
            raise
    finally:
        alarm.cancel()
        if isinstance(source, Recorder):
            source.close()
    return of_rows(pd.concat(found).rename(columns={"tokens_in": "tokens"}), s)
