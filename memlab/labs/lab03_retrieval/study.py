"""Lab 03: which retrieval finds what helps SmolLM2? Tuned on set A without a model, reported once on set B.

Sixteen cases are filed, a copier practices on 120 tasks without a language model, then the model answers ten fresh
tasks with each near case and with none. So Eq 1 is exact for any μ over these cases, and no setting needs new calls.
Primary metric, fixed before the report: expected success of the model on `MISFILED`, hybrid against top-1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memlab import prompt
from memlab.core import Case, Task
from memlab.datafiles import data_folder
from memlab.experiments import Claim, read_note
from memlab.labs.lab03_retrieval.world import (
    ALPHA,
    KINDS,
    MISFILED,
    NEAR,
    SIMILAR,
    TESTS,
    Place,
    Policy,
    arms,
    best,
    copied,
    expected,
    lay_out,
    practice,
)
from memlab.llm import open_embedder, open_llm
from memlab.llm.contract import LLM
from memlab.retrieval.learned import CaseQ, Hybrid, KernelQ, ParametricQ, Soft
from memlab.reward import success

if TYPE_CHECKING:
    import pandas as pd

MODEL = "ollama:smollm2:135m"
SWEEP = (2, 4, 8)
TUNING_SEEDS, REPORT_SEEDS = tuple(range(10)), tuple(range(108, 124))
"""Seeds 100-107 had been looked at before tuning ended; the claims are judged on sixteen fresh ones."""

CLAIMS = (
    Claim("with misfiled cases, value added to similarity beats top-1", "hybrid, case Q", "top-1", primary=True,
          where={"world": MISFILED}, metric="success"),
    Claim("with misfiled cases, soft retrieval by kernel Q beats top-1", "soft, kernel Q", "top-1",
          where={"world": MISFILED}, metric="success"),
    Claim("with misfiled cases, a kernel over past uses beats one Q a case", "hybrid, kernel Q", "hybrid, case Q",
          where={"world": MISFILED}, metric="success"),
    Claim("where similar cases help, the most similar case beats no memory", "top-1", "no memory",
          where={"world": SIMILAR}, metric="success"),
)  # fmt: skip
"""Fixed before the rows of seeds 108-123 were made. ``success`` is the model's expected success on the fresh tasks."""


def ask(llm: LLM, task: Task, cases: Sequence[Case]) -> dict[str, Any]:
    """The model's choice for one task with ``cases`` in its prompt, the nearest last, and what came of it."""
    text = prompt.render(task.about, [(case.text, case.action) for case in reversed(cases)], task.text)
    reply = llm.complete(text, choices=task.choices)
    choice = str(reply.value)
    probs = reply.choice_probs or {}
    return {
        "choice": choice,
        "success": success(task, task.tools[choice](task.text)),
        "p_right": float(sum(probs.get(tool, 0.0) for tool in task.serves)),
        "tokens_in": reply.tokens_in,
        "seconds": reply.seconds,
        "model": reply.model,
    }


def tabulate(place: Place, llm: LLM, tick: Callable[[], object] = lambda: None) -> list[dict[str, Any]]:
    """One row for each test and each thing it may be shown: a near case, or nothing (``case`` is "")."""
    store, null, rows = place.store(), copied(place), []
    for i, (task, vector) in enumerate(zip(place.tests, place.test_vectors, strict=True)):
        near = store.search(vector, NEAR, kind="case")
        options: list[tuple[Case | None, float]] = [
            *zip(near.cases, near.similarity.tolist(), strict=True),
            (None, 0.0),
        ]
        for rank, (case, similarity) in enumerate(options, start=1):
            name = case.id if case else ""
            found = ask(llm, task, [case] if case else [])
            about = {"rank": rank if case else 0, "similarity": similarity, "action": case.action if case else ""}
            rows.append(
                {**_place(place, i), "k": int(bool(case)), "case": name, **about, "copied": null[i, name]} | found
            )
            tick()
    return rows


def sweep(place: Place, llm: LLM, ks: Sequence[int] = SWEEP, tick: Callable[[], object] = lambda: None) -> list[dict]:
    """One row for each test and K: the K most similar cases together; ``copied`` is the share of them that is right."""
    store, null, rows = place.store(), copied(place), []
    for i, (task, vector) in enumerate(zip(place.tests, place.test_vectors, strict=True)):
        for k in ks:
            near = store.search(vector, k, kind="case")
            share = float(np.mean([null[i, name] for name in near.ids]))
            rows.append(
                {**_place(place, i), "k": k, "case": "+".join(near.ids), "copied": share} | ask(llm, task, near.cases)
            )
            tick()
    return rows


def _place(place: Place, i: int) -> dict[str, Any]:
    task = place.tests[i]
    return {"world": place.world, "seed": place.seed, "test": i, "family": task.family, "serves": task.serves[0]}


