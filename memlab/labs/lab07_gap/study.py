"""Lab 07: write only what is verified. An exact world, the real model, and a gate on the agent of lab 06."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from memlab import verify
from memlab.agent import Agent, Gate
from memlab.credit import RewriteQ, append_only
from memlab.datafiles import data
from memlab.experiments import Claim, Study, grid
from memlab.labs.lab07_gap import real, world
from memlab.learners import life, no_memory
from memlab.llm import open_llm
from memlab.llm.embedders import ReplayEmbedder
from memlab.retrieval import TopK
from memlab.stores import open_store
from memlab.tasks import stream
from memlab.tasks.tools import UNREADABLE

if TYPE_CHECKING:
    import pandas as pd

    from memlab.core import Task
    from memlab.llm.contract import LLM
    from memlab.reward import Floats

SEEDS = range(100, 164)
SIMULATED = {"backend": "simulated", "model": ""}
EVERYTHING, FORM = "null: write everything", "format alone"
TPR, FPR = 0.8, 0.2


def majority(rate: float) -> float:
    """The chance that two or three of three independent verifiers accept."""
    return rate**2 * (3 - 2 * rate)


RATES: dict[str, tuple[float, ...]] = {
    EVERYTHING: (1.0, 1.0),
    "oracle": (1.0, 0.0),
    "independent": (TPR, FPR),
    "ensemble of three": (majority(TPR), majority(FPR)),
    "half shared": (TPR, FPR, 0.5),
    "all shared": (TPR, FPR, 1.0),
}
"""Arms that write: TPR, FPR and the shared part ρ of the errors of their verifiers."""


def rounds(arm: str, seed: int) -> list[dict[str, Any]]:
    """A row a round: the measures of f_t, and its gap: what one more filter would add to the content."""
    prompts = world.Prompts.draw(seed)
    w = world.FORM if arm == FORM else prompts.accepts(*RATES.get(arm, (1.0, 1.0)))
    lived = [prompts.f] * (world.ROUNDS + 1) if arm == "no memory" else prompts.live(w, seed=seed)
    found = []
    for number, f in enumerate(lived):
        now = world.measures(f)
        gained = world.measures(verify.reweighted(f, w))["content"] - now["content"]
        found.append({"round": number, "gap": gained} | now | SIMULATED)
    return found


def last_round(rows: pd.DataFrame) -> dict[str, float]:
    """The measures after the last round."""
    return rows.iloc[-1][["score", "content", "kinds"]].to_dict()


STUDY = Study(
    "lab07",
    rounds,
    last_round,
    report=grid(arm=("no memory", *RATES, FORM), seed=SEEDS),
    claims=(
        Claim("with independent errors, writing what is verified beats writing everything", "independent", EVERYTHING,
              primary=True, metric="content"),
        Claim("with all errors shared, writing everything is as good", EVERYTHING, "all shared", margin=0.02,
              metric="content"),
        Claim("a gate for the format alone scores more than writing everything", FORM, EVERYTHING, metric="score"),
        Claim("of what it writes, no more is right: writing everything is as good", EVERYTHING, FORM, margin=0.02,
              metric="content"),
        Claim("diversity falls where everything is written", "no memory", EVERYTHING, metric="kinds"),
    ),
    nulls=(EVERYTHING, "no memory"),
)  # fmt: skip


WORLD, SELF, BEST, LIKELY = "the world judges", "the model judges", "the model's best judged", "its own favorite"
FORMAT = "null: another question, wrong answer"
PILOT = "pilot"
LIVES = 3  # rounds


def accepted(arm: str, task: Task, f: Floats, llm: LLM) -> Floats:
    """w of each arm that writes, over the options of ``task``."""
    if arm == WORLD:
        return real.is_right(task)
    if arm == EVERYTHING:
        return np.ones(real.OPTIONS)
    yes = f if arm == LIKELY else real.believed(llm, task)
    return yes if arm == SELF else (yes == yes.max()).astype(float)


def with_model(arm: str, family: str, seed: int, llm: LLM) -> list[dict[str, Any]]:
    """A row a question and round: J of f_t, its ``gap``, and what copying from memory ``lost`` of the filter's J."""
    tasks, found = real.drawn(family, seed), []
    for number, task in enumerate(tasks):
        f, right = real.answers(llm, task), real.is_right(task)
        w, lived = np.zeros(real.OPTIONS), [f] * (LIVES + 1)
        if arm == FORMAT:
            other = tasks[1 - number]
            lived[1:] = [real.answers(llm, task, (other, other.choices[int(real.is_right(other).argmin())]))] * LIVES
        elif arm != "no memory":
            w = accepted(arm, task, f, llm)
            lived = world.chain(f, w, real.copies(llm, task), LIVES) if arm != PILOT else [f]
        for t, now in enumerate(lived):
            filtered = float(verify.reweighted(now, w) @ right)
            after = float(lived[t + 1] @ right) if t + 1 < len(lived) else filtered
            row = {"question": task.id, "round": t, "success": float(now @ right), "gap": filtered - float(now @ right)}
            found.append(row | {"lost": filtered - after, "backend": llm.backend, "model": llm.name})
    return found


