"""A small statistical stand-in for the real model, fitted to its recorded replies; it never passes as the model.

Conditional logit: p(a) ∝ exp(bias_a + words_a · h(question) + beta · x_a), with hashed words h and the `features` x_a
that follow from what a prompt shows. At temperature 0 a real reply is a point mass; the fitted spread stands for what
these features do not see.
"""

import functools
import hashlib
import json
import math
import re
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from memlab.core import MemlabError, Reply
from memlab.datafiles import data, write_whole
from memlab.llm.call import Call
from memlab.llm.contract import LLM
from memlab.llm.embedders import HashEmbedder
from memlab.llm.replay import provenance
from memlab.prompt import Shown, parse

PENALTY = 1.0
SHOWN_FEATURES = ("shown", "share", "last", "near", "about", "listed")
WORD_DIM = 48


def read_prompt(prompt: str) -> Shown:
    """What `memlab.prompt.render` put into ``prompt``; raises MemlabError when it ends in no open question."""
    shown = parse(prompt)
    if "\nQ: " not in prompt or not prompt.endswith("\nA:") or not shown.question.strip():
        raise MemlabError(
            f"The simulated model reads prompts of memlab's agent, which end in an open question; this one ends in "
            f"{prompt[-60:]!r}: render it with memlab.prompt, or use a real model."
        )
    return shown


def features(shown: Shown, choices: Sequence[str]) -> np.ndarray:
    """One row per choice, shape ``(n, 6)``, columns `SHOWN_FEATURES`.

    ``shown``: log(1 + cases with this action); ``share``: their share of the cases; ``last``: 1 if the last case has
    it; ``near``: the largest cosine of hashed words between the question and such a case; ``about``: the same with
    the line that documents the name; ``listed``: the choice's place in the list, 0 to 1.
    """
    table = np.zeros((len(choices), len(SHOWN_FEATURES)))
    here = word_row(shown.question, 256)
    for i, choice in enumerate(choices):
        own = [text for text, action in shown.cases if action == choice]
        if own:
            near = max(float(here @ word_row(text, 256)) for text in own)
            table[i, :4] = np.log1p(len(own)), len(own) / len(shown.cases), shown.cases[-1][1] == choice, near
        if choice in shown.about:
            table[i, 4] = here @ word_row(shown.about[choice], 256)
        table[i, 5] = i / max(1, len(choices) - 1)
    return table


@functools.lru_cache(maxsize=20_000)
def word_row(text: str, dim: int = WORD_DIM) -> np.ndarray:
    """Hashed words of ``text``, each number as one word, a unit row of shape ``(dim,)``."""
    return HashEmbedder(dim).embed([re.sub(r"\d+", "0", text).strip() or "-"])[0]


@dataclass(frozen=True)
class Calls:
    """Recorded calls as arrays, ``n`` calls of up to ``c`` choices.

    ``tool`` ``(n, c)`` indexes the names (-1 pads), ``x`` ``(n, c, 6)``, ``words`` ``(n, d)``, ``picked`` ``(n,)``;
    ``kind`` ``(n,)`` numbers the kinds of question, told apart by their first four words.
    """

    names: tuple[str, ...]
    tool: np.ndarray
    x: np.ndarray
    words: np.ndarray
    picked: np.ndarray
    kind: np.ndarray


def read_calls(rows: Iterable[Mapping[str, str]]) -> tuple[Calls, float]:
    """The calls with choices among recorded ``rows``, and the characters per token of their prompts.

    Raises MemlabError for fewer than 20 calls.
    """
    found: list[tuple[Shown, list[str], str]] = []
    ratios = []
    for row in rows:
        schema, reply = json.loads(row["call"])["schema"], json.loads(row["reply"])
        if not schema or "enum" not in schema:
            continue
        found.append((read_prompt(row["prompt"]), schema["enum"], reply["value"]))
        ratios.append(len(row["prompt"]) / max(1, reply["tokens_in"]))
    if len(found) < 20:
        raise MemlabError(f"Only {len(found)} recorded calls with choices: record at least 20 before fitting.")
    names = tuple(sorted({c for _, choices, _ in found for c in choices}))
    place = {name: i for i, name in enumerate(names)}
    n, most = len(found), max(len(choices) for _, choices, _ in found)
    tool = np.full((n, most), -1)
    x = np.zeros((n, most, len(SHOWN_FEATURES)))
    for i, (shown, choices, _) in enumerate(found):
        tool[i, : len(choices)] = [place[c] for c in choices]
        x[i, : len(choices)] = features(shown, choices)
    words = np.array([word_row(shown.question) for shown, _, _ in found], dtype=float)
    picked = np.array([choices.index(value) for _, choices, value in found])
    opening = [" ".join(re.findall("[a-z]+", shown.question.lower())[:4]) for shown, _, _ in found]
    kind = np.unique(opening, return_inverse=True)[1]
    return Calls(names, tool, x, words, picked, kind), float(np.median(ratios))


