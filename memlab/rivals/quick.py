"""Many lives of one agent at once, on streams and chances drawn once: a what-if within a slider's time.

The agent of `memlab.agent` with the fitted simulated model, on one-step tasks. Where nothing is left to chance these
are the lives that the loop gives, task by task (tested); else they have the same chances, drawn otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.credit.rules import GOOD
from memlab.llm.simulated import SimulatedLLM
from memlab.retrieval import TopK
from memlab.rivals.questions import Floats, Ints, Questions
from memlab.rivals.references import TINY

SHORTLIST = TopK.shortlist
MODEL, RULE, VOTE, NONE = "memory in the prompt", "memory decides", "vote, no model", "no memory"


@dataclass(frozen=True)
class Lives:
    """``success``, ``memories``, ``calls`` and ``tokens`` read, (L, n) each."""

    success: Floats
    memories: Floats
    calls: Floats
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
    tools, nothing, beta = len(asked.names), len(serve), model.beta
    pick, flip, judge, slip, wrong = asked.chance
    action, q, alive = np.zeros(nothing + 1, int), np.zeros(nothing + 1), np.zeros(nothing + 1, bool)
    right, called, forgot = np.zeros(nothing, bool), np.zeros(nothing, bool), np.zeros(nothing)
    chars, kept = asked.length.astype(float), np.full(nothing, learner != NONE)
    flipped, spelled = flip < noise, np.array([len(name) for name in asked.names])
    changed = np.where(slip < corruption, 1 + (wrong * (tools - 1)).astype(int), 0)
    # The place of each choice among those that are left, for every set of them.
    sets = (np.arange(2**tools)[:, None] >> np.arange(tools)) & 1
    listed = beta["listed"] * (sets.cumsum(axis=1) - 1) / np.maximum(sets.sum(axis=1, keepdims=True) - 1, 1)
    for here in asked.batches:
        many, rows = len(here), np.arange(len(here))
        near, close = asked.near[here], asked.close[here]
        on = alive[near]
        on &= on.cumsum(axis=1) <= SHORTLIST
        acts, worth = action[near], q[near]
        key = acts + tools * rows[:, None]

        def by_tool(values: Any, key: Ints = key, many: int = many) -> Any:
            return np.bincount(key.ravel(), values.ravel(), many * tools).reshape(many, tools)

        def highest(values: Any, where: NDArray[np.bool_], key: Ints = key, many: int = many) -> Floats:
            top = np.full(many * tools, -1.0)
            np.maximum.at(top, key[where], values[where])
            return top

        counts = on & (highest(near, on)[key] == near) if retrieval == "newest" else on
        weight = by_tool(close * counts)
        value = by_tool(close * counts * worth) / np.where(weight > 0, weight, 1)
        left = (weight <= 0) | (value >= GOOD)
        left |= ~left.any(axis=1, keepdims=True)
        lost, best = np.ones(many, bool), rows
        if learner in (RULE, VOTE):
            votes = np.where((weight > 0) & left, value, -1)
            best = tools - 1 - votes[:, ::-1].argmax(axis=1)  # of equal ones the last name, as the vote has it
            lost = votes.max(axis=1) < GOOD
        odds = left.astype(float)
        if learner != VOTE:
            called[here] = lost
            score = asked.bare[here] + listed[left @ (1 << np.arange(tools))]
            if learner == MODEL and k:
                rank: Any = -np.arange(near.shape[1])[None, :]
                if retrieval == "soft Q":
                    rank = np.where(on, worth / alpha, -np.inf) + asked.gumbel[here, 1:]
                    void = GOOD / alpha + asked.gumbel[here, :1]
                    shown = on & (rank > void) & (rank >= -np.partition(-rank, k - 1, axis=1)[:, k - 1 : k])
                else:
                    shown = counts & (worth >= GOOD)
                    shown &= shown.cumsum(axis=1) <= k
                shown &= left[rows[:, None], acts]
                count, some = by_tool(shown), shown.any(axis=1)
                score += beta["shown"] * np.log1p(count)
                score += beta["share"] * count / np.maximum(shown.sum(axis=1, keepdims=True), 1)
                score += beta["near"] * np.where(count > 0, highest(asked.alike[here], shown).reshape(many, tools), 0)
                first = acts[rows, np.where(shown, rank, -np.inf).argmax(axis=1)]
                score[rows[some], first[some]] += beta["last"]
                chars[here] += (shown * (asked.case[near] + spelled[acts])).sum(axis=1)
            score[~left] = -np.inf
            odds = np.exp(score - score.max(axis=1, keepdims=True))
        passed = odds.cumsum(axis=1) <= (pick[here] * odds.sum(axis=1))[:, None]
        took = np.where(lost, np.minimum(passed.sum(axis=1), tools - 1), best)

        right[here] = good = took == serve[here]
        reward = good != flipped[here]
        if gate is not None and learner != NONE:
            kept[here] = (judge[here] < np.where(good, *gate)) == reward
        if credit != "append-only":
            paid, worked = kept[here][:, None] & on, reward[:, None]
            same = paid & (acts == took[:, None])
            new = worth + step * (worked - worth)
            if credit == "remove":
                gone = same & ~worked
            else:
                q[near[same]] = new[same]
                broken = (same & (worth >= GOOD) & (new < GOOD)).any(axis=1, keepdims=True)
                gone = paid & ~same & (worth < GOOD) & broken & (credit == "rewrite Q")
            if credit == "amend":
                other = paid & ~same & worked
                action[near[other]], q[near[other]] = np.broadcast_to(took[:, None], near.shape)[other], 1.0
            alive[near[gone]], forgot[here] = False, gone.sum(axis=1)
        action[here], q[here], alive[here] = (took + changed[here]) % tools, reward, kept[here]
    tokens = called * np.round(chars / model.parameters["chars_per_token"])
    memories = np.cumsum((kept - forgot).reshape(-1, asked.n), axis=1)
    return Lives(*(x.reshape(-1, asked.n).astype(float) for x in (right, memories, called, tokens)))


def perfect_memory(asked: Questions, serve: Ints, noise: float = 0.0) -> Floats:
    """Success (L, n) of `memlab.rivals.references.reference` without structure, one draw of its ties a life."""
    serve, kind, flip = (x.reshape(-1, asked.n) for x in (serve, asked.kind, asked.chance[1] < noise))
    (lives, n), tools, rows = serve.shape, len(asked.names), np.arange(len(serve))
    ties = np.random.default_rng([1, n, 6]).random((n, 1, tools)) * TINY
    moves = [sum(np.count_nonzero(np.diff(s[own == k])) for k in set(own)) for s, own in zip(serve, kind, strict=True)]
    hazard, right = np.array(moves)[:, None] / n, np.zeros((lives, n))
    belief = np.full((lives, kind.max() + 1, tools), 1 / tools)
    for t in range(n):
        held = belief[rows, kind[:, t]]
        held = (1 - hazard) * held + hazard * (1 - held) / (tools - 1)
        taken = (held / held.sum(axis=1, keepdims=True) + ties[t]).argmax(axis=1)
        right[:, t] = taken == serve[:, t]
        chosen, seen = np.arange(tools) == taken[:, None], (right[:, t] > 0) != flip[:, t]
        held = held * np.where(chosen == seen[:, None], 1 - noise, max(noise, TINY))
        belief[rows, kind[:, t]] = held / held.sum(axis=1, keepdims=True)
    return right
