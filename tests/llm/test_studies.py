"""Studies that ask live servers: a kill in the middle, and several hosts at once."""

import subprocess
import sys
import threading
from collections import Counter

import joblib

import memlab
from memlab.learners import no_memory, study

KILLED = """
import os, sys
from memlab.experiments import Study, grid

def run(arm, seed, llm):
    rows = []
    for number in range(3):
        rows.append({"index": number, "success": len(llm.complete(f"{arm} {seed} {number}").text)})
        if sys.argv[1] == "die" and (arm, seed, number) == ("b", 1, 1):
            os.kill(os.getpid(), 9)
    return rows

def score(rows):
    return float(rows["success"].mean())

STUDY = Study("lab99", run, score, report=grid(arm=("a", "b"), seed=(0, 1, 2)), model="ollama:tiny")
STUDY.make(live=True)
"""


def test_a_study_killed_in_the_middle_goes_on_and_asks_nothing_twice(fake, fake2, tmp_path, monkeypatch):
    """Killed in the fifth of six cells, after its second call: four cells and those calls are not asked for again.

    Two hosts are listed: to load `ollama` with both in OLLAMA_HOST was an error.
    """
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "MANIFEST.sha256").touch()
    (tmp_path / "lives.py").write_text(KILLED)
    fake.default = fake2.default = fake.chat("seven77")
    monkeypatch.setenv("MEMLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("OLLAMA_HOST", f"{fake.url},{fake2.url}")

    def life(word):
        return subprocess.run(
            [sys.executable, tmp_path / "lives.py", word], capture_output=True, text=True, timeout=120
        )

    first = life("die")
    assert first.returncode == -9, first.stderr
    assert len(fake.calls + fake2.calls) == 14 and not (tmp_path / "data/lab99/report.parquet").exists()
    again = life("live")
    assert again.returncode == 0 and "4 of 6 cells found from an earlier run" in again.stdout, again.stderr
    asked = Counter(body["messages"][0]["content"] for _, body in fake.calls + fake2.calls)
    assert len(asked) == 18 and set(asked.values()) == {1}


def test_hosts_that_are_listed_answer_at_the_same_time(fake, fake2, monkeypatch):
    """Each host's first reply waits until the other host is asked, too."""
    barrier, met = threading.Barrier(2, timeout=20), []
    said = fake.chat(f'"{memlab.stream("toolbox-a", "drift", 6, 0)[0].choices[0]}"')

    def meet():
        barrier.wait()
        met.append("asked while the other was")
        return said

    monkeypatch.setenv("OLLAMA_HOST", f"{fake.url},{fake2.url}")
    fake.default = fake2.default = said
    settings = {"llm": "ollama:tiny", "embedder": "hash", "progress": False}
    serial = study({"none": no_memory}, ["drift"], (0, 1), 6, **settings)
    fake.script, fake2.script = [meet], [meet]
    with joblib.parallel_config(backend="threading"):
        spread = study({"none": no_memory}, ["drift"], (0, 1), 6, jobs=2, **settings)
    assert len(met) == 2 and fake.calls and fake2.calls
    assert spread.drop(columns="llm_seconds").equals(serial.drop(columns="llm_seconds"))
