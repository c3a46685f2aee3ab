"""Lab 06: the field. Learners of one frozen model on the same streams, 240 tasks of eight kinds, beside two references.

Primary metric: success from the first change on (where nothing changes: in the second half), recurrent streams. One
setting serves all streams. No arm shows cases, so that every call is one that "no memory" makes too, and all arms rest
on the same replies. The vote and the filter were tuned here on set A, ours in its making, also on set A. MemRL joined
when rows of the others had been seen, as the best rival on set A: the claims got stricter by it.

A second study sets more rivals beside them, each with its memory applied and not shown; of set B the field's rows were
known, and one life an arm (partial, seed 100). A third, on short streams, asks what a model adds that reads cases. The
claims of both were written after seeds 0 and 1 of set A; for a second model, after its pilot of 50 calls there. A
fourth asks what loses after the change, the mask or habit; the third's rows were known, and two lives of set A. The
last asks what shown cases add to ours; known were the arms that it shares with the second model's, and the third's.
"""

from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from memlab.credit import RewriteQ
from memlab.experiments import Claim, Study, grid
from memlab.learners import life
from memlab.llm.contract import LLM, Embedder
from memlab.retrieval import TopK
from memlab.rivals.arms import learners
from memlab.rivals.references import by_window, reference
from memlab.rivals.sidebyside import successes
from memlab.stores import open_store
from memlab.tasks import stream
from memlab.tasks.streams import read_kind

TASKS, FAMILIES, DRAWS = 240, 8, 100
"""Length of a stream, its kinds of question, and the streams over which an arm is averaged that draws at random."""
STREAMS = ("recurrent", "repeated", "noisy15", "noisy30", "drift", "stationary")
REFERENCES = ("reference: uniform exploration", "reference: structure known")
ARMS = ("no memory", "newest-first", "vote", "filter that resets", "MemRL, applied", "belief", "belief, uniform prior")
BLIND, MASKED = "newest-first, at random", ", masked after the change"
"""An arm that takes a random tool of those that memory leaves; the ending of an arm whose model loses its ranking."""
VOTES = ("vote", "vote, no credit", BLIND)
KEPT = ["index", "family", "action", "serves", "success", "edits", "memories", "calls", "tokens_in", "backend", "model"]
LEARNERS = learners("ranked")


