"""What contributors and the hosted runner are told is what the code does."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from memlab import cli

ROOT = Path(__file__).resolve().parents[2]
CLASSIFIERS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
PYTHONS = [line.rpartition(" ")[2] for line in CLASSIFIERS if "Python :: 3." in line]
COMMAND = r"python3? -m memlab ([a-z]+)"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_one_list_of_pythons():
    assert f"You need Python {PYTHONS[0]} to {PYTHONS[-1]}" in read("README.md")
    job = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == PYTHONS
    assert {name.partition("-")[0] for name in job["strategy"]["matrix"]["os"]} == {"ubuntu", "macos", "windows"}


@pytest.mark.parametrize(
    "name", ["CONTRIBUTING.md", "SECURITY.md", ".pre-commit-config.yaml", ".github/workflows/test.yml"]
)
def test_every_command_that_is_told_exists(name):
    verbs = set(typer.main.get_command(cli.app).commands)
    text = read(name)
    assert set(re.findall(COMMAND, text)) - verbs == set()
    assert {link for link in re.findall(r"\]\(([^)#:]+)", text) if not (ROOT / link).exists()} == set()


def test_a_commit_is_checked_by_what_make_test_runs():
    (repo,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert repo["repo"] == "local"
    assert [re.match(COMMAND, hook["entry"])[1] for hook in repo["hooks"]] == ["test"]


@pytest.mark.parametrize("name", [".github/pull_request_template.md", ".github/ISSUE_TEMPLATE/result.md"])
@pytest.mark.parametrize("word", ["Comparison", "Null", "Seeds", "Rows"])
def test_a_new_result_is_asked_for_what_makes_it_one(name, word):
    assert re.search(rf"^(\*\*|- ){word}\b", read(name), re.M)


@pytest.mark.skipif(os.name == "nt", reason="CI runs in bash")
@pytest.mark.parametrize(
    ("there", "runs"),
    [
        (("3.10", "3.11", "3.12", "3.13"), ["3.11 ollama,browser,worlds", "3.13 worlds -m not ollama and not browser"]),
        (("3.12",), ["3.12 ollama,browser,worlds"]),
        ((), []),
    ],
)
def test_ci_takes_the_oldest_and_the_newest_python_that_the_machine_has(tmp_path, there, runs):
    shutil.copytree(ROOT / ".ci", tmp_path / "clone" / ".ci")
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "clone")
    for number, version in enumerate(there):
        # Some stand on the PATH, some in pyenv's folder; a shim without its version behind it stands everywhere.
        home = tmp_path / "bin" if number % 2 else tmp_path / "pyenv" / "versions" / f"{version}.1" / "bin"
        program(home / (f"python{version}" if number % 2 else "python"), STAND_IN.format(version=version))
    for name in [f"python{version}" for version in PYTHONS if not (tmp_path / "bin" / f"python{version}").exists()]:
        program(tmp_path / "bin" / name, "exit 127")
    for name, does in {"chromium": "true", "ollama": "true", "python3": "exit 127", "git": 'mkdir -p "$4"'}.items():
        program(tmp_path / "bin" / name, does)
    env = os.environ | {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "PYENV_ROOT": str(tmp_path / "pyenv")}
    for fails in ("", *(run.split()[0] for run in runs)):
        ci = [tmp_path / "clone" / ".ci" / "run"]
        done = subprocess.run(ci, env=env | {"FAILS": fails}, capture_output=True, text=True, check=False)
        assert [line.removeprefix("RAN ").strip() for line in done.stdout.splitlines() if "RAN" in line] == runs
        assert done.returncode == (0 if runs and not fails else 1), done.stderr


STAND_IN = """
case "$1" in
  -c) echo {version} ;;
  -m) shift 4; echo "RAN {version} $MEMLAB_REQUIRE $*"; test "$FAILS" != {version} ;;
esac
"""


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
