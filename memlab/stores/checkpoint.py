"""The table ``view``: the current cases as of one commit, so that opening a store need not fold the whole log.

It holds no vectors, only their CRC-32, and nothing that the log does not hold: losing it loses no memory.
"""

import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from memlab.core import Case
from memlab.stores.log import View, fields_of
from memlab.stores.rows import to_json

SUM_KEY = b"memlab.checksum"


def save(db: Any, view: View, token: int) -> None:
    """Write ``view`` in place of the last checkpoint; ``token`` is that of its commit."""
    sides = [(case, True) for case in view.live.values()] + [(case, False) for case in view.gone.values()]
    columns: dict[str, list[Any]] = {
        "case_id": [case.id for case, _ in sides],
        "live": [live for _, live in sides],
        "fields": [to_json({**fields_of(case), "vector": _sum(case.vector)}) for case, _ in sides],
        "applied_seq": [view.version] * len(sides),
    }
    types = (pa.string(), pa.bool_(), pa.string(), pa.int64())
    table = pa.table(
        {name: pa.array(column, kind) for (name, column), kind in zip(columns.items(), types, strict=True)}
    )
    table = table.replace_schema_metadata({SUM_KEY: _checksum(columns, token)})
    db.drop_table("view", ignore_missing=True)  # not overwritten, since it may be torn
    db.create_table("view", table)


def load(db: Any, vectors: Callable[[int], dict[str, np.ndarray]], tokens: list[int]) -> View:
    """The view of the last checkpoint; an empty one where there is none that fits the commits with these ``tokens``."""
    try:
        rows = db.open_table("view").to_arrow()
        columns = rows.to_pydict()
        applied = columns["applied_seq"][0]
        if rows.schema.metadata[SUM_KEY] != _checksum(columns, tokens[applied - 1]):
            return View()
        held = vectors(applied)
        view = View(version=applied)
        for case_id, live, text in zip(columns["case_id"], columns["live"], columns["fields"], strict=True):
            fields = json.loads(text)
            total = fields.pop("vector")
            vector = None if total is None else held[case_id]
            if _sum(vector) != total:
                return View()
            (view.live if live else view.gone)[case_id] = Case(case_id, vector=vector, **fields)
    except Exception:
        return View()
    return view


def _sum(vector: np.ndarray | None) -> int | None:
    return None if vector is None else zlib.crc32(vector.tobytes())


def _checksum(columns: dict[str, list[Any]], token: int) -> bytes:
    return b"%d" % zlib.crc32(to_json({**columns, "token": token}).encode())
