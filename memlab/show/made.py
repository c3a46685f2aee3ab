"""What made the numbers of a figure: read from the rows that it draws, never typed."""

from __future__ import annotations

from typing import Any

from memlab.core import MemlabError

COMPUTED = "computed"


def made_by(*sources: Any) -> str:
    """What made the numbers, such as ``replay of smollm2:135m``; without a source they were ``computed``.

    A source is a frame with a column ``backend`` (and ``model``), a model, a `Reply`, several of these, or the bare
    word for a backend. An empty backend means ``no model``. Raises `MemlabError` for a frame without that column.
    """
    models: dict[str, list[str]] = {}
    for backend, model in dict.fromkeys(_pairs(sources)):
        if backend in model:  # the simulated model says so in its name
            backend, model = model, ""
        models.setdefault(model, []).append(backend or "no model")
    return "; ".join(" and ".join(sorted(found)) + (f" of {model}" if model else "") for model, found in models.items())


def _pairs(source: Any) -> list[tuple[str, str]]:
    if isinstance(source, str):
        return [(source, "")]
    if hasattr(source, "columns"):
        if "backend" not in source:
            raise MemlabError("this frame has no column backend: say where its numbers come from, as made_by=rows")
        models = source["model"] if "model" in source else [""] * len(source)
        return list(dict.fromkeys(zip(source["backend"], models, strict=True)))
    if hasattr(source, "backend"):
        return [(source.backend, getattr(source, "model", "") or getattr(source, "name", ""))]
    return [pair for part in source for pair in _pairs(part)]