def run(arm: str, world: str, kind: str, seed: int, llm: LLM, embedder: Embedder, *, step: float = 0.5,
        hazard: float = 0.2, **size: int) -> pd.DataFrame:  # fmt: skip
    """One life, a row a task; of a vote and the references the mean success over `DRAWS` draws of their chances.

    ``step`` is η of the vote that is paid credit, ``hazard`` the filter's h; ``size`` gives another n and families.
    """
    where: dict[str, Any] = {"world": world, "kind": kind, "n": TASKS, "families": FAMILIES} | size
    tasks = stream(seed=seed, **where)
    if arm not in (*VOTES, *REFERENCES):
        learner = learners("ranked", hazard)[arm.removesuffix(MASKED)]
        agent = learner(llm, embedder, open_store(dim=embedder.dim), seed)
        lived = life(agent, tasks[: len(tasks) // 2])
        agent.answer = "masked" if arm.endswith(MASKED) else "ranked"
        return pd.DataFrame(lived + life(agent, tasks[len(tasks) // 2 :])).reindex(columns=KEPT)
    if arm in VOTES:
        paid, draws = RewriteQ(step=step) if arm == "vote" else None, range(1000 * seed, 1000 * seed + DRAWS)
        how: dict[str, Any] = {"retrieval": TopK(newest=arm == BLIND), "credit": paid, "draws": draws}
        right = successes(None, embedder, seeds=[seed] * DRAWS, **how, **where)
    else:
        right = reference(tasks, arm == REFERENCES[1], read_kind(kind)[1], DRAWS) == [task.serves[0] for task in tasks]
    told = [{"index": task.index, "family": task.family, "serves": task.serves[0]} for task in tasks]
    return pd.DataFrame(told).assign(success=right.mean(axis=0), backend="computed")


def _after(arm: str, rival: str | tuple[str, ...], words: str, kind: str = "drift", **more: Any) -> Claim:
    return Claim(words, arm, rival, where={"kind": kind}, **{"metric": "after"} | more)


_ours = partial(_after, "belief")
MODELS: dict[str, Any] = {"model": "ollama:smollm2:135m", "embedder": "wordllama"}
FIELD, UNIFORM = ("newest-first", "vote", "filter that resets", "MemRL, applied"), "belief, uniform prior"
TUNING = {"world": "toolbox12-a", "kind": ("recurrent", "noisy15")}
STEPS, HAZARDS, SEEDS = (0.3, 0.5, 0.7, 0.85, 1.0), (0.02, 0.05, 0.1, 0.2, 0.4), range(100, 116)
STUDY = Study(
    "lab06-field", run, by_window,
    tune=grid(arm="vote", seed=range(10), step=STEPS, **TUNING)
    + grid(arm="filter that resets", seed=range(10), hazard=HAZARDS, **TUNING),
    report=grid(arm=(*ARMS, *REFERENCES), world="toolbox12-b", kind=STREAMS, seed=SEEDS),
    tuned=({"arm": "vote", "step": 0.5}, {"arm": "filter that resets", "hazard": 0.2}),
    claims=(
        _ours(FIELD, "where an old arrangement returns, ours beats four rivals", "recurrent", primary=True),
        _ours(FIELD, "after two changes, ours beats four rivals", "repeated"),
        _ours(FIELD, "with 15 % of the rewards flipped, ours beats four rivals", "noisy15"),
        _ours(FIELD, "with 30 % of the rewards flipped, ours beats four rivals", "noisy30"),
        _ours("newest-first", "before a change, ours is as good as newest-first", metric="before", margin=.05),
        _ours("vote", "before a change, ours beats the vote", metric="before"),
        _ours("newest-first", "where nothing moves, ours is as good as newest-first", "stationary", margin=.03),
        _ours(UNIFORM, "the model's prior helps before a change", metric="before"),
        _ours(UNIFORM, "the model's prior helps after a change"),
        _ours(UNIFORM, "the model's prior helps at the first question of a kind", "stationary", metric="unseen"),
        _ours("no memory", "memory helps", "recurrent"),
    ),
    nulls=("no memory", "vote"), **MODELS)  # fmt: skip

OTHERS = ("append-only, applied", "newest-first", "newest-first, bounded", "StreamICL, applied", "Memento, applied",
          "Memento, parametric, applied", "Memento, as released, applied", "MemRL, applied", "credit, applied",
          "vote, no credit")  # fmt: skip
EVERY = (*OTHERS, "vote", "filter that resets")
WIDER: dict[str, Any] = {"world": "toolbox12-b", "kind": ("recurrent", "drift", "partial", "gradual"), "seed": SEEDS}
RIVALS = Study(
    "lab06-rivals", run, by_window,
    report=grid(arm=("no memory", "placebo, applied", *OTHERS, "belief", *REFERENCES), **WIDER)
    + grid(arm="vote", step=0.5, **WIDER) + grid(arm="filter that resets", hazard=0.2, **WIDER),
    claims=(
        _ours(EVERY, "where an old arrangement returns, ours beats every rival", "recurrent", primary=True),
        _ours(EVERY, "where half of the kinds move, ours beats every rival", "partial"),
        _ours(EVERY, "where kinds move one by one, ours beats every rival", "gradual"),
        _after("newest-first", "newest-first, bounded",
               "after a change, a memory that keeps its failures beats one that lets them go for room"),
        _after("credit, applied", "vote", "where memory is silent, asking the model beats chance before a change",
               metric="before"),
        _after("credit, applied", "vote", "where memory is silent, asking the model beats chance after a change"),
    ),
    nulls=("no memory", "placebo, applied", "vote, no credit"), **MODELS)  # fmt: skip

SHORT = WIDER | {"kind": "drift", "n": 96, "families": 4}
READS = ("newest-first, in the prompt", "newest-first, narrowing only")
READING = Study(
    "lab06-reading", run, by_window,
    report=grid(arm=("no memory", "newest-first", *READS, "belief", "belief, cases shown", "vote"), **SHORT),
    claims=(
        _after(*READS, "before a change, to see the newest cases beats to see none of the choices they leave",
               metric="before", primary=True),
        _after(*READS, "after a change it does, too"),
        _after(READS[0], "newest-first", "before a change, a model that reads them is as good as a rule that follows",
               metric="before", margin=0.03),
        _ours("belief, cases shown", "after a change, the belief is better when the model sees no case"),
    ),
    nulls=("no memory", "vote"), **MODELS)  # fmt: skip

HABIT = replace(
    READING, name="lab06-habit",
    report=grid(arm=(READS[0] + MASKED, *READS, "newest-first", BLIND, "no memory"), **SHORT),
    claims=(
        _after(READS[0], READS[0] + MASKED, "after a change, a model that sees cases finds more when it ranks than when"
               " a mask forces the name", primary=True),
        _after(BLIND, (READS[0], "newest-first"), "after a change, a random tool of those that memory leaves beats the"
               " model's choice, whether or not it sees the cases"),
    ),
    nulls=("no memory", BLIND))  # fmt: skip

FIVE = ("newest-first", "newest-first, bounded", "vote", "filter that resets", "MemRL, applied")
HALF: dict[str, Any] = WIDER | {"kind": ("drift", "recurrent"), "n": 120, "families": 4}
SECOND = replace(
    READING, name="lab06-second", model="ollama:gemma3:270m-base",
    report=grid(arm=("no memory", *FIVE[:2], "MemRL, applied", "belief", UNIFORM, *REFERENCES), **HALF)
    + grid(arm="vote", step=0.5, **HALF) + grid(arm="filter that resets", hazard=0.2, **HALF),
    claims=(
        _ours(FIVE, "where an old arrangement returns, ours beats five rivals", "recurrent", primary=True),
        _ours("newest-first", "after a change, ours beats newest-first"),
        _ours(UNIFORM, "the model's prior helps before a change", metric="before"),
        _ours(UNIFORM, "the model's prior helps after a change"),
        _ours("no memory", "memory helps", "recurrent"),
    ),
)  # fmt: skip
FIRST = replace(SECOND, name="lab06-first", model=MODELS["model"])

CASES, BACK = "belief, cases shown", HALF | {"kind": "recurrent"}
VOICED = ("belief, voice without cases", "belief, placebo shown")
SHOWN = replace(
    FIRST, name="lab06-shown", nulls=("no memory", "placebo", "vote"),
    report=grid(arm=("no memory", "placebo", "newest-first", "belief", CASES, *VOICED, *REFERENCES), **BACK)
    + grid(arm="vote", step=0.5, **BACK),
    claims=(
        _after(CASES, "belief", "where an old arrangement returns, shown cases help ours", "recurrent", primary=True),
        _after(CASES, "belief", "before a change they do, too", "recurrent", metric="before"),
        _after(CASES, VOICED[0], "they help beside a model that speaks as often and sees none", "recurrent"),
        _after(CASES, VOICED[1], "they help beside filler of their form", "recurrent"),
        _after("no memory", "placebo", "such filler costs a model without memory", "recurrent"),
    ))  # fmt: skip
STUDIES = {study.name.partition("-")[2]: study for study in (STUDY, RIVALS, READING, HABIT, FIRST, SECOND, SHOWN)}
