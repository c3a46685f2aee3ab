"""The store in memory: the log is a list, and is gone with the process."""

from __future__ import annotations

from memlab.core import Edit, Step
from memlab.stores.base import LogStore
from memlab.stores.log import Entry


class ArrayStore(LogStore):
    """Memory in numpy arrays; same contract and same answers as the store on disk."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self._log: list[tuple[list[Entry], list[Step]]] = []

    def _append(self, version: int, edits: list[Edit], steps: list[Step]) -> bool:
        self._log.append(([Entry(version, position, edit) for position, edit in enumerate(edits)], steps))
        return True

    def _entries(self, after: int = 0, upto: int | None = None, case_id: str | None = None) -> list[Entry]:
        return [
            entry
            for entries, _ in self._log[after:upto]
            for entry in entries
            if case_id is None or entry.edit.case_id == case_id
        ]

    def _steps(self) -> list[tuple[int, Step]]:
        return [(version, step) for version, (_, steps) in enumerate(self._log, 1) for step in steps]

    def _newest(self) -> int:
        return len(self._log)

    def _look(self) -> None:
        """The list is the log: there is nothing to look up."""

    def _tidy(self) -> None:
        """Nothing to compact: a list stays as it is."""
