"""Lab 07: write only what is verified. An exact world, the real model, and a gate on the agent of lab 06."""

import functools
from typing import Any

import numpy as np
import pandas as pd

from memlab import Claim, Study, grid
from memlab.labs.lab07_gap import real, world
from memlab.llm.contract import LLM
from memlab.rivals.gated import FPR, TPR, gated
from memlab.rivals.written import AGAIN, BEST, EVERYTHING, LIKELY, RULES, SELF, WORLD, chain, rounds_of

FORM, FORMAT, LIVES, SEEDS = "format alone", "null: another question's case", 3, range(100, 116)
PILOTS = {"pilot": SELF, "pilot, asked again": AGAIN}
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


_claim, _right = (functools.partial(Claim, metric=metric) for metric in ("success", "content"))
STUDY = Study("lab07", rounds, lambda rows: rows.iloc[-1][["score", "content", "kinds"]].to_dict(),
    report=grid(arm=("no memory", *RATES, FORM), seed=range(100, 164)), nulls=(EVERYTHING, "no memory"),
    claims=(
        _right("with independent errors, writing what is verified beats writing everything", "independent", EVERYTHING,
               True),
        _right("with all errors shared, writing everything is as good", EVERYTHING, "all shared", margin=0.02),
        Claim("a gate for the format alone scores more than writing everything", FORM, EVERYTHING, metric="score"),
        _right("of what it writes, no more is right: writing everything is as good", EVERYTHING, FORM, margin=0.02),
        Claim("diversity falls where everything is written", "no memory", EVERYTHING, metric="kinds"),
    ))  # fmt: skip


def with_model(arm: str, family: str, seed: int, llm: LLM) -> list[dict[str, Any]]:
    """A row a question and round, by `rounds_of`."""
    asked, found = list(real.asked(llm, family, seed)), []
    for (task, table), (other, told) in zip(asked, reversed(asked), strict=True):
        f, right = table["p"].to_numpy(), table["right"].to_numpy()
        w = RULES.get(PILOTS.get(arm, arm), RULES[EVERYTHING])(table).to_numpy(dtype=float)
        lived = [f] * (LIVES + 1)
        if arm == FORMAT:  # a wrong answer to the other question: whatever this changes is no knowledge
            lived[1:] = [real.answers(llm, task, (other, told.index[told["right"].argmin()]))] * LIVES
        elif arm in RULES:
            copy = np.stack([real.answers(llm, task, (task, option)) for option in task.choices])
            lived = chain(f, w, copy, LIVES)
        found += [{"question": task.id} | row for row in rounds_of(lived, w, right)]
    return found


def by_round(rows: pd.DataFrame) -> dict[str, float]:
    """J after the last round, what all rounds added, and J and the gap before the first."""
    mean = rows.groupby("round")[["success", "gap"]].mean()
    first, last = mean["success"].iloc[[0, -1]]
    return {"success": last, "gained": last - first, "gap": mean["gap"][0], "before": first}


REAL = Study("lab07-real", with_model, by_round,
    tune=grid(arm="pilot", family=real.FAMILIES + real.OUT, seed=range(5)),
    report=grid(arm=("no memory", FORMAT, *(arm for arm in RULES if arm != AGAIN)), family=real.FAMILIES, seed=SEEDS),
    nulls=("no memory", FORMAT, EVERYTHING), model="ollama:smollm2:135m",
    claims=(
        _claim("a memory that the world judges beats one that the model judges", WORLD, SELF, True),
        _claim("writing everything is as good as what the model judges right", EVERYTHING, SELF, False, 0.02),
        _claim("writing only what it judges best beats writing everything", BEST, EVERYTHING),
        _claim("writing only its own favorite beats writing everything", LIKELY, EVERYTHING),
        _claim("a case of another question gains nothing: no memory is as good", "no memory", FORMAT, False, 0.03),
    ))  # fmt: skip

EASY = Study("lab07-easy", with_model, by_round,
    tune=grid(arm=tuple(PILOTS), family=real.EASY, seed=range(4)),
    report=grid(arm=("no memory", FORMAT, *(arm for arm in RULES if arm != BEST)), family=real.EASY, seed=SEEDS),
    nulls=("no memory", FORMAT, EVERYTHING), model="ollama:smollm2:135m",
    claims=(
        _claim("judging by asking again beats writing everything", AGAIN, EVERYTHING, True),
        _claim("a memory that the world judges beats that", WORLD, AGAIN),
        _claim("writing everything is as good as what the model says is right", EVERYTHING, SELF, False, 0.02),
        _claim("writing only its own favorite beats writing everything", LIKELY, EVERYTHING),
    ))  # fmt: skip

BARE, GATED, COIN = "newest-first, no gate", "newest-first, noisy gate", "newest-first, null: coin"
GATE = Study("lab06-gate", gated,  # claims after a pilot on set A; three arms without a gate had been seen
    lambda rows: {"after": rows["success"].iloc[len(rows) // 2 :].mean(),
                  "true": (rows["reward"] == rows["success"])[rows["edits"] > 0].mean()},  # of what was written
    report=grid(arm=("no memory", BARE, COIN, GATED, "newest-first, program gate", "newest-first, oracle gate",
                     "MemRL, applied, no gate", "MemRL, applied, noisy gate", "belief, no gate"), seed=SEEDS),
    nulls=("no memory", COIN), model="ollama:smollm2:135m",
    claims=(
        Claim("newest-first learns more behind a noisy gate than without a gate", GATED, BARE, True, metric="after"),
        Claim("and more than behind a coin that refuses as much", GATED, COIN, metric="after"),
        Claim("MemRL learns more behind a noisy gate than without a gate", "MemRL, applied, noisy gate",
              "MemRL, applied, no gate", metric="after"),
        Claim("the belief without a gate beats newest-first behind a noisy gate", "belief, no gate", GATED,
              metric="after"),
    ))  # fmt: skip
