"""A study is data: one cell, one score, a grid, and the claims. `Study` runs it, keeps rows, resumes and judges.

Every "supported" of the collection comes from `Study.verdicts`; the bare `verdict` is unadjusted and says so.
"""

import hashlib
import io
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike

from memlab.core import MemlabError
from memlab.datafiles import data, data_folder
from memlab.fingerprints import fingerprint, package_fingerprint
from memlab.journal import Journal
from memlab.llm import LLM, Embedder, open_embedder, open_llm
from memlab.llm.embedders import RecordingEmbedder, ReplayEmbedder
from memlab.llm.replay import Recorder, Replay, write_table
from memlab.stats import SignFlip, sign_flip, visible

Cell = Mapping[str, Any]
"""One setting of every axis of a grid: the keyword arguments of `Study.run`."""
ALPHA = 0.05


@dataclass(frozen=True)
class Claim:
    """One sentence that a study may support: ``arm`` scores higher than ``rival`` (than each, where there are several).

    ``where`` fixes axes of the grid (such as ``{"world": "drift"}``), ``metric`` names one of the study's scores. With
    a ``margin``, stated before the rows, the claim is that ``arm`` is worse than ``rival`` by less than that.
    """

    words: str
    arm: str
    rival: str | tuple[str, ...]
    primary: bool = False
    margin: float | None = None
    where: Cell = field(default_factory=dict)
    metric: str = "score"


@dataclass(frozen=True)
class Verdict:
    """What paired replicates say: ``word``, the ``mean`` difference, its interval [``low``, ``high``], ``p`` and ``n``.

    ``visible`` is the smallest difference that would have been seen with 80% power at the spread of these. ``note``
    names what a reader must know: a test that is not adjusted, or one replicate that carries the effect.
    """

    word: Literal["supported", "contradicted", "as good", "undecided"]
    mean: float
    low: float
    high: float
    p: float
    n: int
    visible: float
    level: float = 1 - ALPHA
    note: str = ""

    def __str__(self) -> str:
        text = f"{self.word}: {self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}], p = {self.p:.3g}, n = {self.n}"
        seen = f"; it would have seen {self.visible:.3f}" if self.word == "undecided" else ""
        return f"{text}{seen}{f' ({self.note})' if self.note else ''}"


def verdict(a: ArrayLike, b: ArrayLike, margin: float | None = None) -> Verdict:
    """Whether ``a`` beats ``b`` (n,), paired replicates, higher is better; with a ``margin``, whether it is as good.

    Not adjusted for other claims, and says so. Raises `MemlabError` for unequal rows or NaN.
    """
    test = sign_flip(a, b)
    return _judge(test, margin, test.p_of(margin), ALPHA, "not adjusted for other claims")


def _judge(test: SignFlip, margin: float | None, p: float, alpha: float, note: str = "") -> Verdict:
    """The verdict on one test with ``p`` (adjusted or not), at the level ``alpha`` of its claim."""
    d = np.array(test.d)
    # A one-sided test at alpha goes with the two-sided interval at 1 - 2 alpha.
    level = 1 - alpha * (1 if margin is None else 2)
    low, high = test.interval(level)
    word: Literal["supported", "contradicted", "as good", "undecided"] = "undecided"
    if margin is not None:
        word = "as good" if p <= ALPHA else "contradicted" if high < -margin else "undecided"
    elif p <= ALPHA:
        word = "supported" if d.mean() > 0 else "contradicted"
    if word != "undecided" and len(d) > 2 and np.abs(d).max() > 0.5 * abs(d.sum()) and margin is None:
        note = f"{note}; " * bool(note) + f"one replicate carries more than half, the median is {np.median(d):+.3f}"
    seen = visible(float(d.std(ddof=1)), len(d), alpha) if len(d) > 1 else float("inf")
    return Verdict(word, float(d.mean()), low, high, p, len(d), seen, level, note)


def holm(p: Sequence[float]) -> tuple[list[float], list[float]]:
    """Holm's adjusted p of each claim, and the level of its step: α/m for the smallest p, α/(m−1) for the next, …"""
    order, adjusted, levels, worst = np.argsort(p, kind="stable"), [0.0] * len(p), [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, p[i] * (len(p) - rank)))
        adjusted[i], levels[i] = worst, ALPHA / (len(p) - rank)
    return adjusted, levels


def grid(**axes: Any) -> tuple[dict[str, Any], ...]:
    """Every combination of the ``axes``; an axis is a sequence, or one value. Grids add up with ``+``."""
    many = {name: [v] if isinstance(v, str) or not isinstance(v, Sequence | range) else v for name, v in axes.items()}
    return tuple(dict(zip(many, values, strict=True)) for values in itertools.product(*many.values()))


