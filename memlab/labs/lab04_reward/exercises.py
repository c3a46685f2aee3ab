"""Exercises of lab 04: a baseline without bias, the noise that pays most, a payment without the hack, a deviation."""

from __future__ import annotations

import numpy as np

from memlab.course import Exercise
from memlab.labs.lab04_reward import belief
from memlab.reward import Floats, belief_delta, group_relative

GROUPS = (np.array([1.0, 0.0, 0.5, 0.0]), np.array([1.0, 0.5, 0.5]))
QUESTIONS, NEAR_BEST = 200, 0.97


def others_mean(returns: Floats) -> Floats:
    """The mean return of the other rollouts of a group (G,)."""
    return (returns.sum() - returns) / (len(returns) - 1)


def new_highs(log_b: Floats) -> Floats:
    """Pay a step for how far it lifts the belief above all that it has been before; (T+1,) gives (T,)."""
    return np.diff(np.maximum.accumulate(log_b))


def _paid(noise: float) -> float:
    return float(belief.repeated(noise, QUESTIONS).clipped[-1])


def _noise_hint(answer: object) -> str | None:
    noise = float(answer)  # type: ignore[arg-type]
    if not 0 <= noise <= 0.5:
        return f"noise = {noise}: the chance of a wrong answer lies between 0 and 0.5"
    if noise in (0, 0.5):
        return {
            0.0: "with perfect answers the first one pays log 2 = 0.69 nats, and then nothing is left to pay for",
            0.5: "at 0.5 an answer says nothing, so the belief never moves and nothing is paid",
        }[noise]
    paid = _paid(noise)
    if paid >= NEAR_BEST * max(map(_paid, np.arange(0.40, 0.50, 0.005))):
        return None
    if noise < 0.44:
        return f"noise {noise} pays {paid:.2f} nats, but the belief settles too soon: let it waver longer"
    return f"noise {noise} pays {paid:.2f} nats: answers this noisy hardly move the belief"


EXERCISES = {
    "04.1": Exercise(
        start="why is the factor below 1? Look at what each return is compared with",
        solution=lambda returns: returns - others_mean(returns),
        cases=tuple((group,) for group in GROUPS),
        mistakes={
            "your own return is still in what it is compared with": group_relative,
            "right on average, since any fixed baseline is; but nothing is compared: use the group": lambda R: R * 1.0,
            "right on average, but one rival is a noisy yardstick: use all of them": lambda R: R - np.roll(R, 1),
            "you left your own return out of the sum, but divide by G: the others are G - 1": lambda R: (
                R - (R.sum() - R) / len(R)
            ),
            "this is the baseline alone: subtract it from each return": others_mean,
            "the sign is turned round: return minus baseline": lambda R: others_mean(R) - R,
            "the correction goes the other way: G / (G - 1), not (G - 1) / G": lambda R: (
                (R - R.mean()) * (len(R) - 1) / len(R)
            ),
            "right for four returns, not for three: use len(returns) for G": lambda R: R - (R.sum() - R) / 3,
            "give one advantage for each return, not one for the group": lambda R: R.mean(),
        },
        praise="the mean of the others, called leave-one-out",
    ),
    "04.2": Exercise(
        start="try some noises: what happens to the belief at 0, and what at 0.5?",
        solution=0.45,
        judge=_noise_hint,
        tolerance=0.5,  # the judge decides: all that is paid nearly as well is right
    ),
    "04.3": Exercise(
        start="a belief that sinks and comes back has learned nothing new: what must a payment remember?",
        solution=new_highs,
        cases=tuple((np.log(b),) for b in ([0.5, 0.6, 0.5, 0.6, 0.9], [0.5, 0.4, 0.8], [0.5, 0.3, 0.4])),
        mistakes={
            "this charges for a wrong answer: no payment may be negative": lambda log_b: belief_delta(log_b, False),
            "this is the clipped payment: a belief that wavers earns again at each return": lambda log_b: belief_delta(
                log_b, True
            ),
            "each step is paid for all that was gained before it, too": lambda log_b: np.maximum(
                log_b[1:] - log_b[0], 0
            ),
            "nothing is paid before the end: pay a step when it is taken": lambda log_b: np.append(
                np.zeros(len(log_b) - 2), max(log_b[-1] - log_b[0], 0)
            ),
            "this is the best belief so far: pay how far each step lifts it": lambda log_b: np.maximum.accumulate(
                log_b
            )[1:],
        },
    ),
    "04.4": Exercise(
        start="what does a difference of .5 become in a group of two, and what a difference of 1?",
        solution="c",
        mistakes={
            "a meets b at a difference of 1, which is divided by more: whose differences are all small?": "a",
            "b meets a at a difference of 1, which is divided by more: whose differences are all small?": "b",
        },
    ),
}
