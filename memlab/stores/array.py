"""The store in memory: the log is a list, and is gone with the process."""

from memlab.core import Edit, Step
from memlab.stores.base import LogStore
from memlab.stores.log import Entry


class ArrayStore(LogStore):
    """Memory in numpy arrays; same contract and same answers as the store on disk."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self._commits: list[tuple[list[Entry], list[Step]]] = []

    def _append(self, version: int, edits: list[Edit], steps: list[Step]) -> bool:
        self._commits.append(([Entry(version, position, edit) for position, edit in enumerate(edits)], steps))
        return True

    def _entries(self, after: int = 0, upto: int | None = None, case_id: str | None = None) -> list[Entry]:
        return [
            entry
            for entries, _ in self._commits[after:upto]
            for entry in entries
            if case_id is None or entry.edit.case_id == case_id
        ]

    def _steps(self) -> list[tuple[int, Step]]:
        return [(version, step) for version, (_, steps) in enumerate(self._commits, 1) for step in steps]

    def _newest(self) -> int:
        return len(self._commits)
