"""Lab 12: four attacks on a memory and what each cure costs, with the simulated model, which reads a case's tool and
not its words: what a text can make a model do is asked of the real one. And the same lesson in weights."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from memlab import Agent, Claim, Study, Task, grid, open_llm, open_store, stream, verify
from memlab.credit import RewriteQ, append_only
from memlab.retrieval import TopK
from memlab.rivals import attacker as places
from memlab.stores import Store

BEFORE, EXPOSED, AFTER, SEEDS = 48, 24, 24, range(100, 164)  # tasks before the attack, until the cure, and behind it
TPR, FPR = 0.8, 0.2  # of the gate's verifier, as in lab 07
CLEAN, BARE = "null: no attack", "no memory"
ARMS = (CLEAN, BARE, "undefended", "fresh", "gated", "fresh, gated", "credit", "deleted", "undone", "undone since",
        "credit, deleted", "credit, undone")  # fmt: skip
simulated = functools.cache(lambda: open_llm("simulated"))


def make_agent(arm: str, seed: int, store: Store | None = None) -> Agent:
    """The agent of lab 06, append-only where ``arm`` does not say credit, behind a noisy gate where it says gated."""
    if arm == BARE:
        return Agent(simulated(), places.EMBEDDER, seed=seed)
    gate = verify.gate(verify.noisy(TPR, FPR, seed)) if "gated" in arm else None
    memory, credit = (
        store or open_store(dim=places.EMBEDDER.dim),
        RewriteQ(step=0.7) if "credit" in arm else append_only,
    )
    return Agent(simulated(), places.EMBEDDER, memory, TopK(k=places.SHOWN), credit=credit, gate=gate, seed=seed)


def begin(arm: str, attack: str, seed: int) -> tuple[Agent, places.Attack, list[Task], int, set[int]]:
    """A life up to and with the attack: agent, attack, all its tasks, the version before, the attacker's episodes.

    A fresh memory is attacked at its start.
    """
    tasks = stream("toolbox-b", "stationary", BEFORE + EXPOSED + AFTER, seed)
    plan, agent, episodes = places.plan_attack(tasks, seed), make_agent(arm, seed), set()
    list(agent.run([] if "fresh" in arm else tasks[:BEFORE]))
    before = agent.store.version if agent.store is not None else 0
    if agent.store is not None and not arm.startswith(CLEAN):
        episodes = (places.ATTACKS | places.ORDERS)[attack](agent, plan)
    elif agent.store is not None and attack == "laundered":
        places.distill(agent.store, plan.kinds)
    return agent, plan, tasks, before, episodes


def cure(arm: str, store: Store, before: int, episodes: Iterable[int]) -> dict[str, float]:
    """What ``arm`` does about the attacker's ``episodes``, all after version ``before``; cases changed, share kept."""
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
    """``tasks`` lived: shares of the attacked kind taken by ``wrong``, and solved; of the others solved; the last one
    taken, in tasks."""
    lived = pd.DataFrame([(e.task.family == plan.family, e.steps[0].action == plan.wrong, e.success)
                          for e in agent.run(tasks)], columns=["mine", "taken", "solved"])  # fmt: skip
    mine, late = lived[lived.mine], lived.index[lived.mine & lived.taken]
    found = {"taken": mine.taken.mean(), "solved": mine.solved.mean(), "others": lived[~lived.mine].solved.mean()}
    return {f"{name} {when}": value for name, value in (found | {"last": late.max() + 1 if len(late) else 0}).items()}


def live_attacked(arm: str, attack: str, seed: int) -> list[dict[str, Any]]:
    """One life with an attack and a cure, one row."""
    agent, plan, tasks, before, episodes = begin(arm, attack, seed)
    store = agent.store
    row: dict[str, Any] = {"backend": "simulated", "model": simulated().name}
    row["poison"] = places.speaks_for_wrong(store, plan) if store is not None else 0
    row |= phase(agent, tasks[BEFORE:-AFTER], plan, "exposed")
    row["unnoticed"] = places.speaks_for_wrong(store, plan) if store is not None else 0
    row |= cure(arm, store, before, episodes) if store is not None else {"edits": 0, "kept": 1.0}
    return [row | phase(agent, tasks[-AFTER:], plan, "after")]


def only_row(rows: pd.DataFrame) -> dict[str, float]:
    """The numbers of the row, and the shares that were not taken."""
    row = rows.iloc[0].drop(["arm", "attack", "seed", "backend", "model"]).to_dict()
    return row | {f"safe {when}": 1 - row[f"taken {when}"] for when in ("exposed", "after")}


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
