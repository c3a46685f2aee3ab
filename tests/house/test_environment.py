"""environment.yml and constraints.txt say the same as pyproject.toml."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONFIGURATION = ("constraints.txt", "pyproject.toml", "environment.yml")
CONDA_NAMES = {"matplotlib-base": "matplotlib"}
# The packages that the project is built on, as it was asked for.
PROJECTS_LIST = ("jupyterlab", "ipywidgets", "matplotlib", "seaborn", "scikit-learn", "lancedb", "ollama")
MODULES = {"import-linter": "importlinter", "pillow": "PIL", "pyyaml": "yaml", "scikit-learn": "sklearn"}
# A kernel is started by JupyterLab, which no line of ours shows.
PROGRAMS = {"ipykernel"}


def split(line: str) -> tuple[str, str]:
    """``name[extra]>=1`` as its name and its range."""
    name, bounds = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[\w,]+\])?\s*(.*)", line).groups()
    return name.lower(), bounds


def asked() -> dict[str, str]:
    return dict(split(line) for line in [*PROJECT["dependencies"], *EXTRAS["dev"]])


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


def imported_by(folder: str) -> set[str]:
    """Top-level modules that the Python files below ``folder`` import, quoted ones included, or start with ``-m``."""
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.M))
        found |= set(re.findall(r"""(?:import_module|_import_quietly|importorskip)\(["'](\w+)""", text))
        found |= set(re.findall(r'"-m", "(\w+)"', text))
    return found


def test_what_is_asked_for_is_used_and_what_is_used_is_asked_for():
    module = {name: MODULES.get(name, name) for name in asked() if name not in PROGRAMS}
    run_time = {module[split(line)[0]] for line in PROJECT["dependencies"] if split(line)[0] in module}
    everywhere = imported_by("memlab") | imported_by("tests")
    assert run_time - imported_by("memlab") == set()
    assert set(module.values()) - everywhere - {"importlinter"} == set()
    extras = {
        split(line)[0].replace("-", "_")
        for key in ("adapters", "peers", "scale", "studio", "worlds")
        for line in EXTRAS[key]
    }
    indirect = {"jupyter_client", "jupyterlab_server"}  # come with jupyterlab
    foreign = imported_by("memlab") - set(sys.stdlib_module_names) - {"memlab", "pip", "__future__"}
    assert foreign - set(module.values()) - extras - indirect == set()


@pytest.mark.parametrize("name", PROJECTS_LIST)
def test_each_package_of_the_projects_list_is_asked_for_and_used(name):
    assert name in {split(line)[0] for line in PROJECT["dependencies"]}
    assert MODULES.get(name, name) in imported_by("memlab")


def test_every_requirement_is_pinned_once_per_python():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if line and not line.startswith("#")]
    pinned = {re.split("==", line)[0] for line in pins}
    extras = [line for lines in EXTRAS.values() for line in lines]
    wanted = {split(line)[0] for line in [*PROJECT["dependencies"], *extras]}
    assert wanted <= pinned
    assert all("==" in line for line in pins)


@pytest.mark.parametrize("name", [*CONFIGURATION, ".pre-commit-config.yaml", ".github/workflows/test.yml"])
def test_no_index_address_is_written_down(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)


def test_the_versions_agree():
    import memlab

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert memlab.__version__ == PROJECT["version"] == citation["version"]
    assert f"## {memlab.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
