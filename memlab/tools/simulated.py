"""Fit the simulated model again, and say how far it can be trusted: one step, and whole runs by arm."""

import numpy as np
import pandas as pd

from memlab import datafiles
from memlab.bootstrap import ROOT
from memlab.credit import RewriteQ
from memlab.learners import Learner, no_memory, study, with_memory
from memlab.llm.embedders import ReplayEmbedder
from memlab.llm.replay import read_rows
from memlab.llm.simulated import SimulatedLLM
from memlab.llm.weights import SMOLLM2
from memlab.retrieval import TopK

RECORDED = ("lab06/replies.parquet", "lab06/tuning-replies.parquet")
FILE = "simulated/toolbox.json"
LEARNERS: dict[str, Learner] = {
    "no memory": no_memory,
    "narrowing only": with_memory(TopK(k=0)),
    "cases only": with_memory(TopK(), narrow_below=None),
    "append-only": with_memory(TopK()),
    "append-only, newest": with_memory(TopK(newest=True)),
    "credit": with_memory(TopK(), RewriteQ(step=0.7)),
}
"""The arms of ``lab06/report.parquet`` that ask the model: 96 tasks, the tools move at task 48."""


def whole_runs(model: SimulatedLLM) -> dict[str, dict[str, float]]:
    """Success in each half of these streams, by stream and arm: of the real model as recorded, and of ``model``."""
    vectors = ReplayEmbedder(datafiles.data("lab06/embeddings.parquet"))
    streams = ("drift", "stationary"), range(100, 116), 96, "toolbox-b"
    lived = study(LEARNERS, *streams, model, vectors, jobs=2).assign(by="simulated")
    rows = pd.concat([pd.read_parquet(datafiles.data("lab06/report.parquet")).assign(by="real"), lived])
    rows = rows.assign(half=np.where(rows["index"] < 48, "before", "after"))[rows["arm"].isin(LEARNERS)]
    table = rows.pivot_table("success", ["kind", "arm"], ["by", "half"], sort=False).dropna().round(4)
    table.index = table.index.map(": ".join)
    return {", ".join(name): column.to_dict() for name, column in table.items()}


def refit() -> dict[str, object]:
    """Fit to lab 06's recorded replies, judge, and write the parameters; gives the numbers of the report."""
    recorded = [row for name in RECORDED for row in read_rows(datafiles.data(name))]
    fitted = SimulatedLLM.fit([row for row in recorded if row["model"] == SMOLLM2])
    fitted.parameters["report"]["whole_run"] = whole_runs(fitted)
    fitted.save(ROOT / "data" / FILE)
    datafiles.write_manifest(ROOT / "data")
    return fitted.report()
