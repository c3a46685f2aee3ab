"""Memory ``M``: one contract (`Store`), two stores. `open_store` chooses."""

import os

from memlab.stores.checks import ReadOnlyError, StoreError, check_count
from memlab.stores.contract import Store

__all__ = ["ReadOnlyError", "Store", "StoreError", "open_store"]


def open_store(path: str | os.PathLike[str] | None = None, dim: int | None = None, durable: bool = False) -> Store:
    """Open memory: arrays in this process, or LanceDB at ``path`` (a folder or an object-store URI).

    ``dim`` is the length of the embedder's vectors: 256 unless told, and for a store that exists, its own.
    Raises `StoreError` when ``path`` holds something else, cannot be read, or has another ``dim``.

    A commit that was acknowledged outlives the end of the process, kill -9 included. A power loss or a crash of the
    system may roll back the latest commits of a folder, as SQLite does with ``synchronous=NORMAL``: memory then opens
    at the last whole commit, with a warning that says what was dropped. With ``durable=True`` each commit is synced to
    disk before it is acknowledged, as with ``synchronous=FULL``, and outlives that too, if the disk keeps its word.
    """
    if dim is not None:
        dim = check_count(dim, "dim", 1, "the length of your embedder's vectors, such as embedder.dim,")
    if path is None:
        from memlab.stores.array import ArrayStore

        if durable:
            raise StoreError("durable=True, but memory in arrays is gone with the process; give a path")
        return ArrayStore(256 if dim is None else dim)
    from memlab.stores.lance import LanceStore

    return LanceStore(path, dim, durable)
