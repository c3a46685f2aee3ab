"""What the child processes of the crash and the two-writer tests run."""

from __future__ import annotations

from multiprocessing.connection import Connection

from memlab.core import Edit, Step
from memlab.stores import lance, open_store
from memlab.stores.base import LogStore
from tests.stores.helpers import case, step, unit

KEEP = 5
UNDO = 6


def batch(version: int) -> tuple[list[Edit], list[Step]]:
    """Commit ``version`` of an endless program: two cases in, two cases out after `KEEP` commits, one step.

    Before every `UNDO`-th version, which is a revert, eve plants a third case, and a fourth is derived from it.
    """
    vector = unit(version % 7 + 1, version % 5 + 1, 1)
    edits = [Edit.write(case(f"{name}{version:06d}", vector, uses=version)) for name in "ab"]
    old = [v for v in range(version - KEEP - (version % UNDO == 1), version - KEEP + 1) if v > 0 and v % UNDO]
    edits += [Edit.forget(f"{name}{v:06d}") for v in old for name in "ab"]
    if (version + 1) % UNDO == 0:
        edits.append(Edit.write(case(f"lie{version:06d}", vector), author="eve"))
        edits.append(Edit.write(case(f"of it{version:06d}", vector), sources=(f"lie{version:06d}",)))
    return edits, [step(vector, f"a{version:06d}", task=f"t{version}")]


def undone(version: int) -> list[Edit]:
    """What the revert that is ``version`` has to write."""
    return [Edit.forget(f"{name}{version - 1:06d}", author="revert") for name in ("lie", "of it")]


def commit_next(store: LogStore) -> int:
    """The next commit of the program."""
    version = store.version + 1
    return store.commit(*batch(version)) if version % UNDO else store.revert(author="eve", derived=True)


def commit_until_killed(path: str, out: Connection) -> None:
    """Commit without end; send each version once it is acknowledged."""
    lance.COMPACT_EVERY, lance.CHECKPOINT_EVERY = 4, 3
    store = open_store(path, 3)
    while True:
        out.send(commit_next(store))


def write_many(path: str, name: str, n: int, out: Connection) -> None:
    """Write ``n`` cases named after this writer, one commit each, beside whoever else is writing."""
    lance.COMPACT_EVERY, lance.CHECKPOINT_EVERY = 8, 8
    with open_store(path) as store:
        versions = [store.commit([Edit.write(case(f"{name}{i:03d}", unit(i + 1, 1, 1)))]) for i in range(n)]
    out.send(versions)
