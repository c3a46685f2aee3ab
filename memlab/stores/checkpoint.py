"""The table ``view``: the current cases as of one commit, so that opening a store need not fold the whole log.

It holds no vectors (the log has them) and nothing that the log does not: losing it loses no memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from memlab.core import Case
from memlab.stores.log import View, fields_of
from memlab.stores.rows import to_json


def save(db: Any, view: View) -> None:
    """Write ``view`` in place of the last checkpoint."""
    import pyarrow as pa

    sides = [(case, True) for case in view.live.values()] + [(case, False) for case in view.gone.values()]
    columns: dict[str, list[Any]] = {
        "case_id": [case.id for case, _ in sides],
        "live": [live for _, live in sides],
        "fields": [to_json({**fields_of(case), "vector": case.vector is not None}) for case, _ in sides],
        "applied_seq": [view.version] * len(sides),
    }
    types = (pa.string(), pa.bool_(), pa.string(), pa.int64())
    table = pa.table(
        {name: pa.array(column, kind) for (name, column), kind in zip(columns.items(), types, strict=True)}
    )
    there = "view" in db.list_tables().tables
    db.create_table("view", table, mode="overwrite" if there else "create")


def load(db: Any, vectors: Callable[[int], dict[str, np.ndarray]], newest: int) -> View:
    """The view of the last checkpoint; an empty one where there is none that fits a log of ``newest`` commits."""
    try:
        rows = db.open_table("view").to_arrow()
        applied = rows["applied_seq"][0].as_py() if len(rows) else 0
        cases = {row["case_id"]: (row["live"], json.loads(row["fields"])) for row in rows.to_pylist()}
    except Exception:
        return View()
    if not 0 < applied <= newest:
        return View()
    held = vectors(applied)
    view = View(version=applied)
    for case_id, (live, fields) in cases.items():
        has_vector = fields.pop("vector")
        case = Case(case_id, **fields)
        if has_vector:
            case = replace(case, vector=held[case_id])
        (view.live if live else view.gone)[case_id] = case
    return view