def tune() -> pd.DataFrame:
    """Success of the copier on set A for every setting tried, on ten seeds, without a model."""
    import pandas as pd
    from tqdm.auto import tqdm

    tried: dict[str, Callable[[], Policy]] = {f"soft, kernel Q, δ={d}": _kernel(d) for d in (0.01, 0.03, 0.1)}
    tried |= {f"soft, parametric Q, penalty={p}": _parametric(p) for p in (10.0, 100.0)}
    tried |= {f"hybrid, case Q, λ={lam}": _hybrid(lam) for lam in (0.25, 0.5, 0.75)}
    embedder = open_embedder("wordllama")
    rows: list[dict[str, Any]] = []
    for seed in tqdm(TUNING_SEEDS, unit="seed"):
        for world in KINDS:
            place = lay_out(world, seed, embedder, "toolbox-a")
            null = copied(place)
            for name, make in tried.items():
                store, policy = place.store(), make()
                practice(place, policy, store)
                mean = float(np.mean(expected(place, policy, store, null)))
                rows.append({"setting": name, "world": world, "seed": seed, "copied": mean})
    return _save("lab03-tuning", pd.DataFrame(rows), "none")


def _kernel(delta: float) -> Callable[[], Policy]:
    return lambda: Soft(KernelQ(delta), alpha=ALPHA)


def _parametric(penalty: float) -> Callable[[], Policy]:
    return lambda: Soft(ParametricQ("squared", penalty), alpha=ALPHA)


def _hybrid(lam: float) -> Callable[[], Policy]:
    return lambda: Hybrid(CaseQ(), lam=lam)


def report() -> pd.DataFrame:
    """The report: what the model does with each near case, with none and with K; eight fresh seeds, set B."""
    import pandas as pd
    from tqdm.auto import tqdm

    from memlab.llm.embedders import RecordingEmbedder
    from memlab.llm.replay import Recorder

    folder = data_folder()
    with (
        RecordingEmbedder(open_embedder("wordllama"), folder / "embeddings" / "lab03.parquet") as embedder,
        Recorder(open_llm(MODEL), folder / "replies" / "lab03.parquet") as llm,
    ):
        places = [lay_out(world, seed, embedder) for seed in REPORT_SEEDS for world in KINDS]
        swept = [place for place in places if place.world != MISFILED]
        calls = TESTS * ((NEAR + 1) * len(places) + len(SWEEP) * len(swept))
        with tqdm(total=calls, unit="call") as bar:
            rows = [row for place in places for row in tabulate(place, llm, lambda: bar.update(1))]
            rows += [row for place in swept for row in sweep(place, llm, tick=lambda: bar.update(1))]
        llm.compact()
    return _save("lab03", pd.DataFrame(rows), MODEL)


def play() -> pd.DataFrame:
    """Every arm from recorded replies, without a model: its 120 practice tasks, then Eq 1 over the recorded answers.

    One row a task: ``phase`` practice (``success`` is the copier's) or test (``success`` is the model's expected
    success, ``copied`` the copier's).
    """
    import pandas as pd
    from tqdm.auto import tqdm

    table, found = rows(), []
    for seed in tqdm(REPORT_SEEDS, unit="seed"):
        for world in KINDS:
            place = recorded_place(world, seed)
            for name in ("no memory", *arms(), "best case in hindsight"):
                found += [{"world": world, "seed": seed, "learner": name, **row} for row in live(place, name, table)]
    return _save("lab03-arms", pd.DataFrame(found), MODEL)


def live(place: Place, name: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of one arm of `play` on one replicate, with ``table`` from `rows`."""
    answers, null = worth(table, place), worth(table, place, "copied")
    if name == "no memory":
        tested = [[values[i, ""] for i in range(TESTS)] for values in (answers, null)]
        lived: list[float] = []
    elif name == "best case in hindsight":
        tested, lived = [best(place, values) for values in (answers, null)], []
    else:
        policy, store = arms()[name], place.store()
        lived = practice(place, policy, store)
        tested = [expected(place, policy, store, values) for values in (answers, null)]
    done = [{"phase": "practice", "index": i, "success": r, "copied": r} for i, r in enumerate(lived)]
    fresh = zip(*tested, strict=True)
    return done + [{"phase": "test", "index": i, "success": s, "copied": c} for i, (s, c) in enumerate(fresh)]


def _save(name: str, frame: pd.DataFrame, model: str) -> pd.DataFrame:
    save_study(name, frame, {"model": model, "seeds": sorted(int(seed) for seed in set(frame["seed"]))})
    return frame


def rows(name: str = "lab03") -> pd.DataFrame:
    """The recorded rows of this study; raises `MemlabError` where the file was changed or carries no provenance."""
    import pandas as pd

    from memlab.datafiles import data

    path: Path = data(f"studies/{name}.parquet")
    read_note(path)
    return pd.read_parquet(path)


def recorded_place(world: str, seed: int) -> Place:
    """`lay_out` of the report from recorded embeddings, the same on every machine."""
    from memlab.datafiles import data
    from memlab.llm.embedders import ReplayEmbedder

    return lay_out(world, seed, ReplayEmbedder(data("embeddings/lab03.parquet")))


def worth(table: pd.DataFrame, place: Place, column: str = "success") -> dict[tuple[int, str], float]:
    """Success of the model on each test of ``place`` when shown a near case ("": nothing), from the recorded rows."""
    part = table[(table["world"] == place.world) & (table["seed"] == place.seed) & (table["k"] <= 1)]
    return dict(zip(zip(part["test"], part["case"], strict=True), part[column], strict=True))
