"""`study`: rows, resume, parallel runs, provenance, and the recorded rows of lab 06 derived again."""

import json

import pytest

import memlab
from memlab.core import MemlabError
from memlab.experiments import Cell, read_note, run_cell, save_study, study
from memlab.retrieval.policies import TopK
from memlab.rivals.knn import KnnVote
from memlab.studies import STUDIES, lab06


class NoModel:
    name = backend = digest = "none"


def vote(llm, embedder, store, seed):
    return KnnVote(llm, embedder, store, TopK(), seed=seed)


def small(**more):
    grid = {"llm": NoModel(), "embedder": "hash", "n": 6, "progress": False} | more
    return study({"vote": vote}, ("stationary", "drift"), (0, 1), **grid)


def test_a_study_gives_one_row_a_task_for_every_learner_kind_and_seed():
    rows = small()
    assert len(rows) == 2 * 2 * 6
    assert set(rows.groupby(["learner", "kind", "seed"]).size()) == {6}
    assert set(rows["backend"]) == {""} and set(rows["calls"]) == {0}


def test_an_interrupted_study_goes_on_where_it_stopped(tmp_path):
    made = []

    def counting(llm, embedder, store, seed):
        made.append(seed)
        if len(made) == 3:
            raise KeyboardInterrupt
        return vote(llm, embedder, store, seed)

    def go():
        return study(
            {"vote": counting}, ("stationary", "drift"), (0, 1), 6,
            llm=NoModel(), embedder="hash", folder=tmp_path, progress=False,
        )  # fmt: skip

    with pytest.raises(KeyboardInterrupt):
        go()
    assert len(list(tmp_path.glob("*.parquet"))) == 2
    made.append("past the interrupt")
    rows = go()
    assert len(made) == 4 + 2 and rows.equals(small())
    assert not list(tmp_path.glob("*.part"))


def test_saved_rows_carry_what_made_them(tmp_path):
    small(folder=tmp_path)
    note = read_note(next(tmp_path.glob("*.parquet")))
    assert {"command", "date", "versions", "cell"} <= set(note) and "python" in note["versions"]


def test_a_finished_study_lands_in_the_data_folder_with_its_note(tmp_path, monkeypatch):
    rows = small()
    (tmp_path / "MANIFEST.sha256").touch()
    monkeypatch.setenv("MEMLAB_DATA", str(tmp_path))
    save_study("toy", rows, {"seeds": [0, 1]})
    assert read_note(tmp_path / "studies" / "toy.parquet")["seeds"] == [0, 1]


def test_parallel_runs_give_the_same_rows():
    assert small(jobs=2, embedder="hash").equals(small())


def test_an_empty_grid_is_refused():
    with pytest.raises(MemlabError, match="nothing to run"):
        study({}, ("drift",), (0,), 6)


@pytest.mark.parametrize("name", ["lab06", "lab06-tuning"])
def test_recorded_rows_of_lab_06_are_complete_and_say_what_made_them(name):
    note = lab06.note(name)
    assert name in note["command"] and note["model"] == lab06.MODEL and len(note["digest"]) == 64
    assert name in STUDIES
    sizes = lab06.rows(name).groupby(["learner", "kind", "seed"]).size()
    assert set(sizes) == {lab06.TASKS}


@pytest.mark.parametrize(
    ("learner", "kind", "seed"),
    [("credit", "drift", 100), ("append-only", "stationary", 103), ("no memory", "drift", 107)],
)
def test_recorded_rows_are_derived_again_from_the_recorded_replies(learner, kind, seed):
    llm = memlab.open_llm(f"replay:{memlab.data('replies/lab06.parquet')}")
    again = run_cell(
        Cell(learner, "toolbox-b", kind, lab06.TASKS, seed), lab06.LEARNERS[learner], llm, lab06.embedder()
    )
    rows = lab06.rows()
    recorded = rows[(rows.learner == learner) & (rows.kind == kind) & (rows.seed == seed)]
    for column in ("action", "serves", "success", "shown", "edits", "memories", "tokens_in"):
        assert list(again[column]) == list(recorded[column]), column


def test_the_primary_metric_was_fixed_before_the_report():
    assert lab06.note("lab06-tuning")["date"] < lab06.note()["date"]
    assert json.dumps(lab06.note()["seeds"]) == json.dumps(list(lab06.REPORT_SEEDS))
