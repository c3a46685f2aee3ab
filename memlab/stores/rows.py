"""How commits stand in the log table: one Arrow row for each edit and each step.

``before`` and ``after`` are JSON of the fields that changed; ``after`` also holds the sources of an edit, and what a
revert undoes, where there are any. A vector stands in the column ``point`` of the one row that brought it in: a step
whose query is the vector of a case in the same commit points to that row with ``point_at``. What a ``forget`` took
away and a ``restore`` brought back is known from the rows before it, and is not written again. Each row has a
``checksum``; a log begun by an older memlab has rows without one.
"""

import json
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from typing import Any, cast

import numpy as np
import pyarrow as pa

from memlab.core import Edit, Op, Step

STEP = "step"
WHY, BESIDE = ("reason", "credit", "episode", "author", "verdict"), ("sources", "undoes")
USE = ("task", "shown", "mu", "action", "reward", "vector")
DIM_KEY, ID_KEY = b"memlab.dim", b"memlab.id"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@cache
def log_schema(dim: int, identity: str = "") -> pa.Schema:
    """Columns of the log table; ``token`` tells two writers of the same version apart, ``identity`` two stores."""
    return pa.schema(
        [
            ("version", pa.int64()),
            ("position", pa.int32()),
            ("token", pa.int64()),
            ("op", pa.string()),
            ("case_id", pa.string()),
            ("before", pa.string()),
            ("after", pa.string()),
            # A list of fixed size would spend a whole vector on each null, and LanceDB insists on one for a "vector".
            ("point", pa.list_(pa.float32())),
            ("point_at", pa.int32()),
            ("reason", pa.string()),
            ("credit", pa.float64()),
            ("episode", pa.int64()),
            ("author", pa.string()),
            ("verdict", pa.string()),
            ("time", pa.timestamp("us", "UTC")),
            ("checksum", pa.int64()),
        ],
        metadata={DIM_KEY: str(dim).encode(), ID_KEY: identity.encode()},
    )


def dim_of(schema: pa.Schema) -> int:
    """The length of the vectors that a log table holds; 0 if the table is not a log of memlab."""
    dim = int((schema.metadata or {}).get(DIM_KEY, b"0"))
    return dim if dim > 0 and set(schema) == set(log_schema(dim)) - set(absent_columns(schema)) else 0


def identity_of(schema: pa.Schema) -> bytes:
    """What tells a store from another at its path; empty for one begun by an older memlab."""
    return bytes((schema.metadata or {}).get(ID_KEY, b""))


def absent_columns(schema: pa.Schema) -> list[pa.Field]:
    """The columns that a log begun by an older memlab lacks."""
    return [field for field in log_schema(1) if field.name not in schema.names]


def checksum(row: dict[str, Any], size: int) -> int:
    """The ``size`` of a row's commit, and a CRC-32 of it and the row; empty columns, so new ones, do not count."""
    held = {name: row[name] for name in sorted(row) if name not in ("point", "checksum") and row[name] is not None}
    total = zlib.crc32(to_json(held).encode(), size)
    return size << 32 | zlib.crc32(b"" if row["point"] is None else row["point"].tobytes(), total)


def to_json(fields: dict[str, Any]) -> str:
    """Compact JSON; floats come back bit for bit."""
    return _ENCODER.encode(fields)


def encode(version: int, token: int, edits: list[Edit], steps: list[Step], dim: int) -> pa.Table:
    """The rows of one commit: the edits in order, then the steps."""
    stamp = time.time_ns() // 1000
    uses = [
        Edit(cast(Op, STEP), "", {name: getattr(step, name) for name in USE}, episode=step.episode, author="")
        for step in steps
    ]
    holder: dict[bytes, int] = {}
    rows: list[dict[str, Any]] = []
    for edit in [*edits, *uses]:
        after = {} if edit.op == "restore" else dict(edit.after)
        before = {} if edit.op == "forget" else dict(edit.before or {})
        before.pop("vector", None)
        vector, at = after.get("vector"), None
        if vector is not None:
            del after["vector"]
            first = holder.setdefault(vector.tobytes(), len(rows))
            at = first if edit.op == STEP else len(rows)
        after |= {name: value for name in BESIDE if (value := getattr(edit, name))}
        row: dict[str, Any] = {name: getattr(edit, name) for name in ("op", "case_id", *WHY)}
        row |= {"point": vector if at == len(rows) else None, "point_at": at}
        rows.append(row | {"before": to_json(before), "after": to_json(after)})
    for position, row in enumerate(rows):
        row |= {"version": version, "position": position, "token": token, "time": stamp}
        row["checksum"] = checksum(row, len(rows))
    return pa.Table.from_pylist(rows, schema=log_schema(dim))


