"""What every store promises (`Store`), and the checks that both stores share.

A batch is checked as a whole before anything is written: a bad edit anywhere leaves memory as it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from memlab.core import CASE_FIELDS, KINDS, OPS, Case, Edit, Hits, MemlabError, Step

UNIT_TOLERANCE = 1e-3


class StoreError(MemlabError):
    """Memory could not be read or changed as asked; nothing was written."""


class ReadOnlyError(StoreError):
    """A view made by ``at`` or ``without`` was asked to change memory."""


class Store(Protocol):
    """Case, subtask and tool memory: a log of edits, and the current view that follows from it.

    Every method raises `StoreError` on bad input. ``version`` counts commits from 0, the empty store.
    """

    @property
    def dim(self) -> int:
        """Length ``d`` of every vector."""
        ...

    @property
    def version(self) -> int:
        """The number of the last commit this store shows."""
        ...

    def __len__(self) -> int:
        """How many cases are live."""
        ...

    def commit(self, edits: Iterable[Edit], steps: Iterable[Step] = ()) -> int:
        """Write all of it or nothing; give the new version (the current one when there is nothing to write)."""
        ...

    def search(self, vector: np.ndarray, k: int, kind: str | None = None) -> Hits:
        """The ``k`` live cases nearest to the unit ``vector``: cosine rounded to 1e-6, ties broken by id."""
        ...

    def get(self, case_id: str) -> Case:
        """One live case."""
        ...

    def history(self, case_id: str) -> list[Edit]:
        """Every edit of one case, oldest first, with ``before`` and ``after`` filled in."""
        ...

    def cases(self, kind: str | None = None) -> tuple[Case, ...]:
        """The live cases, sorted by id."""
        ...

    def steps(self, case_id: str | None = None) -> list[Step]:
        """Past uses of memory, oldest first; of one case when ``case_id`` is given."""
        ...

    def at(self, version: int) -> Store:
        """A read-only view of memory as it was after commit ``version``."""
        ...

    def without(self, ids: Iterable[str]) -> Store:
        """A read-only view of this store less ``ids``; it follows later commits of this store."""
        ...

    def revert(
        self,
        version: int | None = None,
        episode: int | None = None,
        ids: Iterable[str] | None = None,
        author: str | None = None,
        since: int | None = None,
        derived: bool = False,
        keep_later: bool = False,
    ) -> int:
        """Take changes back by committing more edits; `memlab.stores.base.LogStore.revert` says how."""
        ...

    def close(self) -> None:
        """Let go of files; a closed store answers nothing more."""
        ...

    def __enter__(self) -> Store: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def check_dim(dim: object) -> int:
    """``dim`` as an int of at least 1."""
    if isinstance(dim, bool) or not isinstance(dim, int | np.integer) or dim < 1:
        raise StoreError(f"dim is {dim!r}; give the length of your embedder's vectors, such as embedder.dim")
    return int(dim)


def check_vector(vector: object, dim: int, what: str) -> np.ndarray:
    """A read-only float32 copy of ``vector``, shape ``(dim,)``, finite, and of length 1 within 1e-3."""
    try:
        given = np.asarray(vector)
        if given.dtype.kind not in "fiu":
            raise TypeError(f"it is {'complex' if given.dtype.kind == 'c' else given.dtype}")
        row = np.array(given, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise StoreError(f"{what}: the vector is not an array of numbers ({error})") from None
    if row.shape != (dim,):
        raise StoreError(f"{what}: the vector has shape {row.shape}, this store holds ({dim},); use one embedder")
    if not np.isfinite(row).all():
        raise StoreError(f"{what}: the vector holds NaN or infinity; look at the text that was embedded")
    norm = float(np.linalg.norm(row))
    if abs(norm - 1.0) > UNIT_TOLERANCE:
        raise StoreError(f"{what}: the vector has length {norm:.6g}, not 1; divide it by np.linalg.norm(vector)")
    row.setflags(write=False)
    return row


def check_kind(kind: object, what: str) -> str:
    """``kind``, if it is one of `memlab.core.KINDS`."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise StoreError(f"{what}: unknown kind {kind!r}; use one of {', '.join(KINDS)}")
    return kind