@dataclass(frozen=True)
class Fit:
    """Parameters: ``bias`` ``(t,)`` and ``words`` ``(t, d)`` per tool name, ``beta`` ``(6,)`` for what is shown."""

    bias: np.ndarray
    words: np.ndarray
    beta: np.ndarray

    def probs(self, calls: Calls) -> np.ndarray:
        """p of each choice, shape ``(n, c)``; padding gets 0."""
        known = np.clip(calls.tool, 0, None)
        score = np.take_along_axis(self.bias + calls.words @ self.words.T, known, axis=1) + calls.x @ self.beta
        score = np.where(calls.tool >= 0, score, -np.inf)
        weight = np.exp(score - score.max(axis=1, keepdims=True))
        return weight / weight.sum(axis=1, keepdims=True)


def fit_calls(calls: Calls, use: np.ndarray, memory: bool = True) -> Fit:
    """Ridge-penalized maximum likelihood on the calls marked by ``use``; without ``memory``, beta stays 0."""
    from scipy.optimize import minimize

    tools, dim, width = len(calls.names), calls.words.shape[1], calls.x.shape[2]
    some = Calls(calls.names, *(a[use] for a in (calls.tool, calls.x, calls.words, calls.picked, calls.kind)))
    rows, valid = np.arange(len(some.picked)), some.tool >= 0
    place = (rows[:, None] * tools + some.tool)[valid]

    def unpack(theta: np.ndarray) -> Fit:
        return Fit(theta[:tools], theta[tools : tools + tools * dim].reshape(tools, dim), theta[tools + tools * dim :])

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        p = unpack(theta).probs(some)
        value = -np.log(np.maximum(p[rows, some.picked], 1e-300)).sum() + 0.5 * PENALTY * theta @ theta
        residual = p.copy()
        residual[rows, some.picked] -= 1.0
        per_tool = np.bincount(place, residual[valid], len(rows) * tools).reshape(-1, tools)
        beta = np.tensordot(residual, some.x, 2) if memory else np.zeros(width)
        gradient = np.concatenate([per_tool.sum(0), (per_tool.T @ some.words).ravel(), beta]) + PENALTY * theta
        return value, gradient

    start = np.zeros(tools + tools * dim + width)
    return unpack(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x)


