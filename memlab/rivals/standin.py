"""How far the simulated model can stand in for the real one: one step, and the lives of learners by arm."""

from typing import Any

import numpy as np
import pandas as pd

from memlab.core import MemlabError
from memlab.credit import RewriteQ, append_only
from memlab.learners import study, with_memory
from memlab.llm.contract import Embedder
from memlab.llm.simulated import Calls, SimulatedLLM, fit_calls
from memlab.retrieval import TopK
from memlab.rivals.arms import UNSEEN, learners
from memlab.rivals.sidebyside import successes

FOLDS, SEEDS = 5, range(100, 116)
PARTS: dict[str, tuple[TopK, RewriteQ | None, float]] = {
    "no memory": (UNSEEN, None, 0.5),
    "narrowing only": (TopK(k=0), None, 0.5),
    "cases only": (TopK(), None, 0.0),
    "append-only": (TopK(), None, 0.5),
    "append-only, newest": (TopK(newest=True), None, 0.5),
    "credit": (TopK(), RewriteQ(step=0.7), 0.5),
    "cases only, k = 1": (TopK(k=1), None, 0.0),
    "append-only, k = 1": (TopK(k=1), None, 0.5),
}
"""What the arms of ``lab06/report.parquet`` read, how they pay, and below which value they narrow; the last two
show one case at most, and no such life is recorded."""
LEARNERS = {name: with_memory(read, pay or append_only, floor) for name, (read, pay, floor) in PARTS.items()}
READS = ("no memory", "newest-first", "newest-first, narrowing only", "newest-first, in the prompt", "belief")
"""The arms of ``lab06-reading`` that the ranking model lives again."""


def assess(calls: Calls) -> dict[str, Any]:
    """Log-loss (nats a call) on kinds of question that the fit never saw, by folds over kinds.

    The same questions return with other cases, so a split by call would test on what was trained. ``follows`` says, by
    the number of cases shown, how often the tool of the nearest is taken.
    """
    from sklearn.model_selection import GroupKFold

    kinds = len(np.unique(calls.kind))
    if kinds < 2:
        raise MemlabError("The recorded calls ask one kind of question: record others, so that one can be held out.")
    full, prior = np.zeros(calls.tool.shape), np.zeros(calls.tool.shape)
    for _, test in GroupKFold(min(FOLDS, kinds)).split(calls.x, groups=calls.kind):
        out = np.isin(np.arange(len(calls.picked)), test)
        full[out] = fit_calls(calls, ~out).probs(calls)[out]
        prior[out] = fit_calls(calls, ~out, memory=False).probs(calls)[out]
    valid, picked, rows = calls.tool >= 0, calls.picked, np.arange(len(calls.picked))
    cases, nearest = np.expm1(calls.x[..., 0]).sum(axis=1).round().astype(int), calls.x[..., 2]
    told = pd.DataFrame({"calls": 1, "real": nearest[rows, picked], "simulated": (full * nearest).sum(axis=1)})
    follows = told[cases > 0].groupby(cases[cases > 0]).agg({"calls": "sum", "real": "mean", "simulated": "mean"})
    return {
        "calls": len(calls.picked),
        "kinds": kinds,
        "log_loss": round(float(-np.log(full[rows, picked]).mean()), 4),
        "log_loss_no_memory": round(float(-np.log(prior[rows, picked]).mean()), 4),
        "log_loss_uniform": round(float(np.log(valid.sum(axis=1)).mean()), 4),
        "same_choice": round(float((full.argmax(axis=1) == picked).mean()), 4),
        "same_choice_no_memory": round(float((prior.argmax(axis=1) == picked).mean()), 4),
        "follows": follows.round(4).to_dict(),
    }


def whole_runs(model: SimulatedLLM, answer: str, real: pd.DataFrame, vectors: Embedder) -> dict[str, Any]:
    """Success in each half of a stream, by stream and arm, of the ``real`` lives and of ``model``.

    96 tasks; the tools of the drift stream move at 48. ``rank_correlation`` is Spearman's, over its learners.
    """
    if answer == "ranked":
        arms = {name: learners("ranked")[name] for name in READS}
        lived = study(arms, ["drift"], SEEDS, 96, "toolbox12-b", model, vectors, progress=False)
    else:
        arms = LEARNERS
        cells = [(kind, arm) for kind in ("drift", "stationary") for arm in arms]
        lives = [
            successes(model, vectors, "toolbox-b", kind, 96, SEEDS, *PARTS[arm]).mean(axis=0) for kind, arm in cells
        ]
        told = [(*cell, i, share) for cell, life in zip(cells, lives, strict=True) for i, share in enumerate(life)]
        lived = pd.DataFrame(told, columns=["kind", "arm", "index", "success"])
    rows = pd.concat([real[real["arm"].isin(arms)].assign(by="real"), lived.assign(by="simulated")])
    rows["half"] = np.where(rows["index"] < 48, "before", "after")
    table = rows.pivot_table("success", ["kind", "arm"], ["by", "half"], sort=False).round(4)
    table = table.set_axis(table.columns.map(", ".join), axis=1).set_axis(table.index.map(": ".join))
    order = table.filter(like="drift", axis=0).corr("spearman").round(2)
    ranks = {
        f"rank_correlation_{half}": order.loc[f"real, {half}", f"simulated, {half}"] for half in ("before", "after")
    }
    return ranks | {"whole_run": {name: column.dropna().to_dict() for name, column in table.items()}}
