"""Lab 11: what passes asleep do. Repetition on frozen keys, depth along pointers, and what either costs."""

from __future__ import annotations

import tempfile
from time import perf_counter
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from memlab import open_store
from memlab.core import Case, Edit
from memlab.experiments import Claim, Study, grid
from memlab.reward import Floats
from memlab.stores.contract import Store
from memlab.weights import fast

SEEDS, MADE = range(100, 164), {"backend": "computed", "model": ""}
FACTS, DIM = 16, 32
HEBB, DATABASE, DEALT, NOTHING = "Hebbian", "database", "null: dealt values", "no memory"
CODES = ("one-hot", "dense")


def passes_of(arm: str) -> int:
    """4 for "delta, 4 passes"."""
    return int(arm.split()[1])


def written(store: Store, keys: Floats) -> Store:
    """The facts as cases of a database, in one commit: the key is the vector, the id says which value."""
    rows = keys.astype(np.float32)
    store.commit([Edit.write(Case(str(i), f"fact {i}", vector=row)) for i, row in enumerate(rows)])
    return store


def found(store: Store, cues: Floats) -> Any:
    """Which fact a database gives for each cue: that of the nearest key."""
    return np.array([int(store.search(cue, 1).ids[0]) for cue in cues.astype(np.float32)])


def facts(cosine: float, code: str, seed: int, n: int = FACTS, dim: int = DIM) -> tuple[Floats, Floats]:
    """Correlated keys (n, dim), and values: a line for each, or random unit rows (n, dim)."""
    rng = np.random.default_rng(seed)
    keys = fast.correlated_keys(n, dim, cosine, rng)
    return keys, np.eye(n) if code == "one-hot" else fast.correlated_keys(n, dim, 0.0, rng)


def repeat(arm: str, cosine: float, code: str, seed: int) -> list[dict[str, Any]]:
    """Share of the facts that are recalled by their keys."""
    keys, values = facts(cosine, code, seed)
    if arm == DATABASE:
        answers = found(written(open_store(dim=DIM), keys), keys)
    else:
        state = np.zeros((values.shape[1], DIM))
        if arm == HEBB:
            state = fast.hebbian_pass(keys, values)
        elif arm == DEALT:
            state = fast.delta_passes(keys, np.roll(values, 1 + seed % (FACTS - 1), axis=0), 8)
        elif arm != NOTHING:
            state = fast.delta_passes(keys, values, passes_of(arm))
        answers = fast.recalled(state, keys, values)
    return [{"recall": float(np.mean(answers == np.arange(FACTS)))} | MADE]


def recall(rows: Any) -> dict[str, float]:
    """Its mean."""
    return {"recall": float(rows["recall"].mean())}


DELTA = tuple(f"delta, {n} pass{'es' * (n > 1)}" for n in (1, 2, 4, 8, 16))
MIDDLE = {"cosine": 0.5}
STUDY = Study("lab11", repeat, recall,
    report=grid(arm=(NOTHING, DEALT, HEBB, *DELTA, DATABASE), cosine=(0.0, 0.5, 0.8), code=CODES, seed=SEEDS),
    claims=(
        Claim("κ = .5, a line a fact: four passes recall more than one", DELTA[2], DELTA[0], primary=True,
              metric="recall", where=MIDDLE | {"code": "one-hot"}),
        Claim("there one Hebbian pass is as good as four of the delta rule", HEBB, DELTA[2], margin=0.02,
              metric="recall", where=MIDDLE | {"code": "one-hot"}),
        Claim("κ = .5, dense values: four passes recall more than one Hebbian pass", DELTA[2], HEBB,
              metric="recall", where=MIDDLE | {"code": "dense"}),
        Claim("κ = .8, dense values: a database recalls more than sixteen passes", DATABASE, DELTA[4],
              metric="recall", where={"cosine": 0.8, "code": "dense"}),
    ), nulls=(NOTHING, DEALT, HEBB))  # fmt: skip

CHAINS, HOPS = 8, 8
NODES = np.arange(CHAINS * (HOPS + 1))
TO_END = NODES % (HOPS + 1)
SUCCESSOR = NODES - (TO_END > 0)
REPEAT, ONE, DOUBLE, WAKE, PLAIN = "repetition", "depth, one hop", "depth, doubling", "reads when awake", "one write"


def chase(arm: str, passes: int, cosine: float, repeats: int, seed: int, dim: int = 128) -> list[dict[str, Any]]:
    """A row for each distance: the share of chains whose end is named. Repetition has twice the passes: more FLOPs."""
    codes, reads = fast.correlated_keys(len(NODES), dim, cosine, np.random.default_rng(seed)), 1
    state = fast.delta_passes(codes, codes[SUCCESSOR], repeats)
    if arm == NOTHING:
        state = np.zeros_like(state)
    elif arm == REPEAT:
        state = fast.delta_passes(codes, codes[SUCCESSOR], repeats * (1 + 2 * passes))
    elif arm == WAKE:
        reads += passes
    elif arm != PLAIN:
        state = fast.depth_passes(codes, SUCCESSOR, passes, arm == DOUBLE, repeats)
    right = fast.chased(state, codes, NODES, reads) == NODES - TO_END
    return [{"hops": k, "solved": float(right[k == TO_END].mean())} | MADE for k in range(1, HOPS + 1)]


