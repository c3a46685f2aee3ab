"""Gymnasium's FrozenLake 4×4 as arrays: the exact optimum by dynamic programming, and rollouts for many policies.

The transition table is Gymnasium's own, so nothing here was invented: 16 states, 4 actions, reward 1 on reaching
the goal, and (slippery) a step that goes where it was meant to with probability 1/3 and to either side else.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.core import MemlabError

Floats = NDArray[np.float64]
ACTIONS = ("left", "down", "right", "up")


@dataclass(frozen=True)
class Lake:
    """A finite world: ``transition`` (S, A, S) is P(s'|s,a), ``reward`` (S, A, S); ``ended`` (S,) marks holes and goal.

    Episodes begin in state 0. An ended state leads to itself with reward 0.
    """

    transition: Floats
    reward: Floats
    ended: NDArray[np.bool_]


@lru_cache
def lake(slippery: bool = True) -> Lake:
    """FrozenLake-v1 on its 4×4 map, read from Gymnasium's transition table."""
    import gymnasium

    # The table is an attribute of this environment, not of Gymnasium's general class.
    toy: Any = gymnasium.make("FrozenLake-v1", map_name="4x4", is_slippery=slippery).unwrapped
    table = toy.P
    size, actions = len(table), len(table[0])
    transition, reward = np.zeros((size, actions, size)), np.zeros((size, actions, size))
    for s, choices in table.items():
        for a, outcomes in choices.items():
            for chance, after, r, _ in outcomes:
                transition[s, a, after] += chance
                reward[s, a, after] = r
    ended = np.array([np.allclose(transition[s, :, s], 1.0) for s in range(size)])
    return Lake(transition, reward, ended)


def optimum(world: Lake, horizon: int) -> tuple[Floats, NDArray[np.int64]]:
    """The best a policy may do that knows the time: values (T+1, S) and actions (T, S), by backward induction.

    ``values[0, 0]`` is the expected return over ``horizon`` steps; ``values[T]`` is 0.
    """
    if horizon < 1:
        raise MemlabError(f"horizon={horizon}: an episode has at least one step")
    values = np.zeros((horizon + 1, len(world.ended)))
    actions = np.zeros((horizon, len(world.ended)), dtype=np.int64)
    gain = _gain(world)
    for t in reversed(range(horizon)):
        q = gain + world.transition @ values[t + 1]
        values[t], actions[t] = q.max(axis=1), q.argmax(axis=1)
    return values, actions


def exact_success(world: Lake, policy: ArrayLike, horizon: int) -> Floats:
    """Exact expected return from the start over ``horizon`` steps of stationary policies (..., S, A); gives (...)."""
    pi = np.asarray(policy, dtype=float)
    moves = np.einsum("...sa,sat->...st", pi, world.transition)
    gain = np.einsum("...sa,sa->...s", pi, _gain(world))
    value = np.zeros(gain.shape)
    for _ in range(horizon):
        value = gain + np.einsum("...st,...t->...s", moves, value)
    return value[..., 0]


@dataclass(frozen=True)
class Trips:
    """Rollouts: ``states``, ``actions``, ``rewards`` and ``alive`` (the step was taken), each (..., n, T)."""

    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    rewards: Floats
    alive: NDArray[np.bool_]


def rollouts(world: Lake, policy: ArrayLike, draws: ArrayLike) -> Trips:
    """Walk ``n`` episodes of ``T`` steps with each policy (..., S, A); all random numbers are ``draws`` (2, ..., n, T).

    ``draws`` are uniform in [0, 1): first those of the actions, then those of the ice. Pure: equal draws, equal trips.
    """
    pi, u = np.asarray(policy, dtype=float), np.asarray(draws)
    if u.ndim != pi.ndim + 1 or len(u) != 2:
        raise MemlabError(f"draws {u.shape} for policies {pi.shape}: draws must be (2, ..., n, T) for (..., S, A)")
    lead, (n, horizon) = pi.shape[:-2], u.shape[-2:]
    size, actions = pi.shape[-2:]
    limits = np.cumsum(pi, axis=-1).reshape(-1, actions)[:, :-1]
    landing, chance = _outcomes(world)
    u = np.broadcast_to(u, (2, *lead, n, horizon)).reshape(2, -1, horizon)
    base = np.repeat(np.arange(len(limits) // size) * size, n)
    states, taken = np.zeros((2, len(base), horizon), dtype=np.int64)
    rewards, lived = np.zeros((len(base), horizon)), np.zeros((len(base), horizon), dtype=bool)
    walking, state = np.arange(len(base)), np.zeros(len(base), dtype=np.int64)
    for t in range(horizon):
        action = (u[0, walking, t, None] >= limits[base[walking] + state]).sum(axis=1)
        place = state * actions + action
        after = landing[place, (u[1, walking, t, None] >= chance[place]).sum(axis=1)]
        states[walking, t], taken[walking, t], lived[walking, t] = state, action, True
        rewards[walking, t] = world.reward[state, action, after]
        on = ~world.ended[after]
        walking, state = walking[on], after[on]
    shape = (*lead, n, horizon)
    return Trips(states.reshape(shape), taken.reshape(shape), rewards.reshape(shape), lived.reshape(shape))


def _gain(world: Lake) -> Floats:
    return (world.transition * world.reward).sum(axis=2)


def _outcomes(world: Lake) -> tuple[NDArray[np.int64], Floats]:
    """Where each (s, a) may lead (S·A, K), likeliest first, and the cumulative chances of all but the last."""
    flat = world.transition.reshape(-1, world.transition.shape[2])
    most = int((flat > 0).sum(axis=1).max())
    landing = np.argsort(-flat, axis=1, kind="stable")[:, :most]
    return landing, np.cumsum(np.take_along_axis(flat, landing, axis=1), axis=1)[:, :-1]
