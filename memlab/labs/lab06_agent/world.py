"""What notebook 06 shows beside its study: lives on recorded vectors, and two beliefs to scrub through."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from memlab import prompt, show
from memlab.agent import Agent
from memlab.core import Episode, Task
from memlab.datafiles import data
from memlab.learners import Learner
from memlab.llm import LIVE, LLM, Embedder, open_llm
from memlab.llm.embedders import ReplayEmbedder
from memlab.llm.replay import Recorder
from memlab.rivals.believer import Believe, believed
from memlab.rivals.fold import kind_of
from memlab.stores import open_store
from memlab.tasks import stream


@lru_cache
def embedder() -> Embedder:
    """The report's vectors from the record: the same on every machine, for its tasks alone."""
    return ReplayEmbedder(data("lab06/embeddings.parquet"))


@lru_cache
def open_model(spec: str) -> LLM:
    """The model; each reply of a live one is kept in ``.memlab`` of this folder: nothing is asked twice."""
    llm = open_llm(spec)
    kept = Path(".memlab") / f"lab06-{re.sub('[^a-zA-Z0-9.]+', '-', llm.name)}-replies.parquet"
    return Recorder(llm, kept) if llm.backend in LIVE else llm


def one_life(learner: Learner, tasks: Sequence[Task], llm: LLM, seed: int = 100) -> tuple[Agent, list[Episode]]:
    """Live ``tasks`` from an empty memory: the agent, whose ``store`` holds what it remembers, and its episodes."""
    agent = learner(llm, embedder(), open_store(dim=embedder().dim), seed)
    return agent, list(agent.run(tasks, progress=llm.backend == "ollama" and len(tasks) > 1, seconds=180))


def grouped_right(seed: int) -> float:
    """Share of a report stream's questions that a believer puts into a group which is mostly of their own kind."""
    tasks = stream("toolbox12-b", "stationary", 240, seed, 8)
    vectors = embedder().embed([prompt.shorten(task.text, prompt.CASE_LENGTH) for task in tasks])
    groups = np.zeros(0, dtype=int)
    for alike in vectors @ vectors.T:
        means = np.bincount(groups, alike[: len(groups)]) / np.bincount(groups)
        groups = np.append(groups, kind_of(means, Believe().near))
    families = np.unique([task.family for task in tasks], return_inverse=True)[1]
    return sum(np.bincount(families[groups == group]).max() for group in set(groups)) / len(tasks)


def scrubber(runs: dict[str, list[Episode]]) -> show.Explorer:
    """A widget over finished ``runs`` of believers: tasks solved so far, and what is believed of each tool."""
    first = next(iter(runs.values()))
    families, tools = sorted({episode.task.family for episode in first}), first[0].task.choices
    solved = {name: np.cumsum([e.success for e in episodes]) for name, episodes in runs.items()}
    held = {(name, family): believed(run, family) for name, run in runs.items() for family in families}

    def compute(task: int, kind_of_question: str) -> Any:
        return task, kind_of_question, {name: held[name, kind_of_question][task - 1] for name in runs}

    def paint(canvas: show.Canvas, result: Any) -> None:
        task, kind_of_question, values = result
        for name, found in values.items():
            canvas.line(name, np.arange(1, task + 1), solved[name][:task])
            canvas.bars(name, tools, [found.get(tool, 0.0) for tool in tools], panel=1)
        canvas.axes(0, xlabel="task", ylabel="tasks solved", xlim=(0, len(first)), ylim=(0, len(first)))
        canvas.axes(1, xlabel=f"tool, for {kind_of_question}", ylabel="belief", ylim=(0, 1.05))
        canvas.source([reply for episode in first for reply in episode.replies])
        canvas.title(f"After task {task}: " + ", ".join(f"{n} solved {int(s[task - 1])}" for n, s in solved.items()))

    knobs = {"task": (1, len(first), 1, min(100, len(first))), "kind_of_question": families}
    alt = "Above: tasks solved so far by two learners. Below: what each believes of every tool for one kind."
    caption = "One replicate of the recurrent stream. The tools move at task 80 and are back at task 160."
    return show.Explorer(compute, paint, knobs, panels=2, alt=alt, caption=caption)
