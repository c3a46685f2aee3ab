"""Lab 10's world: one stream, one frozen model, and learners that keep what they found in memory, in weights, or both.

Exploration is the same for all but "no learning" and the believer: a tool whose newest try on a near question failed is
not taken again. So every learner has notes of its failures; what differs is where its *successes* are kept.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from memlab.agent import Agent
from memlab.core import Case, Edit, Episode
from memlab.credit import CreditRule, RewriteQ, append_only
from memlab.credit.rules import GOOD
from memlab.learners import Learner, with_memory
from memlab.llm.contract import LLM, Embedder
from memlab.retrieval import TopK
from memlab.rivals.arms import learners
from memlab.rivals.bounded import Bounded
from memlab.rivals.knn import Direct
from memlab.stores import open_store
from memlab.tasks import stream
from memlab.weights.lora import BATCH, CUT, ON, STEPS
from memlab.weights.school import TASKS, off_stream
from memlab.weights.served import UNRELATED, Adapted, Lesson

EVERY, RATE = 10, 0.001
"""Tasks between refreshes, and Adam's rate."""
NEWEST, NAMED = TopK(k=0, newest=True), learners("ranked")


def _ranked(credit: CreditRule = append_only, make: type[Agent] = Agent) -> Learner:
    return with_memory(NEWEST, credit, make=make, answer="ranked")


BARE, EXPLORE, MEMORY, BELIEF = "no learning", "null: exploration alone", "memory, newest first", "memory, belief"
BOUNDED, EMPTIED, BOTH = "memory, bounded", "null: memory, emptied", "memory + LoRA, emptied"
LORA, REPLAY, AWR = "LoRA", "LoRA, replay", "LoRA, credit"
ARMS: dict[str, Learner] = {
    BARE: NAMED["no memory"],
    EXPLORE: _ranked(),
    MEMORY: NAMED["newest-first"],
    BELIEF: NAMED["belief"],
    BOUNDED: _ranked(Bounded(12), Direct),
    EMPTIED: NAMED["newest-first"],
    BOTH: NAMED["newest-first"],
    LORA: _ranked(),
    REPLAY: _ranked(),
    AWR: _ranked(RewriteQ(step=0.7, renew=False)),
}
FEW, FEW_NOTES = "LoRA, replay, bounded notes", "null: exploration, bounded notes"
RETURNING = ARMS | {FEW: _ranked(Bounded(12)), FEW_NOTES: _ranked(Bounded(12))}
"""Where old tools return, an old failure is bad advice: also adapters whose notes have as little room as a memory's."""
TRAINED = (LORA, REPLAY, AWR, BOTH, FEW)


def lessons(arm: str, lived: Sequence[Lesson], cases: Sequence[Case]) -> list[Lesson]:
    """What an arm trains on at a refresh: (task, tool, weight). ``lived`` are tasks since the start, with rewards.

    Plain: the successes since the last refresh. Replay: all. Credit: all tries, weighted by exp(A / .25) with A the
    value that credit wrote into memory less its mean (advantage-weighted regression).
    """
    if arm == AWR:
        value = {case.episode: case.q for case in cases}
        mean = float(np.mean([value[task.index] for task, _, _ in lived]))
        return [(task, tool, float(np.exp((value[task.index] - mean) / 0.25))) for task, tool, _ in lived]
    some = lived if arm in (REPLAY, FEW) else lived[-EVERY:]
    return [(task, tool, 1.0) for task, tool, reward in some if reward >= GOOD]


def life_of(
    arm: str, world: str, kind: str, seed: int, embedder: Embedder, llm: LLM | None = None, rate: float = RATE
) -> list[dict[str, Any]]:
    """A row a task of the stream, and one a probe after it (index -1). No ``llm``: all is asked in this process."""
    tasks = stream(world, kind, TASKS, seed)
    probes = off_stream(world, tasks, seed)
    learns = arm in TRAINED
    asked = Adapted(llm, [*tasks, *probes], CUT, on=ON) if learns or llm is None else llm
    brain = asked if isinstance(asked, Adapted) else None
    agent = RETURNING[arm](asked, embedder, open_store(dim=embedder.dim), seed)
    rows: list[dict[str, Any]] = []
    told: list[Lesson] = []
    spent = {"seconds": 0.0, "steps": 0, "leak": 0.0}
    for start in range(0, TASKS, EVERY):
        for episode in agent.run(tasks[start : start + EVERY]):
            told.append((episode.task, episode.steps[0].action, episode.reward))
            rows.append({"index": episode.index} | _row(episode))
        held = agent.store.cases("case") if agent.store is not None else ()
        given = lessons(arm, told, held) if learns and start + EVERY < TASKS else []
        if brain and given:
            began = time.perf_counter()
            brain.learn(given, steps=STEPS, rate=rate, batch=BATCH, seed=seed)
            spent["seconds"] += time.perf_counter() - began
            spent["steps"] += STEPS
        if agent.store is not None and arm in (BOTH, EMPTIED) and start + EVERY < TASKS:
            why = "its lesson is in the adapter" if learns else "emptied where another arm trains"
            agent.store.commit([Edit.forget(case.id, reason=why, episode=start + EVERY - 1) for case in held])
    rows += [{"index": -1} | _row(agent.attempt(task)) for task in probes]
    spent["leak"] = brain.leak(UNRELATED) if brain else 0.0
    return [row | spent for row in rows]


def _row(episode: Episode) -> dict[str, Any]:
    reply = next(iter(episode.replies), None)
    return {
        "family": episode.task.family, "action": episode.steps[0].action, "serves": episode.task.serves[0],
        "success": episode.success, "calls": len(episode.replies), "edits": len(episode.edits),
        "backend": reply.backend if reply else "computed", "model": reply.model if reply else "",
    }  # fmt: skip
