"""A lab added as a trial (a study, exercises, a notebook) is found, run, judged and shown without an edit elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUDY = '''"""Lab 99: is heads more frequent with a bent coin?"""
import numpy as np
from memlab.experiments import Claim, Study, grid

def run(arm, seed):
    chance = {"bent": 0.8, "fair": 0.5, "no memory": 0.5}[arm]
    heads = np.random.default_rng(seed).random(200) < chance
    return [{"heads": float(x), "backend": "computed"} for x in heads]

def score(rows):
    return float(rows["heads"].mean())

STUDY = Study("lab99", run, score, report=grid(arm=("bent", "fair", "no memory"), seed=range(100, 164)),
              claims=(Claim("a bent coin shows heads more often", "bent", "fair", primary=True),),
              nulls=("fair", "no memory"))
'''
EXERCISES = '''"""Exercises of lab 99."""
from memlab.course import Exercise

EXERCISES = {"99.1": Exercise("how many?", 4, mistakes={"that is one too many": 5}), "99.2": Exercise("which?", "bent")}
'''
NOTEBOOK = """# %% [markdown]
# # 99 · A trial (arXiv:2508.16153)

# %%
from memlab import course

course.check("99.1", 4)
"""
LOOK = """
import memlab
from memlab import course, datafiles, labs
from memlab.tools import notebooks, readme
study = labs.studies()["lab99"]
study.make(progress=False)
datafiles.write_manifest(datafiles.data_folder())
print(study.verdicts().word[0], study.file(), course.judge("99.1", 5).text)
print([path.stem for path in notebooks.sources()], readme.course().splitlines()[-1])
"""


def test_a_trial_lab_is_found_run_judged_and_shown(tmp_path):
    shutil.copytree(ROOT / "memlab", tmp_path / "memlab", ignore=shutil.ignore_patterns("__pycache__"))
    home = tmp_path / "memlab" / "labs" / "lab99_trial"
    source, data = tmp_path / "notebooks" / "src", tmp_path / "data"
    for folder in (home, source, data):
        folder.mkdir(parents=True)
    (data / "MANIFEST.sha256").touch()
    (home / "__init__.py").write_text('"""Lab 99: a trial."""\n')
    (home / "study.py").write_text(STUDY)
    (home / "exercises.py").write_text(EXERCISES)
    (source / "99_trial.py").write_text(NOTEBOOK)
    here = os.environ | {"PYTHONPATH": str(tmp_path), "MEMLAB_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=tmp_path, env=here, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "supported lab99/report.parquet 99.1 not yet: that is one too many"
    assert second == "['99_trial'] | A trial (arXiv:2508.16153) | [99](notebooks/99_trial.ipynb) | " \
        "[lab99_trial](memlab/labs/lab99_trial) | 2508.16153 |"  # fmt: skip