def far(rows: Any) -> dict[str, float]:
    """What is solved of two to eight hops."""
    return {"far": float(rows["solved"][rows["hops"] > 1].mean())}


APART = {"passes": 3, "cosine": 0.0, "repeats": 4}
ALIKE = {"passes": 7, "cosine": 0.5, "repeats": 4}
DEPTH = Study("lab11-depth", chase, far,
    report=grid(arm=(NOTHING, PLAIN, REPEAT, ONE, DOUBLE, WAKE), passes=(3, 7), cosine=(0.0, 0.5), repeats=(4, 16),
                seed=SEEDS),
    claims=(
        Claim("κ = 0: three doubling passes reach further than repetition with more FLOPs", DOUBLE, REPEAT,
              primary=True, metric="far", where=APART),
        Claim("κ = 0: three doubling passes reach further than three of one hop", DOUBLE, ONE, metric="far",
              where=APART),
        Claim("κ = 0: three more reads when awake are as good as three passes of one hop", WAKE, ONE, margin=0.02,
              metric="far", where=APART),
        Claim("κ = .5, short writes, seven passes: one hop a pass reaches further than doubling", ONE, DOUBLE,
              metric="far", where=ALIKE),
        Claim("κ = .5, short writes: seven more reads when awake reach further than one hop a pass", WAKE, ONE,
              metric="far", where=ALIKE),
    ), nulls=(NOTHING, PLAIN, REPEAT))  # fmt: skip

MANY, WIDE = 256, 384
MEMORY, DISK = "database in memory", "database on disk"


def flops(arm: str, n: int, m: int, d: int) -> tuple[int, int]:
    """Multiplications and additions to write ``n`` facts by the rule as it is stated, and to read one and name it."""
    passes = {HEBB: 0.5, NOTHING: 0, MEMORY: 0, DISK: 0}.get(arm)  # a Hebbian pass does not read what it has written
    written = int((passes_of(arm) if passes is None else passes) * 4 * n * m * d)
    return written, 2 * n * d if arm in (MEMORY, DISK) else 2 * m * d + 2 * n * m


def timed(arm: str, keys: Floats, values: Floats) -> tuple[float, float, float]:
    """Seconds of one write of all facts, seconds of a read (each by itself), and the share recalled."""
    # One thread each: two wait for each other beside other work, and a pass then takes fifty times as long.
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        store = open_store(f"{folder}/memory" if arm == DISK else None, dim=WIDE) if arm in (MEMORY, DISK) else None
        start = perf_counter()
        if store is not None:
            written(store, keys)
        elif arm == HEBB:
            state = fast.hebbian_pass(keys, values)
        else:
            state = np.zeros((WIDE, WIDE)) if arm == NOTHING else fast.delta_passes(keys, values, passes_of(arm))
        middle = perf_counter()
        cues = [keys[i : i + 1] for i in range(MANY)]
        answers = [found(store, cue) if store is not None else fast.recalled(state, cue, values) for cue in cues]
        end = perf_counter()
    return middle - start, (end - middle) / MANY, float(np.mean(np.ravel(answers) == np.arange(MANY)))


def cost(arm: str, seed: int) -> list[dict[str, Any]]:
    """FLOPs and recall of 256 facts, and the best of three timings, since other programs run beside."""
    keys, values = facts(0.5, "dense", seed, MANY, WIDE)
    write, read, right = np.min([timed(arm, keys, values) for _ in range(3)], axis=0).tolist()
    to_write, to_read = flops(arm, MANY, WIDE, WIDE)
    return [{"recall": right, "write_seconds": write, "read_seconds": read,
             "write_flops": to_write, "read_flops": to_read} | MADE]  # fmt: skip


def thrift(rows: Any) -> dict[str, float]:
    """Recall, and how many times faster than a second a write and a read are, as powers of ten."""
    one = rows.mean(numeric_only=True)
    return {"recall": one["recall"]} | {
        f"{part} speed": -np.log10(one[f"{part}_seconds"]) for part in ("write", "read")
    }


COST = Study("lab11-cost", cost, thrift,
    report=grid(seed=SEEDS, arm=(NOTHING, HEBB, *DELTA, MEMORY, DISK)),  # seed by seed: a change of load meets all arms
    claims=(
        Claim("a database in memory recalls as well as two passes", MEMORY, DELTA[1], primary=True, margin=0.02,
              metric="recall"),
        Claim("it is written in less time than two passes take", MEMORY, DELTA[1], metric="write speed"),
        Claim("so is a database on disk", DISK, DELTA[1], metric="write speed"),
        Claim("a fact is read in less time from the matrix than from the database in memory", DELTA[1], MEMORY,
              metric="read speed"),
    ), nulls=(NOTHING, HEBB), repeats=False)  # fmt: skip
