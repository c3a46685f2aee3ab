"""Build the notebooks: sources in notebooks/src (py:percent with solutions) give learner and solution notebooks."""

import ast
import copy
import hashlib
import os
import re
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import memlab
from memlab.core import MemlabError
from memlab.datafiles import data_folder
from memlab.llm import open_llm
from memlab.llm.replay import Recorder

ROOT = Path(__file__).resolve().parents[2] / "notebooks"
BLOCK = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION:?(?P<todo>[^\n]*)\n(?P<body>.*?)^[ \t]*### END SOLUTION[ \t]*$", re.M | re.S
)
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
ERROR_MARK = "memlab-error"  # the class that show.Explorer gives to an error it caught
STATE = "application/vnd.jupyter.widget-state+json"


def sources(names: Sequence[str] | None = None, root: Path = ROOT) -> list[Path]:
    """The source files whose names start with one of ``names`` (all of them by default), in order."""
    found = sorted((root / "src").glob("[0-9][0-9]_*.py"))
    if names is None:
        return found
    picked = [path for path in found if any(path.stem.startswith(name) for name in names)]
    if not picked:
        raise MemlabError(f"no notebook named {', '.join(names)}: there are {', '.join(path.stem for path in found)}")
    return picked


def read(source: Path, solutions: bool) -> Any:
    """The notebook of one source file, not executed: with its solutions, or with stubs in their place."""
    import jupytext

    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = copy.deepcopy(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        count = seen[cell.source] = seen.get(cell.source, 0) + 1
        # Hashed with its solution, so that a cell has one id in both notebooks and keeps it when others move.
        cell.id = hashlib.sha256(f"{cell.source}#{count}".encode()).hexdigest()[:12]
        cell.metadata = {}
        if cell.cell_type == "code":
            kept = BLOCK.sub(lambda block: block["body"].rstrip("\n"), cell.source)
            cell.source = kept if solutions else stub(cell.source)
        elif solutions:
            cell.source = re.sub(r"\]\((?=[\w-]+\.(ipynb|md))", "](../", cell.source)
    return notebook


def stub(code: str) -> str:
    """``code`` with each marked solution replaced by a TODO and ``...``; names assigned at top level become ``...``."""

    def replace(block: re.Match[str]) -> str:
        todo = f"{block['indent']}# TODO:{block['todo'] or ' your code'}"
        statements = [] if block["indent"] else ast.parse(textwrap.dedent(block["body"])).body
        targets = [target for node in statements if isinstance(node, ast.Assign) for target in node.targets]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        return "\n".join([todo, *(f"{name} = ..." for name in names)] if names else [todo, f"{block['indent']}..."])

    return BLOCK.sub(replace, code)


def execute(notebook: Any, folder: Path = ROOT, timeout: int = 180) -> float:
    """Run all cells in place with the replayed model and keep the widgets' state; gives the seconds it took.

    Raises `MemlabError` that names the first cell which failed.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    settings: dict[str, Any] = {"timeout": timeout, "record_timing": False, "extra_arguments": ["--log-level=40"]}
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, **settings)
    start = time.perf_counter()
    try:
        client.execute(env=replay_environment())
    except (CellExecutionError, CellTimeoutError) as problem:
        raise MemlabError(f"a cell failed: {problem}") from problem
    settle_widget_ids(notebook)
    return time.perf_counter() - start


def replay_environment() -> dict[str, str]:
    """An environment in which no model server answers and this checkout is the memlab that notebooks import."""
    path = os.pathsep.join(filter(None, [str(ROOT.parent), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"OLLAMA_HOST": "http://127.0.0.2:9", "PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def settle_widget_ids(notebook: Any) -> None:
    """Give widget models the same ids on every build: replace their random ids by running numbers."""
    import nbformat

    state = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    names = {old: f"{number:032x}" for number, old in enumerate(state, start=1)}
    text = re.sub(r"[0-9a-f]{32}", lambda found: names.get(found[0], found[0]), nbformat.writes(notebook))
    notebook.update(nbformat.reads(text, as_version=4))


def hidden_errors(notebook: Any) -> Iterator[str]:
    """What an executed notebook must not show: errors, stderr, bare images, and errors kept in widget states."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"cell {cell.id}: {output.ename}: {output.evalue}"
            if output.output_type == "stream" and output.name == "stderr":
                yield f"cell {cell.id} writes to stderr: {output.text.strip()[:200]}"
            if "image/png" in output.get("data", {}):
                yield f"cell {cell.id} shows a bare image without alt text: use a figure of show"
    for model in notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {}).values():
        state = model.get("state", {})
        if ERROR_MARK in str(state.get("value", "")):
            yield f"a widget kept an error: {state['value'][-300:]}"
        for output in state.get("outputs", ()):
            if output.get("output_type") == "error":
                yield f"an Output widget kept an error: {output.get('ename')}: {output.get('evalue')}"


def build(names: Sequence[str] | None = None, run: bool = True, say: Callable[[str], None] = print) -> list[Path]:
    """Write the learner and the solution notebook of each source; ``run`` also executes both under replay.

    Gives the written paths. Raises `MemlabError` where a cell fails or an error hides in a widget.
    """
    import nbformat

    written = []
    for number, source in enumerate(picked := sources(names), start=1):
        for solutions in (False, True):
            notebook = read(source, solutions)
            target = (ROOT / "solutions" if solutions else ROOT) / f"{source.stem}.ipynb"
            seconds = execute(notebook) if run else 0.0
            for problem in hidden_errors(notebook):
                raise MemlabError(f"{target.name}: {problem}")
            target.parent.mkdir(exist_ok=True)
            nbformat.write(notebook, target)
            written.append(target)
            kind = "solutions" if solutions else "learner"
            say(f"[{number}/{len(picked)}] {source.stem} {kind}: {seconds:.1f} s, {target.stat().st_size // 1024} kB")
    return written


def record(name: str, model: str = "ollama:smollm2:135m") -> Path:
    """Run a source's cells here with a live model in place of ``replay`` and keep its replies for the course.

    Writes ``data/labNN/replies.parquet``; calls recorded before are not asked again. Gives its path.
    """
    source = sources([name])[0]
    with Recorder(open_llm(model), data_folder() / f"lab{source.stem[:2]}" / "replies.parquet") as recorder:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        with patch.object(memlab, "open_llm", lambda spec="auto": recorder if spec == "replay" else open_llm(spec)):
            for cell in read(source, solutions=True).cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, source.name, "exec"), namespace)
        return recorder.compact()
