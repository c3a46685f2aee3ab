"""environment.yml and constraints.txt say the same as pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"matplotlib-base": "matplotlib"}


def split(line: str) -> tuple[str, str]:
    """``name[extra]>=1`` as its name and its range."""
    name, bounds = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[\w,]+\])?\s*(.*)", line).groups()
    return name.lower(), bounds


def asked() -> dict[str, str]:
    return dict(split(line) for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]])


def environment() -> tuple[dict[str, str], dict[str, str]]:
    """The conda part and the pip part of environment.yml."""
    lines = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = [line["pip"] for line in lines if isinstance(line, dict)]
    conda = dict(split(line) for line in lines if isinstance(line, str))
    assert pip[-1] == "-e ."
    return conda, dict(split(line) for line in pip[:-1])


def test_names_and_ranges_agree():
    conda, pip = environment()
    assert conda.pop("python") == PROJECT["requires-python"]
    assert conda.pop("ollama") == "", "the server comes from conda-forge, without a range"
    assert conda.pop("pip") == ""
    found = {CONDA_NAMES.get(name, name): bounds for name, bounds in conda.items()}
    assert not set(found) & set(pip)
    assert {**found, **pip} == asked()


def test_every_requirement_is_pinned_once_per_python():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if line and not line.startswith("#")]
    pinned = {re.split("==", line)[0] for line in pins}
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    wanted = {split(line)[0] for line in [*PROJECT["dependencies"], *extras]}
    assert wanted <= pinned
    assert all("==" in line for line in pins)


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml", "environment.yml"])
def test_no_index_address_is_written_down(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)


def test_the_versions_agree():
    import memlab

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert memlab.__version__ == PROJECT["version"] == citation["version"]
    assert f"## {memlab.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
