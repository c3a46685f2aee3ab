"""An agent as knobs: their ranges, what applies to what, a line of text that restores them, the learner they make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from memlab import verify
from memlab.agent import Agent
from memlab.core import MemlabError
from memlab.credit import CreditRule, RewriteQ, append_only
from memlab.credit.rules import GOOD
from memlab.learners import Learner, no_memory, with_memory
from memlab.retrieval import TopK
from memlab.retrieval.learned import CaseQ, Soft
from memlab.rivals.arms import named
from memlab.rivals.knn import Direct, KnnVote
from memlab.rivals.quick import MODEL, NONE, RULE, VOTE
from memlab.rivals.rules import NEAR, SIMILAR, Amend, Corrupt, remove

MAKE: Mapping[str, type[Agent]] = {MODEL: Agent, RULE: Direct, VOTE: KnnVote}
ARMS, OWN = ("belief", "filter that resets", "MemRL, applied"), "my own"
SIMULATED, RECORDED, LIVE = "simulated", "replay, else simulated", "live"
Settings = Mapping[str, Any]
KNOBS: dict[str, Any] = {
    "learner": [*MAKE, NONE, *ARMS, OWN],
    "retrieval": ["top-k", "newest", "soft Q"],
    "k": (0, 8, 1, 3),
    "alpha": (0.02, 0.5, 0.02, 0.1),
    "credit": ["append-only", "rewrite Q", "amend", "remove"],
    "step": (0.1, 1.0, 0.1, 0.7),
    "verifier": ["none", "gate"],
    "TPR": (0.0, 1.0, 0.05, 0.8),
    "FPR": (0.0, 1.0, 0.05, 0.2),
    "stream": ["drift", "stationary", "partial", "repeated", "recurrent", "gradual"],
    "noise": (0.0, 0.4, 0.05, 0.0),
    "corruption": (0.0, 0.9, 0.05, 0.0),
    "horizon": (48, 192, 48, 96),
    "model": [SIMULATED, RECORDED, LIVE],
}
"""As `memlab.show.Explorer` takes them: settings by name, or (low, high, step, start)."""
DEFAULT: Settings = {name: knob[0] if isinstance(knob, list) else knob[3] for name, knob in KNOBS.items()} | {"own": ""}
"""Where each knob begins; ``own`` names the reader's own file, my_rule for my_rule.py."""


def idle(settings: Settings) -> dict[str, str]:
    """The knobs that change nothing at these settings, each with the reason."""
    learner, why = settings["learner"], dict[str, str]()
    if settings["retrieval"] != "soft Q":
        why["alpha"] = "only soft Q draws its cases"
    if settings["credit"] not in ("rewrite Q", "amend"):
        why["step"] = f"{settings['credit']} moves no value by steps"
    if settings["verifier"] == "none":
        why |= dict.fromkeys(("TPR", "FPR"), "there is no verifier")
    if learner in (RULE, VOTE):
        why |= dict.fromkeys(("k", "alpha"), "memory decides by itself: the model is shown no case")
    if learner == VOTE:
        why["model"] = "the vote asks no model"
    if learner not in MAKE:
        reason = "nothing is remembered" if learner == NONE else f"{learner} comes with rules of its own"
        memory = ("retrieval", "k", "alpha", "credit", "step", "verifier", "TPR", "FPR", "corruption")
        why |= dict.fromkeys((*memory, "noise") if learner == NONE else memory, reason)
    return why


def checked(given: Any) -> dict[str, Any]:
    """``given`` over the defaults. Raises `MemlabError` that names the first knob or value which does not fit."""
    if not isinstance(given, Mapping):
        raise MemlabError(f'settings are an object such as {{"noise": 0.15}}, not {given!r:.60}')
    found = dict(DEFAULT)
    for name, value in given.items():
        knob = KNOBS.get(name)
        if name not in DEFAULT:
            raise MemlabError(f"no knob {name!r:.60}; there are: {', '.join(DEFAULT)}")
        if knob is None and not (isinstance(value, str) and (not value or value.isidentifier())):
            raise MemlabError(f"own is the name of a file here without its .py, such as my_rule, not {value!r:.60}")
        if isinstance(knob, list) and value not in knob:
            raise MemlabError(f"{name} is one of {', '.join(knob)}, not {value!r:.60}")
        if isinstance(knob, tuple):
            low, high, step, _ = knob
            number = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
            if not number or (isinstance(step, int) and (value - low) % step):
                raise MemlabError(f"{name} goes from {low} to {high} in steps of {step}, not {value!r:.60}")
            value = type(low)(round(value, 6))  # a browser's .15 may come as .15000000000000002
        found[name] = value
    return found


def to_text(settings: Settings) -> str:
    """The settings as one line of JSON, only those that differ from the default."""
    return json.dumps({name: value for name, value in settings.items() if value != DEFAULT[name]})


def from_text(text: str) -> dict[str, Any]:
    """What `to_text` wrote. It is read as data, never run; raises `MemlabError` for anything else."""
    try:
        return checked(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise MemlabError(f"{text!r:.60} are no settings ({error}): give a line of JSON as the studio has it") from None


def load_learner(path: Path) -> Learner:
    """``LEARNER`` of the reader's own file. Raises `MemlabError` where the file or the name is missing."""
    spec = spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise MemlabError(f"no file {path}: write one with `memlab new learner {path.stem}`")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, "LEARNER", None)):
        raise MemlabError(f"{path} defines no LEARNER, such as LEARNER = with_memory(TopK(k=3), credit)")
    return module.LEARNER


def learner_of(settings: Settings) -> Learner:
    """The learner that the knobs make, for `memlab.study`. One's `OWN` file is run: name one that you trust."""
    s, name = settings, settings["learner"]
    if name == OWN:
        return load_learner(Path(f"{s['own'] or 'my_rule'}.py"))
    if name not in MAKE:
        return no_memory if name == NONE else named(name)
    rules: dict[str, CreditRule] = {"append-only": append_only, "rewrite Q": RewriteQ(step=s["step"]),
                                    "amend": Amend(step=s["step"]), "remove": remove}  # fmt: skip
    rule = Corrupt(rules[s["credit"]], s["corruption"]) if s["corruption"] else rules[s["credit"]]
    k = s["k"] if name == MODEL else 0
    soft = s["retrieval"] == "soft Q" and name == MODEL
    drawn = Soft(CaseQ(), k, s["alpha"], void_q=GOOD, shortlist=NEAR, min_similarity=SIMILAR)
    retrieval = drawn if soft else TopK(k=k, newest=s["retrieval"] == "newest")
    gate = verify.gate(verify.noisy(s["TPR"], s["FPR"])) if s["verifier"] == "gate" else None
    return with_memory(retrieval, rule, make=MAKE[name], gate=gate)
