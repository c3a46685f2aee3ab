"""Lab 06: does a frozen model get better when its memory is rewritten? Tuned on set A, reported on set B.

Primary metric: success on the second half of the drift stream (tasks 48-95), credit against append-only, paired over
the replicates. The claims were fixed before seeds 108-115 were run; seeds 100-107 had been seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memlab.credit import RewriteQ
from memlab.experiments import Claim, Study, grid
from memlab.learners import Learner, live, no_memory, with_memory
from memlab.llm.contract import LLM, Embedder
from memlab.retrieval import TopK
from memlab.rivals.knn import KnnVote

if TYPE_CHECKING:
    import pandas as pd

TASKS, EARLY, CHANGE = 96, 24, 48
"""Length of a stream, its first tasks, and where the drift comes."""
STREAMS = 100
"""The vote explores at random: its rows are means over so many draws of its chances on the same stream."""
STEPS = (0.3, 0.5, 0.7, 1.0)
STEP = 0.7
"""η of credit: the best of `STEPS` in the tuning run."""
VOTES = ("kNN vote, append-only", "kNN vote, credit")
STATIONARY = ("no memory", "append-only", "credit", *VOTES)

LEARNERS: dict[str, Learner] = {
    "no memory": no_memory,
    "narrowing only": with_memory(TopK(k=0)),
    "cases only": with_memory(TopK(), narrow_below=None),
    "append-only": with_memory(TopK()),
    "append-only, newest": with_memory(TopK(newest=True)),
    "credit": with_memory(TopK(), RewriteQ(step=STEP)),
    "kNN vote, append-only": with_memory(TopK(), make=KnnVote),
    "kNN vote, credit": with_memory(TopK(), RewriteQ(step=STEP), make=KnnVote),
}
TRIED = {f"kNN vote, η={step}": with_memory(TopK(), RewriteQ(step=step), make=KnnVote) for step in STEPS}
TRIED_LIVE = {f"credit, η={step}": with_memory(TopK(), RewriteQ(step=step)) for step in (0.3, 0.7)}
REFERENCES = {name: LEARNERS[name] for name in ("append-only", "append-only, newest")}
ALL = LEARNERS | TRIED | TRIED_LIVE


def live_stream(arm: str, world: str, kind: str, seed: int, llm: LLM, embedder: Embedder) -> pd.DataFrame:
    """One life, a row a task; of a vote in the report, the mean over `STREAMS` draws of its chances."""
    import pandas as pd

    where: dict[str, Any] = {"world": world, "kind": kind, "n": TASKS, "seed": seed}
    if arm not in VOTES:
        return pd.DataFrame(live(ALL[arm], llm, embedder, **where))
    draws = [pd.DataFrame(live(ALL[arm], llm, embedder, **where, draw=1000 * seed + i)) for i in range(STREAMS)]
    mean = sum(draw.select_dtypes("number") for draw in draws) / STREAMS
    words = draws[0][["family", "serves", "model", "backend"]]
    return pd.concat([mean.astype({"index": int}), words], axis=1)


def by_window(rows: pd.DataFrame) -> dict[str, float]:
    """Success on the first 24 tasks, before the middle of the stream, and after it."""
    at, success = rows["index"], rows["success"]
    parts = {"first": at < EARLY, "before": at < CHANGE, "after": at >= CHANGE}
    return {name: float(success[part].mean()) for name, part in parts.items()}


STUDY = Study(
    "lab06",
    live_stream,
    by_window,
    tune=grid(arm=tuple(TRIED), world="toolbox-a", kind=("drift", "noisy"), seed=range(10))
    + grid(arm=(*REFERENCES, *TRIED_LIVE), world="toolbox-a", kind="drift", seed=range(3)),
    report=grid(arm=tuple(LEARNERS), world="toolbox-b", kind="drift", seed=range(100, 116))
    + grid(arm=STATIONARY, world="toolbox-b", kind="stationary", seed=range(100, 116)),
    claims=(
        Claim("after the drift, credit beats append-only", "credit", "append-only", primary=True,
              where={"kind": "drift"}, metric="after"),
        Claim("after the drift, credit is as good as trusting the newest case", "credit", "append-only, newest",
              margin=0.05, where={"kind": "drift"}, metric="after"),
        Claim("where nothing moves, memory beats no memory", "append-only", "no memory",
              where={"kind": "stationary"}, metric="after"),
        Claim("in the first 24 tasks, the model with credit beats the vote with credit", "credit", "kNN vote, credit",
              where={"kind": "drift"}, metric="first"),
        Claim("after the drift, the model with credit beats the vote with credit", "credit", "kNN vote, credit",
              where={"kind": "drift"}, metric="after"),
    ),
    nulls=("no memory", "kNN vote, append-only"),
    model="ollama:smollm2:135m",
    embedder="wordllama",
)  # fmt: skip
