"""Memory ``M``: one contract (`Store`), two stores. `open_store` chooses."""

from __future__ import annotations

import os

from memlab.stores.contract import ReadOnlyError, Store, StoreError

__all__ = ["ReadOnlyError", "Store", "StoreError", "open_store"]


def open_store(path: str | os.PathLike[str] | None = None, dim: int | None = None) -> Store:
    """Open memory: arrays in this process, or LanceDB at ``path`` (a folder or an object-store URI).

    ``dim`` is the length of the embedder's vectors: 256 unless told, and for a store that exists, its own.
    Raises `StoreError` when ``path`` holds something else, cannot be read, or has another ``dim``.
    """
    if path is None:
        from memlab.stores.array import ArrayStore

        return ArrayStore(256 if dim is None else dim)
    from memlab.stores.lance import LanceStore

    return LanceStore(path, dim)
