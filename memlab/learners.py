"""Learners on streams: what a learner is, the rows of its life, and `study`, the quick what-if."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from memlab.agent import Agent
from memlab.core import Episode, MemlabError, Reply, Task
from memlab.credit import CreditRule, append_only
from memlab.datafiles import data
from memlab.experiments import file_of, grid, run_cells
from memlab.llm import open_embedder, open_llm
from memlab.llm.contract import LIVE, LLM, Embedder
from memlab.retrieval import Retriever
from memlab.stores import open_store
from memlab.stores.contract import Store
from memlab.tasks import stream

Learner = Callable[[LLM, Embedder, Store, int], Agent]
"""Makes an agent from a model, an embedder, an empty store and a seed."""


def no_memory(llm: LLM, embedder: Embedder, store: Store, seed: int) -> Agent:
    """The same model on the same stream, without a memory."""
    return Agent(llm, embedder, seed=seed)


def with_memory(
    retrieval: Retriever,
    credit: CreditRule = append_only,
    narrow_below: float | None = 0.5,
    make: type[Agent] = Agent,
    **parts: Any,
) -> Learner:
    """A learner with the given ``parts`` of an agent; ``make`` is `Agent`, or a rival that decides in another way."""

    def learner(llm: LLM, embedder: Embedder, store: Store, seed: int) -> Agent:
        return make(llm, embedder, store, retrieval, credit=credit, narrow_below=narrow_below, seed=seed, **parts)

    return learner


def live(
    learner: Learner, llm: LLM, embedder: Embedder, *, seed: int, draw: int | None = None, **where: Any
) -> list[dict[str, Any]]:
    """One life from an empty memory on `stream(seed=seed, **where)`, a row a task.

    ``draw`` seeds the learner's own chances, the stream's seed else.
    """
    agent = learner(llm, embedder, open_store(dim=embedder.dim), seed if draw is None else draw)
    return life(agent, stream(seed=seed, **where))


def life(agent: Agent, tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """What ``agent`` makes of ``tasks``, a row a task."""
    return [_row(agent, episode) for episode in agent.run(tasks)]


def _row(agent: Agent, episode: Episode) -> dict[str, Any]:
    """What is kept of one episode."""
    replies = episode.replies
    made = sorted({(reply.backend, reply.model) for reply in replies})
    change = {"change": episode.task.change} if episode.task.change else {}
    return change | {
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
        "bent": sum(map(bent, replies)),
        "tokens_in": sum(reply.tokens_in for reply in replies),
        "tokens_out": sum(reply.tokens_out for reply in replies),
        "llm_seconds": sum(reply.seconds for reply in replies),
        "model": "+".join(model for _, model in made),
        "backend": "+".join(backend for backend, _ in made),
    }


def bent(reply: Reply) -> bool:
    """Whether the schema's mask, which picks token by token, gave another name than the most probable one."""
    probs = reply.choice_probs
    return probs is not None and probs[reply.value] < max(probs.values())


def study(
    learners: Mapping[str, Learner],
    kinds: Sequence[str],
    seeds: Sequence[int],
    n: int,
    world: str = "toolbox-a",
    llm: str | LLM = "replay",
    embedder: str | Embedder = "wordllama",
    against: str | None = None,
    folder: str | Path | None = None,
    jobs: int = 1,
    progress: bool = True,
    families: int = 4,
    seconds: float | None = 180.0,
) -> pd.DataFrame:
    """Runs every learner on every stream kind and seed; gives a frame with one row a task, the learner in ``arm``.

    ``against="lab06-field"`` adds the recorded arms of that study on the same streams and replicates; those that asked
    another model are left out, and a line says so. With a ``folder`` each finished life is kept there and is not run
    again; what is kept is found by all that made it. ``jobs`` lives go on at once through joblib
    (``joblib.parallel_config(backend="dask")`` spreads them over a cluster; ``backend="threading"`` keeps several
    Ollama hosts busy); one live server is faster with one. Where a model answers live, no replicate but the first is
    begun that would end after ``seconds``: what was lived comes back, beside the recorded arms of those replicates.
    Raises `MemlabError` for an empty grid, and where the recorded arms lack a stream asked for.
    """
    model = open_llm(llm) if isinstance(llm, str) else llm
    recorded = _recorded(against, world, kinds, seeds, n, families, learners, model.name) if against else None
    vectors = open_embedder(embedder) if isinstance(embedder, str) else embedder
    arms = [{"arm": name, "learner": learner} for name, learner in learners.items()]
    cells = [arm | cell for cell in grid(world=world, kind=kinds, n=n, seed=seeds, families=families) for arm in arms]
    home = Path(folder) / "cells.sqlite" if folder is not None else None
    limit = seconds if model.backend in LIVE else None
    rows = run_cells("study", _life, cells, {"llm": model, "embedder": vectors}, home, jobs, progress, limit, len(arms))
    if recorded is None:
        return rows
    return pd.concat([recorded.merge(rows[["kind", "seed"]].drop_duplicates()), rows], ignore_index=True)


def _life(arm: str, learner: Learner, llm: LLM, embedder: Embedder, **where: Any) -> list[dict[str, Any]]:
    return live(learner, llm, embedder, **where)


def _recorded(name: str, world: str, kinds: Sequence[str], seeds: Sequence[int], n: int, families: int,
              mine: Iterable[str], model: str) -> pd.DataFrame:  # fmt: skip
    """The recorded rows of a study on exactly these streams, of arms that asked ``model`` or none."""
    rows = pd.read_parquet(data(file_of(name)))
    if "families" not in rows:
        rows["families"] = rows.groupby(["world", "kind", "seed"])["family"].transform("nunique")
    lengths = rows.groupby(["world", "kind", "seed", "families"])["index"].max() + 1
    lacking = [key for kind in kinds for seed in seeds if lengths.get(key := (world, kind, seed, families)) != n]
    if lacking:
        there = sorted({(w, k, f, length) for (w, k, _, f), length in lengths.items()})
        held = lengths.index.get_level_values("seed")
        raise MemlabError(
            f"{name} has no record of {lacking[0]} with {n} tasks; its streams are {there} (world, kind, families, "
            f"tasks), seeds {held.min()}-{held.max()}"
        )
    others = rows[~rows["model"].fillna("").isin(["", model])]
    if len(others):  # what a learner adds could not be told from what another model adds
        arms, asked = (", ".join(dict.fromkeys(others[column])) for column in ("arm", "model"))
        print(f"{name}: left out {arms}, which asked {asked} and not {model}; live them beside yours to compare")
        rows = rows[~rows["arm"].isin(others["arm"])]
    both = sorted(set(mine) & set(rows["arm"]))
    if both:
        raise MemlabError(f"{', '.join(both)} is also the name of a recorded arm of {name}: give yours another name")
    return rows[(rows["world"] == world) & rows["kind"].isin(list(kinds)) & rows["seed"].isin(list(seeds))]