def vectors(table: pa.Table) -> list[np.ndarray | None]:
    """The vector of each row, read-only; None where the row holds none."""
    column = table["point"].combine_chunks()
    there = np.asarray(column.is_valid())
    rows = np.asarray(column.flatten(), dtype=np.float32).reshape(max(1, there.sum()), -1)
    place = np.cumsum(there) - 1
    held = [rows[at].copy() if valid else None for at, valid in zip(place, there, strict=True)]
    for row in held:
        if row is not None:
            row.setflags(write=False)
    return held


def decode(
    table: pa.Table, tokens: Sequence[int] | None = None, whole: bool = False
) -> list[tuple[int, int, Edit | Step]]:
    """``(version, position, edit or step)`` of each row, in order of version and position.

    Only rows of version v with ``tokens[v - 1]`` count. ValueError where one is not what was written, or where a commit
    lacks rows, if ``table`` is to hold each of its commits as a ``whole``.
    """
    for field in absent_columns(table.schema):
        table = table.append_column(field, pa.nulls(len(table), field.type))
    columns = {name: table[name].to_pylist() for name in table.column_names if name not in ("point", "time")}
    columns |= {"time": table["time"].cast(pa.int64()).to_pylist(), "point": vectors(table)}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    for row in rows:
        if row["checksum"] is not None and row["checksum"] != checksum(row, row["checksum"] >> 32):
            raise _damage(row)
    if tokens is not None:
        rows = [row for row in rows if row["version"] <= len(tokens) and row["token"] == tokens[row["version"] - 1]]
    rows.sort(key=itemgetter("version", "position"))
    sizes = Counter(row["version"] for row in rows)
    at = {(row["version"], row["position"]): row["point"] for row in rows}
    out: list[tuple[int, int, Edit | Step]] = []
    for row in rows:
        if whole and row["checksum"] is not None and row["checksum"] >> 32 != sizes[row["version"]]:
            raise _damage(row)
        after = json.loads(row["after"])
        if row["point_at"] is not None:
            after["vector"] = at[row["version"], row["point_at"]]
        out.append((row["version"], row["position"], _step(row, after) if row["op"] == STEP else _edit(row, after)))
    return out


def _damage(row: dict[str, Any]) -> ValueError:
    return ValueError(f"commit {row['version']} is not what was written, a file in log.lance is damaged")


def _step(row: dict[str, Any], after: dict[str, Any]) -> Step:
    after["shown"], after["mu"] = tuple(after["shown"]), tuple(after["mu"])
    return Step(episode=row["episode"], **after)


def _edit(row: dict[str, Any], after: dict[str, Any]) -> Edit:
    more = {name: row[name] for name in WHY} | {name: tuple(after.pop(name, ())) for name in BESIDE}
    return Edit(cast(Op, row["op"]), row["case_id"], after, json.loads(row["before"]), **more)


def newest_vectors(table: pa.Table, tokens: Sequence[int]) -> dict[str, np.ndarray]:
    """The last vector of each case, by version and position, in the rows that count by ``tokens``."""
    names = ("version", "position", "token", "case_id")
    rows = sorted(zip(*(table[name].to_pylist() for name in names), vectors(table), strict=True), key=itemgetter(0, 1))
    last = {case_id: vector for version, _, token, case_id, vector in rows if token == tokens[version - 1]}
    return {case_id: vector for case_id, vector in last.items() if vector is not None}
