"""`Study`: resuming, what is found again and by what, verdicts with Holm, tuned settings, and the judge's words."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from joblib.externals.loky import get_reusable_executor

import memlab
from memlab import experiments
from memlab.core import MemlabError
from memlab.experiments import Claim, Study, grid, holm, judge_claims, verdict
from memlab.llm.replay import write_table

CELLS = grid(arm=("a", "b"), seed=range(4))


def coin(arm, seed, shift=0.0):
    rng = np.random.default_rng([seed, arm == "a"])
    return [{"index": i, "success": float(rng.random() + shift)} for i in range(3)]


def mean(rows):
    return float(rows["success"].mean())


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "MANIFEST.sha256").touch()
    monkeypatch.setenv("MEMLAB_DATA", str(folder))
    yield folder
    # joblib's workers outlive a test, and would look for data here in the next one.
    get_reusable_executor().shutdown(wait=True)


def toy(run=coin, **more):
    settings = {"report": CELLS, "claims": (Claim("a beats b", "a", "b", primary=True),)} | more
    return Study("lab99", run, mean, **settings)


def test_a_grid_is_a_product_and_grids_add_up():
    assert grid(arm="a", seed=range(2)) == ({"arm": "a", "seed": 0}, {"arm": "a", "seed": 1})
    assert len(grid(arm=("a", "b"), seed=range(3)) + grid(arm="c", seed=0)) == 7


def test_rows_carry_their_axes_and_are_scored_by_cell(home):
    rows = toy().make(progress=False)
    assert list(rows.columns[:2]) == ["arm", "seed"] and len(rows) == 2 * 4 * 3
    scores = toy().scores(rows)
    assert len(scores) == 8 and scores.score.iloc[0] == pytest.approx(rows.success[:3].mean())


def test_an_interrupted_study_goes_on_where_it_stopped(home, capsys):
    lived = []

    def stopping(arm, seed):
        if len(lived) == 5:
            raise KeyboardInterrupt
        lived.append((arm, seed))
        return coin(arm, seed)

    with pytest.raises(KeyboardInterrupt):
        toy(stopping).make()
    lived.append("past the interrupt")
    rows = toy(stopping).make()
    # The closed-over list is part of what makes a cell, so nothing that it changed is taken over.
    assert len(rows) == 24 and rows.equals(toy().make(progress=False))


def resumed(arm, seed):
    return coin(arm, seed)


def test_finished_cells_are_found_and_counted(home, capsys, monkeypatch):
    toy(resumed, report=CELLS[:3]).make(progress=False)
    toy(resumed).make()
    assert "3 of 8 cells found" in capsys.readouterr().out


def test_cells_of_another_run_or_setting_are_never_taken(home):
    first = toy().make(progress=False)

    def shifted(arm, seed):
        return coin(arm, seed, shift=1.0)

    assert toy(shifted).make(progress=False).success.mean() == pytest.approx(first.success.mean() + 1)
    assert toy().make(progress=False).equals(first)


def test_recorded_rows_are_refused_under_other_claims(home):
    from memlab.datafiles import write_manifest

    toy().make(progress=False)
    write_manifest(home)
    assert len(toy().rows()) == 24 and {"command", "date", "versions", "settings"} <= set(
        experiments.read_note(memlab.data(toy().file()))
    )
    other = toy(claims=(Claim("b beats a", "b", "a"),))
    with pytest.raises(MemlabError, match="another grid or other claims"):
        other.rows()


def test_recorded_rows_are_scored_once_and_anew_when_they_are_made_anew(home):
    from memlab.datafiles import write_manifest

    asked = []
    study = Study("lab99", coin, lambda rows: asked.append(len(rows)) or mean(rows), CELLS, claims=toy().claims)
    study.make(progress=False)
    write_manifest(home)
    first = study.scores()
    study.verdicts()
    first["score"] = -1.0
    assert len(asked) == len(first) and (study.scores()["score"] >= 0).all(), "a reader's change stays the reader's"
    study.make(progress=False)
    write_manifest(home)
    assert len(study.scores()) == len(asked) / 2


def test_tuned_settings_reach_the_cells_that_they_agree_with():
    study = toy(tune=grid(arm=("a", "b"), shift=(0.0, 0.5, 0.2), seed=range(2)), tuned=({"arm": "a", "shift": 0.5},))
    assert study.cells()[0] == {"arm": "a", "seed": 0, "shift": 0.5} and study.cells()[-1] == {"arm": "b", "seed": 3}
    rows = experiments.run_cells("t", coin, study.cells(tuning=True), {}, None, 1, False)
    best = study.best(rows)
    assert best[best.arm == "a"].sort_values("objective")["shift"].iloc[-1] == 0.5


def test_arms_with_knobs_of_their_own_are_all_tuned():
    tune = grid(arm="a", shift=(0.0, 0.5), seed=range(2)) + grid(arm="b", bias=(0.0, 0.5), seed=range(2))
    rows = pd.DataFrame([cell | {"success": 1.0} for cell in tune])
    assert len(toy(tune=tune).best(rows)) == 4, "a knob that an arm lacks must not drop the arm"


def test_a_setting_tuned_for_each_world_is_judged_in_its_own():
    claim = Claim("a beats b", "a", "b", primary=True, where={"world": "ice"})
    tune = grid(arm="a", world=("ice", "snow"), shift=(0.0, 0.5), seed=range(2))
    study = toy(tune=tune, claims=(claim,), tuned=({"arm": "a", "world": "snow", "shift": 0.5},))
    rows = experiments.run_cells("t", lambda world, **cell: coin(**cell), tune, {}, None, 1, False)
    assert set(study.best(rows).world) == {"ice", "snow"}


def test_parallel_cells_give_the_same_rows(home):
    assert (
        toy(resumed).make(jobs=2, progress=False).equals(experiments.run_cells("x", resumed, CELLS, {}, None, 1, False))
    )


def test_an_empty_grid_is_refused():
    with pytest.raises(MemlabError, match="nothing to run"):
        toy(report=()).make(progress=False)


def frame(**arms):
    return pd.DataFrame(
        [{"arm": arm, "seed": i, "score": v} for arm, values in arms.items() for i, v in enumerate(values)]
    )


def test_the_words_of_a_verdict():
    rng = np.random.default_rng(0)
    base, noise = rng.normal(size=16), rng.normal(0, 0.1, size=16)
    assert verdict(base + 0.5 + noise, base).word == "supported"
    assert verdict(base - 0.5 + noise, base).word == "contradicted"
    assert verdict(base + noise, base).word == "undecided"
    assert verdict(base + noise, base, margin=0.3).word == "as good"
    assert verdict(base - 0.5 + noise, base, margin=0.3).word == "contradicted"
    assert "not adjusted" in str(verdict(base, base + noise))


def test_one_replicate_that_carries_the_effect_is_named():
    d = np.array([3.0, *np.full(9, 0.1)])
    found = verdict(d, np.zeros(10))
    assert found.word == "supported" and "more than half" in found.note and "+0.100" in found.note


def test_holm_by_hand():
    adjusted, levels = holm([0.01, 0.04, 0.03])
    assert adjusted == pytest.approx([0.03, 0.06, 0.06]) and levels == pytest.approx([0.05 / 3, 0.05, 0.025])


def test_eight_replicates_cannot_support_one_claim_of_seven():
    scores = frame(a=np.arange(1.0, 9.0), b=np.zeros(8))
    claim = Claim("a beats b", "a", "b")
    assert set(judge_claims([claim] * 6, scores).word) == {"supported"}
    assert set(judge_claims([claim] * 7, scores).word) == {"undecided"}


def test_p_and_interval_agree_at_every_step_of_holm():
    rng = np.random.default_rng(5)
    for _ in range(30):
        scores = frame(a=rng.normal(0.4, 1, 10), b=np.zeros(10), c=rng.normal(-0.8, 1, 10))
        table = judge_claims([Claim("ab", "a", "b"), Claim("bc", "b", "c"), Claim("ac", "a", "c")], scores)
        open_, stopped = table.sort_values(["p", "level"], ascending=[True, False]), False
        for _, row in open_.iterrows():
            stopped |= not (row.low > 0 or row.high < 0)
            assert (row.word != "undecided") == (not stopped)


def test_against_several_rivals_the_largest_p_counts():
    rng = np.random.default_rng(2)
    scores = frame(ours=1 + rng.normal(0, 0.1, 12), weak=np.zeros(12), strong=0.95 + rng.normal(0, 0.1, 12))
    row = judge_claims([Claim("ours wins", "ours", ("weak", "strong"))], scores).iloc[0]
    assert row.rival == "strong" and row.word == "undecided"
    better = scores.assign(score=np.where(scores.arm == "strong", scores.score + 1, scores.score))
    assert judge_claims([Claim("ours wins", "ours", ("weak", "strong"))], better).iloc[0].word == "contradicted"


def test_a_learner_of_ones_own_is_judged_against_every_arm_beside_it():
    rows = pd.DataFrame(
        [{"arm": arm, **row, "seed": seed} for arm in ("a", "b", "mine") for seed in range(16)
         for row in coin(arm, seed, shift=float(arm == "mine"))]
    )  # fmt: skip
    table = toy().beside("mine", rows)
    assert table["rival"].tolist() == ["a", "b"] and set(table["word"]) == {"supported"}
    assert table["p"].tolist() == pytest.approx([2 * 2 / 2**16] * 2)  # Holm over both


def test_a_missing_arm_or_replicate_is_named():
    scores = frame(a=[1.0, 2.0, 3.0], b=[0.0, 0.0])
    with pytest.raises(MemlabError, match="b lack replicates"):
        judge_claims([Claim("a beats b", "a", "b")], scores)
    with pytest.raises(MemlabError, match="c lack replicates"):
        judge_claims([Claim("a beats c", "a", "c")], scores)


def test_saved_rows_carry_what_made_them(tmp_path):
    write_table(tmp_path / "x.parquet", pa.Table.from_pandas(frame(a=[1.0])), {"seeds": [0]})
    note = experiments.read_note(tmp_path / "x.parquet")
    assert note["seeds"] == [0] and "python" in note["versions"] and json.dumps(note)
    frame(a=[1.0]).to_parquet(tmp_path / "bare.parquet")
    with pytest.raises(MemlabError, match="carries no provenance"):
        experiments.read_note(tmp_path / "bare.parquet")


def test_the_entrances_stand_at_the_top():
    assert memlab.Study is Study and memlab.Claim is Claim and memlab.verdict is verdict and memlab.grid is grid
