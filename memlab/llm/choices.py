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
    """p_LLM over ``choices`` and the missing mass, read where the choices begin to differ.

    ``steps`` holds per output token its text, its raw logprob, and the raw logprobs of the most probable tokens.
    A token counts for the one choice that it begins, so that the result is what the schema-masked sampler draws
    at temperature 1. A choice outside of the listed tokens gets 0: it is less probable than each of them. Gives
    ``(None, None)`` where no token begins at that place, or none of the listed ones tells the choices apart.
    """
    shared = _shared_prefix(choices)
    place, raw = 0, {}
    for text, logprob, top in steps:
        if place == 1 + shared:
            raw = {**top, text: logprob}
            break
        place += len(text)
    mass = dict.fromkeys(choices, 0.0)
    for token, logprob in raw.items():
        owners = [c for c in choices if token and c[shared:].startswith(token)]
        if len(owners) == 1:
            mass[owners[0]] += math.exp(logprob)
    total = math.fsum(mass.values())
    if total <= 0.0:
        return None, None
    return {c: m / total for c, m in mass.items()}, max(0.0, 1.0 - total)


def not_single_token(choices: Sequence[str], token_count: Callable[[str], int]) -> list[str]:
    """Those of ``choices`` that a model's ``token_count`` cuts into more than one token, alone or in quotes."""
    return [c for c in choices if token_count(c) != 1 or token_count(f'"{c}"') != 3]


def _shared_prefix(choices: Sequence[str]) -> int:
    """How many first characters all choices have in common; 0 for a single one."""
    first, last = min(choices), max(choices)
    if first == last:
        return 0
    return next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
