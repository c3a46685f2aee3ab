"""Where one machine ends: the same study over a Dask cluster gives the same rows."""

import pytest

import memlab
from memlab.rivals.arms import learners
from memlab.tools.bench import Instant

LEARNERS = {name: learners()[name] for name in ("append-only", "credit, TD")}


def rows(jobs):
    frame = memlab.study(
        LEARNERS,
        ["drift"],
        [0, 1],
        12,
        llm=Instant(),
        embedder=memlab.open_embedder("hash"),
        jobs=jobs,
        progress=False,
    )
    return frame.drop(columns="llm_seconds")


def test_a_study_over_a_dask_cluster_gives_the_rows_of_one_process():
    distributed = pytest.importorskip("distributed", reason="needs the extra scale")
    import joblib

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        spread = rows(jobs=2)
    assert spread.equals(rows(jobs=1))
