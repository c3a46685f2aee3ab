"""Lab 02's study: every way of keeping cases gives them back, costs are counted as said, and the record is whole."""

import json

import numpy as np
import pytest

from memlab.datafiles import data
from memlab.experiments import read_note
from memlab.labs.lab02_stores import study as lab02
from memlab.labs.lab02_stores.keepers import BLOCK, KEEPERS, cases


@pytest.mark.parametrize("name", KEEPERS)
def test_what_was_committed_is_read_back(name, tmp_path):
    keeper = KEEPERS[name](tmp_path)
    many = cases(2 * BLOCK + 2, seed=0)
    keeper.fill(many[:3])
    for case in many[3:]:
        keeper.commit(case)
    assert KEEPERS[name].count(tmp_path) == (2 * BLOCK if name == "memlab, 64 a commit" else len(many))


def test_half_a_line_is_not_counted_and_half_a_file_cannot_be_read(tmp_path):
    lines, whole = KEEPERS["null: JSON lines"](tmp_path), KEEPERS["null: JSON file"](tmp_path)
    for keeper in (lines, whole):
        keeper.fill(cases(3, seed=0))
    for name in ("memory.jsonl", "memory.json"):
        path = tmp_path / name
        path.write_text(path.read_text()[:-10])
    assert lines.count(tmp_path) == 2
    with pytest.raises(json.JSONDecodeError):
        whole.count(tmp_path)


def test_row_by_row_takes_more_than_its_share_of_disk_as_it_grows():
    rows = lab02.growth(0, sizes=(64, 192), names=("LanceDB, row by row", "memlab"))
    mb = {(row["arm"], row["size"]): row["value"] for row in rows if row["measure"] == "mb"}
    assert mb["LanceDB, row by row", 192] > 4 * mb["LanceDB, row by row", 64]
    assert mb["memlab", 192] < 4 * mb["memlab", 64]
    assert mb["LanceDB, row by row", 192] > 3 * mb["memlab", 192]
    measures = {(row["part"], row["measure"]) for row in rows}
    assert measures == {("commit", "ms"), ("commit", "cpu_ms"), ("commit", "mb"), ("open", "ms"), ("open", "cpu_ms")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["memlab", "null: JSON lines"])
def test_a_killed_process_loses_nothing_it_acknowledged(name):
    outcome = {row["measure"]: row["value"] for row in lab02.crash(3, name, filled=20)}
    assert 20 < outcome["acknowledged"] <= outcome["found"]


def test_all_partitions_find_everything_and_one_finds_less():
    rows = lab02.index(0, "random", n=2_000, queries=10, probes=(1, 64))
    recall = {row["size"]: row["value"] for row in rows if row["arm"] == "random: IVF" and row["measure"] == "recall"}
    assert recall[64] == 1.0 and recall[1] < 0.9


def test_points_are_unit_rows_and_clusters_are_near():
    for kind in ("random", "clustered"):
        assert np.allclose(np.linalg.norm(lab02.points(kind, 50, 1), axis=1), 1, atol=1e-5)
    nearest = {
        k: np.sort(p @ p.T)[:, -2].mean() for k in ("random", "clustered") if (p := lab02.points(k, 500, 1)).any()
    }
    assert nearest["clustered"] > nearest["random"] + 0.02


def test_bulk_counts_what_is_on_disk():
    rows = {row["measure"]: row["value"] for row in lab02.bulk(0, sizes=(300,))}
    assert 300 * 384 * 4 / 1e6 < rows["mb"] < 3 * 300 * 384 * 4 / 1e6


def test_the_record_has_eight_replicates_and_says_where_it_came_from():
    rows = lab02.rows()
    assert set(rows.part) == {"commit", "open", "bulk", "crash", "index"}
    for _, part in rows[(rows["size"] <= 1024) | (rows.part != "commit")].groupby(["part", "arm"]):
        assert set(part.seed) == set(lab02.SEEDS)
    assert set(rows[rows["size"] == lab02.SIZES[-1]].seed) == set(lab02.LONG_SEEDS)
    note = read_note(data("studies/lab02.parquet"))
    assert note["command"].endswith("study lab02") and note["versions"]["lancedb"]
