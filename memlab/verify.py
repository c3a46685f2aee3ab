"""The generation-verification gap (2412.02674), verifiers, and the gate that a verifier makes for a memory.

A generator f gives probabilities f(a|s) to answers, a verifier accepts an answer with chance w(s, a), and
f[w](a|s) ∝ f(a|s) w(s, a) is what gets through. J is mean success, and gap = J(f[w]) − J(f).
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from memlab import prompt
from memlab.core import Edit, Episode, MemlabError, Task
from memlab.llm.contract import LLM
from memlab.reward import Floats, success

Verifier = Callable[[Task, str], float]
"""How far an answer to a task is believed to be right, in [0, 1]."""
Gate = Callable[[Task, Episode, Edit], str]
"""A verifier of edits: "" lets an edit pass, any other text refuses it and says why.

It sees the episode that wrote the edit; of what credit was paid for several rollouts, the first of them.
"""
JUDGED = (("2 + 3 =", "5", "yes"), ("2 + 3 =", "7", "no"))
"""Two examples, since without them a 135M model hardly begins with either word (measured in lab 07)."""


def reweighted(f: ArrayLike, w: ArrayLike) -> Floats:
    """f[w] over the last axis, both (..., answers). Where nothing is accepted nothing is learned: f stays.

    Raises `MemlabError` for negative entries, NaN, and shapes that do not fit.
    """
    try:
        before, accept = np.broadcast_arrays(np.asarray(f, dtype=float), np.asarray(w, dtype=float))
    except ValueError as error:
        raise MemlabError(f"f and w do not fit ({error}): give a chance of acceptance for each answer") from None
    if not (np.all(before >= 0) and np.all(accept >= 0)):
        raise MemlabError("f and w must hold chances: no negative number and no NaN")
    passed = before * accept
    total = passed.sum(axis=-1, keepdims=True)
    return np.divide(passed, total, out=before.copy(), where=total > 0)


def gap(p: ArrayLike, tpr: ArrayLike, fpr: ArrayLike) -> Any:
    """p·TPR / (p·TPR + (1−p)·FPR) − p, floats or arrays: the gap of a generator that is right with chance ``p``.

    The filter accepts a right answer with chance ``tpr`` and a wrong one with ``fpr``; 0 where nothing passes.
    Raises `MemlabError` for what is no chance.
    """
    chances = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (p, tpr, fpr)))
    for name, value in zip(("p", "tpr", "fpr"), chances, strict=True):
        if not np.all((value >= 0) & (value <= 1)):
            raise MemlabError(f"{name}={value}: a chance lies in [0, 1]")
    right, *rates = chances
    after = reweighted(np.stack([right, 1 - right], axis=-1), np.stack(rates, axis=-1))[..., 0]
    return (after - right)[()]


def relative_gap(p: ArrayLike, tpr: ArrayLike, fpr: ArrayLike) -> Any:
    """gap / (1 − p), the share of the failures that the filter takes away; 0 where nothing is left to gain."""
    return _ratio(gap(p, tpr, fpr), 1 - np.asarray(p, dtype=float))[()]


def mean_relative_gap(gaps: ArrayLike, p: ArrayLike, ratio: Literal["inside", "outside"]) -> float:
    """The relative gap of many prompts, (n,) each: the ratio taken *inside* the mean, or *outside*, of the means."""
    if ratio not in ("inside", "outside"):
        raise MemlabError(f"ratio={ratio!r}: take it 'inside' or 'outside' the mean over prompts")
    found, rest = np.asarray(gaps, dtype=float), 1 - np.asarray(p, dtype=float)
    return float(_ratio(found, rest).mean() if ratio == "inside" else _ratio(found.mean(), rest.mean()))


def _ratio(found: ArrayLike, rest: ArrayLike) -> Floats:
    above, below = np.broadcast_arrays(found, rest)
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)


oracle: Verifier = success
"""The world's own scorer: 1 for a right answer, else 0."""


def program(check: Callable[[str, str], bool]) -> Verifier:
    """``check(question, answer)`` as a unit test: an answer on which it raises is not accepted."""

    def verify(task: Task, answer: str) -> float:
        try:
            return float(check(task.text, answer))
        except Exception:
            return 0.0

    return verify


def noisy(tpr: float, fpr: float, seed: int = 0, verifier: Verifier = oracle) -> Verifier:
    """Accepts what ``verifier`` accepts with chance ``tpr``, and the rest with ``fpr``; one answer, one verdict."""

    def verify(task: Task, answer: str) -> float:
        code = hashlib.sha256(f"{seed}\0{task.id}\0{answer}".encode()).digest()[:8]
        return float(int.from_bytes(code, "big") / 2**64 < (tpr if verifier(task, answer) >= 0.5 else fpr))

    return verify


def self_judged(llm: LLM, examples: Sequence[tuple[str, str, str]] = JUDGED) -> Verifier:
    """The model's own probability of "yes" when it is asked whether an answer is right.

    ``examples`` of a question, an answer and what was said of it stand before.
    """
    head = 'Is the answer right? Say "yes" or "no".\n'
    head += "".join(f'Q: {question}\nA: {answer}\nRight: "{said}"\n' for question, answer, said in examples)

    def verify(task: Task, answer: str) -> float:
        asked = f"Q: {prompt.one_line(task.text)}\nA: {prompt.one_line(answer)}\nRight:"
        reply = llm.complete(head + asked, choices=("yes", "no"))
        return float(reply.value == "yes") if reply.choice_probs is None else reply.choice_probs["yes"]

    return verify


def ensemble(*verifiers: Verifier) -> Verifier:
    """The share of ``verifiers`` (at least one) that accept an answer, which is to give it .5 or more."""
    return lambda task, answer: sum(verifier(task, answer) >= 0.5 for verifier in verifiers) / len(verifiers)


def gate(verifier: Verifier, least: float = 0.5) -> Gate:
    """A gate for ``Agent(..., gate=...)``: an edit passes where the verifier agrees with the reward that was reported.

    The verifier accepts an answer that it gives ``least`` or more. What is refused is not written: neither a success
    that it calls wrong, nor a failure that it calls right.
    """

    def judge(task: Task, episode: Episode, edit: Edit) -> str:
        accepted, told = verifier(task, episode.answer) >= least, episode.reward >= 0.5
        return "" if accepted == told else f"reported as {'right' if told else 'wrong'}, which the verifier denies"

    return judge
