"""Lab 14: what one world says to the main findings of the others. Simulated: no claim about models rests on it.

A preset is a what-if: knobs, and the knobs that they are compared with. Each is a claim on success in the second half.
What the knobs should be was looked up on seeds 0-9, words and margins are those of the labs that they come from.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from memlab.experiments import Claim, Study, grid
from memlab.rivals.knobs import NONE, VOTE, checked
from memlab.rivals.lived import at_once


class Preset(NamedTuple):
    """``words`` is the finding: ``settings`` beat ``rival`` (with a ``margin``: are as good)."""

    words: str
    settings: dict[str, Any]
    rival: dict[str, Any]
    margin: float | None = None


STILL, CREDIT, WRONG = {"stream": "stationary"}, {"credit": "rewrite Q"}, {"noise": 0.15}
MISFILED = STILL | {"corruption": 0.3, "k": 1}
PRESETS = {
    "01 memory": Preset("where nothing moves, cases in the prompt beat no memory", STILL, STILL | {"learner": NONE}),
    "02 forgetting": Preset("after a drift, forgetting what failed beats keeping all", {"credit": "remove"}, {}),
    "03 misfiled": Preset("with 3 of 10 cases misfiled, drawing by credited value beats the most similar case",
                          MISFILED | CREDIT | {"retrieval": "soft Q"}, MISFILED),
    "04 reward": Preset("credit from true rewards beats credit from rewards that are 15% wrong", CREDIT,
                        CREDIT | WRONG),
    "05 credit": Preset("after a drift, credit beats append-only", CREDIT, {}),
    "06 newest": Preset("after a drift, credit is as good as trusting the newest case", CREDIT,
                        {"retrieval": "newest"}, 0.05),
    "06 model": Preset("after a drift, the model beats a vote without one", CREDIT, CREDIT | {"learner": VOTE}),
    "07 gate": Preset("with rewards 15% wrong, credit behind a noisy gate beats credit without",
                      STILL | CREDIT | WRONG | {"verifier": "gate"}, STILL | CREDIT | WRONG),
    "08 corruption": Preset("whole cases beat cases of which 3 of 10 name another tool", STILL,
                            STILL | {"corruption": 0.3}),
    "09 rewriting": Preset("with rewards 15% wrong, raw cases beat cases that are rewritten", STILL | WRONG,
                           STILL | WRONG | {"credit": "amend"}),
}  # fmt: skip
ARMS = {f"{name}: {side}": checked(settings) for name, one in PRESETS.items()
        for side, settings in (("with", one.settings), ("without", one.rival))}  # fmt: skip
ARMS |= {null: checked({"learner": null}) for null in (NONE, VOTE)}


def live_preset(arm: str, seed: int) -> Any:
    """One life, a row for each 8 tasks."""
    rows = at_once(ARMS[arm], (seed,)).rows(arm)  # type: ignore[union-attr]
    means = rows.groupby(rows["index"] // 8)[["success", "memories", "calls", "tokens"]].mean()
    return means.assign(index=8 * means.index, backend=rows["backend"][0], model=rows["model"][0])


# The score is success in the second half.
STUDY = Study("lab14", live_preset, lambda r: float(r["success"][r["index"] >= r["index"].max() / 2].mean()),
    report=grid(arm=tuple(ARMS), seed=range(100, 164)),
    claims=tuple(Claim(one.words, f"{name}: with", f"{name}: without", primary=name == "05 credit", margin=one.margin)
                 for name, one in PRESETS.items()),
    nulls=(NONE, VOTE))  # fmt: skip
