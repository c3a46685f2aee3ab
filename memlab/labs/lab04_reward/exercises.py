"""Exercises of lab 04: a baseline without bias, the noise that pays most, a payment without the hack."""

from __future__ import annotations

import numpy as np

from memlab.course import JUDGED, Exercise
from memlab.labs.lab04_reward import belief
from memlab.reward import Floats, belief_delta, group_relative


def others_mean(returns: Floats) -> Floats:
    """The mean return of the other rollouts of a group (G,)."""
    return (returns.sum() - returns) / (len(returns) - 1)


def noise_hint(noise: float) -> str | None:
    """What is wrong with the ``noise`` of a source whose 200 answers should be paid most."""
    if not 0 <= noise <= 0.5:
        return f"noise = {noise}: the chance of a wrong answer lies between 0 and 0.5"
    if noise == 0:
        return "with perfect answers the first one pays log 2 = 0.69 nats, and then nothing is left to pay for"
    paid = belief.repeated(noise, 200).clipped[-1]
    if paid >= 0.97 * belief.repeated(0.45, 200).clipped[-1]:
        return None
    why = "the belief settles too soon: let it waver longer" if noise < 0.44 else "such answers hardly move the belief"
    return f"noise {noise} pays {paid:.2f} nats: {why}"


EXERCISES = {
    "04.1": Exercise(
        start="why is the factor below 1? Look at what each return is compared with",
        solution=lambda R: R - others_mean(R),
        cases=tuple((np.array(R),) for R in ([1.0, 0.0, 0.5, 0.0], [1.0, 0.5, 0.5])),
        mistakes={
            "your own return is still in what it is compared with": group_relative,
            "right on average, since any fixed baseline is; but nothing is compared: use the group": lambda R: 1.0 * R,
            "right on average, but one rival is a noisy yardstick: use all of them": lambda R: R - np.roll(R, 1),
            "you divide by G: how many others are there?": lambda R: R - (R.sum() - R) / len(R),
            "this is the baseline alone: subtract it from each return": others_mean,
            "the sign is turned round: return minus baseline": lambda R: others_mean(R) - R,
            "right for four returns, not for three: use len(returns) for G": lambda R: R - (R.sum() - R) / 3,
            "give one advantage for each return, not one for the group": np.mean,
        },
        praise="each return against the mean of the others, called leave-one-out",
    ),
    "04.2": Exercise(
        start="try some noises: what happens to the belief near 0, and what at 0.5?",
        solution=0.45,
        judge=noise_hint,
        tolerance=JUDGED,  # a noise that is paid nearly as well is right too
    ),
    "04.3": Exercise(
        start="a belief that sinks and comes back has learned nothing new: what must a payment remember?",
        solution=lambda b: np.diff(np.maximum.accumulate(b)),
        cases=tuple((np.log(b),) for b in ([0.5, 0.6, 0.5, 0.6, 0.9], [0.5, 0.4, 0.8], [0.5, 0.4, 0.3, 0.4, 0.45])),
        mistakes={
            "this charges for a wrong answer: no payment may be negative": np.diff,
            "this is the clipped payment: a belief that wavers earns again and again": lambda b: belief_delta(b, True),
            "this pays nothing: a belief that ends highest is to be paid what it gained": lambda b: 0 * b[1:],
            "each step is paid for what earlier steps gained, too": lambda b: np.maximum(b[1:] - b[0], 0),
            "a fall is forgotten after one step: what if two follow each other?":
                lambda b: np.maximum(b[1:] - np.maximum(b[:-1], np.append(b[0], b[:-2])), 0),
            "these are the best beliefs so far: pay what each step adds": lambda b: np.maximum.accumulate(b)[1:],
        },
        praise="only a new high is paid",
    ),
}  # fmt: skip
