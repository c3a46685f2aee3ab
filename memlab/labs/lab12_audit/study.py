"""Lab 12: four attacks on a memory and what each cure costs, with the simulated model, which reads a case's tool and
not its words; and the same lesson in the weights of a softmax policy. What a text can do is asked of a real model."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from memlab import Agent, Claim, Study, Task, grid, open_llm, open_store, stream, verify
from memlab.credit import RewriteQ, append_only
from memlab.retrieval import TopK
from memlab.rivals import attacker as places
from memlab.rivals.gated import FPR, TPR
from memlab.stores import Store
from memlab.weights.bandit import bandit
from memlab.weights.linear import Lessons, Weights, linear, local
from memlab.weights.unlearn import NEGATIVE, ON, RETRAINED, ROWS, effects, plant_and_undo

BEFORE, EXPOSED, AFTER, SEEDS = 48, 24, 24, range(100, 164)  # tasks before the attack, until the cure, and behind it
CLEAN, BARE = "null: no attack", "no memory"
ARMS = (CLEAN, BARE, "undefended", "fresh", "gated", "fresh, gated", "credit", "deleted", "undone", "undone since",
        "credit, deleted", "credit, undone")  # fmt: skip
SAME, LEFT, STEP, LIVES = "rows removed, read as weights", "left as it is", 30.0, 100  # the step size is lab 05's
KERNELS = {ROWS: local(0.5), SAME: linear}
simulated = functools.cache(lambda: open_llm("simulated"))
solves = functools.partial(Claim, metric="solved")


def make_agent(arm: str, seed: int, store: Store | None = None) -> Agent:
    """The agent of lab 06, append-only where ``arm`` does not say credit, behind a noisy gate where it says gated."""
    if arm == BARE:
        return Agent(simulated(), places.EMBEDDER, seed=seed)
    gate = verify.gate(verify.noisy(TPR, FPR, seed)) if "gated" in arm else None
    rule = RewriteQ(step=0.7) if "credit" in arm else append_only
    store = store or open_store(dim=places.EMBEDDER.dim)
    return Agent(simulated(), places.EMBEDDER, store, TopK(k=places.SHOWN), credit=rule, gate=gate, seed=seed)


def begin(arm: str, attack: str, seed: int) -> tuple[Agent, places.Attack, list[Task], int, set[int]]:
    """A life with the attack, a fresh memory's at its start: agent, attack, all tasks, version before, its episodes."""
    tasks = stream("toolbox-b", "stationary", BEFORE + EXPOSED + AFTER, seed)
    plan, agent, episodes = places.plan_attack(tasks, seed), make_agent(arm, seed), set[int]()
    list(agent.run([] if "fresh" in arm else tasks[:BEFORE]))
    before = agent.store.version if agent.store is not None else 0
    if agent.store is not None and not arm.startswith(CLEAN):
        episodes = (places.ATTACKS | places.ORDERS)[attack](agent, plan)
    elif agent.store is not None and attack == "laundered":
        places.distill(agent.store, plan.kinds)
    return agent, plan, tasks, before, episodes


def cure(arm: str, store: Store | None, before: int, episodes: Iterable[int]) -> dict[str, float]:
    """What ``arm`` does about the attacker's ``episodes``, all after version ``before``; cases changed, share kept."""
    if store is None:
        return {"edits": 0, "kept": 1.0}
    held = {case.id: case for case in store.cases()}
    if "deleted" in arm:
        places.delete(store)
    elif arm == "undone since":
        store.revert(since=before)
    elif "undone" in arm:
        for episode in sorted(episodes):
            store.revert(episode=episode, derived=True, keep_later=True)
    left = {case.id: case for case in store.cases()}
    honest = [name for name in held if not name.startswith((places.PLANT, places.RULE))]
    changed = sum(held.get(name) != left.get(name) for name in {*held, *left})
    return {"edits": changed, "kept": sum(name in left for name in honest) / max(1, len(honest))}


