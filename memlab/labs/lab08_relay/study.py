"""Lab 08: ten round trips of real edits, and simulated ones in documents of two sizes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab08_relay import channel, relay
from memlab.llm.contract import LLM

CRITICAL = 0.1 - 1e-9  # a trip that loses this much is a critical failure


def relay_ends(rows: Any) -> dict[str, float]:
    """After the last trip: typed score, plain accuracy, forward edits obeyed, score × obeyed; and losses of 10 points.

    ``critical`` counts the trips that lost so much, ``in critical`` what these lost, ``lost`` what all that fell did.
    """
    back, obeyed = rows[rows["step"] == "back"], float(rows[rows["step"] == "forward"]["obeyed"].mean())
    lost, score = -np.diff(back["score"], prepend=1.0), float(back["score"].iloc[-1])
    large, fallen = lost[lost >= CRITICAL], float(lost[lost > 0].sum())
    return {"score": score, "kept": float(back["kept"].iloc[-1]), "obeyed": obeyed, "served": score * obeyed,
            "critical": float(len(large)), "in critical": float(large.sum()), "lost": fallen}  # fmt: skip


STUDY = Study("lab08", relay.relay_live, relay_ends, report=grid(arm=relay.ARMS, seed=range(100, 116), trips=10),
    nulls=(relay.IDLE, relay.BLIND), model="ollama:smollm2:135m",
    claims=(
        Claim("a patch behind a checksum serves more than a bare one", relay.CHECKED, relay.PATCH, True,
              metric="served"),
        Claim("a checksum keeps more of the document", relay.CHECKED, relay.PATCH, metric="score"),
        Claim("a tool that finds the line serves more than a checksum", relay.TOOL, relay.CHECKED, metric="served"),
        Claim("a tool that finds the line keeps more than a bare patch", relay.TOOL, relay.PATCH, metric="score"),
        Claim("the document in the prompt is of use: more edits obeyed", relay.PATCH, relay.BLIND, metric="obeyed"),
    ))  # fmt: skip

SEEDS, LONG_TRIPS, SHORT = range(100, 116), 50, np.arange(1, 11)


@functools.cache
def first_trips(llm: LLM) -> Any:
    """Mean typed score (10,) of the bare patch after each of the first ten trips of `LONG`."""
    relays = (relay.relay_live(relay.PATCH, seed, len(SHORT), llm, shuffled=True) for seed in SEEDS)
    return np.mean([[row["score"] for row in rows if row["step"] == "back"] for rows in relays], axis=0)


def relay_on(arm: str, seed: int, trips: int, llm: LLM) -> list[dict[str, Any]]:
    """A relay with shuffled distractors; or, where ``arm`` is a law, the mean that it foretells from the first ten."""
    if arm not in channel.LAWS:
        return relay.relay_live(arm, seed, trips, llm, shuffled=True)
    t = np.arange(1, trips + 1)
    curve = channel.LAWS[arm][0](t, *channel.fitted(arm, SHORT, first_trips(llm)))
    made = {"step": "back", "backend": "computed", "model": ""}
    return [{"trip": int(i), "score": float(y)} | made for i, y in zip(t, curve, strict=True)]


def long_ends(rows: Any) -> dict[str, float]:
    """Typed score after ten trips and after the last."""
    back = rows[rows["step"] == "back"].set_index("trip")["score"]
    return {"ten": float(back[10]), "score": float(back.iloc[-1])}


LONG = Study("lab08-long", relay_on, long_ends, nulls=(relay.IDLE, "geometric"), model="ollama:smollm2:135m",
    report=grid(arm=(relay.PATCH, *channel.LAWS, relay.IDLE), seed=SEEDS, trips=LONG_TRIPS),
    claims=(
        Claim("after 50 trips a bare patch keeps more than the geometric law of its first ten foretells", relay.PATCH,
              "geometric", True),
        Claim("it keeps less than the Beta mixture of its first ten foretells", "Beta mixture", relay.PATCH),
        Claim("it keeps less than jumps to a floor foretell", "jumps to a floor", relay.PATCH),
    ))  # fmt: skip

COPIED, FOUND = 0.943**0.5, 0.81  # a call of the published first trip; patches of intact documents obeyed (log)


def simulated_ends(rows: Any) -> dict[str, float]:
    """After the last trip: fields kept, edits obeyed, their product, and the share of the loss in critical trips."""
    kept, obeyed = float(rows["kept"].iloc[-1]), float(rows["obeyed"].mean())
    share = rows["in critical"].sum() / lost if (lost := rows["lost"].sum()) else 0.0
    return {"kept": kept, "obeyed": obeyed, "served": kept * obeyed, "critical share": float(share)}


CHANNEL = Study("lab08-channel", channel.relayed, simulated_ends, nulls=(relay.IDLE, relay.BLIND),
    report=grid(arm=channel.ARMS, size=(8, 100), seed=range(100, 164), copied=COPIED, found=FOUND),
    claims=(
        Claim("100 fields: behind a checksum, patches serve more than rewrites", relay.CHECKED, channel.SAFE, True,
              where={"size": 100}, metric="served"),
        Claim("100 fields: rewrites serve more behind a checksum than bare", channel.SAFE, channel.REWRITE,
              where={"size": 100}, metric="served"),
        Claim("8 fields: rewrites serve more behind a checksum than bare", channel.SAFE, channel.REWRITE,
              where={"size": 8}, metric="served"),
        Claim("8 fields: a patch serves more behind a checksum than bare", relay.CHECKED, relay.PATCH,
              where={"size": 8}, metric="served"),
    ))  # fmt: skip
