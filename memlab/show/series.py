"""Curves: mean and band over replicates, one line an arm; or values that are known, with points beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from memlab.core import MemlabError
from memlab.show import rows as tables
from memlab.show.canvas import Canvas
from memlab.show.picture import Picture
from memlab.show.style import NULL
from memlab.stats import bootstrap_band


def curves(
    rows: Any, *, y: str = "value", x: Any = "index", arm: str = "arm", panel: str | None = None,
    window: int | None = None, points: Mapping[str, Any] | None = None, levels: Mapping[str, Any] | None = None,
    changes: Sequence[float] = (), made_by: Any = None, title: str = "", alt: str = "", caption: str = "", **axes: Any,
) -> Picture:  # fmt: skip
    """Mean of ``y`` over ``x``, one line an arm, bands over replicates (``seed``); a panel for each value of ``panel``.

    ``rows`` is a tidy frame, or ``{arm: array (replicates, T) or (T,)}`` with ``x`` the T places. ``window`` takes the
    mean of the last so many places. ``points`` are drawn as markers, ``{name: (x, y)}`` or ``(x, y, low, high)``;
    ``levels`` are named horizontal lines, ``changes`` vertical ones. ``axes`` go to matplotlib's ``Axes.set``. Where
    panels differ, a level or a setting is a dict by panel. Raises `MemlabError` for missing or doubled rows, and for
    arms on unequal replicates.
    """
    place, groups = (x, [panel] if panel else []) if isinstance(x, str) else ("index", [])
    if isinstance(rows, Mapping):
        rows = {name: np.atleast_2d(values) for name, values in rows.items()}
    found = tables.tidy(rows, [arm, *groups], [place, y, "seed"], None if isinstance(x, str) else x)
    tables.check_once(found, [*groups, arm, "seed", place])
    labels = tables.labels(found, arm)
    parts = dict(iter(found.groupby(panel, sort=False))) if panel else {"": found}
    canvas, ends = Canvas(len(parts), 2.7 if len(parts) == 1 else 2.3), []
    for i, (kind, part) in enumerate(parts.items()):
        tables.check_paired(part, arm)
        last = {}
        for name, own in part.groupby(arm, sort=False):
            table = own.pivot(index="seed", columns=place, values=y)
            at = table.columns.to_numpy(dtype=float)
            mean, low, high = band(rolled(table, window, name) if window else table)
            marker = {"marker": canvas.marker(name), "markersize": 5} if 2 < len(at) <= 12 else {}
            canvas.line(name, at, mean, i, label=labels[name], **marker)
            canvas.band(name, at, low, high, i)
            last[name] = mean[-1]
        for name, (across, up, *interval) in (points or {}).items():
            canvas.points(name, across, up, i, markersize=5, alpha=0.8)
            if interval:
                canvas.panels[i].vlines(across, *interval, color=canvas.color(name))
        for name, level in tables.of_panel(levels or {}, kind).items():
            canvas.level(name, level, i)
        for change in changes:
            canvas.panels[i].axvline(change, color=NULL, linewidth=1, linestyle=":")
        canvas.axes(i, **tables.of_panel({"xlabel": place, "ylabel": y, "title": kind} | axes, kind))
        ends.append((f"{kind}: " if kind else "") + tables.ranking(last))
    canvas.source(found if made_by is None else made_by)
    canvas.title(title or f"Final {y}: {'; '.join(ends)}")
    n = found["seed"].nunique()
    note = f"Lines: means; bands: 95% bootstrap over {n} replicates." if n > 1 else "One value a place."
    return canvas.picture(alt or f"Lines of {y} over {place}. {canvas.words}.", caption or note)


def rolled(table: pd.DataFrame, window: int, arm: str) -> pd.DataFrame:
    """The mean of the last ``window`` places (fewer at the start), for a table (replicates × places)."""
    if table.isna().any(axis=None):
        raise MemlabError(f"{arm!r} lacks {table.isna().sum().sum()} rows of some replicates: finish the study first")
    return table.T.rolling(window, min_periods=1).mean().T


def band(table: pd.DataFrame) -> NDArray[np.floating]:
    """Rows (3, T): mean, low and high over the replicates that each place of a table (replicates × places) has."""
    if table.isna().any(axis=None):
        return np.hstack([bootstrap_band(table[[at]].dropna()) for at in table])
    return bootstrap_band(table)


def learning_curve(rows: pd.DataFrame, *, value: str = "success", window: int = 20, **settings: Any) -> Picture:
    """`curves` of ``value``, the mean of the last ``window`` tasks, for the frame of `memlab.study`: one row a task."""
    axes = {"xlabel": "task (number in the stream)", "ylabel": f"{value} (last {window} tasks)", "ylim": (0, 1.02)}
    return curves(rows, y=value, window=window, **(axes | settings))