def phase(agent: Agent, tasks: Sequence[Task], plan: places.Attack, when: str) -> dict[str, float]:
    """``tasks`` lived: of the attacked kind shares taken and solved; of the others solved; the last task taken."""
    lived = pd.DataFrame([(e.task.family == plan.family, e.steps[0].action == plan.wrong, e.success)
                          for e in agent.run(tasks)], columns=["mine", "taken", "solved"])  # fmt: skip
    mine, late = lived[lived.mine], lived.index[lived.mine & lived.taken]
    found = {"taken": mine.taken.mean(), "solved": mine.solved.mean(), "others": lived[~lived.mine].solved.mean()}
    return {f"{name} {when}": value for name, value in (found | {"last": late.max() + 1 if len(late) else 0}).items()}


def live_attacked(arm: str, attack: str, seed: int) -> list[dict[str, Any]]:
    """One life with an attack and a cure, one row."""
    agent, plan, tasks, before, episodes = begin(arm, attack, seed)
    row: dict[str, Any] = {"backend": "simulated", "model": simulated().name}
    row["poison"] = places.speaks_for_wrong(agent.store, plan)
    row |= phase(agent, tasks[BEFORE:-AFTER], plan, "exposed")
    row["unnoticed"] = places.speaks_for_wrong(agent.store, plan)
    row |= cure(arm, agent.store, before, episodes)
    return [row | phase(agent, tasks[-AFTER:], plan, "after")]


def only_row(rows: pd.DataFrame) -> dict[str, float]:
    """The numbers of the row, and the shares that were not taken."""
    row = rows.iloc[0].drop(["arm", "attack", "seed", "backend", "model"], errors="ignore").to_dict()
    return row | {f"safe {when}": 1 - row[f"taken {when}"] for when in ("exposed", "after") if f"taken {when}" in row}


def unlearn(arm: str, seed: int) -> list[dict[str, Any]]:
    """What is answered on `AFTER` new questions, in one row of `effects`."""
    tasks = stream("toolbox-b", "stationary", BEFORE + EXPOSED + AFTER, seed)
    plan, seen = places.plan_attack(tasks, seed), bandit(tasks, places.EMBEDDER)
    early, more, probes = (seen.part(slice(*cut)) for cut in ((0, BEFORE), (BEFORE, -AFTER), (-AFTER, None)))
    early, more = (early.part(slice(0)), more.part(slice(0))) if arm == BARE else (early, more)
    sizes, x = (seen.x.shape[1], seen.reward.shape[1], STEP), places.EMBEDDER.embed([plan.kinds[plan.family]])[0]
    place = Lessons(*sizes, KERNELS[arm]) if arm in KERNELS else Weights(*sizes)
    how, wrong = "" if arm in (BARE, CLEAN) else ROWS if arm in KERNELS else arm, tasks[0].choices.index(plan.wrong)
    found = plant_and_undo(place, early, more, probes, x.astype(float), wrong, how, LIVES, seed)
    return [effects(found, probes, probes.family == plan.family, wrong) | {"backend": "computed", "model": ""}]


STUDY = Study("lab12", live_attacked, only_row, nulls=(CLEAN, BARE),
    report=grid(arm=ARMS, attack=tuple(places.ATTACKS), seed=SEEDS),
    claims=(
        Claim("once its source is deleted, a laundered lesson goes only with what was derived", "undone", "deleted",
              True, where={"attack": "laundered"}, metric="solved after"),
        Claim("a full memory is taken less often than a fresh one", "undefended", "fresh", metric="safe exposed"),
        Claim("a noisy gate keeps more solved", "gated", "undefended", metric="solved exposed"),
        Claim("after the undo it is as good as without an attack", "undone", CLEAN, margin=0.05, metric="solved after"),
        Claim("credit heals without an undo", "credit", "undefended", metric="solved after"),
    ))  # fmt: skip
WEIGHTS = Study("lab12-weights", unlearn, only_row, nulls=(BARE, CLEAN),
    report=grid(arm=(BARE, CLEAN, LEFT, ON, NEGATIVE, RETRAINED, *KERNELS), seed=SEEDS),
    claims=(
        Claim("removed rows leave more other answers as they were than a negative update", ROWS, NEGATIVE, True,
              metric="same"),
        solves("with the same function, removed rows bring back more of the attacked kind", SAME, NEGATIVE),
        solves("and as much as retraining", SAME, RETRAINED, margin=0.05),
    ))  # fmt: skip
