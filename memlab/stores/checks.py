"""The checks that both stores make: each gives its value back, clean, or raises `StoreError` with the remedy.

A batch is checked as a whole before anything is written: a bad edit anywhere leaves memory as it was.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from memlab.core import CASE_FIELDS, KINDS, OPS, Edit, MemlabError, Step

UNIT_TOLERANCE = 1e-3


class StoreError(MemlabError):
    """Memory could not be read or changed as asked; nothing was written."""


class ReadOnlyError(StoreError):
    """A view made by ``at`` or ``without`` was asked to change memory."""


def check_vector(vector: object, dim: int, what: str) -> np.ndarray:
    """A read-only float32 copy of ``vector``, shape ``(dim,)``, finite, and of length 1 within 1e-3."""
    try:
        given = np.asarray(vector)
        if given.dtype.kind not in "fiu":
            raise TypeError(f"it is {'complex' if given.dtype.kind == 'c' else given.dtype}")
        row = np.array(given, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise StoreError(f"{what} is not an array of numbers ({error})") from None
    if row.shape != (dim,):
        raise StoreError(f"{what} has shape {row.shape}, this store holds ({dim},); use one embedder")
    if not np.isfinite(row).all():
        raise StoreError(f"{what} holds NaN or infinity; look at the text that was embedded")
    norm = float(np.linalg.norm(row))
    if abs(norm - 1.0) > UNIT_TOLERANCE:
        raise StoreError(f"{what} has length {norm:.6g}, not 1; divide it by np.linalg.norm(vector)")
    row.setflags(write=False)
    return row


def check_kind(kind: object, what: str) -> str:
    """``kind``, if it is one of `memlab.core.KINDS`."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise StoreError(f"{what}: unknown kind {kind!r}; use one of {', '.join(KINDS)}")
    return kind


def check_text(value: object, what: str) -> str:
    """``value``, if it is a str that can be written as UTF-8."""
    if not isinstance(value, str):
        raise StoreError(f"{what} is {value!r}; give a str")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise StoreError(f"{what} holds a lone surrogate; decode the text with errors='replace'") from None
    return value


def check_number(value: Any, what: str) -> float:
    """``value`` as a finite float."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise StoreError(f"{what} is {value!r}; give a number") from None
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise StoreError(f"{what} is {number}, or too large for a float; give a finite number")
    return number


def check_count(value: object, what: str, least: int = 0, wanted: str = "a whole number") -> int:
    """``value`` as an int of at least ``least``; ``wanted`` says what is counted."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value < 2**63:
        raise StoreError(f"{what} is {value!r}; give {wanted} of at least {least}")
    return int(value)


def check_all(values: Any, what: str, check: Callable[[object, str], Any], each: str, of: str) -> tuple[Any, ...]:
    """``values`` as a tuple, each checked; a str would be split into its letters, and is refused."""
    if isinstance(values, str):
        raise StoreError(f"{what} is the str {values!r}; give a list of {of}")
    try:
        return tuple(check(value, f"{what}: {each}") for value in values)
    except TypeError:
        raise StoreError(f"{what} is {values!r}; give a list of {of}") from None


check_ids = partial(check_all, check=check_text, each="an id", of="ids")
# By the field of a case, an edit or a step; what is not here is text.
CHECKS: Mapping[str, Callable[..., Any]] = {
    "kind": check_kind,
    "reward": check_number,
    "q": check_number,
    "credit": check_number,
    "uses": check_count,
    "episode": partial(check_count, least=-1),
    "sources": check_ids,
    "shown": check_ids,
    "mu": partial(check_all, check=check_number, each="a value", of="numbers"),
}


def check_named(fields: Mapping[str, Any], dim: int, what: str) -> dict[str, Any]:
    """Each of ``fields`` by the check for its name; vectors are copied."""
    checks: dict[str, Callable[..., Any]] = {**CHECKS, "vector": partial(check_vector, dim=dim)}
    return {name: checks.get(name, check_text)(value, what=f"{what}: {name}") for name, value in fields.items()}


def check_fields(fields: Mapping[str, Any], dim: int, what: str) -> dict[str, Any]:
    """The fields of one case, each of its type; a case may have no vector."""
    if not isinstance(fields, Mapping):
        raise StoreError(f"{what}: the fields are {fields!r}; give a dict of field: value")
    for name in fields:
        if name not in CASE_FIELDS:
            raise StoreError(f"{what}: unknown field {name!r}; a case has {', '.join(CASE_FIELDS)}")
    given = {name: value for name, value in fields.items() if name != "vector" or value is not None}
    return dict(fields) | check_named(given, dim, what)


def check_edit(edit: object, dim: int) -> Edit:
    """``edit`` with every value checked for itself; whether it fits the current view is `log.advance`'s question."""
    if not isinstance(edit, Edit):
        raise StoreError(f"commit was given {edit!r}; give memlab.core.Edit objects, such as Edit.write(case)")
    if not check_text(edit.case_id, "the case id"):
        raise StoreError("the case id is empty; give each case a name")
    what = f"{edit.op} of case {edit.case_id!r}"
    if edit.op not in OPS:
        raise StoreError(f"unknown op {edit.op!r} for case {edit.case_id!r}; use one of {', '.join(OPS)}")
    after = check_fields(edit.after, dim, what)
    before = None if edit.before is None else check_fields(edit.before, dim, what)
    names = ("reason", "author", "verdict", "credit", "episode", "sources")
    rest = check_named({name: getattr(edit, name) for name in names}, dim, what)
    return replace(edit, after=after, before=before, **rest)


def check_step(step: object, dim: int) -> Step:
    """``step`` with every value checked; ``shown`` and ``mu`` have one entry for each case that was shown."""
    if not isinstance(step, Step):
        raise StoreError(f"commit was given the step {step!r}; give memlab.core.Step objects")
    what = f"step of task {step.task!r}"
    clean = Step(**check_named(vars(step), dim, what))
    if len(clean.shown) != len(clean.mu):
        raise StoreError(f"{what}: {len(clean.shown)} cases shown but {len(clean.mu)} values of mu; give one for each")
    return clean
