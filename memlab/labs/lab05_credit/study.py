"""Lab 05: who earns the credit, and where is the lesson stored? Simulated parts, no language model is called.

Step sizes were tuned on seeds 0-9 (and Toolbox set A). Primary metrics, fixed before the report on seeds 100-115:
*who*, regret averaged over the first 480 model calls, Shapley against every; *where*, expected reward after the drift
(tasks 96-191), rewriting against adding, in each place; *drift*, success of the nearest-neighbor vote after the drift.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab import prompt
from memlab.core import MemlabError, Reply, Task
from memlab.credit import CreditRule, RewriteQ, append_only
from memlab.credit.rules import Amend, Remove, Window
from memlab.datafiles import data, data_folder
from memlab.experiments import read_note
from memlab.labs.lab05_credit import places as lessons
from memlab.labs.lab05_credit import world as credit_world
from memlab.labs.lab05_credit.places import Floats
from memlab.learners import with_memory
from memlab.reward import reported
from memlab.tasks import frozenlake, stream

if TYPE_CHECKING:
    import pandas as pd

    from memlab.llm.contract import Embedder

TUNING_SEEDS = tuple(range(10))
REPORT_SEEDS = tuple(range(100, 116))
EPISODES, LEARNERS, DRIFT, EVERY = 480, 24, 240, 8
TASKS, UPDATES, FLOOR, SHARPNESS = 192, 120, 0.5, 100.0
NULL = "null: shuffled lessons"
IDLE = "no learning"

CREDIT_STEPS = (0.05, 0.1, 0.2, 0.4)
CREDIT_STEP = dict.fromkeys(credit_world.CALLS, 0.2) | {"Shapley": 0.4}
"""η of each credit rule: the best of `CREDIT_STEPS` in the tuning run (mean regret of the drift stream)."""

Maker = Callable[[int, int, float], lessons.Place]
PLACES: dict[str, Maker] = {
    "weights, add": lessons.Weights,
    "memory, add": lambda d, a, step: lessons.Lessons(d, a, step, lessons.local(FLOOR)),
    "weights, rewrite": lambda d, a, step: lessons.Delta(d, a, step, SHARPNESS),
    "memory, rewrite": lambda d, a, step: lessons.Rewriting(d, a, step, lessons.local(FLOOR), SHARPNESS),
}
PLACE_STEPS = {"add": (1.0, 3.0, 10.0, 30.0), "rewrite": (0.03, 0.1, 0.3, 0.5)}
PLACE_STEP = {"weights, add": 30.0, "memory, add": 30.0, "weights, rewrite": 0.3, "memory, rewrite": 0.3}

LAKE_STEPS = (1.0, 4.0, 16.0)
LAKES = {"one state, one row": np.eye(16), "shared features": lessons.coarse_features() @ lessons.coarse_features().T}
LAKE_STEP = {"one state, one row": 16.0, "shared features": 4.0}

RULES: dict[str, CreditRule] = {
    "append-only": append_only,
    "rewrite Q": RewriteQ(step=0.7, renew=False),
    "rewrite Q, renew": RewriteQ(step=0.7),
    "rewrite action": Amend(),
    "forget what failed": Remove(),
    "null: forget at random": Remove(shuffled=True),
    "forget what is old": Window(age=12),
}


def who(steps: Sequence[float], rule: str, seeds: Sequence[int], drift: int | None) -> Floats:
    """Regret (steps, seeds, episodes) of ``rule`` in the world of each seed, averaged over `LEARNERS`."""
    worlds = [credit_world.generate(seed=seed) for seed in seeds]
    draws = [credit_world.draw(world, EPISODES, LEARNERS, seed=s) for world, s in zip(worlds, seeds, strict=True)]
    together, many = credit_world.join(worlds * len(steps), draws * len(steps))
    step = np.repeat(steps, len(seeds) * LEARNERS)[:, None]
    regret, _ = credit_world.simulate(together, many, rule, step, drift)
    return np.moveaxis(regret.reshape(EPISODES, len(steps), len(seeds), LEARNERS).mean(axis=3), 0, 2)


def bandit(tasks: Sequence[Task], embedder: Embedder) -> lessons.Bandit:
    """A Toolbox stream of one-step tasks with the reward of every tool, for learners that need no language model."""
    texts = [prompt.shorten(task.subtasks[0], prompt.CASE_LENGTH) for task in tasks]
    rewards = [[reported(task, task.tools[name](task.subtasks[0])) for name in task.choices] for task in tasks]
    x = embedder.embed(texts).astype(float)
    return lessons.Bandit(x, np.array(rewards), np.array([task.family for task in tasks]))


def example() -> lessons.Bandit:
    """The notebook's stream of 96 tasks, from recorded embeddings: the same on every machine."""
    from memlab.llm.embedders import ReplayEmbedder

    return bandit(_example_tasks(), ReplayEmbedder(data("embeddings/lab05.parquet")))


