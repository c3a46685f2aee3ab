"""Lab 02: every way of keeping cases gives them back, a torn file is no memory, and costs are counted as said."""

import pytest

from memlab.labs.lab02_stores.keepers import KEEPERS, NAME, many_cases
from memlab.labs.lab02_stores.study import STUDY, measure_keeping


@pytest.mark.parametrize("arm", KEEPERS)
def test_what_was_committed_is_read_back(arm, tmp_path):
    keep, count = KEEPERS[arm]
    write, many = keep(tmp_path), many_cases(70, seed=0)
    write(many[:3])
    for case in many[3:]:
        write([case])
    assert count(tmp_path) == 70


def test_half_a_line_is_not_counted_and_half_a_file_cannot_be_read(tmp_path):
    found = {}
    for arm in STUDY.nulls:
        keep, count = KEEPERS[arm]
        (tmp_path / arm).mkdir()
        keep(tmp_path / arm)(many_cases(3, seed=0))
        path = tmp_path / arm / NAME
        path.write_text(path.read_text()[:-10])
        found[arm] = count(tmp_path / arm)
    assert found == {"null: JSON file": -1, "null: JSON lines": 2}


def test_row_by_row_takes_more_than_its_share_of_disk_as_it_grows():
    pairs = [(arm, size) for arm in ("LanceDB, row by row", "memlab") for size in (64, 192)]
    mb = {
        pair: measure_keeping("growth", seed=0, **dict(zip(("arm", "size"), pair, strict=True)))[0]["mb"]
        for pair in pairs
    }
    assert mb["LanceDB, row by row", 192] > 4 * mb["LanceDB, row by row", 64]
    assert mb["memlab", 192] < 4 * mb["memlab", 64]
    assert mb["LanceDB, row by row", 192] > 3 * mb["memlab", 192]


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["memlab", "null: JSON lines"])
def test_a_killed_process_loses_nothing_it_acknowledged(arm):
    (outcome,) = measure_keeping("crash", arm, seed=3, size=20)
    assert 20 < outcome["acknowledged"] <= outcome["found"]


def test_the_record_says_when_and_with_which_store_it_was_measured():
    note = STUDY.note()
    assert note["date"].startswith("2026-11-23") and note["versions"]["lancedb"]
    assert not STUDY.rows().query("part == 'growth'")[["cpu_ms", "mb", "open_cpu_ms"]].isna().any(axis=None)
