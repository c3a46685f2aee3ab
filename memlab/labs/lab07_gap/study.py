"""Lab 07: write only what is verified. An exact world, the real model, and a gate on the agent of lab 06."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from memlab import Claim, Study, data, grid, open_store, stream, verify
from memlab.agent import Gate
from memlab.labs.lab07_gap import real, world
from memlab.learners import life
from memlab.llm.contract import LLM
from memlab.llm.embedders import ReplayEmbedder
from memlab.rivals.arms import learners
from memlab.tasks.tools import UNREADABLE

TPR, FPR = 0.8, 0.2
EVERYTHING, FORM = "null: write everything", "format alone"
RATES: dict[str, tuple[float, ...]] = {
    EVERYTHING: (1.0, 1.0), "oracle": (1.0, 0.0), "independent": (TPR, FPR), "ensemble of three": (0.896, 0.104),
    "half shared": (TPR, FPR, 0.5), "all shared": (TPR, FPR, 1.0),
}  # fmt: skip
"""TPR, FPR and the shared part ρ of errors; an ensemble accepts where two of three independent verifiers do."""


def rounds(arm: str, seed: int) -> pd.DataFrame:
    """A row a round: the measures of f_t, and its gap."""
    prompts = world.Prompts.draw(seed)
    w = world.FORM if arm == FORM else prompts.accepts(*RATES.get(arm, (1.0, 1.0)))
    return prompts.rounds(w, seed, 0.0 if arm == "no memory" else world.PULL)


STUDY = Study("lab07", rounds, lambda rows: rows.iloc[-1][["score", "content", "kinds"]].to_dict(),
    report=grid(arm=("no memory", *RATES, FORM), seed=range(100, 164)), nulls=(EVERYTHING, "no memory"),
    claims=(
        Claim("with independent errors, writing what is verified beats writing everything", "independent", EVERYTHING,
              True, metric="content"),
        Claim("with all errors shared, writing everything is as good", EVERYTHING, "all shared", margin=0.02,
              metric="content"),
        Claim("a gate for the format alone scores more than writing everything", FORM, EVERYTHING, metric="score"),
        Claim("of what it writes, no more is right: writing everything is as good", EVERYTHING, FORM, margin=0.02,
              metric="content"),
        Claim("diversity falls where everything is written", "no memory", EVERYTHING, metric="kinds"),
    ))  # fmt: skip

WORLD, SELF, BEST, LIKELY = "the world judges", "the model judges", "its best judged", "its own favorite"
AGAIN, FORMAT, LIVES = "asked again", "null: another question's case", 3
PILOTS = {"pilot": SELF, "pilot, asked again": AGAIN}
W = {
    EVERYTHING: lambda table: table["p"] >= 0,
    LIKELY: lambda table: table["p"] == table["p"].max(),
    SELF: lambda table: table["yes"],
    BEST: lambda table: table["yes"] == table["yes"].max(),
    AGAIN: lambda table: table["again"],
    WORLD: lambda table: table["right"],
}
"""How each arm that writes accepts the options of a question."""


def with_model(arm: str, family: str, seed: int, llm: LLM) -> list[dict[str, Any]]:
    """A row a question and round: J of f_t, its ``gap``, and what the update ``lost`` of J(f_t[w])."""
    asked, found = list(real.asked(llm, family, seed)), []
    for (task, table), (other, told) in zip(asked, reversed(asked), strict=True):
        f, right = table["p"].to_numpy(), table["right"].to_numpy()
        w = W.get(PILOTS.get(arm, arm), W[EVERYTHING])(table).to_numpy(dtype=float)
        lived = [f] * (LIVES + 1)
        if arm == FORMAT:  # a wrong answer to the other question: whatever this changes is no knowledge
            lived[1:] = [real.answers(llm, task, (other, told.index[told["right"].argmin()]))] * LIVES
        elif arm in W:
            copy = np.stack([real.answers(llm, task, (task, option)) for option in task.choices])
            lived = world.chain(f, w, copy, LIVES)
        for t, now in enumerate(lived):
            j, filtered, after = (float(x @ right) for x in (now, verify.reweighted(now, w), lived[min(t + 1, LIVES)]))
            found.append({"question": task.id, "backend": llm.backend, "model": llm.name, "round": t,
                          "success": j, "gap": filtered - j, "lost": filtered - after})  # fmt: skip
    return found


def by_round(rows: pd.DataFrame) -> dict[str, float]:
    """J after the last round, what all rounds added, and J and the gap before the first."""
    mean = rows.groupby("round")[["success", "gap"]].mean()
    first, last = mean["success"].iloc[[0, -1]]
    return {"success": last, "gained": last - first, "gap": mean["gap"][0], "before": first}


REAL = Study("lab07-real", with_model, by_round,
    tune=grid(arm="pilot", family=real.FAMILIES + real.OUT, seed=range(5)),
    report=grid(arm=("no memory", FORMAT, *(arm for arm in W if arm != AGAIN)), family=real.FAMILIES,
                seed=range(100, 116)),
    nulls=("no memory", FORMAT, EVERYTHING), model="ollama:smollm2:135m",
    claims=(
        Claim("a memory that the world judges beats one that the model judges", WORLD, SELF, True, metric="success"),
        Claim("writing everything is as good as what the model judges right", EVERYTHING, SELF, False, 0.02,
              metric="success"),
        Claim("writing only what it judges best beats writing everything", BEST, EVERYTHING, metric="success"),
        Claim("writing only its own favorite beats writing everything", LIKELY, EVERYTHING, metric="success"),
        Claim("a case of another question gains nothing: no memory is as good", "no memory", FORMAT, False, 0.03,
              metric="success"),
    ))  # fmt: skip

EASY = Study("lab07-easy", with_model, by_round,
    tune=grid(arm=tuple(PILOTS), family=real.EASY, seed=range(4)),
    report=grid(arm=("no memory", FORMAT, *(arm for arm in W if arm != BEST)), family=real.EASY, seed=range(100, 116)),
    nulls=("no memory", FORMAT, EVERYTHING), model="ollama:smollm2:135m",
    claims=(
        Claim("judging by asking again beats writing everything", AGAIN, EVERYTHING, True, metric="success"),
        Claim("a memory that the world judges beats that", WORLD, AGAIN, metric="success"),
        Claim("writing everything is as good as what the model says is right", EVERYTHING, SELF, False, 0.02,
              metric="success"),
        Claim("writing only its own favorite beats writing everything", LIKELY, EVERYTHING, metric="success"),
    ))  # fmt: skip

KEPT = 0.71  # .85 × TPR + .15 × FPR: the share of reports that a noisy gate lets through


def gates(seed: int) -> dict[str, Gate | None]:
    """The gates by name; the coin refuses as much as the noisy gate, whatever the answer."""
    coin = verify.noisy(KEPT, KEPT, seed)
    return {
        "no gate": None,
        "null: coin": lambda task, episode, edit: "" if coin(task, episode.answer) else "by chance",
        "noisy gate": verify.gate(verify.noisy(TPR, FPR, seed)),
        "program gate": verify.gate(verify.program(lambda question, answer: answer != UNREADABLE)),
        "oracle gate": verify.gate(verify.oracle),
        "no memory": lambda task, episode, edit: "nothing is written",
    }


def behind(gate: Gate | None, rule: str, seed: int, llm: LLM) -> list[dict[str, Any]]:
    """A life on a noisy stream of lab 06's field, a row a task: its agents show no case, so its record answers."""
    embedder = ReplayEmbedder(data("lab06/embeddings.parquet"))
    agent = learners("ranked")[rule](llm, embedder, open_store(dim=embedder.dim), seed)
    agent.gate = gate
    return life(agent, stream("toolbox12-b", "noisy15", 240, seed, 8))


