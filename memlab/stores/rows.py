"""How commits stand in the log table: one Arrow row for each edit and each step.

``before`` and ``after`` are JSON of the fields that changed; ``after`` also holds the sources of an edit, and what a
revert undoes, where there are any. A vector stands in the column ``point`` of the one row
that brought it in: a step whose query is the vector of a case in the same commit points to that row with ``point_at``.
What a ``forget`` took away and a ``restore`` brought back is known from the rows before it, and is not written again.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from memlab.core import Edit, Op, Step

if TYPE_CHECKING:
    import pyarrow as pa

STEP = "step"
BESIDE = ("sources", "undoes")
DIM_KEY = b"memlab.dim"


def log_schema(dim: int) -> pa.Schema:
    """Columns of the log table; ``token`` tells two writers of the same version apart."""
    import pyarrow as pa

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
        ],
        metadata={DIM_KEY: str(dim).encode()},
    )


def dim_of(schema: pa.Schema) -> int:
    """The length of the vectors that a log table holds; 0 if the table is not a log of memlab."""
    dim = int((schema.metadata or {}).get(DIM_KEY, b"0"))
    return dim if dim > 0 and schema.equals(log_schema(dim)) else 0


def to_json(fields: dict[str, Any]) -> str:
    """Compact JSON; floats come back bit for bit."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def encode(version: int, token: int, edits: list[Edit], steps: list[Step], dim: int) -> pa.Table:
    """The rows of one commit: the edits in order, then the steps."""
    import pyarrow as pa

    stamp = time.time_ns() // 1000
    holder: dict[bytes, int] = {}
    rows: list[dict[str, Any]] = []
    for edit in edits:
        after = {} if edit.op == "restore" else dict(edit.after)
        before = {} if edit.op == "forget" else dict(edit.before or {})
        before.pop("vector", None)
        vector = after.get("vector")
        if vector is not None:
            del after["vector"]
            holder.setdefault(vector.tobytes(), len(rows))
        after |= {name: value for name in BESIDE if (value := getattr(edit, name))}
        rows.append(
            {
                "op": edit.op,
                "case_id": edit.case_id,
                "before": to_json(before),
                "after": to_json(after),
                "point": vector,
                "point_at": None if vector is None else len(rows),
                "reason": edit.reason,
                "credit": edit.credit,
                "episode": edit.episode,
                "author": edit.author,
                "verdict": edit.verdict,
            }
        )
    for step in steps:
        at = holder.setdefault(step.vector.tobytes(), len(rows))
        after = {
            "task": step.task,
            "shown": step.shown,
            "mu": step.mu,
            "action": step.action,
            "reward": step.reward,
        }
        rows.append(
            {
                "op": STEP,
                "case_id": "",
                "before": "{}",
                "after": to_json(after),
                "point": step.vector if at == len(rows) else None,
                "point_at": at,
                "reason": "",
                "credit": 0.0,
                "episode": step.episode,
                "author": "",
                "verdict": "",
            }
        )
    for position, row in enumerate(rows):
        row.update(version=version, position=position, token=token, time=stamp)
    return pa.Table.from_pylist(rows, schema=log_schema(dim))


def vectors(table: pa.Table) -> list[np.ndarray | None]:
    """The vector of each row, read-only; None where the row holds none."""
    column = table["point"].combine_chunks()
    there = np.asarray(column.is_valid())
    rows = np.asarray(column.flatten(), dtype=np.float32).reshape(max(1, there.sum()), -1)
    place = np.cumsum(there) - 1
    out: list[np.ndarray | None] = []
    for at, valid in zip(place, there, strict=True):
        row = rows[at].copy() if valid else None
        if row is not None:
            row.setflags(write=False)
        out.append(row)
    return out


def decode(table: pa.Table) -> list[tuple[int, int, Edit | Step]]:
    """``(version, position, edit or step)`` of each row, in order of version and position."""
    held = vectors(table)
    columns = {name: table[name].to_pylist() for name in table.column_names if name not in ("point", "time")}
    at = {(v, p): vector for v, p, vector in zip(columns["version"], columns["position"], held, strict=True)}
    out: list[tuple[int, int, Edit | Step]] = []
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        after = json.loads(row["after"])
        if row["point_at"] is not None:
            after["vector"] = at[row["version"], row["point_at"]]
        out.append((row["version"], row["position"], _step(row, after) if row["op"] == STEP else _edit(row, after)))
    return sorted(out, key=lambda item: item[:2])


def _step(row: dict[str, Any], after: dict[str, Any]) -> Step:
    after["shown"], after["mu"] = tuple(after["shown"]), tuple(after["mu"])
    return Step(episode=row["episode"], **after)


def _edit(row: dict[str, Any], after: dict[str, Any]) -> Edit:
    more = {name: row[name] for name in ("reason", "credit", "episode", "author", "verdict")}
    more |= {name: tuple(after.pop(name, ())) for name in BESIDE}
    return Edit(cast(Op, row["op"]), row["case_id"], after, json.loads(row["before"]), **more)


def newest_vectors(table: pa.Table) -> dict[str, np.ndarray]:
    """The last vector of each case, by version and position."""
    order = np.lexsort([np.asarray(table["position"]), np.asarray(table["version"])])
    ids = table["case_id"].to_pylist()
    held = vectors(table)
    last = {ids[row]: held[row] for row in order}
    return {case_id: vector for case_id, vector in last.items() if vector is not None}
