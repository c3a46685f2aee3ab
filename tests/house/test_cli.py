"""The verbs: each hands over to one function, and a failing check makes a failing exit status."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from memlab import bootstrap, cli

VERBS = ("doctor", "models", "lab", "studio", "run", "audit", "study", "bench", "test", "notebooks", "sizes", "data")


@pytest.fixture
def commands(monkeypatch):
    """Records the commands of ``memlab test``; those whose arguments hold ``failing`` fail."""
    seen = SimpleNamespace(calls=[], failing=None)

    def run(command, cwd, check):
        seen.calls.append(command[1:])
        return SimpleNamespace(returncode=int(seen.failing in command))

    monkeypatch.setattr(cli.subprocess, "run", run)
    return seen


def test_every_verb_is_there():
    text = CliRunner().invoke(cli.app, ["--help"]).output
    assert [verb for verb in VERBS if verb not in text] == []


def test_the_test_verb_runs_every_check_and_passes_arguments_on(commands):
    result = CliRunner().invoke(cli.app, ["test", "--", "-k", "store"])
    assert result.exit_code == 0
    assert len(commands.calls) == len(cli.CHECKS) + 1
    assert commands.calls[-1] == ["-m", "pytest", "-k", "store"]
    assert "all checks passed" in result.output


@pytest.mark.parametrize("failing", ["mypy", "--check", "pytest"])
def test_one_failing_check_fails_the_whole_and_the_rest_still_runs(commands, failing):
    commands.failing = failing
    result = CliRunner().invoke(cli.app, ["test"])
    assert result.exit_code == 1
    assert len(commands.calls) == len(cli.CHECKS) + 1
    assert "FAILED" in result.output


def test_the_import_contracts_are_checked_and_hold():
    arguments = dict(cli.CHECKS)["import-linter"]
    done = subprocess.run([sys.executable, *arguments], cwd=bootstrap.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-800:]
    assert "3 kept, 0 broken" in done.stdout


def test_models_are_listed_with_where_they_come_from():
    result = CliRunner().invoke(cli.app, ["models", "list"])
    assert result.exit_code == 0
    assert "smollm2:135m" in result.output
    assert "all-minilm" in result.output


def test_make_is_one_call_a_target_and_names_no_other_verb():
    lines = (bootstrap.ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    calls = [line.split("-m memlab ")[1] for line in lines if line.startswith("\t")]
    assert calls == ["lab", "test", "bench", "notebooks"]
