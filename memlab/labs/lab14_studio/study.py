"""Lab 14: what one world says to the main findings of the others. Simulated: no claim about models rests on it.

A preset is a what-if: knobs, and the knobs that they are compared with. Each is a claim on success in the second half.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from memlab.experiments import Claim, Study, grid
from memlab.rivals.knobs import NONE, RULE, VOTE, checked
from memlab.rivals.lived import at_once


class Preset(NamedTuple):
    """``words`` is the finding, ``settings`` should beat ``rival`` (with a ``margin``: be as good)."""

    words: str
    settings: dict[str, Any]
    rival: dict[str, Any]
    margin: float | None = None


STILL, CREDIT, NOISY = {"stream": "stationary"}, {"credit": "rewrite Q"}, {"credit": "rewrite Q", "noise": 0.15}
PRESETS = {
    "01 memory": Preset("where nothing moves, showing cases beats no memory", STILL, STILL | {"learner": NONE}),
    "02 forgetting": Preset("forgetting what failed is as good as keeping all", {"credit": "remove"}, {}, 0.05),
    "03 misfiled": Preset("with 3 of 10 cases misfiled, drawing by credited value beats the most similar case",
                          CREDIT | {"corruption": 0.3, "k": 1, "retrieval": "soft Q"}, {"corruption": 0.3, "k": 1}),
    "05 credit": Preset("after a drift, credit beats append-only", CREDIT, {}),
    "06 who decides": Preset("after a drift, memory that decides beats memory in the prompt",
                             {"learner": RULE, "retrieval": "newest"}, {"retrieval": "newest"}),
    "06 no model": Preset("the model beats a vote without a model", CREDIT, CREDIT | {"learner": VOTE}),
    "07 gate": Preset("with noisy rewards, a noisy gate beats none", NOISY | {"verifier": "gate"}, NOISY),
    "08 corruption": Preset("whole cases beat cases of which 3 of 10 are corrupted", CREDIT,
                            CREDIT | {"corruption": 0.3}),
    "09 rewriting": Preset("with noisy rewards, raw cases beat rewritten ones", STILL | {"noise": 0.15},
                           STILL | {"noise": 0.15, "credit": "amend"}),
}  # fmt: skip
ARMS = {f"{name}: {side}": checked(settings) for name, one in PRESETS.items()
        for side, settings in (("with", one.settings), ("without", one.rival))} | {
    null: checked({"learner": null}) for null in (NONE, VOTE)}  # fmt: skip


def live_preset(arm: str, seed: int) -> list[dict[str, Any]]:
    """One life, a row for each 8 tasks."""
    found = at_once(ARMS[arm], (seed,))
    assert found is not None
    rows = found.rows(arm)
    means = rows.groupby(rows["index"] // 8)[["success", "memories", "calls", "tokens"]].mean()
    return [{"index": 8 * i, **row._asdict(), "backend": found.backend, "model": found.model}
            for i, row in enumerate(means.itertuples(index=False))]  # fmt: skip


def late_success(rows: Any) -> float:
    """Success in the second half of the stream."""
    return float(rows["success"][rows["index"] >= rows["index"].max() / 2].mean())


STUDY = Study("lab14", live_preset, late_success,
    report=grid(arm=tuple(ARMS), seed=range(100, 164)),
    claims=tuple(Claim(one.words, f"{name}: with", f"{name}: without", primary=name == "05 credit", margin=one.margin)
                 for name, one in PRESETS.items()),
    nulls=(NONE, VOTE))  # fmt: skip
