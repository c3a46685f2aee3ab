"""Lab 10: success kept in memory, in adapters, or both. Tuned on set A, reported on set B, at equal steps of training.

Primary metric: success from the first change on, drift. A refresh comes after every tenth task, with `STEPS` steps on
`BATCH` prompts, whatever the arm; the rate was tuned for replay on other seeds of set A, where memory's rule needs none.
The believer comes as lab 06 tuned it. Cells are trained, so they come back only where the extra ``adapters`` is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab10_weights.world import (
    ARMS, AWR, BARE, BOTH, EMPTIED, EXPLORE, LORA, MEMORY, REPLAY, TASKS, lived,
)  # fmt: skip
from memlab.llm.contract import LLM, Embedder
from memlab.weights import razor

if TYPE_CHECKING:
    import pandas as pd

STEPS, RATES, RATE = 16, (0.001, 0.003, 0.01, 0.03), 0.01
STARTS = {"drift": (TASKS // 2, 30), "recurrent": (TASKS // 3, 2 * TASKS // 3)}
"""Of each stream: the first change, and its second window: behind the first refresh after it; the old tools again."""


def run(arm: str, world: str, kind: str, seed: int, llm: LLM, embedder: Embedder, rate: float = RATE) -> Any:
    """One life."""
    return lived(arm, world, kind, seed, llm, embedder, STEPS, rate)


def score(rows: pd.DataFrame) -> dict[str, float]:
    """Success before the first change, from it on and in the second window, off the stream, and minus the leak."""
    life, probes = rows[rows["index"] >= 0], rows[rows["index"] < 0]
    start, second = STARTS[rows["kind"].iloc[0]]
    at, success = life["index"], life["success"]
    parts = {"before": at < start, "after": at >= start, "late": at >= second}
    found = {name: float(success[part].mean()) for name, part in parts.items()}
    return found | {"probe": float(probes["success"].mean()), "still": -float(rows["leak"].iloc[0])}


DRIFT, BACK, ADAPTERS = {"kind": "drift"}, {"kind": "recurrent"}, (LORA, REPLAY, AWR)
STUDY = Study("lab10", run, score,
    tune=grid(seed=range(4), world="toolbox12-a", kind="drift", arm=REPLAY, rate=RATES),
    report=grid(seed=range(100, 116), kind=("drift", "recurrent"), world="toolbox12-b", arm=tuple(ARMS)),
    tuned=({"rate": RATE},),
    claims=(
        Claim("after the drift, memory beats every adapter", MEMORY, ADAPTERS, True, None, DRIFT, "after"),
        Claim("after a change that is taken back, memory beats every adapter", MEMORY, ADAPTERS, False, None, BACK, "after"),
        Claim("after the drift, memory emptied into an adapter is as good", BOTH, MEMORY, False, 0.05, DRIFT, "after"),
        Claim("what was emptied is in the adapter", BOTH, EMPTIED, False, None, DRIFT, "late"),
        Claim("an adapter learns: LoRA beats exploration alone", LORA, EXPLORE, False, None, DRIFT, "late"),
        Claim("an adapter disturbs: no learning beats LoRA off the stream", BARE, LORA, False, None, DRIFT, "probe"),
    ),
    nulls=(BARE, EXPLORE, EMPTIED), model="ollama:smollm2:135m", embedder="wordllama", repeats=False,
)  # fmt: skip

RAZOR = Study("lab10-razor", razor.learned, lambda rows: rows[["kept", "new", "kl"]].mean().to_dict(),
    report=grid(arm=(razor.ORACLE, razor.RL, razor.FIXED, razor.EDIT, razor.SHUFFLED, razor.BARE), seed=range(100, 164)), nulls=(razor.BARE, razor.SHUFFLED),
    claims=(
        Claim("at equal gain, RL keeps more of the old tasks than SFT on one label", razor.RL, razor.FIXED, True, metric="kept"),
        Claim("at equal gain, oracle SFT keeps more than RL", razor.ORACLE, razor.RL, metric="kept"),
        Claim("a memory edit keeps more than oracle SFT", razor.EDIT, razor.ORACLE, metric="kept"),
    ))  # fmt: skip
