"""Stores of both makes, and short ways to say vectors and cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memlab.stores import Store, open_store


@pytest.fixture(params=["array", "lance"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """A function that opens a new empty store; all are closed at the end."""
    opened: list[Store] = []

    def new(dim: int = 3) -> Store:
        path = None if request.param == "array" else tmp_path / f"memory{len(opened)}"
        opened.append(open_store(path, dim))
        return opened[-1]

    yield new
    for store in opened:
        store.close()


@pytest.fixture
def store(make: Callable[..., Store]) -> Store:
    return make()
