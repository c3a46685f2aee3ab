"""House style: Okabe-Ito colors, told apart in grey by line style and marker as well."""

from typing import Any

# Ordered so that neighbors differ in lightness; yellow is left out, since it vanishes on white.
COLORS: tuple[str, ...] = ("#0072B2", "#E69F00", "#000000", "#56B4E9", "#D55E00", "#009E73", "#CC79A7")
DASHES: tuple[Any, ...] = ("", (5, 1.5), (1, 1), (6, 1.5, 1, 1.5), (3, 1), (9, 2), (1, 2.5))
MARKERS: tuple[str, ...] = ("o", "s", "^", "D", "v", "P", "X")
HATCHES: tuple[str, ...] = ("", "//", "..", "xx", "", "//", "..")
NULL = "#777777"
NULL_DASHES: tuple[Any, ...] = ((4, 2), (1, 1, 4, 1), (1, 2), (8, 2))
NULL_MARKERS: tuple[str, ...] = ("d", "x", "+", "*")

# Any: matplotlib types rc keys as a Literal of all their names.
STYLE: Any = {
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelsize": 10,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "path.simplify": True,
    # A dollar in a task, an arm's name or a price is a dollar.
    "text.parse_math": False,
}


def is_null(name: str) -> bool:
    """Whether a name is a reference that is drawn in grey: it begins with "no memory", or has "null" in it."""
    return name.startswith("no memory") or "null" in name


def look(name: str, place: int) -> tuple[str, Any, str]:
    """Color, dashes and marker of a name at ``place`` among the grey names, or among the others."""
    if is_null(name):
        return NULL, NULL_DASHES[place % len(NULL_DASHES)], NULL_MARKERS[place % len(NULL_MARKERS)]
    return COLORS[place % len(COLORS)], DASHES[place % len(DASHES)], MARKERS[place % len(MARKERS)]
