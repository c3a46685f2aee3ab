"""A learner of one's own: a file to start from, and its figure and verdicts beside the recorded arms of a lab."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memlab.core import MemlabError
from memlab.datafiles import write_whole
from memlab.experiments import Claim, judge
from memlab.learners import Learner, study

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = '''"""{name}: a learner of my own. `python3 -m memlab study {name}.py` lives it beside the recorded arms of lab 06."""

from memlab import Edit
from memlab.learners import with_memory
from memlab.retrieval import TopK


def credit(episodes, store):
    """What becomes of the memories that were there before: a list of edits, [] for none.

    An episode has .steps (each with .vector, .shown, .action, .reward), .reward and .index. The store is read by
    store.search(vector, k, kind="case") -> hits.cases, hits.similarity. Edits: Edit.rewrite(id, {{"q": 0.2}}),
    Edit.forget(id), Edit.write(case). State that must last is kept in a case (its note); nothing else is.
    """
    edits = []
    for episode in episodes:
        for step in episode.steps:
            hits = store.search(step.vector, 16, kind="case")
            for case, similarity in zip(hits.cases, hits.similarity):
                if similarity >= 0.5 and case.action == step.action:
                    q = case.q + 0.5 * (step.reward - case.q)
                    edits.append(Edit.rewrite(case.id, {{"q": q}}, reason="{name}", episode=episode.index))
    return edits


# Read = the 3 most similar cases whose q is at least .5; a retrieval rule of your own is (vector, store, rng) -> Retrieved.
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


def compare(
    path: Path, lab: str, kinds: Sequence[str], seeds: Sequence[int], say: Callable[[str], None] = print
) -> pd.DataFrame:
    """Live the learner in ``path`` on the recorded replicates of ``lab``, judge it against each arm, draw its curve.

    Its calls are answered from the record where it asks what was asked before, and by the simulated model else; the
    share is said. Verdicts are on success in the second half of each stream, Holm over the arms of one stream.
    """
    from memlab import data, show
    from memlab.llm import open_llm
    from memlab.llm.embedders import ReplayEmbedder

    name, n = path.stem, 96
    llm = open_llm("recorded")
    vectors = ReplayEmbedder(data(f"{lab}/embeddings.parquet"))
    home = Path(".memlab") / "what-if"
    rows = study({name: load_learner(path)}, kinds, seeds, n, "toolbox-b", llm, vectors, against=lab, folder=home)
    for kind in kinds:
        part = rows[(rows["kind"] == kind) & (rows["index"] >= n // 2)]
        scores = part.groupby(["arm", "seed"], sort=False)["success"].mean().reset_index(name="score")
        rivals = [arm for arm in scores["arm"].unique() if arm != name]
        table = judge([Claim(f"{name} beats {rival}", name, rival) for rival in rivals], scores)
        mine = rows[(rows["arm"] == name) & (rows["kind"] == kind)]
        say(f"\n{kind}, second half; {name} was answered by {', '.join(sorted(set(mine['backend'])))}")
        say(table[["claim", "word", "mean", "low", "high", "p", "n"]].round(3).to_string(index=False))
        picture = show.learning_curve(rows[rows["kind"] == kind], window=16)
        write_whole(path.with_name(f"{name}-{kind}.png"), lambda out, png=picture.png: out.write_bytes(png))
        say(f"figure: {name}-{kind}.png")
    return rows
