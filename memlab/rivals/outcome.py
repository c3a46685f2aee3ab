"""What came of an agent's knobs on many streams: its rows, curves and verdict, and the files that keep it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab.core import MemlabError
from memlab.datafiles import write_whole
from memlab.experiments import verdict
from memlab.rivals.knobs import Settings, from_text, to_text
from memlab.rivals.quick import Lives

if TYPE_CHECKING:
    import pandas as pd

MEASURES, WINDOW = ("success", "memories", "calls", "tokens"), 12
"""What is kept of each task, and how many tasks a point of the success curve averages."""
NOW, PINNED = "these knobs", "pinned"


def rolled_mean(values: np.ndarray) -> np.ndarray:
    """The mean of the last `WINDOW` places (..., n), fewer at the start."""
    total = np.cumsum(np.pad(values, [(0, 0)] * (values.ndim - 1) + [(WINDOW, 0)]), axis=-1)
    return (total[..., WINDOW:] - total[..., :-WINDOW]) / np.minimum(np.arange(1, values.shape[-1] + 1), WINDOW)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of ``settings`` on the replicates ``seeds``; what made it, as columns of rows name it."""

    settings: Settings
    seeds: tuple[int, ...]
    lives: Lives
    backend: str
    model: str

    @property
    def late(self) -> np.ndarray:
        """Success in the second half of each replicate."""
        return self.lives.success[:, self.lives.success.shape[1] // 2 :].mean(axis=1)

    def curves(self) -> list[np.ndarray]:
        """Success, cases in memory and thousands of tokens read so far, (3, n) each: mean, and 95% over replicates."""
        lives = self.lives
        found = []
        for values in (rolled_mean(lives.success), lives.memories, lives.tokens.cumsum(axis=1) / 1000):
            mean, half = values.mean(axis=0), 1.96 * values.std(axis=0) / np.sqrt(max(len(values) - 1, 1))
            found.append(np.array([mean, mean - half, mean + half]))
        return found

    def rows(self, arm: str) -> pd.DataFrame:
        """One row a task, as a figure takes them."""
        import pandas as pd

        n = self.lives.success.shape[1]
        where = {"arm": arm, "seed": np.repeat(self.seeds, n), "index": np.tile(np.arange(n), len(self.seeds))}
        measured = {name: getattr(self.lives, name).ravel() for name in MEASURES}
        return pd.DataFrame(where | measured | {"backend": self.backend, "model": self.model})

    def summary(self) -> str:
        """Success in the second half, and what a task costs, in words."""
        lives = self.lives
        return (
            f"success {self.late.mean():.3f} in the second half, {lives.calls.mean():.2f} calls and "
            f"{lives.tokens.mean():.0f} tokens read a task, {lives.memories[:, -1].mean():.0f} cases at the end, "
            f"{len(self.seeds)} replicates"
        )

    def against(self, other: Outcome) -> str:
        """The verdict on this outcome and ``other``, second half, over the replicates that both have."""
        both = [seed for seed in self.seeds if seed in other.seeds]
        mine, theirs = ([one.late[one.seeds.index(seed)] for seed in both] for one in (self, other))
        return str(verdict(mine, theirs))

    def save(self, name: str, png: bytes, home: Path) -> list[Path]:
        """Write ``name``.json (the knobs), .csv (a row a task) and .png (a figure); raises `MemlabError`."""
        if not re.fullmatch(r"[\w-]{1,60}", name):
            raise MemlabError(f"name {name!r:.80}: take letters, digits, _ and -, at most 60")
        files = {"csv": self.rows(name).to_csv(index=False).encode(), "png": png}
        files["json"] = to_text(self.settings).encode()  # last: what lacks it is not whole
        return [write_whole(home / f"{name}.{end}", partial(_fill, raw)) for end, raw in files.items()]


def _fill(raw: bytes, part: Path) -> None:
    part.write_bytes(raw)


def of_rows(rows: pd.DataFrame, settings: Settings) -> Outcome:
    """The outcome of ``settings`` whose rows these are, with all of `MEASURES`."""
    table = {name: rows.pivot(index="seed", columns="index", values=name).to_numpy(dtype=float) for name in MEASURES}
    made = rows[["backend", "model"]].fillna("").drop_duplicates().itertuples()
    pairs = sorted({pair for row in made for pair in zip(row.backend.split("+"), row.model.split("+"), strict=True)})
    backend, model = ("+".join(names) for names in zip(*pairs, strict=True))
    return Outcome(settings, tuple(rows["seed"].unique().tolist()), Lives(**table), backend, model)


def saved(home: Path) -> list[str]:
    """The names of the outcomes in ``home``; the knobs are written last."""
    return sorted(path.stem for path in home.glob("*.json"))


def load_outcome(name: str, home: Path) -> Outcome:
    """A saved outcome. Raises `MemlabError` where its files are missing, or are no longer those of a run."""
    import pandas as pd

    try:
        return of_rows(pd.read_csv(home / f"{name}.csv"), from_text((home / f"{name}.json").read_text("utf-8")))
    except (OSError, KeyError, ValueError) as error:
        raise MemlabError(f"{home / name}: no whole run is saved there ({error}); save it again") from None


def paint(canvas: Any, settings: Settings, best: np.ndarray, *runs: Outcome | None) -> None:
    """Draw or move, on a `memlab.show.Canvas` of three panels, ``runs`` (`NOW`, `PINNED`), ``best`` and the ceiling."""
    import pandas as pd

    n, there = settings["horizon"], {name: run for name, run in zip((NOW, PINNED), runs, strict=False) if run}
    curves = {name: one.curves() for name, one in there.items()}
    held = canvas.panels[2].get_ylim()[1]  # kept while it fits: a new limit draws all axes again, which takes 60 ms
    for name in (NOW, PINNED):
        for panel, (mean, low, high) in enumerate(curves.get(name, np.full((3, 3, 2), np.nan))):
            canvas.line(name, np.arange(1, len(mean) + 1), mean, panel)
            if not panel:  # a band costs 3 ms of a frame
                canvas.band(name, np.arange(1, len(mean) + 1), low, high)
    canvas.line("perfect memory, blind search (reference)", np.arange(1, n + 1), rolled_mean(best))
    canvas.level("oracle ceiling", 1.0)
    most = max([1.0, *(found[2][0, -1] for found in curves.values())])
    steps = [m * 10.0 ** int(np.log10(most)) for m in (1, 2, 5, 10)]
    tokens = (0, held if most <= held <= 10 * most else next(step for step in steps if step >= most))
    canvas.axes(0, ylabel="success", xlim=(0, n), ylim=(0, 1.04))
    canvas.axes(1, ylabel="cases kept", xlim=(0, n), ylim=(0, 1.04 * n))
    canvas.axes(2, xlabel="task (number in the stream)", ylabel="tokens (1,000)", xlim=(0, n), ylim=tokens)
    made = [(one.backend, one.model) for one in there.values()] or [("computed", "")]
    canvas.source(pd.DataFrame(made, columns=["backend", "model"]))
    said = [f"{name} {one.late.mean():.2f}" for name, one in there.items()] + [f"reference {best[n // 2 :].mean():.2f}"]
    lacking = "" if NOW in there else f"{settings['learner']}, {settings['model']}: press run. "
    canvas.title(f"{lacking}Second half: {', '.join(said)}")