class SimulatedLLM(LLM):
    """Draws each reply from the fitted probabilities; the draw depends on ``seed`` and ``prompt`` alone.

    Answers only calls with choices; ranked ones by ``ranked``, where that was fitted apart. ``tokens_in`` is an
    estimate from the prompt's length.
    """

    backend = "simulated"

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        try:
            if parameters["features"] != list(SHOWN_FEATURES) or parameters["word_dim"] != WORD_DIM:
                raise MemlabError("These parameters were fitted by another version of memlab: fit them again.")
            self.name = f"simulated {parameters['model']}"
            self._bias: dict[str, float] = dict(parameters["bias"])
            self._words = {name: np.array(row) for name, row in parameters["words"].items()}
            self._beta = np.array(parameters["beta"])
            self._chars, self._seen = float(parameters["chars_per_token"]), np.array(parameters["seen"])
            self._least, self._strange = float(parameters["least"]), 0
            self.ranked = SimulatedLLM(parameters["ranked"]) if "ranked" in parameters else self
        except (KeyError, TypeError, ValueError) as error:
            raise MemlabError(f"These are no parameters of a simulated model ({error!r}): fit them again.") from error
        self.parameters = dict(parameters)
        self.digest = hashlib.sha256(json.dumps(self.parameters, sort_keys=True).encode()).hexdigest()

    @classmethod
    def fit(cls, rows: Sequence[Mapping[str, str]]) -> Self:
        """Fit to recorded rows (`memlab.llm.replay.read_rows`) of one model; raises MemlabError."""
        models = sorted({row["model"] for row in rows})
        if len(models) != 1:
            raise MemlabError(f"Fit to the replies of one model, got {models or 'none'}.")
        calls, chars = read_calls(rows)
        best = fit_calls(calls, np.ones(len(calls.picked), bool))
        seen = np.array([calls.words[calls.kind == kind].mean(axis=0) for kind in np.unique(calls.kind)])
        seen /= np.linalg.norm(seen, axis=1, keepdims=True)
        return cls(
            {
                "model": models[0],
                "features": list(SHOWN_FEATURES),
                "word_dim": WORD_DIM,
                "beta": best.beta.round(4).tolist(),
                "bias": dict(zip(calls.names, best.bias.round(4).tolist(), strict=True)),
                "words": dict(zip(calls.names, best.words.round(4).tolist(), strict=True)),
                "chars_per_token": round(chars, 3),
                "seen": seen.round(4).tolist(),
                "least": round(float((calls.words @ seen.T).max(axis=1).min()), 3) - 0.001,
                "report": {},
                "provenance": provenance(),
            }
        )

    def report(self) -> dict[str, Any]:
        """What `memlab.rivals.standin` found when the parameters were fitted."""
        return dict(self.parameters["report"])

    def save(self, path: str | Path) -> Path:
        """Write the parameters as JSON, atomically."""
        text = json.dumps(self.parameters) + "\n"
        return write_whole(Path(path), lambda part: part.write_text(text, encoding="utf-8", newline="\n"))

    @property
    def beta(self) -> dict[str, float]:
        """The weight of each of `SHOWN_FEATURES`."""
        return dict(zip(SHOWN_FEATURES, self._beta.tolist(), strict=True))

    def prior(self, questions: Sequence[str], choices: Sequence[str]) -> np.ndarray:
        """The part of the score that a question's words give to each choice, shape ``(questions, choices)``.

        Warns once where a question is less like every kind that was fitted to than any fitted question is.
        """
        words = np.array([word_row(question) for question in questions])
        strange = np.flatnonzero((words @ self._seen.T).max(axis=1) < self._least)
        if len(strange) and not self._strange:
            asked = f"{len(strange)} of {len(questions)}, such as {questions[strange[0]][:60]!r}"
            warnings.warn(f"{self.name} was fitted to no such questions: {asked}; do not rest on it", stacklevel=3)
        self._strange += len(strange)
        weights = np.array([self._words.get(choice, np.zeros(WORD_DIM)) for choice in choices])
        return words @ weights.T + np.array([self._bias.get(choice, 0.0) for choice in choices])

    def choice_probs(self, prompt: str, choices: Sequence[str]) -> dict[str, float]:
        """The fitted probability of each choice given what ``prompt`` shows."""
        shown = read_prompt(prompt)
        score = features(shown, choices) @ self._beta + self.prior([shown.question], choices)[0]
        weight = np.exp(score - score.max())
        return dict(zip(choices, (weight / weight.sum()).tolist(), strict=True))

    def answer(self, call: Call) -> Reply:
        """Draw one of the choices; the temperature and ``max_tokens`` change nothing."""
        if call.choices is None:
            raise MemlabError("The simulated model answers only calls with choices: use a real model or replay.")
        start = time.perf_counter()
        probs = (self.ranked if call.answer == "ranked" else self).choice_probs(call.prompt, call.choices)
        draws = str(call.seed), call.prompt
        if call.answer == "ranked":
            # With Gumbel noise the first in rank is drawn as by the probabilities themselves.
            noisy = {c: p / max(-math.log(max(unit_draw(*draws, c), 1e-12)), 1e-12) for c, p in probs.items()}
            probs = {c: p / math.fsum(noisy.values()) for c, p in noisy.items()}
            value = max(probs, key=lambda choice: probs[choice])
        else:
            place = int(np.searchsorted(np.cumsum(list(probs.values())), unit_draw(*draws), "right"))
            value = call.choices[min(place, len(call.choices) - 1)]
        tokens_in, seconds = round(len(call.prompt) / self._chars), time.perf_counter() - start
        return Reply(json.dumps(value), value, probs, tokens_in, 3, seconds, self.name, self.backend, 0.0)


def open_simulated(path: str | None = None) -> SimulatedLLM:
    """The model fitted to the course's record, ``data/simulated/toolbox.json``, or the one saved at ``path``."""
    if path is None:
        path = str(data("simulated/toolbox.json"))
    try:
        return SimulatedLLM(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise MemlabError(f"No simulated model at {path} ({error}): fit one to recorded replies.") from error


def unit_draw(*parts: str) -> float:
    """A number in [0, 1) that depends on ``parts`` alone, the same on every machine."""
    code = hashlib.sha256("\0".join(parts).encode()).digest()[:8]
    return int.from_bytes(code, "big") / 2**64
