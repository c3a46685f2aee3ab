"""A figure that stays: the first call of a name makes an artist, later calls only move it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter
from numpy.typing import ArrayLike

from memlab.show.made import made_by
from memlab.show.picture import encode
from memlab.show.style import HATCHES, STYLE, is_null, look

WIDTH = 7.2
"""Inches of every figure: with one panel a row its text is still legible where a window of 800 pixels shrinks it."""
TITLE_LETTERS, LEGEND_LETTERS = 80, 100


class Canvas:
    """A figure of ``panels`` axes, one below the other, each ``height`` inches; the same code paints it again.

    Axes, labels and legend are drawn once and kept; a frame redraws only what moves, on top of them. So fix the
    limits of a widget's axes with `axes`. The title states the finding. A name has one color in all panels and stands
    in the legend once; one that starts with ``_`` stays out of it.
    """

    def __init__(self, panels: int = 1, height: float | None = None) -> None:
        with rc_context(STYLE):
            self.fig = Figure(figsize=(WIDTH, panels * (height or (3.4 if panels == 1 else 2.5))))
            self._agg = FigureCanvasAgg(self.fig)
            self.panels = list(np.atleast_1d(self.fig.subplots(panels, 1)))
        self._artists: dict[tuple[str, str, int], Any] = {}
        self._intervals: dict[tuple[str, int], tuple[ArrayLike, ArrayLike]] = {}
        self._places: tuple[dict[str, int], dict[str, int]] = ({}, {})  # of colored names, and of grey ones
        self._title: Any = None
        self._legend: Any = None
        self._applied: dict[tuple[int, str], Any] = {}
        self._background: Any = None
        self.words = self.made = ""

    def title(self, finding: str) -> None:
        """Set the title of the figure: one sentence that says what was found."""
        self.words, text = finding, fill(finding, TITLE_LETTERS)
        if self._title is None:
            with rc_context(STYLE):
                self._title = self.fig.suptitle("", x=0.01, ha="left", fontsize=11, fontweight="bold", animated=True)
        if text.count("\n") > self._title.get_text().count("\n"):
            self._background = None  # more lines than there is room for: the figure is laid out again
        self._title.set_text(text)

    def source(self, *sources: Any) -> None:
        """Print below the figure what made its numbers, as `made_by` reads it from rows, a model or replies."""
        self.made = made_by(*sources)
        if self._legend is not None:
            self._legend.set_title(f"made by: {self.made}")

    def axes(self, panel: int = 0, **settings: Any) -> None:
        """Label a panel through matplotlib's ``Axes.set``: ``xlabel``, ``ylabel`` (with units), ``xlim``, ``ylim``."""
        new = {name: value for name, value in settings.items() if self._applied.get((panel, name)) != value}
        if new:
            with rc_context(STYLE):
                self.panels[panel].set(**new)
            self._applied |= {(panel, name): value for name, value in new.items()}

    def _look(self, name: str) -> tuple[str, Any, str]:
        bare = name.lstrip("_")
        places = self._places[is_null(bare)]
        return look(bare, places.setdefault(bare, len(places)))

    def color(self, name: str) -> str:
        """The color of a name: the same in every panel; "no memory" and names with "null" are grey."""
        return self._look(name)[0]

    def marker(self, name: str) -> str:
        """The marker of a name: the same in every panel."""
        return self._look(name)[2]

    def name_panel(self, panel: int, name: str) -> None:
        """Write a name over a panel, as where one figure shows several worlds."""
        with rc_context(STYLE):
            self.panels[panel].set_title(name, loc="left", fontsize=10)

    def line(self, name: str, x: ArrayLike, y: ArrayLike, panel: int = 0, **style: Any) -> None:
        """Draw or move a line."""
        artist = self._artists.get(("line", name, panel))
        if artist is None:
            color, dash, _ = self._look(name)
            style = {"color": color, "linestyle": (0, dash) if dash else "-", "label": name, "animated": True} | style
            with rc_context(STYLE):
                (self._artists["line", name, panel],) = self.panels[panel].plot(x, y, **style)
        else:
            artist.set_data(x, y)

    def band(self, name: str, x: ArrayLike, low: ArrayLike, high: ArrayLike, panel: int = 0) -> None:
        """Draw or move the interval around the line of the same name."""
        artist = self._artists.get(("band", name, panel))
        if artist is None:
            style = {"color": self.color(name), "alpha": 0.2, "linewidth": 0, "animated": True}
            self._artists["band", name, panel] = self.panels[panel].fill_between(x, low, high, **style)
        else:
            artist.set_data(x, low, high)

    def points(self, name: str, x: ArrayLike, y: ArrayLike, panel: int = 0, **style: Any) -> None:
        """Draw or move markers without a line."""
        self.line(name, x, y, panel, **({"linestyle": "none", "marker": self.marker(name)} | style))

    def level(self, name: str, y: float, panel: int = 0) -> None:
        """Draw or move a horizontal reference line, such as an exact value or a null."""
        artist = self._artists.get(("level", name, panel))
        if artist is None:
            color, dash, _ = self._look(name)
            style = {"color": color, "linestyle": (0, dash) if dash else "-", "linewidth": 1.2, "animated": True}
            self._artists["level", name, panel] = self.panels[panel].axhline(y, label=name, **style)
        else:
            artist.set_ydata([y, y])

    def bars(
        self,
        name: str,
        labels: Sequence[str],
        heights: ArrayLike,
        panel: int = 0,
        interval: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> None:
        """Draw or move a group of bars over ``labels``, with thin lines from low to high where ``interval`` is given.

        A panel's groups stand side by side. The number of labels may change later.
        """
        axes, values = self.panels[panel], np.asarray(heights, dtype=float)
        group = self._artists.get(("bars", name, panel))
        if group is None or len(group) != len(values):
            if group is not None:
                group.remove()
            style = {"color": self.color(name), "label": name, "edgecolor": "white", "animated": True}
            with rc_context(STYLE):
                self._artists["bars", name, panel] = axes.bar(np.arange(len(values)), values, **style)
                slanted = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if len(values) > 8 else {}
                axes.set_xticks(np.arange(len(values)), labels, **slanted)
                axes.grid(False, axis="x")
            self._place_bars(panel)
        for bar, height in zip(self._artists["bars", name, panel], values, strict=True):
            bar.set_height(height)
        if interval is not None:
            self._intervals[name, panel] = interval
            self._whiskers(name, panel, *interval)

    def _place_bars(self, panel: int) -> None:
        groups = [artist for (kind, _, where), artist in self._artists.items() if (kind, where) == ("bars", panel)]
        width = 0.8 / len(groups)
        for place, group in enumerate(groups):
            for i, bar in enumerate(group):
                bar.set(x=i + (place - len(groups) / 2) * width, width=width, hatch=HATCHES[place % len(HATCHES)])
        for (name, where), interval in self._intervals.items():
            if where == panel:
                self._whiskers(name, panel, *interval)

    def _whiskers(self, name: str, panel: int, low: ArrayLike, high: ArrayLike) -> None:
        old = self._artists.pop(("whiskers", name, panel), None)
        if old is not None:
            old.remove()
        middles = [bar.get_x() + bar.get_width() / 2 for bar in self._artists["bars", name, panel]]
        self._artists["whiskers", name, panel] = self.panels[panel].vlines(
            middles, low, high, color="black", zorder=3, animated=True
        )

    def png(self, level: int = 1) -> bytes:
        """Draw what moves over what stays, and give the PNG. The first call also settles legend and layout."""
        with rc_context(STYLE):
            if self._background is None:
                self._settle()
            # matplotlib marks the figure stale when anything but an animated artist has changed.
            if self._background is None or self.fig.stale:
                self._agg.draw()
                self._background = self._agg.copy_from_bbox(self.fig.bbox)
            self._agg.restore_region(self._background)
            for artist in sorted(self._moving(), key=lambda artist: artist.get_zorder()):
                self.fig.draw_artist(artist)
            return encode(self.fig, level)

    def _moving(self) -> Iterator[Any]:
        for key, artist in self._artists.items():
            yield from artist if key[0] == "bars" else (artist,)
        if self._title is not None:
            yield self._title

    def _settle(self) -> None:
        """One legend for all panels, below them; plain numbers on log axes; then the layout is fixed."""
        handles: dict[str, Any] = {}
        for axes in self.panels:
            for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
                handles.setdefault(name, handle)
            if axes.get_legend() is not None:
                axes.get_legend().remove()
            for axis in (axes.xaxis, axes.yaxis):
                if axis.get_scale() == "log":
                    axis.set_major_formatter("{x:g}")
                    axis.set_minor_formatter(LogFormatter())
        names = [name for name in handles if not name.startswith("_")]
        if self._legend is not None:
            self._legend.remove()
        self._legend = self.fig.legend(
            *([[handles[name] for name in names], names] if len(names) > 1 else [[], []]),
            loc="outside lower left",
            title=f"made by: {self.made}" if self.made else None,
            title_fontsize=8,
            alignment="left",
            ncols=max(1, min(len(names), LEGEND_LETTERS // (max(map(len, names), default=0) + 8))),
        )
        self.fig.set_layout_engine("constrained")
        self._agg.draw()
        self.fig.set_layout_engine("none")
