"""The house and its labs in numbers, so that growth is seen while it can still be undone: ``memlab sizes``."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from memlab.tools import notebooks

PACKAGE = Path(__file__).resolve().parents[1]
GOING_FURTHER = "## Going further"
PARTS = ("rivals", "tools", "weights")  # counted beside what is shared


def house(package: Path = PACKAGE) -> dict[str, int]:
    """Lines of Python, docstrings included: ``shared``, each of `PARTS`, and each lab's folder beside its notebook."""
    lines = dict.fromkeys(("shared", *PARTS), 0)
    for path in sorted(package.rglob("*.py")):
        folder, *below = path.relative_to(package).parts
        part = below[0] if folder == "labs" and len(below) > 1 else folder if folder in PARTS else "shared"
        lines[part] = lines.get(part, 0) + len(path.read_text(encoding="utf-8").splitlines())
    return lines


def twice(package: Path = PACKAGE) -> list[str]:
    """Public functions and classes that two modules or more define at their top level: a name should mean one thing."""
    homes: dict[str, int] = {}
    for path in package.rglob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for name in {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}:
            homes[name] = homes.get(name, 0) + 1
    return sorted(name for name, count in homes.items() if count > 1 and not name.startswith("_"))


def core(cells: list) -> list:
    """The cells before "Going further"."""
    further = [i for i, cell in enumerate(cells) if cell.cell_type == "markdown" and GOING_FURTHER in cell.source]
    return cells[: further[0]] if further else cells


def code(cells: Iterable[Any]) -> list[str]:
    """The source of the code cells."""
    return [cell.source for cell in cells if cell.cell_type == "code"]


def words(cells: Iterable[Any]) -> int:
    """Words of prose in the text cells; a formula counts as one."""
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return len(re.sub(r"\$\$?.+?\$\$?", "formula", text, flags=re.S).split())


def names(source: str) -> set[str]:
    """What ``source`` uses of the package, as dotted paths; a class or a constant counts once with all that it has."""
    tree, bound = ast.parse(source), {"memlab": "memlab"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            found = {alias.asname or alias.name: origin + alias.name for alias in node.names}
            bound |= {name: path for name, path in found.items() if path.partition(".")[0] == "memlab"}

    def path(node: ast.AST) -> str:
        if isinstance(node, ast.Name):
            return bound.get(node.id, "")
        if not isinstance(node, ast.Attribute) or not (before := path(node.value)):
            return ""
        return before if before.rpartition(".")[2][0].isupper() else f"{before}.{node.attr}"

    used = {path(node) for node in ast.walk(tree)} - {""}
    return {one for one in used if not any(other.startswith(f"{one}.") for other in used)}


def reading_lines(seconds: Mapping[str, float]) -> Iterator[str]:
    """Lines for a reader: the learners' view of each lab, then the house. ``seconds`` are run times by source name."""
    yield f"{'notebook':<16} {'words':>6} {'core':>6} {'cells':>6} {'core':>6} {'names':>6} {'run':>7}"
    for source in notebooks.sources():
        cells = notebooks.read(source, solutions=False).cells
        sizes = [words(cells), words(core(cells)), len(code(cells)), len(code(core(cells)))]
        run = f"{seconds[source.stem]:.1f} s" if source.stem in seconds else "-"
        used = len(names("\n".join(code(cells))))
        yield f"{source.stem:<16} {' '.join(f'{size:>6}' for size in (*sizes, used))} {run:>7}"
    lines, doubles = house(), twice()
    yield "lines: " + ", ".join(f"{part} {count:,}" for part, count in sorted(lines.items()))
    yield f"shared and tools together: {lines['shared'] + lines['tools']:,}"
    yield f"{len(doubles)} public names in two modules or more: {', '.join(doubles)}"
