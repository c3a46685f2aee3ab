"""A learner of one's own: a file to start from, and its figure and verdicts beside the recorded arms of a lab."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from memlab.core import MemlabError
from memlab.datafiles import write_whole
from memlab.experiments import Claim, Study, judge_claims
from memlab.learners import Learner, study

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = '''"""{name}: a learner of my own. `memlab study {name}.py` lives it beside the recorded arms of lab 06."""

from memlab import Edit
from memlab.credit.rules import shown_in
from memlab.learners import with_memory
from memlab.retrieval import TopK


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


# Reads the 3 most similar cases with q >= .5. A retrieval rule of your own is (vector, store, rng) -> Retrieved.
LEARNER = with_memory(TopK(k=3), credit)
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
    said. Verdicts are on success in the second half of each stream, Holm over the arms of one stream.
    """
    from memlab import data, show
    from memlab.llm.embedders import ReplayEmbedder

    name, held = path.stem, lab.rows()
    kinds, n = tuple(held["kind"].unique()), int(held["index"].max()) + 1
    seeds, world = sorted(held["seed"].unique().tolist()), str(held["world"].iloc[0])
    vectors = ReplayEmbedder(data(f"{lab.folder}/embeddings.parquet"))
    home = Path(".memlab") / "what-if"
    rows = study({name: load_learner(path)}, kinds, seeds, n, world, "recorded", vectors, lab.folder, home)
    for kind in kinds:
        part = rows[rows["kind"] == kind]
        late = part[part["index"] >= n // 2]
        scores = late.groupby(["arm", "seed"], sort=False)["success"].mean().reset_index(name="score")
        rivals = [arm for arm in scores["arm"].unique() if arm != name]
        table = judge_claims([Claim(f"{name} beats {rival}", name, rival) for rival in rivals], scores)
        said = part[(part["arm"] == name) & (part["calls"] > 0)]["backend"].value_counts(normalize=True)
        shares = ", ".join(f"{backend} {share:.0%}" for backend, share in said.items())
        say(f"\n{kind}, second half. Tasks of {name} were answered by {shares}")
        told = table[["claim", "word", "mean", "low", "high", "p", "n"]].round(3)
        say(told.assign(p=table["p"].map("{:.2g}".format)).to_string(index=False))
        # More than four lines are no picture: one's own, the null, and the two best rivals.
        ranked = scores[scores["arm"] != name].groupby("arm")["score"].mean().sort_values(ascending=False).index
        drawn = part[part["arm"].isin([name, *lab.nulls[:1], *ranked[:2]])]
        figure = path.with_name(f"{name}-{kind}.png")
        figure.write_bytes(show.learning_curve(drawn, window=16).png)
        say(f"figure: {figure}")
    return rows
