"""What notebook 06 shows beside its study: a step size tried on streams, and a run to scrub through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab import show
from memlab.agent import action_values
from memlab.core import Episode, Task
from memlab.credit import RewriteQ
from memlab.datafiles import data
from memlab.learners import study, with_memory
from memlab.llm.contract import LLM, Embedder
from memlab.llm.embedders import ReplayEmbedder
from memlab.retrieval import TopK
from memlab.retrieval.policies import shortlist
from memlab.rivals.knn import KnnVote
from memlab.stores.contract import Store

if TYPE_CHECKING:
    import pandas as pd


def embedder() -> Embedder:
    """The report's vectors from the record: the same on every machine, for its tasks alone."""
    return ReplayEmbedder(data("lab06/embeddings.parquet"))


def try_steps(steps: Iterable[float], llm: LLM) -> pd.DataFrame:
    """Success of votes in the second half of ten drift and ten noisy streams, seeds 100-109, a row a step and task."""
    votes = {f"η={eta}": with_memory(TopK(), RewriteQ(step=eta), make=KnnVote) for eta in sorted(steps)}
    rows = study(votes, ("drift", "noisy"), range(100, 110), 96, "toolbox-b", llm, embedder(), progress=False)
    return rows[rows["index"] >= 48]


def scrubber(runs: dict[str, tuple[Store, list[Episode]]], tasks: Sequence[Task]) -> show.Explorer:
    """A widget over finished ``runs``: tasks solved so far, and the value of each tool near one kind of question."""
    families = sorted({task.family for task in tasks})
    tools, lived = tasks[0].choices, next(iter(runs.values()))[1]
    probe = {family: next(e for e in lived if e.task.family == family).steps[0].vector for family in families}
    solved = {name: np.cumsum([e.success for e in episodes]) for name, (_, episodes) in runs.items()}
    past = {task: {name: store.at(task) for name, (store, _) in runs.items()} for task in range(1, len(tasks) + 1)}

    def compute(task: int, kind_of_question: str) -> Any:
        near = {name: shortlist(probe[kind_of_question], view, 16, 0.5) for name, view in past[task].items()}
        return task, kind_of_question, {name: action_values(hits) for name, hits in near.items()}

    def paint(canvas: show.Canvas, result: Any) -> None:
        task, kind_of_question, values = result
        for name, found in values.items():
            canvas.line(name, np.arange(1, task + 1), solved[name][:task])
            canvas.bars(name, tools, [found.get(tool, 0.0) for tool in tools], panel=1)
        for place, (name, found) in enumerate(values.items()):
            # Where a bar would stand: the bars of all runs share .8 around their tool.
            failed = [i + 0.8 * ((place + 0.5) / len(values) - 0.5) for i, t in enumerate(tools) if found.get(t) == 0]
            cross = {"color": canvas.color(name), "marker": "x"}
            canvas.points(f"_{name}, failed", failed, np.full(len(failed), 0.05), panel=1, **cross)
        canvas.axes(0, xlabel="task", ylabel="tasks solved", xlim=(0, 96), ylim=(0, 96))
        canvas.axes(1, xlabel=f"tool, near {kind_of_question}", ylabel="value (x: 0)", ylim=(0, 1.4))
        canvas.source(lived[0].replies[0])
        canvas.title(f"After {task} tasks: " + ", ".join(f"{n} solved {int(s[task - 1])}" for n, s in solved.items()))

    return show.Explorer(
        compute,
        paint,
        {"task": (1, 96, 1, 60), "kind_of_question": families},
        panels=2,
        alt="Above: tasks solved so far by two learners. Below: the value of each tool near one kind of question.",
        caption="One replicate of the drift stream. The tools move at task 48.",
    )
