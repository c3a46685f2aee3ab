"""`Call`: what is asked of a model, and what its reply says: from raw logprobs to p_LLM(a|s,c) over the choices."""

import hashlib
import json
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from memlab.core import MemlabError
from memlab.llm.contract import BadReply

TokenStep = tuple[str, float, Mapping[str, float]]
"""An output token: its text, its raw logprob, and the raw logprobs of the most probable tokens."""


@dataclass(frozen=True)
class Call:
    """One user message, and all else that can change the reply of given weights.

    Give ``choices`` or ``schema``, not both. Of choices, ``schema`` becomes the one that allows nothing else, and the
    reply's value is one of these strings. At temperature 0 the schema's mask picks token by token, so that a frequent
    first letter can win over a whole name that is more probable: ``choice_probs`` tells. With
    ``answer="ranked"`` nothing is masked: the model gives one token, where a name would begin, and the value is the
    choice that is the most probable token (likelihood ranking, 2305.05364). Raises MemlabError.
    """

    prompt: str
    choices: Sequence[str] | None = None
    schema: Mapping[str, Any] | None = None
    seed: int = 0
    temperature: float = 0.0
    max_tokens: int = 64
    answer: Literal["masked", "ranked"] = "masked"

    def __post_init__(self) -> None:
        try:
            self.prompt.encode()
            clean: dict[str, Any] = {"seed": operator.index(self.seed), "max_tokens": operator.index(self.max_tokens)}
            clean |= {"temperature": float(self.temperature), "schema": json.loads(json.dumps(self.schema))}
        except (AttributeError, TypeError, ValueError) as error:
            raise MemlabError(f"The call {self} has a field of the wrong kind ({error}): correct it.") from error
        if clean["seed"] < 0 or clean["max_tokens"] < 1 or not 0 <= clean["temperature"] < math.inf:
            raise MemlabError(
                f"seed {self.seed}, max_tokens {self.max_tokens}, temperature {self.temperature}: need a seed >= 0 "
                "(below, a server draws one), max_tokens >= 1 and a finite temperature >= 0."
            )
        if self.answer not in ("masked", "ranked") or (self.answer == "ranked" and self.choices is None):
            raise MemlabError(f"answer {self.answer!r}: 'masked', or 'ranked' for a call with choices.")
        if self.choices is not None:
            names = None if isinstance(self.choices, str) else list(self.choices)
            if not names or not all(isinstance(n, str) and n for n in names) or len(set(names)) < len(names):
                raise MemlabError(f"choices {self.choices!r}: give a list of distinct non-empty strings, at least one.")
            if self.schema is not None:
                raise MemlabError("The call has both choices and a schema: give one of the two.")
            clean |= {"choices": tuple(names), "schema": {"type": "string", "enum": names}}
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    def key(self, model: str, digest: str) -> str:
        """sha256 in hex over the canonical JSON of the model's name, its digest and this call."""
        parts = [model, digest, self.prompt, self.schema, self.temperature, self.seed, self.max_tokens]
        parts += ["ranked"] if self.answer == "ranked" else []
        return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def read(self, text: str) -> Any:
        """The value of a reply: one of ``choices``, the JSON document, or the plain text; raises BadReply."""
        if self.schema is None:
            return text
        try:
            value = json.loads(text)
        except ValueError as error:
            raise BadReply(
                f"The model's reply {text[:80]!r} is not valid JSON ({error}). If it was cut off, raise max_tokens "
                f"(now {self.max_tokens})."
            ) from error
        if self.choices is not None and value not in self.choices:
            raise BadReply(
                f"The model's reply {value!r} is none of the choices {list(self.choices)!r}: this server ignores the "
                "JSON schema. Update it (Ollama 0.5 or later)."
            )
        return value

    def judge(self, text: str, steps: Sequence[TokenStep]) -> tuple[Any, dict[str, float] | None, float | None]:
        """The value of a reply, p_LLM over the choices, and the missing mass, from its text and its tokens' logprobs.

        A ranked choice counts by the token that is its whole name: name choices so. Of those that the server does not
        list all have probability 0; where none is listed, the value is the first one. Raises BadReply.
        """
        if self.choices is None:
            return self.read(text), None, None
        if self.answer == "masked":
            return self.read(text), *choice_probs(steps, self.choices)
        mass = first_masses(steps, self.choices)
        total = math.fsum(mass.values())
        probs = {choice: m / total if total else 0.0 for choice, m in mass.items()}
        return max(probs, key=lambda choice: probs[choice]), probs, max(0.0, 1.0 - total)


def choice_probs(
    steps: Sequence[TokenStep], choices: Sequence[str]
) -> tuple[dict[str, float], float] | tuple[None, None]:
    """p_LLM over ``choices``, as the schema-masked sampler draws at temperature 1, and the missing mass.

    Behind the opening quote a token counts for the one choice that it begins. A token that begins several (such as
    a first letter) counts if it was sampled: then the next step tells how its mass is shared. The missing mass is
    the raw mass of the first step that counts for none. A choice outside of the listed tokens gets 0. Gives
    ``(None, None)`` where no token begins behind the quote, or none of the listed ones tells the choices apart.
    Raises BadReply on a logprob that is no number below 0.
    """
    if not steps or steps[0][0] != '"':
        return None, None
    mass = _masses(steps[1:], {c: f'{c}"' for c in choices})
    total = math.fsum(mass.values())
    if total <= 0.0:
        return None, None
    return {c: mass.get(c, 0.0) / total for c in choices}, max(0.0, 1.0 - total)


def first_masses(steps: Sequence[TokenStep], choices: Sequence[str]) -> dict[str, float]:
    """Raw mass of the token that is each choice's whole name, in the first of ``steps``; 0 where it is not listed."""
    listed = _listed(steps[0]) if steps else {}
    return {choice: math.exp(listed.get(choice, -math.inf)) for choice in choices}


def _listed(step: TokenStep) -> dict[str, float]:
    """The raw logprob of each listed token of ``step``, and of the sampled one."""
    sampled, logprob, top = step
    for token, raw in (found := {**top, sampled: logprob}).items():
        # Rounding may leave a certain token just above 0.
        if not raw <= 1e-3:
            raise BadReply(f"The server gives {token!r} the logprob {raw}, which no chance has: update the server.")
    return found


def _masses(steps: Sequence[TokenStep], rest: Mapping[str, str]) -> dict[str, float]:
    """Raw mass per choice in the first of ``steps``; ``rest`` is what is still to come of each."""
    mass = dict.fromkeys(rest, 0.0)
    if not steps:
        return mass
    sampled = steps[0][0]
    for token, raw in _listed(steps[0]).items():
        owners = {c: tail[len(token) :] for c, tail in rest.items() if token and tail.startswith(token)}
        if len(owners) > 1 and token == sampled:
            below = _masses(steps[1:], owners)
            whole = math.fsum(below.values())
            shares = {c: m / whole for c, m in below.items()} if whole > 0.0 else {}
        else:
            shares = dict.fromkeys(owners, 1.0) if len(owners) == 1 else {}
        for c, share in shares.items():
            mass[c] += share * math.exp(raw)
    return mass
