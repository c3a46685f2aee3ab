"""A learner of one's own beside the recorded arms of a lab: which lab, which window, and what its calls were."""

from types import SimpleNamespace

import pyarrow as pa
import pytest
from typer.testing import CliRunner

import memlab
from memlab import Claim, Study, cli, whatif
from memlab.datafiles import write_manifest
from memlab.experiments import grid, run_cells
from memlab.learners import live, with_memory
from memlab.llm.embedders import RecordingEmbedder
from memlab.llm.replay import write_table
from memlab.retrieval import TopK
from memlab.rivals.knn import KnnVote

ARMS = {"vote": with_memory(TopK(), make=KnnVote), "blind": with_memory(TopK(k=0, shortlist=0), make=KnnVote)}
LEARNER = """
from memlab.learners import with_memory
from memlab.retrieval import TopK
from memlab.rivals.knn import KnnVote

LEARNER = with_memory(TopK(newest=True), make=KnnVote)
"""


def last_third(rows):
    return {"all": rows["success"].mean(), "late": rows["success"][rows["index"] >= 32].mean()}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A part of a lab whose streams have 48 tasks of eight kinds; the notes of what was run are kept apart."""
    (tmp_path / "toolbox").mkdir()
    questions = memlab.data("toolbox/questions12.jsonl").read_bytes()
    (tmp_path / "toolbox" / "questions12.jsonl").write_bytes(questions)
    monkeypatch.setenv("MEMLAB_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab77").mkdir()
    cells = grid(arm=tuple(ARMS), world="toolbox12-b", kind="recurrent", seed=(0, 1))
    claims = (Claim("memory helps", "vote", "blind", primary=True, metric="late"),)
    study = Study("lab77-part", print, last_third, report=cells, claims=claims, nulls=("blind",))
    write_manifest(tmp_path)
    with RecordingEmbedder(memlab.open_embedder("hash"), tmp_path / "lab77" / "embeddings.parquet") as vectors:

        def run(arm, **where):
            return live(ARMS[arm], None, vectors, n=48, families=8, **where)

        rows = run_cells("t", run, cells, {}, None, 1, False)
    write_table(tmp_path / "lab77" / "part.parquet", pa.Table.from_pandas(rows), {"settings": study.settings})
    write_manifest(tmp_path)
    return study


def test_ones_own_learner_is_judged_by_the_labs_own_metric_on_its_own_streams(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "memlab.learners.open_llm", lambda spec: SimpleNamespace(name="none", backend="none", digest="")
    )
    (tmp_path / "mine.py").write_text(LEARNER)
    said = []
    rows = whatif.compare(tmp_path / "mine.py", lab, said.append)
    assert set(rows.groupby(["arm", "kind", "seed"]).size()) == {48} and len(rows) == 3 * 2 * 48
    late = lab.scores(rows).groupby("arm")["late"].mean()
    assert f"{late['mine'] - late['vote']:.3f}".lstrip("-") in said[1] and "mine beats blind" in said[1]
    assert "primary metric of lab77-part" in said[0] and (tmp_path / "mine-recurrent.png").stat().st_size > 10_000


def test_a_file_is_lived_beside_the_field(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(whatif, "compare", lambda path, lab, say: asked.append((path.name, lab.name)))
    assert CliRunner().invoke(cli.app, ["study", str(tmp_path / "mine.py")]).exit_code == 0
    assert asked == [("mine.py", "lab06-field")]


def test_the_template_asks_only_what_an_agent_without_memory_asks(tmp_path):
    asked = []

    class Listening:
        name, backend, digest = "listening", "simulated", "0"

        def complete(self, prompt, **call):
            asked.append((prompt, call["answer"]))
            return memlab.open_llm("simulated").complete(prompt, **call)

    mine = whatif.load_learner(whatif.new_learner("mine", tmp_path))
    where = {"world": "toolbox-a", "kind": "stationary", "n": 24, "seed": 0}
    live(mine, Listening(), memlab.open_embedder("hash"), **where)
    with_case = [prompt for prompt, _ in asked if prompt.count("\nQ: ") > 1]
    assert 0 < len(asked) < 24 and not with_case and {how for _, how in asked} == {"ranked"}
