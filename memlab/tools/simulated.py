"""Fit the simulated model again, and say how far it can be trusted: one step, and whole runs by arm."""

import json

import numpy as np
import pandas as pd

from memlab import datafiles, labs
from memlab.bootstrap import ROOT
from memlab.llm.embedders import ReplayEmbedder
from memlab.llm.replay import read_rows
from memlab.llm.simulated import SimulatedLLM, read_calls, read_prompt
from memlab.llm.weights import SMOLLM2
from memlab.rivals.standin import assess, whole_runs

RECORDED = {"B": "lab06/replies.parquet", "A": "lab06/tuning-replies.parquet"}
FILE = "simulated/toolbox.json"
TOOLS = {"masked": 12, "ranked": 16}
"""How many tools the prompts list: masked replies of the larger list came later, and are not fitted to."""


def replies(answer: str) -> dict[str, list[dict[str, str]]]:
    """The recorded calls that were answered so, by set of questions."""

    def fits(row: dict[str, str]) -> bool:
        given = json.loads(row["call"]).get("answer", "masked")
        return row["model"] == SMOLLM2 and given == answer and len(read_prompt(row["prompt"]).about) == TOOLS[answer]

    return {part: [row for row in read_rows(datafiles.data(name)) if fits(row)] for part, name in RECORDED.items()}


def fit_and_judge(answer: str) -> SimulatedLLM:
    """The model fitted to replies that were given so, with the numbers of its report."""
    rows, report = replies(answer), {}
    model = SimulatedLLM.fit([*rows["B"], *rows["A"]])
    for one, other in (("A", "B"), ("B", "A")):
        part = SimulatedLLM.fit(rows[other])
        asked = [(json.loads(row["reply"])["value"], row["prompt"], json.loads(row["call"])) for row in rows[one]]
        chances = [part.choice_probs(prompt, call["schema"]["enum"])[value] for value, prompt, call in asked]
        report[f"log_loss_{one}_from_{other}"] = round(float(-np.log(chances).mean()), 4)
    vectors = ReplayEmbedder(datafiles.data("lab06/embeddings.parquet"))
    earlier = pd.read_parquet(datafiles.data("lab06/report.parquet"))
    real = earlier if answer == "masked" else labs.studies()["lab06-reading"].rows()
    calls = read_calls([*rows["B"], *rows["A"]])[0]
    model.parameters["report"] = assess(calls) | report | whole_runs(model, answer, real, vectors)
    return model


def refit() -> dict[str, object]:
    """Fit to lab 06's recorded replies, judge, and write the parameters; gives the numbers of both reports."""
    masked, ranked = fit_and_judge("masked"), fit_and_judge("ranked")
    masked.parameters["ranked"] = ranked.parameters
    masked.save(ROOT / "data" / FILE)
    datafiles.write_manifest(ROOT / "data")
    return {"masked": masked.report(), "ranked": ranked.report()}