def gated(arm: str, seed: int, llm: LLM) -> list[dict[str, Any]]:
    """A rule and a gate by name. Claims after a pilot on set A; three of the arms without a gate had been seen."""
    rule, _, name = arm.rpartition(", ")
    return behind(gates(seed)[name], rule or "newest-first", seed, llm)


BARE, GATED, COIN = "newest-first, no gate", "newest-first, noisy gate", "newest-first, null: coin"
GATE = Study("lab06-gate", gated,
    lambda rows: {"after": rows["success"].iloc[len(rows) // 2 :].mean(),
                  "true": (rows["reward"] == rows["success"])[rows["edits"] > 0].mean()},  # of what was written
    report=grid(arm=("no memory", BARE, COIN, GATED, "newest-first, program gate", "newest-first, oracle gate",
                     "MemRL, applied, no gate", "MemRL, applied, noisy gate", "belief, no gate"), seed=range(100, 116)),
    nulls=("no memory", COIN), model="ollama:smollm2:135m",
    claims=(
        Claim("newest-first learns more behind a noisy gate than without a gate", GATED, BARE, True, metric="after"),
        Claim("and more than behind a coin that refuses as much", GATED, COIN, metric="after"),
        Claim("MemRL learns more behind a noisy gate than without a gate", "MemRL, applied, noisy gate",
              "MemRL, applied, no gate", metric="after"),
        Claim("the belief without a gate beats newest-first behind a noisy gate", "belief, no gate", GATED,
              metric="after"),
    ))  # fmt: skip
