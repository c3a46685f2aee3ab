"""The builder: stubs, solutions, stable ids, and the errors it finds in executed notebooks."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from memlab.core import MemlabError
from memlab.tools import notebooks

SOURCE = """# %% [markdown]
# See [00](00_start.ipynb), [symbols](GLOSSARY.md) and [a page](https://a.org/x.ipynb).

# %%
def double(x):
    ### BEGIN SOLUTION: twice x
    y = x + x
    return y
    ### END SOLUTION

# %%
### BEGIN SOLUTION: the number
answer = 42
### END SOLUTION
print("same")

# %%
print("same")

# %%
print("same")
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "src" / "07_lab.py"
    path.parent.mkdir()
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_the_learner_gets_stubs_and_the_solution_has_no_markers(source):
    learner, solution = (notebooks.read(source, solutions) for solutions in (False, True))
    assert learner.cells[1].source == "def double(x):\n    # TODO: twice x\n    ..."
    assert learner.cells[2].source == '# TODO: the number\nanswer = ...\nprint("same")'
    assert solution.cells[1].source == "def double(x):\n    y = x + x\n    return y"
    assert solution.cells[2].source == 'answer = 42\nprint("same")'
    assert "](../00_start.ipynb)" in solution.cells[0].source and "](../GLOSSARY.md)" in solution.cells[0].source
    assert "https://a.org/x.ipynb" in solution.cells[0].source
    nbformat.validate(learner)
    assert learner.metadata.kernelspec.name == "python3"


def test_ids_are_stable_unique_and_shared(source):
    learner, solution = (notebooks.read(source, solutions) for solutions in (False, True))
    ids = [cell.id for cell in learner.cells]
    assert len(set(ids)) == len(ids) and ids == [cell.id for cell in solution.cells]
    source.write_text(SOURCE.replace("# %%\ndef", "# %%\nnew = 1\n\n# %%\ndef", 1), encoding="utf-8")
    assert set(ids) < {cell.id for cell in notebooks.read(source, False).cells}


def test_names_pick_sources_and_unknown_ones_are_named(source):
    root = source.parent.parent
    assert notebooks.sources(["07"], root) == notebooks.sources(None, root) == [source]
    with pytest.raises(MemlabError, match="no notebook named 12: there are 07_lab"):
        notebooks.sources(["12"], root)


def test_errors_are_found_wherever_they_hide():
    clean = new_notebook(cells=[new_markdown_cell("x"), new_code_cell("1")])
    assert list(notebooks.hidden_errors(clean)) == []
    shown = [
        new_output("error", ename="ValueError", evalue="no", traceback=[]),
        new_output("stream", name="stderr", text="Warning: overflow"),
        new_output("display_data", {"image/png": "x"}),
    ]
    state = {
        "a": {"model_name": "HTMLModel", "state": {"value": f'<pre class="{notebooks.ERROR_MARK}">boom</pre>'}},
        "b": {"model_name": "OutputModel", "state": {"outputs": [{"output_type": "error", "ename": "KeyError"}]}},
    }
    broken = new_notebook(
        cells=[new_code_cell("1", outputs=shown)], metadata={"widgets": {notebooks.STATE: {"state": state}}}
    )
    found = "\n".join(notebooks.hidden_errors(broken))
    for sign in ("ValueError", "stderr", "bare image", "boom", "KeyError"):
        assert sign in found
    assert len(found.splitlines()) == 5


WIDGET = """
from memlab import show
def paint(canvas, x):
    canvas.line("x", [0, 1], [0, x]); canvas.title("t")
e = show.Explorer(lambda x: 1 / x, paint, {"x": (0.0, 2.0, 1.0, 1.0)}, alt="a line", caption="c")
e
"""


def test_a_widget_error_during_execution_is_found_and_widget_ids_repeat(tmp_path):
    def run(code):
        notebook = new_notebook(cells=[new_code_cell(code, id="one")], metadata=notebooks.METADATA)
        notebooks.execute(notebook, tmp_path)
        return notebook

    good, again = run(WIDGET), run(WIDGET)
    assert list(notebooks.hidden_errors(good)) == []
    assert json.dumps(good, sort_keys=True) == json.dumps(again, sort_keys=True)
    assert "text/html" in good.cells[0].outputs[0].data
    found = list(notebooks.hidden_errors(run(WIDGET.replace("\ne\n", "\ne.knobs['x'].value = 0.0\ne\n"))))
    assert len(found) == 1 and "ZeroDivisionError" in found[0]


def test_a_failing_cell_is_named(tmp_path):
    notebook = new_notebook(cells=[new_code_cell("1 / 0")], metadata=notebooks.METADATA)
    with pytest.raises(MemlabError, match="ZeroDivisionError"):
        notebooks.execute(notebook, tmp_path)