def check_k(k: object) -> int:
    """``k`` as an int of at least 0."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 0:
        raise StoreError(f"k is {k!r}; give how many cases you want, 0 or more")
    return int(k)


def check_text(value: object, what: str) -> str:
    """``value``, if it is a str that can be written as UTF-8."""
    if not isinstance(value, str):
        raise StoreError(f"{what} is {value!r}; give a str")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise StoreError(f"{what} holds a lone surrogate; decode the text with errors='replace'") from None
    return value


def check_list(values: object, what: str, of: str = "numbers") -> list[Any]:
    """``values`` as a list; a str would be split into its letters, and is refused."""
    if isinstance(values, str):
        raise StoreError(f"{what} is the str {values!r}; give a list of {of}")
    try:
        return list(values)  # type: ignore[call-overload]
    except TypeError:
        raise StoreError(f"{what} is {values!r}; give a list of {of}") from None


def check_ids(ids: object, what: str) -> tuple[str, ...]:
    """``ids`` as a tuple of str."""
    return tuple(check_text(case_id, f"{what}: an id") for case_id in check_list(ids, what, "ids"))


def check_number(value: object, what: str) -> float:
    """``value`` as a finite float."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise StoreError(f"{what} is {value!r}; give a number") from None
    except OverflowError:
        raise StoreError(f"{what} is too large for a float; give a finite number") from None
    if not math.isfinite(number):
        raise StoreError(f"{what} is {number}; give a finite number")
    return number


def check_count(value: object, what: str, least: int = 0) -> int:
    """``value`` as an int of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value < 2**63:
        raise StoreError(f"{what} is {value!r}; give a whole number of at least {least}")
    return int(value)


def check_fields(fields: Mapping[str, Any], dim: int, what: str) -> dict[str, Any]:
    """The fields of one case, each of its type; vectors are copied."""
    if not isinstance(fields, Mapping):
        raise StoreError(f"{what}: the fields are {fields!r}; give a dict of field: value")
    clean: dict[str, Any] = {}
    for name, value in fields.items():
        where = f"{what}, field {name!r}"
        if name not in CASE_FIELDS:
            raise StoreError(f"{what}: unknown field {name!r}; a case has {', '.join(CASE_FIELDS)}")
        if name == "vector":
            clean[name] = None if value is None else check_vector(value, dim, what)
        elif name == "kind":
            clean[name] = check_kind(value, what)
        elif name in ("reward", "q"):
            clean[name] = check_number(value, where)
        elif name == "uses":
            clean[name] = check_count(value, where)
        elif name == "episode":
            clean[name] = check_count(value, where, least=-1)
        else:
            clean[name] = check_text(value, where)
    return clean


def check_edit(edit: object, dim: int) -> Edit:
    """``edit`` with every value checked for itself; whether it fits the current view is `log.advance`'s question."""
    if not isinstance(edit, Edit):
        raise StoreError(f"commit was given {edit!r}; give memlab.core.Edit objects, such as Edit.write(case)")
    case_id = check_text(edit.case_id, "the case id")
    if not case_id:
        raise StoreError("the case id is empty; give each case a name")
    what = f"{edit.op} of case {case_id!r}"
    if edit.op not in OPS:
        raise StoreError(f"unknown op {edit.op!r} for case {case_id!r}; use one of {', '.join(OPS)}")
    return replace(
        edit,
        after=check_fields(edit.after, dim, what),
        before=None if edit.before is None else check_fields(edit.before, dim, what),
        reason=check_text(edit.reason, f"{what}: reason"),
        author=check_text(edit.author, f"{what}: author"),
        verdict=check_text(edit.verdict, f"{what}: verdict"),
        credit=check_number(edit.credit, f"{what}: credit"),
        episode=check_count(edit.episode, f"{what}: episode", least=-1),
        sources=check_ids(edit.sources, f"{what}: sources"),
    )


def check_step(step: object, dim: int) -> Step:
    """``step`` with every value checked; ``shown`` and ``mu`` have one entry for each case that was shown."""
    if not isinstance(step, Step):
        raise StoreError(f"commit was given the step {step!r}; give memlab.core.Step objects")
    what = f"step of task {step.task!r}"
    shown = check_ids(step.shown, f"{what}: shown")
    mu = tuple(check_number(value, f"{what}: mu") for value in check_list(step.mu, f"{what}: mu"))
    if len(shown) != len(mu):
        raise StoreError(f"{what}: {len(shown)} cases shown but {len(mu)} values of mu; give one for each")
    return Step(
        task=check_text(step.task, f"{what}: task"),
        vector=check_vector(step.vector, dim, what),
        shown=shown,
        mu=mu,
        action=check_text(step.action, f"{what}: action"),
        reward=check_number(step.reward, f"{what}: reward"),
        episode=check_count(step.episode, f"{what}: episode", least=-1),
    )
