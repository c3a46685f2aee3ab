"""README's first screen keeps its word: links lead somewhere, modules exist, the example is Python that runs."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)|<img src=\"([^\"]+)\"", TEXT))))
def test_every_link_leads_somewhere(target):
    assert (ROOT / "".join(target)).exists()


def test_the_picture_has_words_for_those_who_cannot_see_it():
    assert all(re.search(r'alt="[^"]{60,}"', image) for image in re.findall(r"<img[^>]*>", TEXT))


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`(memlab\.[a-z_]+)`", TEXT))))
def test_every_module_of_the_map_exists(module):
    assert importlib.import_module(module).__doc__


def test_every_notebook_is_on_the_map():
    built = {path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    assert built == {Path(name).name for name in re.findall(r"\]\((notebooks/[0-9][^)]*\.ipynb)\)", TEXT)}


def test_the_table_of_results_is_that_of_the_recorded_study():
    from memlab.labs.lab06_agent import study as lab06

    rows = lab06.rows()
    late = rows["index"] >= lab06.TASKS // 2
    parts = (
        rows[(rows.kind == "drift") & ~late],
        rows[(rows.kind == "drift") & late],
        rows[(rows.kind != "drift") & late],
    )
    means = [part.groupby("learner").success.mean() for part in parts]
    table = re.findall(r"^\| ([\w ,-]+) \| (0\.\d\d) \| (0\.\d\d) \| (0\.\d\d|-) \|$", TEXT, re.M)
    assert len(table) == 5
    for learner, *shown in table:
        assert shown == [f"{mean[learner]:.2f}" if learner in mean else "-" for mean in means]


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    from memlab.tools.bench import Instant

    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    monkeypatch.setattr("memlab.open_llm", lambda spec: Instant(), raising=False)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 40
