"""`import memlab` stays light, and every public name can be had."""

import subprocess
import sys

import pytest

import memlab

HEAVY = {"lancedb", "matplotlib", "numpy", "ollama", "pandas", "pyarrow", "sklearn", "xllamacpp", "jupyterlab"}


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_import_memlab_loads_nothing_heavy():
    assert not loaded_by("import memlab") & HEAVY


def test_starting_needs_only_the_standard_library():
    ours = {name for name in loaded_by("import memlab.bootstrap, memlab.__main__") if name.startswith("memlab")}
    assert ours == {"memlab", "memlab.bootstrap", "memlab.__main__"}


@pytest.mark.parametrize("name", sorted(name for name in dir(memlab) if not name.startswith("_")))
def test_each_public_name_loads(name):
    assert getattr(memlab, name) is not None


def test_a_wrong_name_lists_the_right_ones():
    with pytest.raises(AttributeError, match="open_store"):
        _ = memlab.no_such_name


def test_core_loads_no_other_part_of_memlab():
    ours = {name for name in loaded_by("import memlab.core") if name.startswith("memlab")}
    assert ours == {"memlab", "memlab.core"}
