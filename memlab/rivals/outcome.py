"""What came of an agent's knobs on many streams: its rows, curves and verdict, and the files that keep it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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


def smoothed(values: np.ndarray) -> np.ndarray:
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
        for values in (smoothed(lives.success), lives.memories, lives.tokens.cumsum(axis=1) / 1000):
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
        return str(verdict(*([one.late[one.seeds.index(seed)] for seed in both] for one in (self, other))))

    def save(self, name: str, png: bytes, home: Path) -> list[Path]:
        """Write ``name``.json (the knobs), .csv (a row a task) and .png (a figure); raises `MemlabError`."""
        if not re.fullmatch(r"[\w-]{1,60}", name):
            raise MemlabError(f"name {name!r:.80}: take letters, digits, _ and -, at most 60")
        files = {"csv": self.rows(name).to_csv(index=False).encode(), "png": png}
        files["json"] = to_text(self.settings).encode()  # last: what lacks it is not whole
        found = []
        for end, raw in files.items():
            found.append(write_whole(home / f"{name}.{end}", lambda part, raw=raw: part.write_bytes(raw)))
        return found


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
