"""A figure that stays: the first call of a name makes an artist, later calls only move it."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter
from numpy.typing import ArrayLike

from memlab.show.picture import Picture, to_png
from memlab.show.rows import made_by
from memlab.show.style import HATCHES, STYLE, is_null, look

WIDTH = 5.5
"""Inches of every figure: with one panel a row its text is still legible where a window of 800 pixels shrinks it."""
LINE, TITLE_LETTERS, LEGEND_LETTERS = 0.19, 57, 72
"""Inches of a line of the title or the legend, and how much such a line holds."""


class Canvas:
    """A figure of ``panels`` axes, one below the other, each ``height`` inches; the same code paints it again.

    Axes, labels and legend are drawn once and kept; a frame redraws only what moves, on top of them. So fix the
    limits of a widget's axes with `axes`. The title states the finding. A name has one color in all panels and stands
    in the legend once; one that starts with ``_`` stays out of it.
    """

    def __init__(self, panels: int = 1, height: float | None = None) -> None:
        with rc_context(STYLE):
            self.fig = Figure(figsize=(WIDTH, panels * (height or (2.7 if panels == 1 else 2.1))))
            self._agg = FigureCanvasAgg(self.fig)
            self.panels = list(np.atleast_1d(self.fig.subplots(panels, 1)))
        self._artists: dict[tuple[str, str, int], Any] = {}
        self._places: tuple[dict[str, int], dict[str, int]] = ({}, {})  # of colored names, and of grey ones
        self._groups: list[dict[str, Any]] = [{} for _ in self.panels]
        self._title: Any = None
        self._title_lines = 0
        self._legend: Any = None
        self._applied: dict[tuple[int, str], Any] = {}
        self._background: Any = None
        self.words, self.made = "", "computed"

    def title(self, finding: str) -> None:
        """Set the title of the figure: one sentence that says what was found."""
        self.words, text = finding, fill(finding, TITLE_LETTERS)
        if self._title is None:
            style: Any = {"fontsize": 10.5, "fontweight": "bold", "parse_math": False}
            self._title = self.fig.suptitle("", x=0.01, ha="left", animated=True, **style)
        if text.count("\n") > self._title_lines:
            # More lines than there is room for: the figure is laid out again, and the room stays.
            self._title_lines, self._background = text.count("\n"), None
        self._title.set_text(text)

    def source(self, *sources: Any) -> None:
        """Print below the figure what made its numbers, read from rows, a model or replies; else they are computed."""
        made = made_by(*sources)
        if self._legend is not None and made != self.made:
            self._legend.set_title(fill(f"made by: {made}", LEGEND_LETTERS))
        self.made = made

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
        self.line(name, [0, 1], [y, y], panel, transform=self.panels[panel].get_yaxis_transform(), linewidth=1.2)

    def text(self, name: str, x: float, y: float, words: str, panel: int = 0, **style: Any) -> None:
        """Write words, or change them; ``x`` and ``y`` are shares of the panel's width and height."""
        artist = self._artists.get(("text", name, panel))
        if artist is None:
            place: dict[str, Any] = {"transform": self.panels[panel].transAxes, "animated": True, "parse_math": False}
            artist = self._artists["text", name, panel] = self.panels[panel].text(x, y, "", **place)
        artist.set(text=words, **style)

    def bars(self, name: str, labels: Sequence[str], heights: ArrayLike, panel: int = 0, interval: Any = None) -> None:
        """Draw or move a group of bars over ``labels``; the groups of a panel stand side by side.

        The number of labels may change later. ``interval`` (low, high) draws a thin line on each bar.
        """
        axes, key, values = self.panels[panel], ("bars", name, panel), np.asarray(heights, dtype=float)
        if self._applied.get((panel, "labels")) != list(labels):
            self._applied[panel, "labels"] = list(labels)
            slanted = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if len(labels) > 8 else {}
            with rc_context(STYLE):
                axes.set_xticks(np.arange(len(labels)), labels, **slanted)
                axes.set_xlim(-0.5, len(labels) - 0.5)
                axes.grid(False, axis="x")
        if key not in self._artists:
            # One path for all bars of a group: two dozen rectangles take 5 ms of a frame.
            style = {"facecolor": self.color(name), "edgecolor": "white", "label": name, "animated": True}
            self._artists[key] = axes.add_patch(PathPatch(Path(np.zeros((1, 2))), **style))
            self._artists["whiskers", name, panel] = axes.plot([], [], color="black", linewidth=1.2, animated=True)[0]
            axes.update_datalim([(0, 0), *enumerate(values)])
            axes.autoscale_view(scalex=False)
        self._groups[panel][name] = values, interval
        width = 0.8 / len(self._groups[panel])
        for place, (group, (values, interval)) in enumerate(self._groups[panel].items()):
            left = np.arange(len(values)) + (place - len(self._groups[panel]) / 2) * width
            corners = np.stack([left[:, None] + [0, 0, width, width, 0], values[:, None] * [0, 1, 1, 0, 0]], axis=2)
            bar = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
            patch, whiskers = (self._artists[kind, group, panel] for kind in ("bars", "whiskers"))
            patch.set_path(Path(corners.reshape(-1, 2), bar * len(values)))
            patch.set_hatch(HATCHES[place % len(HATCHES)])
            if interval is not None:
                ends = np.insert(np.transpose(interval), 2, np.nan, axis=1).ravel()
                whiskers.set_data(np.repeat(left + width / 2, 3), ends)

    def png(self, fast: bool = True) -> bytes:
        """Draw what moves over what stays, and give the PNG. The first call also settles legend and layout."""
        if self._background is None or self.fig.stale:  # stale: something that is not animated has changed
            with rc_context(STYLE):
                if self._background is None:
                    self._settle()
                self._agg.draw()
            self._background = self._agg.copy_from_bbox(self.fig.bbox)
        self._agg.restore_region(self._background)
        moving = sorted(self._artists.values(), key=lambda artist: artist.get_zorder())
        for artist in moving:
            if not isinstance(artist, Text):
                self.fig.draw_artist(artist)
        return to_png(self.fig, [text for text in (self._title, *moving) if isinstance(text, Text)], fast)

    def picture(self, alt: str, caption: str) -> Picture:
        """The finished figure, for the last line of a cell; ``alt`` and ``caption`` must not be empty."""
        return Picture(self.png(fast=False), alt, caption)

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
        names = names if len(names) > 1 else []
        made = fill(f"made by: {self.made}", LEGEND_LETTERS)
        columns = max(1, min(len(names), LEGEND_LETTERS // (max(map(len, names), default=0) + 7)))
        if self._legend is not None:
            self._legend.remove()
        else:  # title and legend take no room from the panels
            text = made + (self._title.get_text() if self._title else "")
            lines = 2 + text.count("\n") - len(names) // -columns
            self.fig.set_figheight(self.fig.get_figheight() + LINE * lines)
        self._legend = self.fig.legend(
            [handles[name] for name in names],
            names,
            loc="outside lower left",
            title=made,
            title_fontsize=9,
            alignment="left",
            ncols=columns,
        )
        self.fig.set_layout_engine("constrained")
        self._agg.draw()
        self.fig.set_layout_engine("none")
