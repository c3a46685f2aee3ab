"""README's first screen keeps its word: links lead somewhere, the example is Python that runs."""

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


def test_every_notebook_is_on_the_map():
    built = {path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    assert built == {Path(name).name for name in re.findall(r"\]\((notebooks/[0-9][^)]*\.ipynb)\)", TEXT)}


def test_tables_are_what_the_rows_give_now():
    from memlab.tools import readme

    assert {block["name"] for block in readme.BLOCK.finditer(TEXT)} == set(readme.BLOCKS)
    assert readme.refresh(TEXT) == TEXT, "run: python -m memlab data readme"


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    from memlab.tools.bench import Instant

    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    monkeypatch.setattr("memlab.open_llm", lambda spec: Instant(), raising=False)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 40
