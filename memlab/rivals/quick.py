"""Many lives of one agent at once, on streams and chances drawn once: a what-if within a slider's time.

The agent of `memlab.agent` with the fitted simulated model, on one-step tasks. Where nothing is left to chance these are
the lives that the loop gives, task by task (tested); else they have the same chances, drawn otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.llm.simulated import SimulatedLLM
from memlab.rivals.questions import WIDTH, Floats, Ints, Questions
from memlab.rivals.references import TINY

SHORTLIST, GOOD = 16, 0.5
MODEL, RULE, VOTE, NONE = "memory in the prompt", "memory decides", "vote, no model", "no memory"


@dataclass(frozen=True)
class Lives:
    """``success``, ``memories``, ``calls`` and ``tokens`` read, (L, n) each."""

    success: Floats
    memories: Ints
    calls: Ints
    tokens: Floats


def live_side_by_side(
    asked: Questions, serve: Ints, model: SimulatedLLM, learner: str = MODEL, retrieval: str = "top-k", k: int = 3,
    alpha: float = 0.1, credit: str = "append-only", step: float = 0.7, gate: tuple[float, float] | None = None,
    noise: float = 0.0, corruption: float = 0.0,
) -> Lives:  # fmt: skip
    """The lives of one setting. ``gate`` is a verifier's (TPR, FPR); ``corruption`` the share of cases stored wrong.

    ``retrieval`` is "top-k", "newest" or "soft Q", ``credit`` "append-only", "rewrite Q", "amend" or "remove": the
    rules of `memlab.retrieval` and `memlab.credit`.
    """
    (lives, n), tools, beta = serve.shape, len(asked.names), model.beta
    nothing, rows, every = lives * n, np.arange(lives), np.arange(tools)
    action, q, alive = np.zeros(nothing + 1, int), np.zeros(nothing + 1), np.zeros(nothing + 1, bool)
    spelled = np.array([len(name) for name in asked.names])
    found: dict[str, Any] = {name: np.zeros((lives, n)) for name in ("success", "memories", "calls", "tokens")}

    def by_tool(key: Ints, values: Floats) -> Floats:
        return np.bincount(key.ravel(), values.ravel(), lives * tools).reshape(lives, tools)

    def highest(key: Ints, values: Floats, where: NDArray[np.bool_]) -> Floats:
        top = np.full(lives * tools, -1.0)
        np.maximum.at(top, key[where], values[where])
        return top

    for t in range(n):
        near, close, (pick, flip, judge, slip, wrong) = asked.near[t], asked.close[t], asked.chance[:, t]
        on = alive[near]
        on &= on.cumsum(axis=1) <= SHORTLIST
        acts, worth = action[near], q[near]
        key = acts + rows[:, None] * tools
        counts = on & (highest(key, near, on)[key] == near) if retrieval == "newest" else on
        weight = by_tool(key, close * counts)
        value = by_tool(key, close * counts * worth) / np.where(weight > 0, weight, 1)
        left = (weight <= 0) | (value >= GOOD)
        left |= ~left.any(axis=1, keepdims=True)
        lost, best = np.ones(lives, bool), 0
        if learner in (RULE, VOTE):
            votes = np.where((weight > 0) & left, value, -1)
            best = tools - 1 - votes[:, ::-1].argmax(axis=1)  # of equal ones the last name, as the vote has it
            lost = votes.max(axis=1) < GOOD
        odds = left.astype(float)
        if learner != VOTE:
            shown, rank = np.zeros_like(on), -np.arange(float(WIDTH))[None, :]
            if learner == MODEL and retrieval == "soft Q" and k:
                pull = np.where(on, worth / alpha, -np.inf) + asked.gumbel[t, :, :-1]
                void = GOOD / alpha + asked.gumbel[t, :, -1:]
                shown, rank = on & (pull > void) & (pull >= -np.partition(-pull, k - 1, axis=1)[:, k - 1 : k]), pull
            elif learner == MODEL:
                shown = counts & (worth >= GOOD)
                shown &= shown.cumsum(axis=1) <= k
            shown &= left[rows[:, None], acts]
            many, some = by_tool(key, shown), shown.any(axis=1)
            score = asked.bare[t] + beta["shown"] * np.log1p(many)
            score += beta["share"] * many / np.maximum(shown.sum(axis=1, keepdims=True), 1)
            score += beta["near"] * np.where(many > 0, highest(key, asked.alike[t], shown).reshape(lives, tools), 0)
            score[rows[some], acts[rows, np.where(shown, rank, -np.inf).argmax(axis=1)][some]] += beta["last"]
            score += beta["listed"] * (left.cumsum(axis=1) - 1) / np.maximum(left.sum(axis=1, keepdims=True) - 1, 1)
            odds *= np.exp(score - np.where(left, score, -np.inf).max(axis=1, keepdims=True).clip(None, 700))
            read = asked.length[:, t] + (shown * (asked.case[near] + spelled[acts])).sum(axis=1)
            found["calls"][:, t] = lost
            found["tokens"][:, t] = lost * np.round(read / model.parameters["chars_per_token"])
        passed = odds.cumsum(axis=1) <= pick[:, None] * odds.sum(axis=1, keepdims=True)
        took = np.where(lost, np.minimum(passed.sum(axis=1), tools - 1), best)

        right = took == serve[:, t]
        reward = right != (flip < noise)
        kept = np.full(lives, learner != NONE)
        if gate is not None:
            kept &= (judge < np.where(right, *gate)) == reward
        paid = kept[:, None] & on
        same, worked = paid & (acts == took[:, None]), reward[:, None]
        if credit in ("rewrite Q", "amend"):
            new = worth + step * (worked - worth)
            broken = (same & (worth >= GOOD) & (new < GOOD)).any(axis=1, keepdims=True)
            q[near[same]] = new[same]
            if credit == "rewrite Q":
                alive[near[paid & ~same & (worth < GOOD) & broken]] = False
            else:
                other = paid & ~same & worked
                action[near[other]], q[near[other]] = np.broadcast_to(took[:, None], near.shape)[other], 1.0
        elif credit == "remove":
            alive[near[same & ~worked]] = False
        at = rows * n + t
        changed = (took + 1 + (wrong * (tools - 1)).astype(int)) % tools
        action[at], q[at], alive[at] = np.where(slip < corruption, changed, took), reward, kept
        found["success"][:, t] = right
        found["memories"][:, t] = alive[:-1].reshape(lives, n).sum(axis=1)
    return Lives(**found)


def perfect_memory(asked: Questions, serve: Ints, noise: float = 0.0) -> Floats:
    """Success (L, n) of `memlab.rivals.references.reference` without structure, one draw of its ties a life."""
    (lives, n), tools, rows = serve.shape, len(asked.names), np.arange(serve.shape[0])
    ties = np.random.default_rng([1, n, 6]).random((n, 1, tools)) * TINY
    moves = [sum(np.count_nonzero(np.diff(s[kind == k])) for k in set(kind)) for s, kind in zip(serve, asked.kind)]
    hazard, right = np.array(moves)[:, None] / n, np.zeros((lives, n))
    belief = np.full((lives, asked.kind.max() + 1, tools), 1 / tools)
    for t in range(n):
        held = belief[rows, asked.kind[:, t]]
        held = (1 - hazard) * held + hazard * (1 - held) / (tools - 1)
        taken = (held / held.sum(axis=1, keepdims=True) + ties[t]).argmax(axis=1)
        right[:, t] = taken == serve[:, t]
        seen = (right[:, t] > 0) != (asked.chance[1, t] < noise)
        chosen = np.arange(tools) == taken[:, None]
        held = held * np.where(chosen == seen[:, None], 1 - noise, max(noise, TINY))
        belief[rows, asked.kind[:, t]] = held / held.sum(axis=1, keepdims=True)
    return right
