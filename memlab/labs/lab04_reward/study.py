"""Lab 04: which rollouts should a policy gradient use? Softmax policies on FrozenLake 4×4, no language model.

Every arm makes its gradients from 3,200 rollouts in all (one reference from four times as many); an update walks 32
episodes and uses 8 of them, or all. Seeds 100-107 had been seen with an earlier version of five arms, 108-163 not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from memlab.experiments import Claim, Study, grid
from memlab.reward import Floats, group_relative, returns_to_go
from memlab.tasks import frozenlake
from memlab.weights import policy

if TYPE_CHECKING:
    import pandas as pd

GROUP, USED, HORIZON, POINTS = 32, 8, 100, 50
"""Rollouts that an update walks and uses, the most steps of an episode, and places on a curve."""
BLOCK = 10  # seeds that run side by side, since ten cost little more than one
WORLDS = ("slippery", "not slippery")
STEPS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


@dataclass(frozen=True)
class Arm:
    """How 32 rollouts become a gradient: how a step is paid, which rollouts are used, and for how many updates.

    ``steps`` are the step sizes with the highest score in the tuning run (seeds 0-9), one for each of `WORLDS`.
    """

    steps: tuple[float, ...] = ()
    credit: Literal["full", "to go", "to go, walking"] = "full"
    sampling: Literal["first", "magnitude", "weighted"] = "first"
    used: int = USED
    updates: int = 400


ARMS = {
    "null: random policy": Arm(),
    "full return": Arm((4.0, 16.0)),
    "reward-to-go": Arm((4.0, 4.0), credit="to go"),
    "reward-to-go, those walking": Arm((4.0, 8.0), credit="to go, walking"),
    "|A| sampling": Arm((2.0, 8.0), sampling="magnitude"),
    "|A| sampling, weighted": Arm((8.0, 8.0), sampling="weighted"),
    "all 32": Arm((16.0, 64.0), used=GROUP, updates=100),
    "all 32, 4 × samples": Arm((8.0, 64.0), used=GROUP),
}


def step_credit(trips: frozenlake.Trips, arm: Arm, draws: Floats) -> Floats:
    """The weight of ∇log π at every step, (..., n, T): group-relative advantage times how much the rollout counts.

    Reward-to-go is compared at each step with the mean over all rollouts, those that ended counting as 0, or over
    those that still walk.
    """
    whole = group_relative(trips.rewards.sum(axis=-1))
    if arm.sampling == "first":
        counts = policy.first_weights(whole, arm.used)
    else:
        counts = policy.magnitude_weights(whole, arm.used, draws, arm.sampling == "weighted")
    credit = whole[..., None]
    if arm.credit != "full":
        to_go = returns_to_go(trips.rewards)
        many = trips.alive.sum(axis=-2, keepdims=True).clip(1) if arm.credit == "to go, walking" else GROUP
        credit = to_go - to_go.sum(axis=-2, keepdims=True) / many
    return counts[..., None] * credit * trips.alive


def training(arm: str, world: str, step: float, seeds: range) -> Iterator[Floats]:
    """The policies (seeds, S, A) before each update and after the last, of learners that start with the random one.

    A seed fixes all random numbers, whatever the arm, the step size, and the seeds beside it.
    """
    lake, how = frozenlake.lake(world == "slippery"), ARMS[arm]
    theta = np.zeros((len(seeds), *lake.reward.shape[:2]))
    streams = [np.random.default_rng(seed) for seed in seeds]
    yield (pi := policy.soft_policy(theta, 1.0))
    for _ in range(how.updates):
        walks = np.stack([stream.random((2, GROUP, HORIZON), dtype=np.float32) for stream in streams], axis=1)
        picks = np.stack([stream.random(USED) for stream in streams])
        trips = frozenlake.rollouts(lake, pi, walks)
        theta += step * policy.tabular_gradient(pi, trips.states, trips.actions, step_credit(trips, how, picks))
        yield (pi := policy.soft_policy(theta, 1.0))


@lru_cache(maxsize=4)
def _curves(arm: str, world: str, step: float, first: int) -> Floats:
    """Exact success of a block of seeds at `POINTS` + 1 even places, (seeds, places)."""
    policies = islice(training(arm, world, step, range(first, first + BLOCK)), 0, None, ARMS[arm].updates // POINTS)
    lake = frozenlake.lake(world == "slippery")
    return np.stack([frozenlake.exact_success(lake, pi, HORIZON) for pi in policies], axis=-1)


def lake_curve(arm: str, world: str, seed: int, step: float = 0.0) -> dict[str, Any]:
    """One curve: exact success after so many gradient ``samples``, the rollouts used. The null takes no step."""
    first = seed // BLOCK * BLOCK
    samples = np.linspace(0, ARMS[arm].used * ARMS[arm].updates, POINTS + 1).astype(int)
    success = _curves(arm, world, step, first)[seed - first]
    return {"samples": samples, "success": success, "backend": "computed", "model": ""}


def lake_score(rows: pd.DataFrame) -> dict[str, float]:
    """Exact success averaged over the whole budget of gradient samples, and over its last tenth."""
    return {"score": float(rows["success"].mean()), "end": float(rows["success"].tail(POINTS // 10).mean())}


def gradient_noise(arm: str, world: str, update: int, batches: int = 100) -> tuple[float, float]:
    """Variance of an arm's gradient and squared length of its mean, where ten learners stand after full return."""
    paths = training("full return", world, ARMS["full return"].steps[WORLDS.index(world)], range(BLOCK))
    pi, rng = np.repeat(next(islice(paths, update, None)), batches, axis=0), np.random.default_rng(0)
    trips = frozenlake.rollouts(frozenlake.lake(world == "slippery"), pi, rng.random((2, len(pi), GROUP, HORIZON)))
    credit = step_credit(trips, ARMS[arm], rng.random((len(pi), USED)))
    found = policy.tabular_gradient(pi, trips.states, trips.actions, credit).reshape(BLOCK, batches, -1)
    variance = found.var(axis=1, ddof=1).sum(axis=-1)
    return float(variance.mean()), float(((found.mean(axis=1) ** 2).sum(axis=-1) - variance / batches).mean())


LEARNERS, PLAIN = tuple(ARMS)[1:], ("full return", "all 32")
FIRM, ICE = {"world": "not slippery"}, {"world": "slippery"}
STUDY = Study(
    "lab04",
    lake_curve,
    lake_score,
    tune=grid(arm=LEARNERS, world=WORLDS, step=STEPS, seed=range(10)),
    report=grid(arm=tuple(ARMS), world=WORLDS, seed=range(100, 164)),
    tuned=tuple({"arm": a, "world": w, "step": ARMS[a].steps[i]} for a in LEARNERS for i, w in enumerate(WORLDS)),
    claims=(
        Claim("slippery: |A| sampling with weights beats full return and all 32", "|A| sampling, weighted", PLAIN,
              primary=True, where=ICE),
        Claim("slippery: |A| sampling without weights beats both", "|A| sampling", PLAIN, where=ICE),
        Claim("not slippery: |A| sampling without weights beats both", "|A| sampling", PLAIN, where=FIRM),
        Claim("not slippery: full return beats reward-to-go", "full return", "reward-to-go", where=FIRM),
        Claim("not slippery: compared with those walking, reward-to-go is as good as full return",
              "reward-to-go, those walking", "full return", margin=0.02, where=FIRM),
    ),
    nulls=("null: random policy",),
)  # fmt: skip
