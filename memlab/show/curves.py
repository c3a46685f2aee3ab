"""Learning curves of a study, with paired bootstrap bands over replicates."""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.core import MemlabError
from memlab.show.canvas import Canvas
from memlab.show.picture import Picture
from memlab.stats import bootstrap_band

NEEDED = ("learner", "seed", "index", "success", "backend")


def learning_curve(
    rows: Any,
    *,
    value: str = "success",
    mode: str = "rolling",
    window: int = 20,
    title: str = "",
    caption: str = "",
    changes: tuple[int, ...] = (),
) -> Picture:
    """Mean ``value`` over tasks, one line per learner, bands over replicates resampled alike for every learner.

    ``rows`` is a frame with columns learner, seed (the replicate), index, success and backend, one row a task.
    ``mode`` is ``rolling`` (last ``window`` tasks) or ``cumulative``; ``changes`` marks tasks where the world changed.
    The figure prints which backend made the numbers. Raises `MemlabError` for missing columns or unequal arms.
    """
    missing = [name for name in (*NEEDED, value) if name not in rows]
    if missing:
        raise MemlabError(f"rows lack {', '.join(missing)}: pass the frame that memlab.study gives")
    smooth = {"rolling": lambda y: rolling(y, window), "cumulative": cumulative}.get(mode)
    if smooth is None:
        raise MemlabError(f"mode={mode!r}: take 'rolling' or 'cumulative'")
    canvas, ends, replicates = Canvas(size=(7.2, 3.6)), {}, 0
    for learner, part in rows.groupby("learner", sort=False):
        table = part.pivot(index="seed", columns="index", values=value).sort_index()
        if table.isna().any().any():
            raise MemlabError(f"learner {learner!r} lacks some tasks of some replicates: finish the study first")
        curve = bootstrap_band(smooth(table.to_numpy(dtype=float)))
        x, replicates = np.arange(1, table.shape[1] + 1), len(table)
        canvas.line(str(learner), x, curve[0])
        canvas.band(str(learner), x, curve[1], curve[2])
        ends[str(learner)] = curve[0, -1]
    for at in changes:
        canvas.panels[0].axvline(at, color="#777777", linewidth=1, linestyle=":")
    best = max(ends, key=lambda name: ends[name])
    others = ", ".join(f"{name} at {end:.2f}" for name, end in ends.items() if name != best)
    found = title or f"{best} ends at {ends[best]:.2f}" + (f", {others}" if others else "")
    shown = f"{mode} mean of {value}" + (f" (last {window} tasks)" if mode == "rolling" else "")
    canvas.title(found)
    canvas.axes(xlabel="task (number in the stream)", ylabel=shown, ylim=(0, 1.02))
    canvas.source(", ".join(sorted(name for name in map(str, rows["backend"].unique()) if name)))
    alt = f"Line chart over {len(x)} tasks: {found}."
    note = caption or f"{shown.capitalize()}; bands: 95% paired bootstrap over {replicates} replicates."
    return Picture(canvas.png(level=9), alt, note)


def rolling(y: np.ndarray, window: int) -> np.ndarray:
    """Mean of the last ``window`` entries along axis 1 (fewer at the start); same shape (replicates, T)."""
    total = np.cumsum(y, axis=1)
    before = np.concatenate([np.zeros((len(y), min(window, y.shape[1]))), total[:, :-window]], axis=1)
    return (total - before) / np.minimum(np.arange(1, y.shape[1] + 1), window)


def cumulative(y: np.ndarray) -> np.ndarray:
    """Mean of all entries so far along axis 1; same shape (replicates, T)."""
    return np.cumsum(y, axis=1) / np.arange(1, y.shape[1] + 1)
