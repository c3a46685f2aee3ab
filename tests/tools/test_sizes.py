"""What `memlab sizes` counts: lines by part, names that two modules define, what a notebook uses of the package."""

import pytest

from memlab.tools import sizes


@pytest.fixture
def package(tmp_path):
    for name, text in {
        "core.py": "class Task: ...\ndef run(): ...\n",
        "labs/__init__.py": '"""One line."""\n',
        "labs/lab01_mdp/study.py": "def run():\n    def inner(): ...\ndef _help(): ...\n",
        "labs/lab01_mdp/deep/more.py": "def _help(): ...\n",
        "rivals/knn.py": "x = 1\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_lines_belong_to_a_lab_a_part_or_all(package):
    assert sizes.house(package) == {"shared": 3, "rivals": 1, "tools": 0, "weights": 0, "lab01_mdp": 4}


def test_a_public_name_in_two_modules_is_found(package):
    assert sizes.twice(package) == ["run"]


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ("import memlab\nmemlab.open_store(dim=3).commit([])", {"memlab.open_store"}),
        ("from memlab import show\nshow.made_by(show.Canvas())", {"memlab.show.made_by", "memlab.show.Canvas"}),
        ("from memlab.core import Edit\nEdit.write(1), Edit.forget(2)", {"memlab.core.Edit"}),
        ("from memlab.labs.lab05_credit.study import STUDY\nSTUDY.rows()", {"memlab.labs.lab05_credit.study.STUDY"}),
        ("from memlab.credit import td as t\nt(1)\nimport numpy as np\nnp.eye(2)", {"memlab.credit.td"}),
        ("import memlab.reward as r\nr.belief_delta", {"memlab.reward.belief_delta"}),
    ],
)
def test_what_a_notebook_uses_of_the_package(code, used):
    assert sizes.names(code) == used
