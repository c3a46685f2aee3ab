"""A learner of one's own: a file to start from, and its figure and verdicts beside the recorded arms of a lab."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from memlab import show
from memlab.core import MemlabError
from memlab.datafiles import data, write_whole
from memlab.experiments import Study
from memlab.learners import study
from memlab.llm.embedders import ReplayEmbedder
from memlab.rivals.knobs import load_learner

TEMPLATE = Path(__file__).with_name("learner_template.txt")
"""What a learner of one's own starts from."""


def new_learner(name: str, folder: Path) -> Path:
    """Write the file ``NAME.py`` to start from. Raises `MemlabError` for a name that is no identifier, or is taken."""
    if not name.isidentifier():
        raise MemlabError(f"name {name!r}: take letters, digits and _, such as my_rule")
    path = folder / f"{name}.py"
    if path.exists():
        raise MemlabError(f"{path} is there already: take another name, or run it with `memlab study {path}`")
    text = TEMPLATE.read_text(encoding="utf-8").format(name=name)
    return write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def compare(path: Path, lab: Study, say: Callable[[str], None] = print) -> pd.DataFrame:
    """Live the learner in ``path`` on the streams of ``lab``'s report; judge it against each recorded arm, draw curves.

    Its calls are answered from the record where they were asked before, and by the simulated model else; the share is
    said. Verdicts are those of `Study.beside`, of each stream.
    """
    name, held = path.stem, lab.rows()
    kinds, n = tuple(held["kind"].unique()), int(held["index"].max()) + 1
    seeds, world = sorted(held["seed"].unique().tolist()), str(held["world"].iloc[0])
    families = int(held.groupby(["kind", "seed"])["family"].nunique().iloc[0])
    vectors, home = ReplayEmbedder(data(f"{lab.folder}/embeddings.parquet")), Path(".memlab") / "what-if"
    mine = {name: load_learner(path)}
    rows = study(mine, kinds, seeds, n, world, "recorded", vectors, lab.name, home, families=families)
    for kind in kinds:
        part = rows[rows["kind"] == kind]
        table = lab.beside(name, part)
        said = part[(part["arm"] == name) & (part["calls"] > 0)]["backend"].value_counts(normalize=True)
        shares = ", ".join(f"{backend} {share:.0%}" for backend, share in said.items())
        say(f"\n{kind}, by the primary metric of {lab.name}. Tasks of {name} were answered by {shares}")
        told = table[["claim", "word", "mean", "low", "high", "p", "n"]].round(3)
        say(told.assign(p=table["p"].map("{:.2g}".format)).to_string(index=False))
        # More than four lines are no picture: one's own, the null, and the two best rivals.
        drawn = part[part["arm"].isin([name, *lab.nulls[:1], *table.nsmallest(2, "mean")["rival"]])]
        figure = path.with_name(f"{name}-{kind}.png")
        figure.write_bytes(show.learning_curve(drawn, window=16).png)
        say(f"figure: {figure}")
    return rows