def by_round(rows: pd.DataFrame) -> dict[str, float]:
    """J before, after the first and after the last round, what the later ones added, and the first gap."""
    mean = rows.groupby("round")[["success", "gap"]].mean()
    first, last = mean["success"].iloc[min(1, len(mean) - 1)], mean["success"].iloc[-1]
    return {
        "before": mean["success"].iloc[0], "first": first, "success": last, "later": last - first,
        "gained": last - mean["success"].iloc[0], "gap": mean["gap"].iloc[0],
    }  # fmt: skip


REAL = Study(
    "lab07-real",
    with_model,
    by_round,
    tune=grid(arm=PILOT, family=real.TRIED, seed=range(5)),
    report=grid(
        arm=("no memory", EVERYTHING, FORMAT, LIKELY, SELF, BEST, WORLD), family=real.FAMILIES, seed=range(100, 116)
    ),
    claims=(Claim("x", WORLD, SELF, primary=True, metric="success"),),
    nulls=("no memory", EVERYTHING, FORMAT),
    model="ollama:smollm2:135m",
)  # fmt: skip


LATE = 48
PLAIN = ("append-only, oracle gate", "append-only, no gate")
KEPT = 0.71  # the share of honest and lying reports together that the noisy gate lets through


def gates(seed: int) -> dict[str, Gate | None]:
    """The gates by name; the coin refuses as much as the noisy one, whatever the answer."""
    coin = verify.noisy(KEPT, KEPT, seed)
    return {
        "no gate": None,
        "null: coin": lambda task, episode, edit: "" if coin(task, episode.answer) else "by chance",
        "noisy gate": verify.gate(verify.noisy(TPR, FPR, seed)),
        "program gate": verify.gate(verify.program(lambda question, answer: answer != UNREADABLE)),
        "oracle gate": verify.gate(verify.oracle),
    }


def gated(arm: str, seed: int, kind: str = "noisy") -> pd.DataFrame:
    """One life of lab 06's agent with the simulated model, a row a task; ``true`` is the final share of true cases."""
    import pandas as pd

    llm, embedder = open_llm("simulated"), ReplayEmbedder(data("lab05/embeddings.parquet"))
    store, tasks = open_store(dim=embedder.dim), stream("toolbox-b", kind, 2 * LATE, seed)
    agent = no_memory(llm, embedder, store, seed)
    if arm != "no memory":
        rule, gate = arm.split(", ")
        credit = RewriteQ(step=0.7) if rule == "credit" else append_only
        agent = Agent(llm, embedder, store, TopK(), credit=credit, gate=gates(seed)[gate], seed=seed)
    rows = pd.DataFrame(life(agent, tasks))
    truth = rows.set_index("index")["success"]
    return rows.assign(true=np.mean([case.reward == truth[case.episode] for case in store.cases()] or [np.nan]))


def second_half(rows: pd.DataFrame) -> dict[str, float]:
    """Success after the middle of the stream, and the share of true cases in memory at its end."""
    return {"after": rows["success"][rows["index"] >= LATE].mean(), "true": rows["true"].iloc[0]}


GATE = Study(
    "lab07-gate",
    gated,
    second_half,
    report=grid(arm=("no memory", *(f"credit, {name}" for name in gates(0)), *PLAIN), seed=SEEDS),
    claims=(
        Claim("credit learns more behind a noisy gate than without a gate", "credit, noisy gate", "credit, no gate",
              primary=True, metric="after"),
        Claim("and more than behind a coin that refuses as much", "credit, noisy gate", "credit, null: coin",
              metric="after"),
        Claim("credit learns more behind an oracle gate than without a gate", "credit, oracle gate", "credit, no gate",
              metric="after"),
        Claim("append-only learns more behind an oracle gate than without", *PLAIN, metric="after"),
    ),
    nulls=("no memory", "credit, null: coin"),
)  # fmt: skip