@dataclass(frozen=True)
class Study:
    """A study of one lab: ``name`` is ``labNN`` or ``labNN-part``, and its rows lie in ``data/labNN``.

    ``run(**cell)`` gives the rows of one cell (what makes a frame) and depends on nothing else; ``backend`` and
    ``model`` are added where they lack. A study of a ``model`` also gets ``llm=`` and, with an ``embedder``,
    ``embedder=``. ``score(rows)`` of one cell is a number, or a dict of named ones; higher is better. ``tune`` and
    ``report`` are grids with the axes ``arm`` and ``seed``; ``claims`` are judged on the report. ``tuned`` are the
    settings that tuning chose, such as ``{"arm": "Shapley", "step": 0.4}``: a cell of the report gets those of the
    entry that it agrees with. ``nulls`` are the arms without memory and without the mechanism. A study of time or of
    kills does not ``repeat`` its rows.
    """

    name: str
    run: Callable[..., Any]
    score: Callable[[pd.DataFrame], float | Mapping[str, float]]
    report: Sequence[Cell]
    tune: Sequence[Cell] = ()
    tuned: Sequence[Cell] = ()
    claims: tuple[Claim, ...] = ()
    nulls: Sequence[str] = ()
    model: str = ""
    embedder: str = ""
    repeats: bool = True
    _scored: dict[Any, pd.DataFrame] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def folder(self) -> str:
        """Where its files lie below ``data/``."""
        return self.name.partition("-")[0]

    def file(self, tuning: bool = False) -> str:
        """The name of its recorded rows, as `memlab.data` takes it."""
        return file_of(self.name, tuning)

    @cached_property
    def settings(self) -> str:
        """Hash of the grids and the claims: rows that were made under other ones are refused."""
        said = [self.name, self.cells(), self.cells(tuning=True), [asdict(claim) for claim in self.claims]]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def cells(self, tuning: bool = False) -> list[Cell]:
        """The cells of the report with their tuned settings, or those of the tuning run."""
        return list(self.tune) if tuning else [self._settled(cell) for cell in self.report]

    def _settled(self, cell: Cell) -> Cell:
        agree = [entry for entry in self.tuned if all(cell.get(k, v) == v for k, v in entry.items())]
        return dict(cell) | {name: value for entry in agree for name, value in entry.items()}

    def best(self, rows: pd.DataFrame | None = None) -> pd.DataFrame:
        """Mean objective of every setting tried in tuning: the primary claim's metric, where that claim is judged.

        An axis that `tuned` fixes, such as a world with settings of its own, is not narrowed down.
        """
        primary = next(claim for claim in self.claims if claim.primary)
        scores = self.scores(rows, tuning=True)
        for axis, value in primary.where.items():
            if axis in scores and value in set(scores[axis]) and not any(axis in entry for entry in self.tuned):
                scores = scores[scores[axis] == value]
        axes = list(dict.fromkeys(name for cell in self.tune for name in cell if name != "seed"))
        return scores.groupby(axes, sort=False, dropna=False)[primary.metric].mean().reset_index(name="objective")

    def make(self, tuning: bool = False, live: bool = False, jobs: int = 1, progress: bool = True) -> pd.DataFrame:
        """Run every cell and write the rows to ``data/``; cells that an interrupted run finished are read back.

        A study of a model answers from its recorded replies, or with ``live`` asks the server for what is not recorded.
        """
        with ExitStack() as stack:
            models = self._models(stack, tuning, live)
            frame = run_cells(self.name, self.run, self.cells(tuning), models, self._home(), jobs, progress)
        note = {"study": self.name, "settings": self.settings, "model": self.model or "none"}
        note |= {"digest": getattr(models.get("llm"), "digest", ""), "command": self.command(tuning, live)}
        write_table(data_folder() / self.file(tuning), pa.Table.from_pandas(frame, preserve_index=False), note)
        return frame

    def command(self, tuning: bool = False, live: bool = False) -> str:
        """What makes its rows, whichever program called `make`."""
        return f"memlab study {self.name}{' --tuning' * tuning}{' --live' * live}"

    def cell(self, **cell: Any) -> pd.DataFrame:
        """The rows of one cell, made again from the recorded replies."""
        with ExitStack() as stack:
            models = self._models(stack, False, False)
            return run_cells(self.name, self.run, [self._settled(cell)], models, None, 1, False)

    def _home(self) -> Path:
        return data_folder().parent / ".memlab" / "studies" / f"{self.name}.sqlite"

    def _models(self, stack: ExitStack, tuning: bool, live: bool) -> dict[str, Any]:
        names = [f"{self.folder}/{'tuning-' * tuning}{what}.parquet" for what in ("replies", "embeddings")]
        models: dict[str, Any] = {}
        if self.model and live:
            models["llm"] = stack.enter_context(Recorder(open_llm(self.model), data_folder() / names[0]))
            stack.callback(models["llm"].compact)
        elif self.model:
            models["llm"] = Replay(data(names[0]), model=self.model.partition(":")[2] or None)
        if self.embedder and live:
            recorder = RecordingEmbedder(open_embedder(self.embedder), data_folder() / names[1])
            models["embedder"] = stack.enter_context(recorder)
        elif self.embedder:
            models["embedder"] = ReplayEmbedder(data(names[1]))
        return models

    def rows(self, tuning: bool = False) -> pd.DataFrame:
        """The recorded rows, checked: the manifest's hash, their provenance, and the settings that made them.

        Raises `MemlabError` where the file is missing or changed, or was made under another grid or other claims.
        """
        path = data(self.file(tuning))
        if read_note(path).get("settings") != self.settings:
            made = f"{self.file(tuning)} was made under another grid or other claims"
            raise MemlabError(f"{made}: run `{self.command(tuning)}` again")
        return pd.read_parquet(path)

    def scores(self, rows: pd.DataFrame | None = None, tuning: bool = False) -> pd.DataFrame:
        """One row a cell: its axes, and its score (or its named scores) in a column each."""
        if rows is None:  # a notebook asks for the scores and for the verdicts on them, and 1,088 lives take 5 s
            stamp = tuning, data(self.file(tuning)).stat().st_mtime_ns
            if stamp not in self._scored:
                self._scored[stamp] = self.scores(self.rows(tuning))
            return self._scored[stamp].copy()
        axes = list(dict.fromkeys(name for cell in (*self.report, *self.tune) for name in cell if name in rows))
        found = []
        for key, part in rows.groupby(axes, sort=False, dropna=False):
            scored = self.score(part)
            named = scored if isinstance(scored, Mapping) else {"score": scored}
            found.append(dict(zip(axes, key, strict=True)) | dict(named))
        return pd.DataFrame(found)

    def verdicts(self, rows: pd.DataFrame | None = None) -> pd.DataFrame:
        """One row a claim, by `judge_claims`: Holm over all claims of this study."""
        return judge_claims(self.claims, self.scores(rows))

    def beside(self, name: str, rows: pd.DataFrame) -> pd.DataFrame:
        """The verdicts on a learner of one's own against every other arm in ``rows``, which are of one stream.

        By the metric of the primary claim, Holm over the arms.
        """
        metric, scores = next(claim.metric for claim in self.claims if claim.primary), self.scores(rows)
        rivals = [arm for arm in scores["arm"].unique() if arm != name]
        return judge_claims([Claim(f"{name} beats {rival}", name, rival, metric=metric) for rival in rivals], scores)


