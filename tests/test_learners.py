"""`memlab.study`: rows, what is kept and found again, recorded arms beside one's own, and its errors."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import memlab
from memlab import experiments, learners
from memlab.core import MemlabError, Reply
from memlab.datafiles import write_manifest
from memlab.learners import no_memory, study, with_memory
from memlab.llm.contract import LLM
from memlab.llm.replay import write_table
from memlab.retrieval import TopK
from memlab.rivals.knn import KnnVote
from memlab.whatif import load_learner, new_learner

VOTE = with_memory(TopK(), make=KnnVote)


class NoModel:
    name = backend = digest = "none"


class OtherModel(NoModel):
    name = "other"


def small(arms=None, **more):
    settings = {"llm": NoModel(), "embedder": "hash", "n": 6, "progress": False} | more
    return study({"vote": VOTE} if arms is None else arms, ("stationary", "drift"), (0, 1), **settings)


def test_a_study_gives_one_row_a_task_for_every_arm_kind_and_seed():
    rows = small()
    assert set(rows.groupby(["arm", "kind", "seed"]).size()) == {6} and len(rows) == 24
    assert set(rows["backend"]) == {""} and set(rows["calls"]) == {0}


def test_parallel_lives_give_the_same_rows():
    assert small(jobs=2).equals(small())


def test_an_interrupted_study_goes_on_where_it_stopped(tmp_path, monkeypatch):
    lived, real = [], learners.live

    def counting(*args, **where):
        if len(lived) == 3:
            raise KeyboardInterrupt
        lived.append(where["seed"])
        return real(*args, **where)

    monkeypatch.setattr(learners, "live", counting)
    with pytest.raises(KeyboardInterrupt):
        small(folder=tmp_path)
    lived.append("past the interrupt")
    rows = small(folder=tmp_path)
    assert len(lived) == 3 + 1 + 1 and rows.equals(small())


def test_another_model_learner_or_embedder_at_the_same_folder_is_run_anew(tmp_path, monkeypatch):
    lived, real = [], learners.live
    monkeypatch.setattr(learners, "live", lambda *args, **where: lived.append(1) or real(*args, **where))
    shy = {"vote": with_memory(TopK(min_similarity=0.99), make=KnnVote)}
    for other in ({}, {"arms": shy}, {"llm": OtherModel()}, {"world": "toolbox-b"}, {"n": 7}):
        lived.clear()
        small(folder=tmp_path, **other)
        assert len(lived) == 4, other
        small(folder=tmp_path, **other)
        assert len(lived) == 4, "kept, and found again"


@pytest.mark.parametrize("name", ["a/b", "../up", "x" * 300, "Q: λ=.5"])
def test_any_name_of_a_learner_is_kept_safely(tmp_path, name):
    rows = small({name: VOTE}, folder=tmp_path / "in")
    assert set(rows.arm) == {name} and {p.name for p in tmp_path.iterdir()} == {"in"}


def test_a_damaged_folder_is_named(tmp_path):
    small(folder=tmp_path)
    raw = bytearray((tmp_path / "cells.sqlite").read_bytes())
    raw[-2000:-1000] = bytes(1000)
    (tmp_path / "cells.sqlite").write_bytes(raw)
    with pytest.raises(MemlabError, match=r"cells.sqlite is damaged"):
        small(folder=tmp_path)


def test_an_empty_grid_and_a_rule_that_gives_nothing_are_named():
    with pytest.raises(MemlabError, match="nothing to run"):
        study({}, ("drift",), (0,), 6, llm=NoModel(), embedder="hash")
    with pytest.raises(MemlabError, match="gave None"):
        small({"vote": with_memory(TopK(), lambda episodes, store: None, make=KnnVote)})


@pytest.fixture
def record(tmp_path, monkeypatch):
    (tmp_path / "toolbox").mkdir()
    (tmp_path / "toolbox" / "questions.jsonl").write_bytes(memlab.data("toolbox/questions.jsonl").read_bytes())
    rows = small().assign(arm="recorded", kind=lambda r: r.kind)
    (tmp_path / "lab77").mkdir()
    write_table(tmp_path / "lab77" / "report.parquet", pa.Table.from_pandas(rows), {})
    write_manifest(tmp_path)
    monkeypatch.setenv("MEMLAB_DATA", str(tmp_path))
    return rows


def test_recorded_arms_stand_beside_ones_own_on_the_same_replicates(record):
    rows = small(against="lab77")
    assert list(rows.arm.unique()) == ["recorded", "vote"]
    assert np.allclose(rows[rows.arm == "recorded"].success, record.success)


def test_a_live_study_stops_after_three_minutes_with_what_it_has_and_goes_on(record, tmp_path, monkeypatch, capsys):
    """A life takes 90 s: two are lived, and the third would end after 180."""
    clock = [0.0]

    class Slow(LLM):
        name, backend, digest = "slow", "ollama", "d"

        def answer(self, call):
            clock[0] += 15.0
            return Reply("", call.choices[0], None, 1, 1, 15.0, self.name, self.backend)

    monkeypatch.setattr(experiments, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    live = {"llm": Slow(), "against": "lab77", "folder": tmp_path / "kept"}
    rows = small({"mine": no_memory}, **live)
    assert "stopped after 180 s with 2 of 4 cells" in capsys.readouterr().out
    held = rows.groupby("arm")[["kind", "seed"]].value_counts().unstack("arm")
    assert len(held) == 2 and (held == 6).all(axis=None), "the recorded arm is cut to the same replicates"
    rows = small({"mine": no_memory}, **live)
    assert clock[0] == 360 and len(rows) == 48 and "stopped" not in capsys.readouterr().out
    small({"mine": no_memory}, llm=Slow(), seconds=None)
    assert clock[0] == 720


def test_a_live_study_stops_behind_a_whole_replicate(monkeypatch, capsys):
    """A life takes 90 s: the third would end after 180, but its replicate is begun; four replicates of two arms."""
    clock = [0.0]
    monkeypatch.setattr(experiments, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def run(llm, **cell):
        clock[0] += 90.0
        return [{"seed": cell["seed"], "success": 1.0}]

    cells = [{"arm": arm, "seed": seed} for seed in range(4) for arm in ("one", "two")]
    rows = experiments.run_cells("s", run, cells, {"llm": NoModel()}, None, 1, False, 300.0, 2)
    assert list(rows["seed"]) == [0, 0] and clock[0] == 180 and "2 of 8 cells" in capsys.readouterr().out
    assert len(experiments.run_cells("s", run, cells, {"llm": NoModel()}, None, 1, False, 10.0, 2)) == 2


def test_recorded_arms_that_asked_another_model_are_left_out_and_named(record, tmp_path, capsys):
    other = record.assign(arm="asked another", model="other:1b", backend="replay")
    write_table(tmp_path / "lab77" / "report.parquet", pa.Table.from_pandas(pd.concat([record, other])), {})
    write_manifest(tmp_path)
    assert set(small(against="lab77").arm) == {"recorded", "vote"}
    assert "left out asked another, which asked other:1b and not none" in capsys.readouterr().out
    same = SimpleNamespace(name="other:1b", backend="none", digest="d")
    assert set(small(against="lab77", llm=same).arm) == {"recorded", "asked another", "vote"}
    assert set(small({"asked another": VOTE}, against="lab77").arm) == {"recorded", "asked another"}


def test_a_part_of_a_lab_lies_in_a_file_of_its_own_and_its_rows_tell_their_families(record, tmp_path):
    rows = small(n=32, families=8).drop(columns="families").assign(arm="recorded")
    write_table(tmp_path / "lab77" / "part.parquet", pa.Table.from_pandas(rows), {})
    write_manifest(tmp_path)
    both = small(against="lab77-part", n=32, families=8)
    assert np.allclose(both[both.arm == "recorded"].success, both[both.arm == "vote"].success)
    with pytest.raises(MemlabError, match=r"has no record of .* with 32 tasks; its streams are .*8, 32"):
        small(against="lab77-part", n=32)


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"n": 8}, "has no record of .* with 8 tasks; its streams are"),
        ({"world": "toolbox-b"}, "has no record"),
        ({"arms": {"recorded": VOTE}}, "also the name of a recorded arm"),
    ],
)
def test_streams_that_were_not_recorded_and_names_that_clash_are_refused(record, more, match):
    with pytest.raises(MemlabError, match=match):
        small(against="lab77", **more)


def test_every_edit_of_the_template_names_what_it_came_of(tmp_path):
    embedder = memlab.open_embedder("hash")
    store = memlab.open_store(dim=embedder.dim)
    episodes = list(KnnVote(None, embedder, store, TopK()).run(memlab.stream("toolbox-a", "stationary", 12, 0)))
    mine = load_learner(new_learner("mine", tmp_path))(NoModel(), embedder, store, 0)
    told = [replace(one, steps=tuple(replace(step, shown=("told",)) for step in one.steps)) for one in episodes]
    edits = mine.credit(told, store)
    assert edits and all(edit.sources == ("told", edit.case_id) for edit in edits)


def test_rows_are_a_frame_that_the_curve_takes():
    from memlab import show

    rows = small()
    picture = show.learning_curve(rows[rows.kind == "drift"])
    assert isinstance(rows, pd.DataFrame) and picture.png.startswith(b"\x89PNG")
