"""Figures of values that are known, or measured beside a theory: lines, points and bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memlab.show.canvas import Canvas
from memlab.show.picture import Picture, figure
from memlab.show.rows import ranking


def lines(
    drawn: Mapping[str, Any],
    *,
    x: Any = None,
    points: Mapping[str, Any] | None = None,
    levels: Mapping[str, float] | None = None,
    made_by: Any = "computed",
    title: str = "",
    alt: str = "",
    caption: str = "",
    **axes: Any,
) -> Picture:
    """Lines ``{name: y}`` over ``x``, or ``{name: (x, y)}`` where each has places of its own.

    ``points`` are drawn as markers: ``{name: (x, y)}``, or ``(x, y, low, high)`` with intervals. ``levels`` are
    horizontal lines. ``axes`` go to matplotlib's ``Axes.set``.
    """
    canvas = Canvas(1, 3.6)
    found = {name: (x, values) if x is not None else values for name, values in drawn.items()}
    for name, (places, values) in found.items():
        canvas.line(name, places, values)
    for name, (places, values, *ends) in (points or {}).items():
        canvas.points(name, places, values, markersize=5, alpha=0.8)
        if ends:
            canvas.panels[0].vlines(places, *ends, color=canvas.color(name))
    for name, level in (levels or {}).items():
        canvas.level(name, level)
    canvas.axes(**axes)
    canvas.source(made_by)
    canvas.title(title or f"At the end: {ranking({name: float(values[-1]) for name, (_, values) in found.items()})}")
    return figure(canvas, alt or f"Lines. {canvas.words}.", caption or "Exact values, no sampling.")


def bars(
    table: Any, *, made_by: Any = "computed", title: str = "", alt: str = "", caption: str = "", **axes: Any
) -> Picture:
    """Bars without sampling error: ``{label: value}``, ``{group: {label: value}}``, or a frame (labels × groups).

    What has replicates is drawn with `arms`. ``axes`` go to matplotlib's ``Axes.set``.
    """
    import pandas as pd

    nested = hasattr(table, "columns") or any(isinstance(value, Mapping) for value in table.values())
    frame = pd.DataFrame(table if nested else {"": table})
    canvas = Canvas()
    for group in frame:
        canvas.bars(str(group), [str(label) for label in frame.index], frame[group])
    canvas.axes(**axes)
    canvas.source(made_by)
    values = {", ".join(filter(None, map(str, label))): value for label, value in frame.stack().items()}
    canvas.title(title or f"Bars: {ranking(values)}")
    return figure(canvas, alt or f"{canvas.words}.", caption or "Exact values, no sampling.")
