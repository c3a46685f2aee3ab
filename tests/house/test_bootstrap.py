"""The environment is built once, reused, and built again when what it should hold has changed."""

import sys
from types import SimpleNamespace

import pytest

from memlab import bootstrap

PYPROJECT = """
[project]
dependencies = ["pytest>=1", "no-such-thing[x]==2", "elsewhere>1; python_version < '3'"]
[project.optional-dependencies]
dev = []
"""


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A bare clone whose commands are recorded instead of run; ``failing`` names the command that fails."""
    root = tmp_path / "clone"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "constraints.txt").write_text("")
    calls: list[list[str]] = []
    seen = SimpleNamespace(root=root, home=root / ".venv", calls=calls, failing="")

    def run(command, check):
        calls.append(command)
        python = bootstrap.venv_python(seen.home)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        return SimpleNamespace(returncode=int(bool(seen.failing) and seen.failing in command))

    def execv(path, command):
        raise SystemExit(f"restarted {' '.join(command[1:])}")

    monkeypatch.setattr(bootstrap, "ROOT", root)
    monkeypatch.delenv("MEMLAB_VENV", raising=False)
    monkeypatch.delenv("MEMLAB_EXTRAS", raising=False)
    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    monkeypatch.setattr(bootstrap.os, "execv", execv)
    return seen


def test_names_are_read_from_pyproject(clone):
    assert bootstrap.requirements() == ["pytest", "no-such-thing"]
    assert bootstrap.missing() == ["no-such-thing", "memlab"]


def test_a_bare_clone_is_built_once_and_then_reused(clone, capsys):
    for _ in range(2):
        with pytest.raises(SystemExit, match="restarted -m memlab lab --port 1"):
            bootstrap.ensure(["lab", "--port", "1"])
    assert [call[1:3] for call in clone.calls] == [["-m", "venv"], ["-m", "pip"]]
    assert clone.calls[1][-1] == str(clone.root)
    assert str(clone.root / "constraints.txt") in clone.calls[1]
    assert "virtual environment" in capsys.readouterr().out


def test_the_tests_add_the_dev_packages_and_lab_keeps_them(clone):
    for verb in ("lab", "test", "lab"):
        with pytest.raises(SystemExit, match="restarted"):
            bootstrap.ensure([verb])
    assert [call[-1] for call in clone.calls[1:]] == [str(clone.root), f"{clone.root}[dev]"]


def test_more_extras_come_from_the_environment(clone, monkeypatch):
    monkeypatch.setenv("MEMLAB_EXTRAS", "worlds")
    assert bootstrap.wanted_extras(["test"]) == {"dev", "worlds"}
    with pytest.raises(SystemExit, match="No such extra: worlds"):
        bootstrap.ensure(["lab"])


def test_new_pins_install_again(clone):
    with pytest.raises(SystemExit, match="restarted"):
        bootstrap.ensure(["lab"])
    (clone.root / "constraints.txt").write_text("pytest==9\n")
    assert not bootstrap.is_fresh(clone.home, set())
    clone.failing = "pip"
    with pytest.raises(SystemExit):
        bootstrap.ensure(["lab"])
    (clone.root / "constraints.txt").write_text("")
    assert not bootstrap.is_fresh(clone.home, set()), "half an upgrade is not what was installed before"


def test_an_interrupted_install_is_not_taken_for_done(clone, capsys):
    clone.failing = "pip"
    with pytest.raises(SystemExit) as stopped:
        bootstrap.ensure(["lab"])
    assert stopped.value.code == 1
    assert "network" in capsys.readouterr().out
    assert not bootstrap.is_fresh(clone.home, set())


def test_without_venv_the_message_names_the_package(clone, capsys):
    clone.failing = "venv"
    with pytest.raises(SystemExit):
        bootstrap.ensure(["lab"])
    assert "python3-venv" in capsys.readouterr().out


def test_a_complete_environment_is_used_as_it_is(clone, monkeypatch):
    monkeypatch.setattr(bootstrap, "missing", lambda extras: [])
    bootstrap.ensure(["lab"])
    assert clone.calls == []


def test_an_old_python_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(SystemExit, match=r"3\.11 or newer, this is 3\.10\.13"):
        bootstrap.ensure(["lab"])


def test_an_unwritable_folder_names_the_way_out(clone, monkeypatch):
    monkeypatch.setenv("MEMLAB_VENV", str(clone.root / "pyproject.toml" / "venv"))
    with pytest.raises(SystemExit, match="MEMLAB_VENV"):
        bootstrap.install(bootstrap.venv_folder(), set())
