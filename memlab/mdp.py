"""The memory-augmented MDP in a form small enough to solve exactly (arXiv:2508.16153).

``S`` contexts, ``C`` memories that retrieval may choose (the last one is *void*: show nothing), ``A`` actions.
The frozen model is a known array p_LLM(a|s,c), so that every value has an exact target.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.core import MemlabError
from memlab.retrieval.policies import soft_value

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class MMDP:
    """The tuple of arXiv:2508.16153 with a finite memory.

    ``p_llm`` (S, C, A) is p_LLM(a|s,c); ``reward`` (S, A); ``transition`` (S, A, S); ``gamma`` in [0, 1).
    """

    p_llm: Floats
    reward: Floats
    transition: Floats
    gamma: float = 0.0

    def __post_init__(self) -> None:
        s, _, a = self.p_llm.shape
        if self.reward.shape != (s, a) or self.transition.shape != (s, a, s):
            raise MemlabError(
                f"p_llm {self.p_llm.shape} wants reward {(s, a)} and transition {(s, a, s)}, "
                f"got {self.reward.shape} and {self.transition.shape}: make the shapes agree"
            )
        if not 0 <= self.gamma < 1:
            raise MemlabError(f"gamma={self.gamma}: take a discount in [0, 1)")


def generate(contexts: int = 4, actions: int = 4, copy: float = 0.7, gamma: float = 0.0, seed: int = 0) -> MMDP:
    """Draw an M-MDP with one right action per context, and one remembered success per context plus void.

    Shown a case, the model copies its action with probability ``copy`` and else follows its own prior, so
    the case of another context misleads unless both share an action. The next context is uniform.
    """
    rng = np.random.default_rng(seed)
    right = rng.permutation(np.resize(np.arange(actions), contexts))
    prior = rng.dirichlet(np.ones(actions), size=contexts)
    shown = (1 - copy) * prior[:, None, :] + copy * np.eye(actions)[right][None, :, :]
    p_llm = np.concatenate([shown, prior[:, None, :]], axis=1)
    return MMDP(p_llm, np.eye(actions)[right], np.full((contexts, actions, contexts), 1 / contexts), gamma)


def with_cases(world: MMDP, n: int) -> MMDP:
    """The same world with only its first ``n`` cases in memory; the void case stays."""
    kept = np.concatenate([world.p_llm[:, :n], world.p_llm[:, -1:]], axis=1)
    return MMDP(kept, world.reward, world.transition, world.gamma)


def without_llm(world: MMDP) -> MMDP:
    """The null model: a plain table of action values, with no cases and no LLM (memory i means "do action i")."""
    s, _, a = world.p_llm.shape
    return MMDP(np.broadcast_to(np.eye(a), (s, a, a)).copy(), world.reward, world.transition, world.gamma)


def exact_q(world: MMDP, value: Floats | None = None) -> Floats:
    """Q(s,c) = sum_a p_LLM(a|s,c) [r(s,a) + gamma sum_s' P(s'|s,a) V(s')], shape (S, C); ``value`` (S,) is V."""
    backed = world.reward if value is None else world.reward + world.gamma * world.transition @ value
    return np.einsum("sca,sa->sc", world.p_llm, backed)


@dataclass(frozen=True)
class Draws:
    """All random numbers of a simulation, drawn once so that a slider only recomputes.

    ``gumbel`` (T, N, C) picks the memory, ``action`` (T, N) the action and ``context`` (T, N) the next context.
    """

    gumbel: Floats
    action: Floats
    context: Floats


def draw(episodes: int, seeds: int, memories: int, seed: int = 0) -> Draws:
    """Random numbers for ``seeds`` learners of ``episodes`` steps that choose among ``memories``."""
    rng = np.random.default_rng(seed)
    shape = (episodes, seeds)
    gumbel = rng.gumbel(size=(*shape, memories)).astype(np.float32)
    return Draws(gumbel, rng.random(shape, dtype=np.float32), rng.random(shape, dtype=np.float32))


@dataclass(frozen=True)
class Run:
    """What ``N`` learners lived: ``reward``, ``memory`` and ``context`` (T, N), and the final ``q`` (N, S, C)."""

    reward: Floats
    memory: NDArray[np.integer]
    context: NDArray[np.integer]
    q: Floats


def simulate(world: MMDP, draws: Draws, alpha: float, eta: float, q0: float = 0.0) -> Run:
    """Run the learner of arXiv:2508.16153 (Eq 2) for all seeds at once: retrieve, act, evaluate, rewrite Q.

    The memory is drawn from mu proportional to exp(Q/alpha) by the Gumbel-max rule, argmax Q + alpha G, which is
    greedy at alpha=0, ties broken at random. Then Q(s,c) += eta (r + gamma V(s') - Q(s,c)). ``draws`` may hold more
    memories than the world.
    """
    s_count, c_count, a_count = world.p_llm.shape
    episodes, seeds, drawn = draws.gumbel.shape
    if drawn < c_count:
        raise MemlabError(f"draws hold {drawn} memories, the world has {c_count}: draw({episodes}, {seeds}, {c_count})")
    gumbel = draws.gumbel[:, :, :c_count]
    noise = np.float32(alpha) * gumbel
    limits = np.cumsum(world.p_llm, axis=2).reshape(-1, a_count)[:, :-1].T.astype(np.float32)
    next_limits = np.cumsum(world.transition, axis=2).reshape(-1, s_count)[:, :-1].T.astype(np.float32)
    rewards = world.reward.astype(np.float32).ravel()
    q = np.full((seeds * s_count, c_count), q0, dtype=np.float32)
    flat, base = q.ravel(), np.arange(seeds) * s_count
    context = (draws.context[0] * s_count).astype(np.int64)
    seen = np.empty((episodes, seeds), dtype=np.float32)
    chosen, contexts = np.empty((episodes, seeds), dtype=np.int64), np.empty((episodes, seeds), dtype=np.int64)
    for t in range(episodes):
        row = base + context
        values = q.take(row, axis=0)
        if not alpha:
            values = np.where(values == values.max(axis=1, keepdims=True), gumbel[t], -np.inf)
        memory = (values + noise[t]).argmax(axis=1)
        action = _invert(limits, context * c_count + memory, draws.action[t])
        here = context * a_count + action
        reward = rewards.take(here)
        seen[t], chosen[t], contexts[t] = reward, memory, context
        context = _invert(next_limits, here, draws.context[(t + 1) % episodes])
        target = reward
        if world.gamma:
            target = reward + world.gamma * soft_value(q.take(base + context, axis=0), alpha)
        at = row * c_count + memory
        old = flat.take(at)
        flat[at] = old + eta * (target - old)
    return Run(seen, chosen, contexts, q.reshape(seeds, s_count, c_count))


def _invert(limits: Floats, row: NDArray[np.integer], u: Floats) -> NDArray[np.integer]:
    """Draw from the discrete distribution of each ``row``: how many cumulative limits lie at or below ``u``."""
    drawn = np.zeros(len(u), dtype=np.int64)
    for limit in limits:
        drawn += limit.take(row) <= u
    return drawn
