"""A figure that stays: the first call of a name makes an artist, later calls only move it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from memlab.show.picture import encode
from memlab.show.style import COLORS, DASHES, HATCHES, MARKERS, NULL, STYLE


class Canvas:
    """A figure of ``panels`` axes side by side, ``size`` in inches; the same code paints it first and again.

    Axes, labels and legend are drawn once and kept; a frame redraws only what moves, on top of them. So fix the
    limits of a widget's axes with `axes`. The title states the finding. Names are legend labels; a name that
    starts with ``_`` stays out of the legend.
    """

    def __init__(self, panels: int = 1, size: tuple[float, float] = (7.2, 3.4)) -> None:
        with rc_context(STYLE):
            self.fig = Figure(figsize=size)
            self._agg = FigureCanvasAgg(self.fig)
            self.panels = list(np.atleast_1d(self.fig.subplots(1, panels)))
        self.fig.set_layout_engine("constrained")
        self._artists: dict[tuple[str, str, int], Any] = {}
        self._intervals: dict[tuple[str, int], tuple[ArrayLike, ArrayLike]] = {}
        self._colors: dict[str, int] = {}
        self._title: Any = None
        self._source: Any = None
        self._applied: dict[tuple[int, str], Any] = {}
        self._background: Any = None
        self.words = ""

    def title(self, finding: str) -> None:
        """Set the title of the figure: one sentence that says what was found."""
        self.words = finding
        if self._title is None:
            self._title = self.fig.suptitle(" ", x=0.01, ha="left", fontsize=11, fontweight="bold", animated=True)
        self._title.set_text(finding)

    def source(self, backend: str) -> None:
        """Print in the lower right corner what made these numbers, such as ``replay of smollm2:135m``."""
        if self._source is None:
            self._source = self.fig.supxlabel("", x=0.99, ha="right", fontsize=8, color=NULL)
        self._source.set_text(f"made by: {backend}")

    def axes(self, panel: int = 0, **settings: Any) -> None:
        """Label a panel through matplotlib's ``Axes.set``: ``xlabel``, ``ylabel`` (with units), ``xlim``, ``ylim``."""
        new = {name: value for name, value in settings.items() if self._applied.get((panel, name)) != value}
        if new:
            with rc_context(STYLE):
                self.panels[panel].set(**new)
            self._applied |= {(panel, name): value for name, value in new.items()}

    def color(self, name: str) -> str:
        """The color of a name: the same in every panel; "no memory" and names with "null" are grey."""
        bare = name.lstrip("_")
        if bare == "no memory" or "null" in bare:
            return NULL
        return COLORS[self._colors.setdefault(bare, len(self._colors)) % len(COLORS)]

    def _dash(self, name: str) -> Any:
        if self.color(name) == NULL:
            return (0, (1, 1, 4, 1)) if "null" in name else "--"
        return DASHES[self._colors[name.lstrip("_")] % len(DASHES)]

    def line(self, name: str, x: ArrayLike, y: ArrayLike, panel: int = 0, **style: Any) -> None:
        """Draw or move a line."""
        artist = self._artists.get(("line", name, panel))
        if artist is None:
            style = {"color": self.color(name), "linestyle": self._dash(name), "label": name, "animated": True} | style
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
        self.color(name)
        marker = MARKERS[self._colors.get(name.lstrip("_"), 0) % len(MARKERS)]
        self.line(name, x, y, panel, **({"linestyle": "none", "marker": marker} | style))

    def level(self, name: str, y: float, panel: int = 0) -> None:
        """Draw or move a horizontal reference line, such as an exact value or a null."""
        artist = self._artists.get(("level", name, panel))
        if artist is None:
            style = {"color": self.color(name), "linestyle": self._dash(name), "linewidth": 1.2, "animated": True}
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
        """Draw what moves over what stays, and give the PNG. The first call also settles legends and layout."""
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
        for axes in self.panels:
            shown = [label for label in axes.get_legend_handles_labels()[1] if not label.startswith("_")]
            if len(shown) > 1:
                axes.legend(loc="best")
        self._agg.draw()
        self.fig.set_layout_engine("none")
        for axes in self.panels:
            if axes.get_legend() is not None:
                axes.get_legend().set_loc(_where(axes))


def _where(axes: Any) -> str:
    """The corner that matplotlib's "best" chose, so that it is not searched for again on every frame."""
    box = axes.get_legend().get_window_extent()
    x, y = axes.transAxes.inverted().transform(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))
    return f"{'upper' if y > 0.5 else 'lower'} {'left' if x < 0.35 else 'right' if x > 0.65 else 'center'}"
