"""From a list of choices to a JSON schema, and from raw logprobs to p_LLM(a|s,c) over these choices."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from memlab.core import MemlabError
from memlab.llm.contract import BadReply


def enum_schema(choices: Sequence[str]) -> dict[str, Any]:
    """The JSON schema whose only valid documents are ``choices``; raises MemlabError on an unusable list."""
    names = list(choices)
    if len(names) < 1 or len(set(names)) < len(names) or not all(isinstance(n, str) and n for n in names):
        raise MemlabError(f"choices must be distinct non-empty strings, at least one; got {names!r}. Correct the list.")
    return {"type": "string", "enum": names}


def output_schema(choices: Sequence[str] | None, schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The one schema of a call; raises MemlabError when both kinds are given."""
    if choices is not None and schema is not None:
        raise MemlabError("complete() got both choices and schema: give one of the two.")
    if choices is not None:
        return enum_schema(choices)
    return dict(schema) if schema is not None else None


def parse_reply(text: str, choices: Sequence[str] | None, schema: Mapping[str, Any] | None, max_tokens: int) -> Any:
    """The value of a reply: one of ``choices``, the JSON document, or the plain text; raises BadReply."""
    if choices is None and schema is None:
        return text
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadReply(
            f"The model's reply {text[:80]!r} is not valid JSON ({error}). If it was cut off, raise max_tokens "
            f"(now {max_tokens})."
        ) from error
    if choices is not None and value not in choices:
        raise BadReply(
            f"The model's reply {value!r} is none of the choices {list(choices)!r}: this server ignores the "
            "JSON schema. Update it (Ollama 0.5 or later)."
        )
    return value


def choice_probs(
    steps: Sequence[tuple[str, float, Mapping[str, float]]], choices: Sequence[str]
) -> tuple[dict[str, float], float] | tuple[None, None]:
    """p_LLM over ``choices``, as the schema-masked sampler draws at temperature 1, and the missing mass.

    ``steps`` holds per output token its text, its raw logprob, and the raw logprobs of the most probable tokens.
    Behind the opening quote a token counts for the one choice that it begins. A token that begins several (such as
    a first letter) counts if it was sampled: then the next step tells how its mass is shared. The missing mass is
    the raw mass of the first step that counts for none. A choice outside of the listed tokens gets 0. Gives
    ``(None, None)`` where no token begins behind the quote, or none of the listed ones tells the choices apart.
    """
    if not steps or steps[0][0] != '"':
        return None, None
    mass = _masses(steps[1:], {c: f'{c}"' for c in choices})
    total = math.fsum(mass.values())
    if total <= 0.0:
        return None, None
    return {c: mass.get(c, 0.0) / total for c in choices}, max(0.0, 1.0 - total)


def _masses(steps: Sequence[tuple[str, float, Mapping[str, float]]], rest: Mapping[str, str]) -> dict[str, float]:
    """Raw mass per choice in the first of ``steps``; ``rest`` is what is still to come of each."""
    mass = dict.fromkeys(rest, 0.0)
    if not steps:
        return mass
    sampled, logprob, top = steps[0]
    for token, raw in {**top, sampled: logprob}.items():
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


def not_single_token(choices: Sequence[str], token_count: Callable[[str], int]) -> list[str]:
    """Those of ``choices`` that a model's ``token_count`` cuts into more than one token, alone or in quotes."""
    return [c for c in choices if token_count(c) != 1 or token_count(f'"{c}"') != 3]
