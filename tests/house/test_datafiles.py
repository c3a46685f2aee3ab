"""Recorded files are found from the clone, checked, and refused with a remedy when they were changed."""

import os

import pytest

import memlab
from memlab import datafiles


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a.csv").write_text("x\n1\n")
    for passing in (".hidden", "runs/b.part", "runs/.b.lock", "runs/b.part.sqlite", "runs/b.part.sqlite-journal"):
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


def test_a_file_is_written_whole_or_stays_as_it_was(tmp_path):
    path = tmp_path / "new" / "a.txt"
    assert datafiles.write_whole(path, lambda part: part.write_text("one")) == path

    def stop(part):
        part.write_text("two, not whole")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        datafiles.write_whole(path, stop)
    assert [p.read_text() for p in path.parent.iterdir()] == ["one"]
    with pytest.raises(memlab.MemlabError, match=r"Cannot write .*file/a\.txt .*choose a writable folder"):
        (tmp_path / "file").touch()
        datafiles.write_whole(tmp_path / "file" / "a.txt", lambda part: part.write_text("one"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the device /dev/full exists on Linux only")
def test_a_full_disk_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one")

    def fill(part):
        with open("/dev/full", "w") as full:
            full.write("two")

    with pytest.raises(memlab.MemlabError, match=r"No space left.*free disk space"):
        datafiles.write_whole(path, fill)
    assert path.read_text() == "one"


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="names of open files are read from /proc")
def test_what_is_put_in_place_was_synced_first(tmp_path, monkeypatch):
    """A power cut behind a rename may otherwise show an empty file: the file, then the rename, then the folder."""
    done, real = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append(os.readlink(f"/proc/self/fd/{fd}")), real(fd)))
    rename = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append("replace"), rename(a, b)))
    datafiles.write_whole(tmp_path / "a.txt", lambda part: part.write_text("one"))
    assert done[0].endswith(".part") and done[1:] == ["replace", str(tmp_path)]
