"""Recorded files are found from the clone, checked, and refused with a remedy when they were changed."""

import os

import pytest

import memlab
from memlab import datafiles


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a.csv").write_text("x\n1\n")
    for passing in (".hidden", "runs/b.part", "runs/.b.lock", "runs/b.parquet.part.jsonl"):
        (tmp_path / passing).write_text("no")
    assert datafiles.write_manifest(tmp_path) == 1
    monkeypatch.setenv("MEMLAB_DATA", str(tmp_path))
    return tmp_path


def test_every_file_of_data_is_listed_and_matches():
    folder = datafiles.data_folder()
    assert datafiles.read_manifest(folder) == datafiles.scan(folder), "run: python -m memlab data manifest"


def test_a_listed_file_is_handed_out(folder):
    assert memlab.data("runs/a.csv") == folder / "runs" / "a.csv"


def test_a_changed_file_is_refused_even_after_a_good_read(folder):
    path = memlab.data("runs/a.csv")
    path.write_text("x\n2\n")
    os.utime(path, ns=(1, 1))
    with pytest.raises(memlab.MemlabError, match=r"runs/a\.csv.*git checkout"):
        memlab.data("runs/a.csv")


def test_a_missing_file_and_an_unknown_name_say_what_to_do(folder):
    (folder / "runs" / "a.csv").unlink()
    with pytest.raises(memlab.MemlabError, match=r"missing.*git checkout"):
        memlab.data("runs/a.csv")
    with pytest.raises(memlab.MemlabError, match=r"'b\.csv'.*runs/a\.csv"):
        memlab.data("b.csv")


def test_outside_a_clone_the_error_names_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMLAB_DATA", str(tmp_path))
    with pytest.raises(memlab.MemlabError, match="MEMLAB_DATA"):
        memlab.data("runs/a.csv")
