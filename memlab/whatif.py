"""A learner of one's own: a file to start from, and its figure and verdicts beside the recorded arms of a lab."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from memlab.core import MemlabError
from memlab.datafiles import write_whole
from memlab.experiments import Study
from memlab.learners import Learner, study

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = '''"""{name}: a learner of my own. `memlab study {name}.py` lives it beside the recorded arms of lab 06."""

from memlab import Edit
from memlab.credit.rules import shown_in
from memlab.learners import with_memory
from memlab.retrieval import TopK
from memlab.rivals.knn import Direct


def credit(episodes, store):
    """What becomes of the memories that were there before: a list of edits, [] for none.

    An episode has .steps (each with .vector, .shown, .action, .reward), .reward and .index. The store is read by
    store.search(vector, k, kind="case") -> hits.cases, hits.similarity. Edits: Edit.rewrite(id, {{"q": 0.2}}),
    Edit.forget(id), Edit.write(case). Give each its sources, the cases that it came of, so that an undo can follow
    them. State that must last is kept in a case (its note); nothing else is.
    """
    edits = []
    for episode in episodes:
        for step in episode.steps:
            hits = store.search(step.vector, 16, kind="case")
            for case, similarity in zip(hits.cases, hits.similarity):
                if similarity >= 0.5 and case.action == step.action:
                    q = case.q + 0.5 * (step.reward - case.q)
                    why = {{"reason": "{name}", "episode": episode.index, "sources": shown_in(episode.steps, case.id)}}
                    edits.append(Edit.rewrite(case.id, {{"q": q}}, **why))
    return edits


# Takes the tool of highest Q nearby where that is .5 or more, and else asks the model, which sees no case: the record
# answers. One that shows three cases is with_memory(TopK(k=3), credit); the simulated model then answers.
LEARNER = with_memory(TopK(k=0), credit, make=Direct, answer="ranked")
'''


def new_learner(name: str, folder: Path) -> Path:
    """Write the file ``NAME.py`` to start from. Raises `MemlabError` for a name that is no identifier, or is taken."""
    if not name.isidentifier():
        raise MemlabError(f"name {name!r}: take letters, digits and _, such as my_rule")
    path = folder / f"{name}.py"
    if path.exists():
        raise MemlabError(f"{path} is there already: take another name, or run it with `memlab study {path}`")
    return write_whole(path, lambda part: part.write_text(TEMPLATE.format(name=name), encoding="utf-8"))


def load_learner(path: Path) -> Learner:
    """``LEARNER`` of the reader's own file. Raises `MemlabError` where the file or the name is missing."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise MemlabError(f"no file {path}: write one with `memlab new learner {path.stem}`")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, "LEARNER", None)):
        raise MemlabError(f"{path} defines no LEARNER, such as LEARNER = with_memory(TopK(k=3), credit)")
    return module.LEARNER


def compare(path: Path, lab: Study, say: Callable[[str], None] = print) -> pd.DataFrame:
    """Live the learner in ``path`` on the streams of ``lab``'s report; judge it against each recorded arm, draw curves.

    Its calls are answered from the record where they were asked before, and by the simulated model else; the share is
    said. Verdicts are those of `Study.beside`, of each stream.
    """
    from memlab import data, show
    from memlab.llm.embedders import ReplayEmbedder

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
        say(table[["claim", "word", "mean", "low", "high", "p", "n"]].round(3).to_string(index=False))
        # More than four lines are no picture: one's own, the null, and the two best rivals.
        drawn = part[part["arm"].isin([name, *lab.nulls[:1], *table.nsmallest(2, "mean")["rival"]])]
        figure = path.with_name(f"{name}-{kind}.png")
        figure.write_bytes(show.learning_curve(drawn, window=16).png)
        say(f"figure: {figure}")
    return rows
