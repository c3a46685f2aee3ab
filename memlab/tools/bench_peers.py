"""The same work by memlab, by naive LanceDB, and by Chroma where the extra ``peers`` is installed, in one run.

An episode searches, writes one case, changes the value of the two nearest, and keeps what it changed in a history; all
of it on disk. The rivals are used as their own pages show it: one call for each of these, no batches, no upkeep.
"""

import importlib.util
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from memlab.core import Case, Edit
from memlab.stores import open_store

Episode = Callable[[int, np.ndarray], None]
Make = Callable[[Path, int], Episode]
STOP = 6.0  # times the seconds of the first


class Measured(NamedTuple):
    """One promise: what was measured, in which unit, and the ``limit`` it may not exceed (None: shown, not judged)."""

    promise: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def kept(self) -> bool:
        """Whether the value stays within its limit."""
        return self.limit is None or not self.value > self.limit

    def __str__(self) -> str:
        if math.isnan(self.value):
            return f"{'skip':<6}  {self.promise:<62} {self.note}"
        bound = f"limit {self.limit:g} {self.unit}" if self.limit is not None else ""
        verdict, value = ("kept" if self.kept else "BROKEN") if bound else "shown", f"{self.value:.3g} {self.unit}"
        return f"{verdict:<6}  {self.promise:<62} {value:>12}  {bound:<14} {self.note}".rstrip()


def random_rows(n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Random unit rows, shape ``(n, dim)``, float32."""
    rows = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def memlab_episodes(folder: Path, dim: int) -> Episode:
    """memlab: one commit an episode; the log is the history."""
    store = open_store(folder / "memory", dim)

    def episode(i: int, vector: np.ndarray) -> None:
        near = store.search(vector, 2).ids
        new = Edit.write(Case(f"c{i}", f"case {i}", vector=vector), reason="new", episode=i)
        store.commit([new, *(Edit.rewrite(case_id, {"q": i / 7}, reason="td", episode=i) for case_id in near)])

    return episode


def lancedb_episodes(folder: Path, dim: int) -> Episode:
    """Naive LanceDB: a table of cases, and one of what was changed."""
    import lancedb
    import pyarrow as pa

    db = lancedb.connect(folder)
    kind = pa.list_(pa.float32(), dim)
    held = pa.schema({"id": pa.string(), "text": pa.string(), "q": pa.float64(), "vector": kind})
    cases = db.create_table("cases", schema=held)
    log = pa.schema({"id": pa.string(), "q": pa.float64(), "episode": pa.int64()})
    changes = db.create_table("changes", schema=log)

    def episode(i: int, vector: np.ndarray) -> None:
        near = [row["id"] for row in cases.search(vector).limit(2).to_list()]
        cases.add([{"id": f"c{i}", "text": f"case {i}", "q": 0.0, "vector": vector}])
        if near:
            cases.update(where=f"id IN ({', '.join(map(repr, near))})", values={"q": i / 7})
        changes.add([{"id": case_id, "q": i / 7, "episode": i} for case_id in [f"c{i}", *near]])

    return episode


def chroma_episodes(folder: Path, dim: int) -> Episode:
    """Chroma: a collection of cases, and one of what was changed, which needs a vector too."""
    import chromadb

    client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
    cases = client.create_collection("cases", embedding_function=None)
    changes = client.create_collection("changes", embedding_function=None)

    def episode(i: int, vector: np.ndarray) -> None:
        near = cases.query(query_embeddings=[vector], n_results=2)["ids"][0] if i else []
        cases.add(ids=[f"c{i}"], documents=[f"case {i}"], embeddings=[vector], metadatas=[{"q": 0.0}])
        if near:
            cases.update(ids=near, metadatas=[{"q": i / 7}] * len(near))
        changed = [f"c{i}", *near]
        changes.add(
            ids=[f"{i}/{case_id}" for case_id in changed],
            embeddings=np.full((len(changed), 1), i, np.float32),
            metadatas=[{"id": case_id, "q": i / 7} for case_id in changed],
        )

    return episode


def seconds_lived(makes: Mapping[str, Make], vectors: np.ndarray) -> dict[str, float]:
    """Seconds of each for one episode with each of ``vectors``, turn by turn: a change of load then meets all alike.

    Who has taken `STOP` times those of the first leaves episodes out, until that is so no more.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lives = {name: make(Path(folder, name), vectors.shape[1]) for name, make in makes.items()}
        spent = dict.fromkeys(lives, 0.0)
        for i, vector in enumerate(vectors):
            for name, episode in lives.items():
                if spent[name] <= STOP * next(iter(spent.values())):
                    start = time.perf_counter()
                    episode(i, vector)
                    spent[name] += time.perf_counter() - start
        return spent


def beside_peers(episodes: int = 2_000, dim: int = 384) -> Iterator[Measured]:
    """memlab's seconds over those of the faster rival."""
    makes = {"memlab": memlab_episodes, "lancedb": lancedb_episodes}
    if importlib.util.find_spec("chromadb") is not None:
        makes["chroma"] = chroma_episodes
    took = seconds_lived(makes, random_rows(episodes, dim))
    note = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())
    note, ours = note + "; chroma needs the extra peers" * ("chroma" not in took), took.pop("memlab")
    yield Measured("2,000 episodes on disk, over the faster peer", ours / min(took.values()), "x", 0.25, note)
