"""From raw logprobs to p_LLM(a|s,c) over the choices of a call."""

import math
from collections.abc import Mapping, Sequence

from memlab.llm.contract import BadReply

TokenStep = tuple[str, float, Mapping[str, float]]
"""An output token: its text, its raw logprob, and the raw logprobs of the most probable tokens."""


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
            raise BadReply(
                f"The server gives {token!r} the logprob {raw}, which no probability has: update the server."
            )
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
