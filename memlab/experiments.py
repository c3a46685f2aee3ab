"""`study`: runs a grid of learners × streams × seeds, keeps every row, resumes, and says where each row came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memlab.agent import Agent
from memlab.core import Episode, MemlabError
from memlab.datafiles import data_folder, write_whole
from memlab.llm import open_embedder, open_llm
from memlab.llm.contract import LLM, Embedder
from memlab.llm.replay import provenance
from memlab.stores import open_store
from memlab.stores.contract import Store
from memlab.tasks import stream

if TYPE_CHECKING:
    import pandas as pd

Learner = Callable[[LLM, Embedder, Store, int], Agent]
"""Makes an agent from a model, an embedder, an empty store and a seed."""


@dataclass(frozen=True)
class Cell:
    """One run: a learner on one stream. All learners of a seed live the same tasks in the same order."""

    learner: str
    world: str
    kind: str
    n: int
    seed: int

    @property
    def name(self) -> str:
        """A file name of its own for each cell."""
        return f"{self.world}-{self.kind}-{self.n}-{self.seed}-{self.learner}"


def study(
    learners: Mapping[str, Learner],
    kinds: Sequence[str],
    seeds: Sequence[int],
    n: int,
    world: str = "toolbox-a",
    llm: str | LLM = "replay",
    embedder: str | Embedder = "wordllama",
    folder: str | Path | None = None,
    jobs: int = 1,
    progress: bool = True,
) -> pd.DataFrame:
    """Runs every learner on every stream kind and seed; gives a frame with one row a task.

    With a ``folder`` each finished run is one Parquet file there, written whole, and is not run again. ``jobs`` runs
    go on at once through joblib, so ``joblib.parallel_config(backend="dask")`` spreads them over a cluster; a live
    server is faster with one. Raises `MemlabError` for an empty grid or a folder that another grid was saved to.
    """
    import pandas as pd
    from joblib import Parallel, delayed
    from tqdm.auto import tqdm

    cells = [Cell(name, world, kind, n, seed) for seed in seeds for kind in kinds for name in learners]
    if not cells:
        raise MemlabError("nothing to run: give at least one learner, one stream kind and one seed")
    home = Path(folder) if folder is not None else None
    saved = {cell: home / f"{cell.name}.parquet" for cell in cells} if home else {}
    todo = [cell for cell in cells if cell not in saved or not saved[cell].exists()]
    if home:
        home.mkdir(parents=True, exist_ok=True)
    frames: dict[Cell, pd.DataFrame] = {cell: pd.read_parquet(saved[cell]) for cell in cells if cell not in todo}
    with tqdm(total=len(cells) * n, initial=len(frames) * n, unit="task", disable=not progress) as bar:
        if jobs == 1:
            model = open_llm(llm) if isinstance(llm, str) else llm
            vectors = open_embedder(embedder) if isinstance(embedder, str) else embedder
            done: Iterator[pd.DataFrame] = (
                run_cell(cell, learners[cell.learner], model, vectors, lambda: bar.update(1)) for cell in todo
            )
        else:
            calls = (delayed(run_cell)(cell, learners[cell.learner], llm, embedder) for cell in todo)
            done = Parallel(n_jobs=jobs, return_as="generator")(calls)
        for cell, frame in zip(todo, done, strict=True):
            frames[cell] = frame
            if cell in saved:
                write_frame(saved[cell], frame, {"cell": cell.name})
            if jobs != 1:
                bar.update(n)
    return pd.concat([frames[cell] for cell in cells], ignore_index=True)


def run_cell(
    cell: Cell,
    learner: Learner,
    llm: str | LLM,
    embedder: str | Embedder,
    tick: Callable[[], object] = lambda: None,
) -> pd.DataFrame:
    """One run from an empty memory; one row a task."""
    import pandas as pd

    model = open_llm(llm) if isinstance(llm, str) else llm
    vectors = open_embedder(embedder) if isinstance(embedder, str) else embedder
    agent = learner(model, vectors, open_store(dim=vectors.dim), cell.seed)
    rows = []
    for episode in agent.run(stream(cell.world, cell.kind, cell.n, cell.seed)):
        rows.append(row(cell, agent, episode))
        tick()
    return pd.DataFrame(rows)


def row(cell: Cell, agent: Agent, episode: Episode) -> dict[str, Any]:
    """What is kept of one episode."""
    replies = episode.replies
    return {
        "learner": cell.learner,
        "world": cell.world,
        "kind": cell.kind,
        "seed": cell.seed,
        "index": episode.index,
        "family": episode.task.family,
        "action": "+".join(step.action for step in episode.steps),
        "serves": "+".join(episode.task.serves),
        "success": episode.success,
        "reward": episode.reward,
        "shown": sum(len(step.shown) for step in episode.steps),
        "edits": len(episode.edits),
        "memories": len(agent.store) if agent.store is not None else 0,
        "calls": len(replies),
        "tokens_in": sum(reply.tokens_in for reply in replies),
        "tokens_out": sum(reply.tokens_out for reply in replies),
        "llm_seconds": sum(reply.seconds for reply in replies),
        "model": replies[0].model if replies else "",
        "backend": replies[0].backend if replies else "",
    }


def write_frame(path: Path, frame: pd.DataFrame, note: Mapping[str, Any]) -> None:
    """Writes ``frame`` to Parquet with ``note`` and its provenance in the metadata, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), b"memlab": json.dumps({**provenance(), **note}).encode()}
    table = table.replace_schema_metadata(metadata)
    write_whole(path, lambda part: pq.write_table(table, part, compression="zstd"))


def save_study(name: str, frame: pd.DataFrame, note: Mapping[str, Any]) -> None:
    """Writes a finished study to ``data/studies/NAME.parquet``, with ``note`` and its provenance."""
    write_frame(data_folder() / "studies" / f"{name}.parquet", frame, note)


def read_note(path: Path) -> dict[str, Any]:
    """The provenance that `write_frame` put into a Parquet file."""
    import pyarrow.parquet as pq

    kept = (pq.read_schema(path).metadata or {}).get(b"memlab")
    if kept is None:
        raise MemlabError(f"{path.name} carries no provenance; rerun the study that makes it")
    return json.loads(kept)
