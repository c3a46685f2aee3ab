"""The scores of a study's arms, and the verdicts on its claims."""

from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context

from memlab.show import rows as tables
from memlab.show.canvas import Canvas
from memlab.show.picture import Picture
from memlab.show.style import COLORS, NULL, STYLE
from memlab.stats import bootstrap_band

LABEL_LETTERS = 26
TICKS: dict[str, Any] = {"marker": "|", "size": 9, "linewidth": 1, "alpha": 0.45, "jitter": False}
MEANS: dict[str, Any] = {
    "linestyle": "none",
    "err_kws": {"linewidth": 2},
    "errorbar": lambda values: bootstrap_band(np.reshape(values, (-1, 1)))[1:, 0],
}
WORDS = {
    "supported": (COLORS[0], "o", COLORS[0]),
    "as good": (COLORS[5], "s", COLORS[5]),
    "contradicted": (COLORS[4], "X", COLORS[4]),
    "undecided": (NULL, "o", "white"),
}
"""Color, marker and its filling for each word of a verdict."""


def arms(
    scores: Any, *, y: str = "value", arm: str = "arm", group: str | None = None, panel: str | None = None,
    made_by: Any = None, title: str = "", alt: str = "", caption: str = "", **axes: Any,
) -> Picture:  # fmt: skip
    """One row of the figure an arm: each replicate as a tick, the mean as a point, its interval as a line.

    ``scores`` is a tidy frame (rows of one arm, ``seed`` and group are averaged first), or ``{arm: array
    (replicates,)}``. ``group`` sets rows of one arm apart by marker, ``panel`` by panel; ``axes`` go to matplotlib's
    ``Axes.set``. Raises `MemlabError` for missing columns, and for arms on unequal replicates.
    """
    import seaborn

    keys = [name for name in (panel, group, arm) if name]
    rows = tables.tidy(scores, keys, [y, "seed"])
    labels = {name: fill(label, LABEL_LETTERS) for name, label in tables.labels(rows, arm).items()}
    found = rows.groupby([*keys, "seed"], sort=False)[y].mean().reset_index()
    parts, hue = dict(iter(found.groupby(panel, sort=False))) if panel else {"": found}, group or arm
    lines = max(1.2, *(1 + text.count("\n") for text in labels.values()), found[group].nunique() if group else 1)
    most = max(part[arm].nunique() for part in parts.values())
    canvas, means = Canvas(len(parts), 0.5 + 0.24 * lines * most), []
    for i, (kind, part) in enumerate(parts.items()):
        tables.check_paired(part, arm)
        hues = list(part[hue].unique())
        shared = {"data": part, "x": y, "y": arm, "hue": hue}
        shared |= {"palette": [canvas.color(name) for name in hues], "ax": canvas.panels[i]}
        apart = 0.8 - 0.8 / part[group].nunique() if group else False
        with rc_context(STYLE):
            seaborn.stripplot(**shared, **TICKS, dodge=bool(group), legend=False)
            markers = [canvas.marker(name) for name in hues]
            seaborn.pointplot(**shared, **MEANS, dodge=apart, markers=markers, legend=bool(group))
        ticks = {"yticks": range(part[arm].nunique()), "yticklabels": [labels[name] for name in part[arm].unique()]}
        canvas.axes(i, **tables.of_panel({"ylabel": "", "title": kind} | ticks | axes, kind))
        mean = part.groupby([arm, group] if group else arm, sort=False)[y].mean().to_dict()
        mean = {", ".join(map(str, name)) if group else name: value for name, value in mean.items()}
        means.append((f"{kind}: " if kind else "") + tables.ranking(mean))
    canvas.source(rows if made_by is None else made_by)
    canvas.title(title or f"Mean {y}: {'; '.join(means)}")
    note = f"Points: means; lines: 95% bootstrap over {found['seed'].nunique()} replicates; ticks: each."
    return canvas.picture(alt or f"Points with intervals of {y} by {arm}. {canvas.words}.", caption or note)


def verdicts(table: pd.DataFrame, *, made_by: Any = None, title: str = "", alt: str = "", caption: str = "") -> Picture:
    """The claims of a study, one row each: mean difference, interval, zero, margin, and the word.

    ``table`` is what ``Study.verdicts()`` gives. A white point is undecided; a bold line is the primary claim.
    """
    claims = list(table.itertuples())
    labels = [fill(claim.claim, LABEL_LETTERS) for claim in claims]
    lines = max(3, *(1 + label.count("\n") for label in labels))
    canvas = Canvas(1, 0.6 + 0.22 * lines * len(table))
    on = canvas.panels[0]
    # An interval that few replicates leave without an end runs out of the picture.
    ends = table[["low", "high", "mean"]].abs()
    far = 1.5 * float(ends[ends < float("inf")].max(axis=None))
    with rc_context(STYLE):
        on.axvline(0, color="black", linewidth=1)
        for i, claim in enumerate(claims):
            color, marker, filling = WORDS[claim.word]
            on.hlines(i, max(claim.low, -far), min(claim.high, far), color, linewidth=3.5 if claim.primary else 1.8)
            on.plot(claim.mean, i, marker, color=color, markerfacecolor=filling, markersize=8)
            if pd.notna(claim.margin):
                on.plot(-claim.margin, i, "|", color=NULL, markersize=22, markeredgewidth=2)
        on.set_yticks(range(len(claims)), labels)
        on.set(ylim=(len(claims) - 0.5, -0.5), xlabel="mean difference, arm minus rival")
        words = on.secondary_yaxis("right")
        words.set_yticks(range(len(claims)), [f"{claim.word}\np = {claim.p:.2g}" for claim in claims])
        words.tick_params(length=0)
        words.spines["right"].set_visible(False)
    canvas.source(made_by if made_by is not None else table)
    counts = table["word"].value_counts().to_dict()
    canvas.title(title or f"Of {len(claims)} claims, " + ", ".join(f"{n} {word}" for word, n in counts.items()))
    each = "; ".join(f"{c.claim}: {c.word}, {c.mean:.3f} [{c.low:.3f}, {c.high:.3f}]" for c in claims)
    how = "Lines: intervals at the level of Holm's step, by sign flips; bold: the primary claim; p: after Holm; "
    how += 'a grey tick: the margin of "as good"; ' * bool(table["margin"].notna().any())
    how += f"n = {', '.join(map(str, table['n'].unique()))}."
    return canvas.picture(alt or f"{canvas.words}. {each}.", caption or how)