def _example_tasks() -> list[Task]:
    return stream("toolbox-b", "drift", TASKS // 2, REPORT_SEEDS[0])


def spill(tasks: lessons.Bandit, place: lessons.Place, seed: int) -> list[lessons.Correction]:
    """After the first half of a drift stream: correct one answer of each family, and see which others change."""
    half = len(tasks.x) // 2
    lessons.learn(lessons.Bandit(tasks.x[:half], tasks.reward[:half], tasks.family[:half]), place, seed=seed)
    x, family, right = tasks.x[half:], tasks.family[half:], tasks.reward[half:].argmax(axis=1)
    found = []
    for name in sorted(set(family)):
        at = int(np.flatnonzero(family == name)[0])
        near = (family == name) & (np.arange(len(family)) != at)
        found.append(lessons.correct(copy.deepcopy(place), x[at], int(right[at]), x[near], x[family != name]))
    return found


def tune() -> pd.DataFrame:
    """Mean regret or reward of every step size on the tuning seeds."""
    import pandas as pd

    from memlab.llm import open_embedder

    embedder = open_embedder("wordllama")
    rows = []
    for rule in credit_world.CALLS:
        means = who(CREDIT_STEPS, rule, TUNING_SEEDS, DRIFT).mean(axis=(1, 2))
        rows += [("who", rule, step, mean) for step, mean in zip(CREDIT_STEPS, means, strict=True)]
    streams = [bandit(stream("toolbox-a", "drift", TASKS, seed), embedder) for seed in TUNING_SEEDS]
    for arm, make in PLACES.items():
        for step in PLACE_STEPS[arm.split(", ")[1]]:
            runs = [lessons.learn(s, make(*_shape(s), step), seed=i) for i, s in enumerate(streams)]
            rows.append(("where", arm, step, float(np.mean(runs))))
    for arm, overlap in LAKES.items():
        for step in LAKE_STEPS:
            runs = [lessons.walk(frozenlake.lake(False), overlap, step, UPDATES, seed=i)[0] for i in TUNING_SEEDS]
            rows.append(("lake", arm, step, float(np.mean(runs))))
    frame = pd.DataFrame(rows, columns=["part", "arm", "step", "value"])
    _save("lab05-tuning", frame, TUNING_SEEDS)
    return frame


def report() -> pd.DataFrame:
    """All simulated parts on the report seeds: columns part, world, arm, seed, index, value."""
    import pandas as pd

    from memlab.llm import open_embedder
    from memlab.llm.embedders import RecordingEmbedder

    embedder = open_embedder("wordllama")
    with RecordingEmbedder(embedder, data_folder() / "embeddings" / "lab05.parquet") as recorder:
        bandit(_example_tasks(), recorder)
    frames = [*_who_frames(), *_lake_frames(), _drift_frame(embedder)]
    for seed in REPORT_SEEDS:
        tasks = bandit(stream("toolbox-b", "drift", TASKS, seed), embedder)
        frames += [*_where_frames(tasks, seed), *_spill_frames(tasks, seed), *_step_frames(tasks, seed)]
    frame = pd.concat(frames, ignore_index=True)
    _save("lab05", frame, REPORT_SEEDS)
    return frame


def rows(name: str = "lab05") -> pd.DataFrame:
    """The recorded rows; raises `MemlabError` where the file was made with other settings than this module's."""
    import pandas as pd

    path = data(f"studies/{name}.parquet")
    if note(name)["settings"] != _settings():
        raise MemlabError(f"{path.name} was made with other settings: rerun `memlab study {name}`")
    return pd.read_parquet(path)


def note(name: str = "lab05") -> dict[str, Any]:
    """What made the recorded rows: command, date, versions and seeds."""
    return read_note(data(f"studies/{name}.parquet"))


def curves(frame: pd.DataFrame, part: str, world: str, arm: str) -> Floats:
    """The values of one arm in one world, (seeds, indices)."""
    chosen = frame[(frame["part"] == part) & (frame["world"] == world) & (frame["arm"] == arm)]
    return chosen.pivot(index="seed", columns="index", values="value").sort_index().to_numpy()


def _shape(tasks: lessons.Bandit) -> tuple[int, int]:
    return tasks.x.shape[1], tasks.reward.shape[1]


def _who_frames() -> list[pd.DataFrame]:
    frames = []
    for world, drift in (("stationary", None), ("drift", DRIFT)):
        for rule in credit_world.CALLS:
            found = who([CREDIT_STEP[rule]], rule, REPORT_SEEDS, drift)[0]
            means = found.reshape(len(found), -1, EVERY).mean(axis=2)
            frames.append(_frame("who", world, rule, REPORT_SEEDS, means, EVERY))
    worlds = [credit_world.generate(seed=seed) for seed in REPORT_SEEDS]
    idle = np.array([[(credit_world.best(world) - world.habit).mean()] for world in worlds])
    return [*frames, _frame("who", "stationary", "no memory", REPORT_SEEDS, idle)]


def _where_frames(tasks: lessons.Bandit, seed: int) -> list[pd.DataFrame]:
    places = {arm: make(*_shape(tasks), PLACE_STEP[arm]) for arm, make in PLACES.items()}
    found = {arm: lessons.learn(tasks, place, seed=seed) for arm, place in places.items()}
    blind = PLACES["memory, rewrite"](*_shape(tasks), PLACE_STEP["memory, rewrite"])
    found[NULL] = lessons.learn(tasks, blind, seed=seed, shuffle=True)
    found[IDLE] = tasks.reward.mean(axis=1)
    return [_frame("where", "toolbox-b", arm, [seed], values[None]) for arm, values in found.items()]


def _spill_frames(tasks: lessons.Bandit, seed: int) -> list[pd.DataFrame]:
    places: dict[str, Maker] = PLACES | {"memory, add, read linearly": lessons.Lessons}
    frames = []
    for arm, make in places.items():
        found = spill(tasks, make(*_shape(tasks), PLACE_STEP.get(arm, PLACE_STEP["weights, add"])), seed)
        numbers: dict[str, list[float]] = {
            "writes": [one.writes for one in found],
            "near flipped": [one.near.flipped for one in found],
            "far flipped": [one.far.flipped for one in found],
            "far variation": [one.far.variation for one in found],
        }
        frames += [_frame("spill", name, arm, [seed], np.array([[np.mean(v)]])) for name, v in numbers.items()]
    return frames


def _step_frames(tasks: lessons.Bandit, seed: int) -> list[pd.DataFrame]:
    """Far answers changed by one correction, by step size; added after the first report."""
    frames = []
    for arm in ("weights, add", "memory, add"):
        for step in PLACE_STEPS["add"]:
            flipped = [one.far.flipped for one in spill(tasks, PLACES[arm](*_shape(tasks), step), seed)]
            frames.append(_frame("spill by step", f"{step:g}", arm, [seed], np.array([[np.mean(flipped)]])))
    return frames


def _lake_frames() -> list[pd.DataFrame]:
    world, frames = frozenlake.lake(False), []
    for arm, overlap in LAKES.items():
        runs = [lessons.walk(world, overlap, LAKE_STEP[arm], UPDATES, seed=seed) for seed in REPORT_SEEDS]
        frames.append(_frame("where", "lake", arm, REPORT_SEEDS, np.array([found for found, _ in runs])))
        spilled = np.array([[np.nanmean(spilled)] for _, spilled in runs])
        frames.append(_frame("spill", "lake variation", arm, REPORT_SEEDS, spilled))
    random = np.full(world.reward.shape, 1 / world.reward.shape[1])[:, :, 0]
    flat = np.full((len(REPORT_SEEDS), UPDATES), frozenlake.success(world, random, 100))
    return [*frames, _frame("where", "lake", IDLE, REPORT_SEEDS, flat)]


def _drift_frame(embedder: Embedder) -> pd.DataFrame:
    from memlab.retrieval.policies import TopK
    from memlab.rivals.knn import KnnVote

    learners = {arm: with_memory(TopK(), rule, make=KnnVote) for arm, rule in RULES.items()}
    frame = study(learners, ("drift",), REPORT_SEEDS, 96, "toolbox-b", _Silent(), embedder, progress=False)
    frame = frame.rename(columns={"learner": "arm", "success": "value", "kind": "part"})
    return frame[["part", "world", "arm", "seed", "index", "value"]]


class _Silent:
    """Stands where an agent wants a model; the vote never asks it."""

    name, backend, digest = "no model", "simulated", ""

    def complete(self, prompt: str, **settings: object) -> Reply:
        raise MemlabError("the nearest-neighbor vote asked a language model: use KnnVote in this study")


def _frame(part: str, world: str, arm: str, seeds: Sequence[int], values: Floats, every: int = 1) -> pd.DataFrame:
    import pandas as pd

    seed, index = np.meshgrid(list(seeds), np.arange(values.shape[1]) * every, indexing="ij")
    columns = {"seed": seed.ravel(), "index": index.ravel(), "value": values.ravel()}
    return pd.DataFrame({"part": part, "world": world, "arm": arm, **columns})


def _settings() -> list[int]:
    return [EPISODES, LEARNERS, DRIFT, TASKS, UPDATES]


def _save(name: str, frame: pd.DataFrame, seeds: Sequence[int]) -> None:
    save_study(name, frame, {"settings": _settings(), "seeds": list(seeds)})
