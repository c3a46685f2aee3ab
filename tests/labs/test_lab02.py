"""Lab 02: every way of keeping cases gives them back, and costs are counted as said."""

import pytest

import memlab
from memlab.experiments import read_note
from memlab.labs.lab02_stores.study import KEEPERS, STUDY, many_cases, measure_keeping


@pytest.mark.parametrize("arm", KEEPERS)
def test_what_was_committed_is_read_back(arm, tmp_path):
    keep, count = KEEPERS[arm]
    write, many = keep(tmp_path), many_cases(70, seed=0)
    write(many[:3])
    for case in many[3:]:
        write([case])
    assert count(tmp_path) == 70


def test_row_by_row_takes_more_than_its_share_of_disk_as_it_grows():
    pairs = [(arm, size) for arm in ("LanceDB, row by row", "memlab") for size in (64, 192)]
    mb = {(arm, size): measure_keeping(arm, 0, size)[0]["mb"] for arm, size in pairs}
    assert mb["LanceDB, row by row", 192] > 4 * mb["LanceDB, row by row", 64]
    assert mb["memlab", 192] < 4 * mb["memlab", 64]
    assert mb["LanceDB, row by row", 192] > 3 * mb["memlab", 192]


def test_the_record_says_when_and_with_which_store_it_was_measured():
    note = read_note(memlab.data(STUDY.file()))
    assert note["recorded"]["date"].startswith("2026-11-23") and note["recorded"]["versions"]["lancedb"]
    assert not STUDY.rows()[["cpu_ms", "mb", "open_cpu_ms"]].isna().any(axis=None)


ALL = {"author": "attacker", "derived": True, "keep_later": True}


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (ALL | {"since": 48}, "leave out since"),
        (ALL | {"derived": False}, "what the agent made of it"),
        (ALL | {"keep_later": False}, "Should her value stay"),
        (ALL | {"author": "Ann"}, "which argument"),
        ({"derived": True, "keep_later": True}, "which argument"),
        ({"version": 48}, "what Ann did as well"),
    ],
)
def test_a_wrong_undo_is_told_what_is_wrong_and_not_the_answer(answer, hint):
    said = memlab.course.judge("02.2", answer)
    assert not said.ok and hint in said.text and str(ALL) not in said.text
