"""Every committed notebook: fresh from its source, well built, and it runs with nothing but recorded replies."""

import warnings

import nbformat
import pytest

from memlab.tools import notebooks

NAMES = [path.stem for path in notebooks.sources()]
BUDGET = 60.0


def committed(name, kind):
    folder = notebooks.ROOT / "solutions" if kind == "solutions" else notebooks.ROOT
    return nbformat.read(folder / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["learner", "solutions"])
def test_committed_notebooks_are_what_their_source_gives(name, kind):
    fresh = notebooks.read(notebooks.sources([name])[0], solutions=kind == "solutions")
    kept, wanted = ([(c.id, c.cell_type, c.source) for c in one.cells] for one in (committed(name, kind), fresh))
    assert kept == wanted, f"run: python -m memlab notebooks {name[:2]}"


@pytest.mark.parametrize("kind", ["learner", "solutions"])
@pytest.mark.parametrize("name", NAMES)
def test_anatomy(name, kind, anatomy):
    notebook = committed(name, kind)
    assert list(anatomy(notebook, lab=not name.startswith("00"))) == []
    assert list(notebooks.hidden_errors(notebook)) == []
    assert any(cell.get("outputs") for cell in notebook.cells), "committed without its outputs"


@pytest.mark.parametrize("kind", ["learner", "solutions"])
def test_a_reader_of_the_first_notebook_sees_no_failed_check(kind):
    said = [o.text for cell in committed("00_start_here", kind).cells for o in cell.get("outputs", []) if "text" in o]
    assert "ok    packages" in "".join(said), "build 00 in the clone that memlab is installed from"


@pytest.mark.parametrize("kind", ["learner", "solutions"])
@pytest.mark.parametrize("name", NAMES)
def test_runs_under_replay_without_hidden_errors(name, kind, record_property):
    notebook = notebooks.read(notebooks.sources([name])[0], solutions=kind == "solutions")
    seconds = notebooks.execute(notebook)
    record_property("run time", (name, kind, seconds))
    if seconds > BUDGET:
        warnings.warn(f"{name} ({kind}) took {seconds:.0f} s, the budget is {BUDGET:.0f} s", stacklevel=1)
    assert list(notebooks.hidden_errors(notebook)) == []
    said = "\n".join(o.text for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "stream")
    verdicts = [line for line in said.splitlines() if line[:4].replace(".", "").isdigit() and line[2] == "."]
    wanted = "ok:" if kind == "solutions" else "not yet:"
    assert all(wanted in line for line in verdicts), verdicts
