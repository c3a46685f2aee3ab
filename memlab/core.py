"""The nouns of memlab: plain frozen dataclasses that every other module speaks in.

This module imports nothing of memlab. Symbols follow Memento (arXiv:2508.16153): a task is a state ``s``,
a case is a remembered ``(s, a, r)`` with a learned value ``Q``, and ``mu`` is the retrieval policy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np

Kind = Literal["case", "subtask", "tool"]
Op = Literal["write", "rewrite", "forget", "restore"]
KINDS: tuple[str, ...] = ("case", "subtask", "tool")
OPS: tuple[str, ...] = ("write", "rewrite", "forget", "restore")


class MemlabError(Exception):
    """An error a user can act on: it names the thing, the value and the remedy."""


@dataclass(frozen=True)
class Task:
    """One state ``s``: what the agent reads, the actions open to it, and the scorer that gives ``r``.

    ``about`` maps each choice to the line of documentation that the agent reads; it may be out of date.
    ``family``, ``answer``, ``serves`` (the choice that works now, one a step), ``flip`` (this reward is
    reported wrong) and ``change`` (how the stream's last change found its tools) are for scoring and plots; no learner
    may read them.
    A two-step task has two ``subtasks``; ``{result}`` in the second stands for the first one's result.
    """

    id: str
    text: str
    choices: tuple[str, ...]
    about: Mapping[str, str] = field(repr=False)
    subtasks: tuple[str, ...]
    answer: str = field(repr=False)
    family: str = field(repr=False)
    tools: Mapping[str, Callable[[str], str]] = field(repr=False, compare=False)
    scorer: Callable[[str], float] = field(repr=False, compare=False)
    serves: tuple[str, ...] = field(default=(), repr=False)
    flip: bool = field(default=False, repr=False)
    change: str = field(default="", repr=False)
    index: int = 0

    def score(self, answer: str) -> float:
        """Reward ``r`` in [0, 1] for ``answer``: the world's own scorer, never flipped by noise."""
        return self.scorer(answer)


@dataclass(frozen=True)
class Case:
    """One memory: ``text`` is ``s``, ``action`` is ``a``, ``reward`` is ``r``, ``q`` its learned value.

    ``vector`` is a unit row of shape ``(d,)``, float32. ``uses`` counts how often the case was shown.
    ``episode`` is when it was written (-1: before any). ``note`` is free text (a result, a lesson). The kinds are
    *case*, *subtask* and *tool* memory.
    """

    id: str
    text: str
    action: str = ""
    reward: float = 0.0
    q: float = 0.0
    uses: int = 0
    episode: int = -1
    note: str = ""
    kind: Kind = "case"
    vector: np.ndarray | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Edit:
    """One change of memory. ``before`` and ``after`` hold only the fields of `Case` that change.

    ``write`` has an empty ``before``; ``forget`` an empty ``after``; ``restore`` brings a forgotten case back.
    ``before=None`` lets the store fill it in when the edit is committed.

    ``sources`` are the ids of the cases that the edit was derived from: those that were shown in the episode that it
    records or pays for, and those whose fields decided or entered what it says. A case that was only near, or that
    narrowed the choices, is no source. So `revert` with ``derived=True`` can follow what came of a case: poisoned
    lessons survive the deletion of their source (arXiv:2608.03509). ``undoes`` is set by a revert alone: the places in
    this case's history (`Store.history`) that it took back.
    """

    op: Op
    case_id: str
    after: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] | None = None
    reason: str = ""
    credit: float = 0.0
    episode: int = -1
    author: str = "agent"
    verdict: str = ""
    sources: tuple[str, ...] = ()
    undoes: tuple[int, ...] = ()

    @classmethod
    def write(cls, case: Case, **why: Any) -> Self:
        """The edit that puts ``case`` into memory; ``why`` are `Edit` fields such as ``reason``."""
        fields = {name: getattr(case, name) for name in CASE_FIELDS}
        return cls("write", case.id, after=fields, before={}, **why)

    @classmethod
    def rewrite(cls, case_id: str, after: Mapping[str, Any], **why: Any) -> Self:
        """The edit that changes the fields in ``after`` of one case."""
        return cls("rewrite", case_id, after=dict(after), **why)

    @classmethod
    def forget(cls, case_id: str, **why: Any) -> Self:
        """The edit that takes one case out of the current view; its history stays."""
        return cls("forget", case_id, **why)

    @classmethod
    def restore(cls, case_id: str, **why: Any) -> Self:
        """The edit that brings a forgotten case back as it last was."""
        return cls("restore", case_id, **why)


CASE_FIELDS: tuple[str, ...] = ("kind", "text", "action", "reward", "q", "uses", "episode", "note", "vector")


@dataclass(frozen=True)
class Step:
    """One use of memory: the query ``vector``, the case ids ``shown`` with their ``mu``, action and reward.

    ``task`` is the task's id. Kernel Q (arXiv:2508.16153, Eq 9) reads past uses of a case from these rows.
    """

    task: str
    vector: np.ndarray = field(repr=False, compare=False)
    shown: tuple[str, ...]
    mu: tuple[float, ...]
    action: str
    reward: float
    episode: int = -1


@dataclass(frozen=True)
class Hits:
    """What a search gives, best first: ``ids``, cosine ``similarity`` of shape ``(n,)``, and the ``cases``."""

    ids: tuple[str, ...]
    similarity: np.ndarray
    cases: tuple[Case, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Reply:
    """One answer of the frozen model, with what it cost and which ``backend`` made it.

    ``choice_probs`` is p_LLM(a|s,c) renormalised over the offered choices; ``missing_mass`` is the share
    of raw probability that did not fall on any of them. Both are None where the backend cannot tell.
    """

    text: str
    value: Any
    choice_probs: Mapping[str, float] | None
    tokens_in: int
    tokens_out: int
    seconds: float
    model: str
    backend: str
    missing_mass: float | None = None


@dataclass(frozen=True)
class Episode:
    """One task as it was lived: its steps, the model's replies, the reward seen, and the edits it caused.

    ``asked`` are the questions as put, one a step. ``reward`` is what the learner saw (noise may have flipped
    it); ``success`` is the true score.
    """

    index: int
    task: Task
    steps: tuple[Step, ...]
    asked: tuple[str, ...]
    replies: tuple[Reply, ...]
    answer: str
    reward: float
    success: float
    seconds: float
    edits: tuple[Edit, ...] = ()
