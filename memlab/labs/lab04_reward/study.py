"""Lab 04: which rollouts should a policy gradient use? Softmax policies on FrozenLake 4×4, no language model.

Each update walks 32 rollouts; every arm but the last takes its gradient from 8 of them. Step sizes were tuned on seeds
0-9. Primary metric, fixed before the report: exact success averaged over all updates on the slippery lake, weighted |A|
sampling against full return, paired over seeds 100-107.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from memlab.core import MemlabError
from memlab.datafiles import data
from memlab.experiments import read_note
from memlab.reward import Floats, group_relative, returns_to_go
from memlab.tasks import frozenlake
from memlab.weights import policy

if TYPE_CHECKING:
    import pandas as pd

GROUP, USED, HORIZON, UPDATES, EVERY = 32, 8, 100, 400, 4
STEPS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
TUNING_SEEDS = tuple(range(10))
REPORT_SEEDS = tuple(range(100, 108))
WORLDS = {"slippery": True, "not slippery": False}


@dataclass(frozen=True)
class Arm:
    """How one learner turns 32 rollouts into a gradient: which ``credit`` a step gets, and which rollouts count."""

    credit: Literal["full", "to go"] = "full"
    sampling: Literal["first", "magnitude", "weighted", "all"] = "first"


ARMS = {
    "full return": Arm(),
    "reward-to-go": Arm(credit="to go"),
    "|A| sampling": Arm(sampling="magnitude"),
    "|A| sampling, weighted": Arm(sampling="weighted"),
    "full return, all 32": Arm(sampling="all"),
}
STEP = {
    "slippery": dict(zip(ARMS, (4.0, 4.0, 2.0, 8.0, 8.0), strict=True)),
    "not slippery": dict(zip(ARMS, (16.0, 4.0, 8.0, 8.0, 16.0), strict=True)),
}
"""The step size of each arm with the highest success in the tuning run."""


def step_credit(trips: frozenlake.Trips, arm: Arm, draws: Floats) -> Floats:
    """The weight of ∇log π at every step, (..., n, T): group-relative advantage times how much the rollout counts."""
    whole = group_relative(trips.rewards.sum(axis=-1))
    if arm.sampling == "first":
        counts = policy.first_weights(whole, USED)
    elif arm.sampling == "all":
        counts = policy.first_weights(whole, whole.shape[-1])
    else:
        counts = policy.magnitude_weights(whole, USED, draws, arm.sampling == "weighted")
    if arm.credit == "full":
        credit = whole[..., None]
    else:
        to_go = returns_to_go(trips.rewards)
        credit = np.moveaxis(group_relative(np.moveaxis(to_go, -2, -1)), -1, -2)
    return counts[..., None] * credit * trips.alive


def train(
    world: frozenlake.Lake, arm: Arm, steps: Sequence[float], seeds: Sequence[int], updates: int = UPDATES
) -> Floats:
    """Exact success every fourth update, (steps, seeds, updates/4 + 1), of learners that start as the random policy.

    A seed fixes all random numbers, whatever the arm and the step size.
    """
    theta = np.zeros((len(steps), len(seeds), *world.reward.shape[:2]))
    rate = np.asarray(steps, dtype=float)[:, None, None, None]
    streams = [np.random.default_rng(seed) for seed in seeds]
    curve = []
    for update in range(updates + 1):
        pi = policy.soft_policy(theta, 1.0)
        if update % EVERY == 0:
            curve.append(frozenlake.success(world, pi, HORIZON))
        walks = np.stack([stream.random((2, GROUP, HORIZON), dtype=np.float32) for stream in streams], axis=1)
        picks = np.stack([stream.random(USED) for stream in streams])
        trips = frozenlake.rollouts(world, pi, walks[:, None])
        theta += rate * policy.tabular_gradient(pi, trips.states, trips.actions, step_credit(trips, arm, picks))
    return np.stack(curve, axis=-1)


def tune() -> pd.DataFrame:
    """Success averaged over all updates, for each step size, on the tuning seeds."""
    import pandas as pd

    rows = []
    for name, slippery in WORLDS.items():
        for learner, arm in ARMS.items():
            found = train(frozenlake.lake(slippery), arm, STEPS, TUNING_SEEDS).mean(axis=(1, 2))
            rows += [
                {"world": name, "learner": learner, "step": step, "success": value}
                for step, value in zip(STEPS, found, strict=True)
            ]
    frame = pd.DataFrame(rows)
    _save("lab04-tuning", frame, TUNING_SEEDS)
    return frame


def report() -> pd.DataFrame:
    """The learning curves of all arms at their tuned step sizes, and the random policy, on eight fresh seeds."""
    import pandas as pd

    frames = []
    for name, slippery in WORLDS.items():
        world = frozenlake.lake(slippery)
        random = np.full(world.reward.shape[:2], 1 / world.reward.shape[1])
        flat = np.full((len(REPORT_SEEDS), UPDATES // EVERY + 1), frozenlake.success(world, random, HORIZON))
        frames.append(_frame(name, "null: random policy", 0.0, flat))
        for learner, arm in ARMS.items():
            step = STEP[name][learner]
            frames.append(_frame(name, learner, step, train(world, arm, [step], REPORT_SEEDS)[0]))
    frame = pd.concat(frames, ignore_index=True)
    _save("lab04", frame, REPORT_SEEDS)
    return frame


def rows(name: str = "lab04") -> pd.DataFrame:
    """The recorded rows; raises `MemlabError` where the file was made with other settings than this module's."""
    import pandas as pd

    path = data(f"studies/{name}.parquet")
    if read_note(path)["settings"] != _settings():
        raise MemlabError(f"{path.name} was made with other settings: rerun `memlab study {name}`")
    return pd.read_parquet(path)


def curves(frame: pd.DataFrame, world: str, learner: str) -> Floats:
    """Success of one arm on one lake, (seeds, evaluations)."""
    part = frame[(frame["world"] == world) & (frame["learner"] == learner)]
    return part.pivot(index="seed", columns="update", values="success").sort_index().to_numpy()


def _frame(world: str, learner: str, step: float, success: Floats) -> pd.DataFrame:
    import pandas as pd

    seeds, updates = np.meshgrid(REPORT_SEEDS, np.arange(success.shape[1]) * EVERY, indexing="ij")
    columns = {"seed": seeds.ravel(), "update": updates.ravel(), "success": success.ravel()}
    return pd.DataFrame({"world": world, "learner": learner, "step": step, **columns, "backend": "simulated"})


def _settings() -> list[int]:
    return [GROUP, USED, HORIZON, UPDATES]


def _save(name: str, frame: pd.DataFrame, seeds: Sequence[int]) -> None:
    save_study(name, frame, {"settings": _settings(), "seeds": list(seeds)})
