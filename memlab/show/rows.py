"""The rows behind a figure: checked, tidy, and named after what made them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from memlab.core import MemlabError


def made_by(*sources: Any) -> str:
    """What made the numbers, such as ``replay of smollm2:135m``; without a source they were ``computed``.

    A source is a frame with a column ``backend`` (and ``model``), a model, a `Reply`, several of these, or the bare
    word for a backend. An empty backend means ``no model``. Raises `MemlabError` for a frame without that column.
    """
    models: dict[str, list[str]] = {}
    for backend, model in dict.fromkeys(_pairs(sources)):
        if backend in model:  # the simulated model says so in its name
            backend, model = model, ""
        models.setdefault(model, []).append(backend or "no model")
    return "; ".join(" and ".join(sorted(found)) + (f" of {model}" if model else "") for model, found in models.items())


def _pairs(source: Any) -> list[tuple[str, str]]:
    if isinstance(source, str):
        return [(source, "")]
    if hasattr(source, "columns"):
        if "backend" not in source:
            raise MemlabError("this frame has no column backend: say where its numbers come from, as made_by=rows")
        models = source["model"].fillna("") if "model" in source else [""] * len(source)
        rows = dict.fromkeys(zip(source["backend"].fillna(""), models, strict=True))
        # A row that several models answered names them all, joined by "+".
        return [pair for backend, model in rows for pair in zip(backend.split("+"), model.split("+"), strict=True)]
    if hasattr(source, "backend"):
        return [(source.backend, getattr(source, "model", "") or getattr(source, "name", ""))]
    return [pair for part in source for pair in _pairs(part)]


def tidy(rows: Any, names: Sequence[str], columns: Sequence[str], x: Any = None) -> pd.DataFrame:
    """``rows`` as a frame that has ``columns`` and, as text, ``names``; arrays become arm, seed, index, value.

    ``x`` gives the places of an array's T entries (1 to T by default). Raises `MemlabError` for missing columns.
    """
    if isinstance(rows, Mapping):
        parts = []
        for name, values in rows.items():
            table = np.asarray(values, dtype=float).reshape(len(values), -1)
            part = pd.DataFrame(table, columns=np.arange(1, table.shape[1] + 1) if x is None else x)
            parts.append(part.assign(arm=name, seed=range(len(table))).melt(["arm", "seed"], var_name="index"))
        rows = pd.concat(parts, ignore_index=True).assign(backend="computed")
    missing = [name for name in [*names, *columns] if name not in rows]
    if missing:
        raise MemlabError(f"rows lack {', '.join(missing)}; they have {', '.join(map(str, rows.columns))}")
    return rows.assign(**{name: rows[name].astype(str) for name in names})


def check_once(rows: pd.DataFrame, keys: Sequence[str]) -> None:
    """Raises `MemlabError` where two rows share all ``keys``, as own and recorded arms of one name do."""
    twice = rows[rows.duplicated(list(keys))]
    if len(twice):
        where = ", ".join(f"{key} {twice.iloc[0][key]}" for key in keys)
        raise MemlabError(f"{len(twice)} rows stand twice, the first at {where}: give each arm a name of its own")


def check_paired(rows: pd.DataFrame, arm: str) -> None:
    """Raises `MemlabError` where the arms did not run on the same replicates."""
    seeds = {name: set(part["seed"]) for name, part in rows.groupby(arm, sort=False)}
    shared = set.intersection(*seeds.values())
    for name in (name for name, own in seeds.items() if own != shared):
        raise MemlabError(
            f"the arms ran on unequal replicates: {name!r} on {len(seeds[name])}, all of them on {len(shared)}; "
            f"keep those with rows[rows.seed.isin({sorted(shared)})]"
        )


def labels(rows: pd.DataFrame, arm: str) -> dict[str, str]:
    """How a figure calls each arm: by its name, with what made it where the arms differ in that."""
    made = {name: made_by(part) if "backend" in rows else "" for name, part in rows.groupby(arm, sort=False)}
    short = {name: "; ".join(one.partition(" of ")[0] for one in maker.split("; ")) for name, maker in made.items()}
    return {name: f"{name} ({short[name]})" if len(set(made.values())) > 1 else name for name in made}


def of_panel(settings: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The settings for one panel: a dict among them holds one value a panel."""
    chosen = {name: value.get(kind) if isinstance(value, Mapping) else value for name, value in settings.items()}
    return {name: value for name, value in chosen.items() if value is not None}


def ranking(values: Mapping[str, float]) -> str:
    """For a title: the values of up to four arms, highest first; of more, the highest and the lowest."""
    said = [f"{name} {value:.3g}" for name, value in sorted(values.items(), key=lambda item: -item[1])]
    return ", ".join(said) if len(said) <= 4 else f"highest {said[0]}, lowest {said[-1]}"
