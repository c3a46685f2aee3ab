"""Lab 01: does learning which memory to show pay, where every number is known? No language model is asked.

A replicate is a fresh world with a fresh order of contexts and actions, the same for every arm; each row is the mean of
`LEARNERS` learners on it. Objective of tuning and primary metric: success over all 200 episodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memlab import mdp
from memlab.experiments import Claim, Study, grid

if TYPE_CHECKING:
    import pandas as pd

EPISODES, LEARNERS, ACTIONS = 200, 200, 12
EARLY, LATE = 20, 50
"""The first and the last episodes that are scored apart."""
ALPHAS, STARTS, ETAS = (0.02, 0.05, 0.1, 0.2, 0.4), (0.1, 0.25, 0.5, 0.75, 1.0), (0.05, 0.1, 0.2, 0.3, 0.5)
FIXED = ("no memory", "greedy", "hot", "table without LLM")
"""Arms without a setting: greedy keeps the first case that paid, whatever its step."""


def learn_mdp(arm: str, seed: int, alpha: float = 0.0, eta: float = 0.3, q0: float = 0.0) -> dict[str, Any]:
    """Success of one arm in each episode of the replicate ``seed``."""
    world = mdp.generate(contexts=4, actions=ACTIONS, seed=seed)
    if arm == "no memory":
        world = mdp.with_cases(world, 0)
    if arm == "table without LLM":
        world = mdp.without_llm(world)
    draws = mdp.draw(EPISODES, LEARNERS, ACTIONS, seed=seed)
    lived = mdp.simulate(world, draws, 1.0 if arm == "hot" else alpha, eta, q0)
    success = lived.reward.mean(axis=1, dtype=float)
    return {"episode": range(1, EPISODES + 1), "success": success, "backend": "computed", "model": ""}


def windows(rows: pd.DataFrame) -> dict[str, float]:
    """Success over all episodes, over the first 20, and over the last 50."""
    success = rows.sort_values("episode")["success"]
    return {"all": success.mean(), "first": success[:EARLY].mean(), "last": success[-LATE:].mean()}


STUDY = Study(
    "lab01",
    learn_mdp,
    windows,
    tune=grid(arm="soft", alpha=ALPHAS, eta=ETAS, seed=range(10))
    + grid(arm="greedy, hopeful start", q0=STARTS, eta=ETAS, seed=range(10)),
    report=grid(arm=(*FIXED, "soft", "greedy, hopeful start"), seed=range(100, 164)),
    tuned=(
        {"arm": "soft", "alpha": 0.05, "eta": 0.3},
        {"arm": "greedy, hopeful start", "q0": 0.25, "eta": 0.1},
    ),
    claims=(
        Claim("learning which memory to show beats showing none", "soft", "no memory", primary=True, metric="all"),
        Claim("a little temperature beats greedy", "soft", "greedy", metric="all"),
        Claim("greedy with a hopeful start beats a little temperature", "greedy, hopeful start", "soft", metric="all"),
        Claim("in the first 20 episodes, memory beats a table without LLM", "soft", "table without LLM",
              metric="first"),
        Claim("in the last 50 episodes, a table without LLM beats memory", "table without LLM", "soft", metric="last"),
    ),
    nulls=("no memory", "table without LLM"),
)  # fmt: skip