def file_of(name: str, tuning: bool = False) -> str:
    """The file of the rows that the study of this ``name`` recorded, such as ``lab06/field.parquet`` of lab06-field."""
    folder, _, part = name.partition("-")
    words = [word for word in (part, "tuning" if tuning else "" if part else "report") if word]
    return f"{folder}/{'-'.join(words)}.parquet"


def judge_claims(claims: Sequence[Claim], scores: pd.DataFrame) -> pd.DataFrame:
    """The verdict on every claim: p adjusted by Holm over ``claims``, the interval at the level of the claim's step.

    ``scores`` has columns arm, seed, the axes that claims fix, and one for each metric. Against several rivals the
    largest p counts, and that rival's difference is shown. Replicates are paired by seed, other axes averaged.
    Raises `MemlabError` where an arm or its replicates are missing.
    """
    tested = [[_tested(claim, rival, scores) for rival in _rivals(claim)] for claim in claims]
    worst = [max(t, key=lambda one: _strength(one, c.margin)) for c, t in zip(claims, tested, strict=True)]
    adjusted, levels = holm([test.p_of(claim.margin) for claim, (test, _) in zip(claims, worst, strict=True)])
    found = []
    for claim, (test, rival), p, level in zip(claims, worst, adjusted, levels, strict=True):
        about = {"claim": claim.words, "arm": claim.arm, "rival": rival, "primary": claim.primary}
        found.append(about | {"margin": claim.margin} | asdict(_judge(test, claim.margin, p, level)))
    return pd.DataFrame(found)


def _rivals(claim: Claim) -> tuple[str, ...]:
    return (claim.rival,) if isinstance(claim.rival, str) else claim.rival


