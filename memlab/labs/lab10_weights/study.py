"""Lab 10: success kept in memory, in adapters, or both. Reported on set B, at equal steps of training.

Primary metric: success from the drift on. A refresh comes after every tenth task, 16 steps on 8 prompts, whatever
the arm. The rate was tuned for replay on two seeds of set A: .001 and .01 tied, and the one that leaks less was taken
(two seeds cannot rank rates; `RATE` looked again, later). The believer comes as lab 06 tuned it. Rows are trained, so
they come back only with the extra ``adapters``, and nearly so. Seed 113 has no probe: its stream holds those kinds.
"""

from __future__ import annotations

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab10_weights import world as of
from memlab.weights import razor, serving
from memlab.weights.toll import by_part, by_phase

RATES = (0.001, 0.003, 0.01, 0.03)
ADAPTERS = (of.LORA, of.REPLAY, of.AWR)
STUDY = Study("lab10", of.life_of, by_part,
    tune=grid(seed=range(2), world="toolbox12-a", kind="drift", arm=of.REPLAY, rate=RATES),
    report=grid(seed=range(100, 116), kind="drift", world="toolbox12-b", arm=tuple(of.ARMS)),
    claims=(
        Claim("after the drift, a belief in memory beats every adapter", of.BELIEF, ADAPTERS, True, metric="after"),
        Claim("so does the newest case, at equal exploration", of.MEMORY, ADAPTERS, metric="after"),
        Claim("memory emptied into an adapter is as good as memory", of.BOTH, of.MEMORY, margin=0.05, metric="after"),
        Claim("what was emptied is in the adapter", of.BOTH, of.EMPTIED, metric="late"),
        Claim("an adapter learns: LoRA beats exploration alone", of.LORA, of.EXPLORE, metric="late"),
        Claim("an adapter disturbs: no learning beats LoRA off the stream", of.BARE, of.LORA, metric="probe"),
    ),
    nulls=(of.BARE, of.EXPLORE, of.EMPTIED), model="ollama:smollm2:135m", embedder="wordllama", repeats=False,
)  # fmt: skip

WEIGHTS = (of.LORA, of.REPLAY, of.FEW)
RECURRENT = Study("lab10-recurrent", of.life_of, by_phase,
    report=grid(seed=range(100, 116), kind="recurrent", world="toolbox12-b",
                arm=tuple(arm for arm in of.RETURNING if arm != of.AWR)),
    claims=(
        Claim("where old tools return, a bounded memory beats every adapter", of.BOUNDED, WEIGHTS, True, metric="back"),
        Claim("from the first change on, too", of.BOUNDED, WEIGHTS, metric="after"),
        Claim("from the first change on, a belief in memory beats every adapter", of.BELIEF, WEIGHTS, metric="after"),
        Claim("what returns is in the adapter: at equal notes, replay beats exploration", of.FEW, of.FEW_NOTES,
              metric="back"),
        Claim("memory emptied into an adapter beats both", of.BOTH, (of.MEMORY, of.LORA), metric="back"),
        Claim("old failures mislead: no learning beats the newest case", of.BARE, of.MEMORY, metric="back"),
        Claim("an adapter disturbs: no learning beats LoRA off the stream", of.BARE, of.LORA, metric="probe"),
    ),
    nulls=(of.BARE, of.EXPLORE, of.EMPTIED, of.FEW_NOTES), model=STUDY.model, embedder=STUDY.embedder, repeats=False,
)  # fmt: skip
"""The settings of `STUDY`, on streams whose old tools return for the last third; two seeds of set A had been seen.

The arm with credit is left out: each trained arm takes a sixth of the time that there was. It came later, in `CREDIT`.
"""

CREDIT = Study("lab10-credit", of.life_of, by_phase,
    report=grid(seed=range(100, 116), kind="recurrent", world="toolbox12-b",
                arm=(of.BARE, of.EXPLORE, of.BOUNDED, of.AWR)),
    claims=(
        Claim("where old tools return, a bounded memory beats an adapter with credit", of.BOUNDED, of.AWR, True,
              metric="back"),
        Claim("an adapter with credit learns: it beats exploration alone", of.AWR, of.EXPLORE, metric="back"),
        Claim("it disturbs: no learning beats it off the stream", of.BARE, of.AWR, metric="probe"),
    ), nulls=(of.BARE, of.EXPLORE), model=STUDY.model, embedder=STUDY.embedder, repeats=False)  # fmt: skip
"""The arm that `RECURRENT` left out; the rows of its rivals had been seen."""

RATE = Study("lab10-rate", of.life_of, by_part,
    report=grid(seed=range(10), world="toolbox12-a", kind="drift", arm=of.REPLAY,
                rate=(0.0005, 0.001, 0.002, 0.004, 0.01))
    + grid(seed=range(10), world="toolbox12-a", kind="drift", arm=of.EXPLORE, rate=of.RATE),
    nulls=(of.EXPLORE,), embedder=STUDY.embedder, repeats=False)  # fmt: skip
"""The tuning once more, later, on ten seeds of set A and rates around the one taken; no server, no claim, no report."""

SERVING = Study("lab10-serving", serving.one_server, serving.economy,
    report=grid(seed=range(100, 116), arm=tuple(serving.BITS)), nulls=(serving.PLAIN,),
    claims=(
        Claim("flash attention reads 800 tokens with less work", serving.FLASH, serving.PLAIN, True, metric="read"),
        Claim("it writes a token behind them with less work", serving.FLASH, serving.PLAIN, metric="write"),
        Claim("a cache of 8 bits reads them with at most a tenth more work", serving.EIGHT, serving.FLASH, margin=0.04,
              metric="read"),
        Claim("it takes the same tools", serving.EIGHT, serving.FLASH, margin=0.05, metric="same"),
        Claim("so does a cache of 4 bits", serving.FOUR, serving.FLASH, margin=0.05, metric="same"),
    ), model=STUDY.model, repeats=False)  # fmt: skip
"""A server for each cell, the settings in turns; long reads in every other round. Recorded replies are the standard."""

RAZOR = Study("lab10-razor", razor.learned, lambda rows: rows[["kept", "new", "kl"]].mean().to_dict(),
    report=grid(arm=(razor.ORACLE, razor.RL, razor.FIXED, razor.EDIT, razor.SHUFFLED, razor.BARE),
                seed=range(100, 164)), nulls=(razor.BARE, razor.SHUFFLED),
    claims=(
        Claim("at equal gain, RL keeps more of the old tasks than SFT on one label", razor.RL, razor.FIXED, True,
              metric="kept"),
        Claim("at equal gain, oracle SFT keeps more than RL", razor.ORACLE, razor.RL, metric="kept"),
        Claim("a memory edit keeps more than oracle SFT", razor.EDIT, razor.ORACLE, metric="kept"),
    ))  # fmt: skip
