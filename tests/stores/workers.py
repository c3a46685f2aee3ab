"""What the child processes of the crash and the two-writer tests run."""

from __future__ import annotations

from multiprocessing.connection import Connection

from memlab.core import Edit, Step
from memlab.stores import lance, open_store
from tests.stores.helpers import case, step, unit

KEEP = 5


def batch(version: int) -> tuple[list[Edit], list[Step]]:
    """Commit ``version`` of an endless program: two cases in, two cases out after `KEEP` commits, one step."""
    vector = unit(version % 7 + 1, version % 5 + 1, 1)
    edits = [Edit.write(case(f"{name}{version:06d}", vector, uses=version)) for name in "ab"]
    if version > KEEP:
        edits += [Edit.forget(f"{name}{version - KEEP:06d}") for name in "ab"]
    return edits, [step(vector, f"a{version:06d}", task=f"t{version}")]


def commit_until_killed(path: str, out: Connection) -> None:
    """Commit without end; send each version once it is acknowledged."""
    lance.COMPACT_EVERY, lance.CHECKPOINT_EVERY = 4, 3
    store = open_store(path, 3)
    while True:
        out.send(store.commit(*batch(store.version + 1)))


def write_many(path: str, name: str, n: int, out: Connection) -> None:
    """Write ``n`` cases named after this writer, one commit each, beside whoever else is writing."""
    lance.COMPACT_EVERY, lance.CHECKPOINT_EVERY = 8, 8
    with open_store(path) as store:
        versions = [store.commit([Edit.write(case(f"{name}{i:03d}", unit(i + 1, 1, 1)))]) for i in range(n)]
    out.send(versions)
