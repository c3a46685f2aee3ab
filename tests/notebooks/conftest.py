"""What every lab must have: rules over the cells of one notebook, each broken rule one sentence."""

import re
import statistics
from collections.abc import Iterator

import pytest

from memlab.tools.sizes import core, words

PARTS = {
    "objectives ('You will')": "**You will**",
    "time": "**Time**",
    "what you need before": "**Before**",
    "a null model": "null",
    "what would falsify": "falsif",
    "what this does not show": "**What this does not show.**",
    "a summary": "## Summary",
    "references by arXiv id": "**References**",
    "a link to the glossary": "GLOSSARY.md",
}
IMAGE = re.compile(r"<img\b[^>]*>")


def code_lines(source: str) -> int:
    """Lines of code: blank lines and whole-line comments do not count."""
    return sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith("#"))


@pytest.fixture
def anatomy():
    """Gives the broken rules of a notebook."""
    return broken_rules


def broken_rules(notebook, lab: bool = True) -> Iterator[str]:
    """Every broken rule; ``lab=False`` leaves out the parts that only a lab has (00 is no lab)."""
    cells, code = notebook.cells, [cell for cell in core(notebook.cells) if cell.cell_type == "code"]
    if len(code) > 30:
        yield f"{len(code)} code cells in the core, at most 30"
    if words(core(cells)) > 1500:
        yield f"{words(core(cells))} words in the core, at most 1500"
    sizes = {cell.id: code_lines(cell.source) for cell in cells if cell.cell_type == "code"}
    if statistics.median(sizes.values()) > 5:
        yield f"{statistics.median(sizes.values())} code lines in the median cell, at most 5"
    yield from (f"cell {id} has {size} code lines, at most 20" for id, size in sizes.items() if size > 20)
    for before, cell in zip([None, *cells], cells, strict=False):
        if cell.cell_type == "code" and (before is None or before.cell_type == "code"):
            yield f"no sentence before this cell: {cell.source[:60]!r}"
    prose = "\n".join(cell.source for cell in core(cells) if cell.cell_type == "markdown")
    if lab:
        yield from (f"no {part}" for part, sign in PARTS.items() if sign not in prose)
        checks = {m for cell in code for m in re.findall(r"course\.check\(\"([\d.]+)\"", cell.source)}
        if len(checks) < 2:
            yield f"{len(checks)} exercises in the core, wanted two"
        predictions = [set(re.findall(rf"course\.{verb}\(\"([\w.]+)\"", "\n".join(c.source for c in code)))
                       for verb in ("predict", "settle")]  # fmt: skip
        if not predictions[0] or predictions[0] != predictions[1]:
            yield "no question before a figure (course.predict), or one that is never settled (course.settle)"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "no kernelspec: JupyterLab would ask for a kernel"
    yield from bad_figures(cells)


def bad_figures(cells: list) -> Iterator[str]:
    """Figures without alt text or caption, and images that are not figures."""
    for cell in cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for tag in IMAGE.findall(data.get("text/html", "")):
                if not re.search(r'alt="[^"]{15,}"', tag):
                    yield f"cell {cell.id}: a figure without alt text: {tag[:60]}"
                if "<figcaption>" not in data["text/html"]:
                    yield f"cell {cell.id}: a figure without a caption"
            if any(mime.startswith("image/") for mime in data):
                yield f"cell {cell.id}: a bare image; use a figure of show"
            if "application/vnd.jupyter.widget-view+json" in data and "<img" not in data.get("text/html", ""):
                yield f"cell {cell.id}: a widget without a static first frame; use show.Explorer"
