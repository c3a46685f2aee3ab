"""Fit the simulated model again, and say how far it can be trusted: one step, and whole runs by arm."""

import pandas as pd

from memlab import datafiles, labs
from memlab.bootstrap import ROOT
from memlab.experiments import run_cells
from memlab.llm.embedders import ReplayEmbedder
from memlab.llm.replay import read_rows
from memlab.llm.simulated import SimulatedLLM

RECORDED = ("lab06/replies.parquet", "lab06/tuning-replies.parquet")
FILE = "simulated/toolbox.json"


def whole_runs(model: SimulatedLLM) -> dict[str, dict[str, float]]:
    """Success in each half of lab 06's streams, by stream and arm: of the real model as recorded, and of ``model``."""
    study = labs.studies()["lab06"]
    cells = [cell for cell in study.cells() if not cell["arm"].startswith("kNN")]
    vectors = ReplayEmbedder(datafiles.data("lab06/embeddings.parquet"))
    lived = run_cells("simulated", study.run, cells, {"llm": model, "embedder": vectors}, None, 2, True)
    found: dict[str, dict[str, float]] = {}
    for name, rows in (("real", study.rows()), ("simulated", lived)):
        means = study.scores(rows).groupby(["kind", "arm"], sort=False)[["before", "after"]].mean()
        for half in ("before", "after"):
            found[f"{name}, {half}"] = {f"{kind}: {arm}": round(x, 4) for (kind, arm), x in means[half].items()}
    frame = pd.DataFrame(found).dropna()
    return {str(column): frame[column].to_dict() for column in frame}


def refit() -> dict[str, object]:
    """Fit to lab 06's recorded replies, judge, and write the parameters; gives the numbers of the report."""
    fitted = SimulatedLLM.fit([row for name in RECORDED for row in read_rows(datafiles.data(name))])
    fitted.parameters["report"]["whole_run"] = whole_runs(fitted)
    fitted.save(ROOT / "data" / FILE)
    datafiles.write_manifest(ROOT / "data")
    return {name: value for name, value in fitted.report().items() if name != "calibration"}