def _tested(claim: Claim, rival: str, scores: pd.DataFrame) -> tuple[SignFlip, str]:
    part = scores
    for axis, value in claim.where.items():
        part = part[part[axis] == value]
    table = part.pivot_table(index="seed", columns="arm", values=claim.metric, sort=False)
    lacking = [name for name in (claim.arm, rival) if name not in table or table[name].isna().any()]
    if lacking:
        raise MemlabError(f"claim {claim.words!r}: {' and '.join(lacking)} lack replicates; finish the study first")
    return sign_flip(table[claim.arm], table[rival]), rival


def _strength(tested: tuple[SignFlip, str], margin: float | None) -> float:
    """p where the arm leads, more than 1 where it trails: largest for the rival that the claim fares worst against."""
    p, leads = tested[0].p_of(margin), margin is not None or np.mean(tested[0].d) > 0
    return p if leads else 2 - p


def run_cells(name: str, run: Callable[..., Any], cells: Sequence[Cell], models: Mapping[str, LLM | Embedder],
              home: Path | None, jobs: int, progress: bool, seconds: float | None = None,
              together: int = 1) -> pd.DataFrame:  # fmt: skip
    """The rows of every cell, in order. With ``home`` each is kept there when it is done, and is not run again.

    What is kept is found by the hash of all that made it, so that rows of another model, learner or code never come
    back. ``jobs`` cells go on at once through joblib, so that ``joblib.parallel_config(backend="dask")`` spreads them.
    No ``together`` cells, one replicate, are begun that would end after ``seconds`` but the first; a line says so.
    """
    from joblib import Parallel, delayed
    from tqdm.auto import tqdm

    if not cells:
        raise MemlabError(f"{name}: nothing to run; give at least one arm and one seed")
    keys = [_key(name, run, cell, models) for cell in cells]
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(home)) if home else None
        kept = {key: raw for key in keys if journal is not None and (raw := journal.get(key)) is not None}
        frames = {key: pd.read_parquet(io.BytesIO(raw)) for key, raw in kept.items()}
        todo = [i for i, key in enumerate(keys) if key not in frames]
        if frames and progress:
            print(f"{name}: {len(frames)} of {len(cells)} cells found from an earlier run", flush=True)
        bar = stack.enter_context(
            tqdm(total=len(cells), initial=len(frames), unit="cell", desc=name, disable=not progress)
        )
        done: Iterator[pd.DataFrame] = (
            (_run_cell(run, cells[i], models) for i in todo)
            if jobs == 1
            else Parallel(n_jobs=jobs, return_as="generator")(delayed(_run_cell)(run, cells[i], models) for i in todo)
        )
        started, found = time.monotonic(), len(frames)
        for i, frame in zip(todo, done, strict=True):
            frames[keys[i]] = frame
            if journal is not None:
                frame.to_parquet(buffer := io.BytesIO(), index=False)
                journal.put(keys[i], buffer.getvalue())
            bar.update(1)
            taken, new = time.monotonic() - started, len(frames) - found
            late = seconds is not None and taken * (new + max(jobs, together)) / new > seconds
            if late and (i + 1) % together == 0 and len(frames) < len(cells):
                print(f"{name}: stopped after {taken:.0f} s with {i + 1} of {len(cells)} cells", flush=True)
                keys = keys[: i + 1]
                break
    return pd.concat([frames[key] for key in keys], ignore_index=True)


def _run_cell(run: Callable[..., Any], cell: Cell, models: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of one cell with its axes and, where they do not say it, what made them."""
    frame, llm = pd.DataFrame(run(**cell, **models)), models.get("llm")
    made = {"backend": getattr(llm, "backend", "computed"), "model": getattr(llm, "name", "")}
    axes = {name: value for name, value in cell.items() if name not in frame and not callable(value)}
    frame = pd.concat([pd.DataFrame(axes, index=frame.index), frame], axis=1) if axes else frame
    return frame.assign(**{name: value for name, value in made.items() if name not in frame})


def _key(name: str, run: Callable[..., Any], cell: Cell, models: Mapping[str, Any]) -> str:
    made = [[key, model.name, getattr(model, "digest", "")] for key, model in sorted(models.items())]
    parts = [name, fingerprint(run), package_fingerprint(), {k: fingerprint(v) for k, v in cell.items()}, made]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_note(path: Path) -> dict[str, Any]:
    """The provenance that `write_table` put into a Parquet file."""
    kept = (pq.read_schema(path).metadata or {}).get(b"memlab")
    if kept is None:
        raise MemlabError(f"{path.name} carries no provenance; rerun the study that makes it")
    return json.loads(kept)
