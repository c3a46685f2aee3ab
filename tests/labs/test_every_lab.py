"""Every lab by one rule: its study is fair, its rows are those of its settings, its exercises hint, it stands alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from memlab import course, data, labs
from memlab.experiments import Claim, read_note

STUDIES = labs.studies()
EXERCISES = {id: one for number in labs.folders() for id, one in course.exercises(number).items()}
MODELLESS, WITH_MODEL = 64, 16


def seeds(cells):
    return {cell["seed"] for cell in cells}


@pytest.mark.parametrize("name", STUDIES)
def test_tuning_and_report_share_no_seed_and_replicates_suffice(name):
    study = STUDIES[name]
    assert not seeds(study.tune) & seeds(study.report)
    wanted = WITH_MODEL if study.model else MODELLESS
    for claim in study.claims:
        for arm in (claim.arm, *((claim.rival,) if isinstance(claim.rival, str) else claim.rival)):
            where = {"arm": arm, **claim.where}
            cells = [c for c in study.report if all(c.get(k, v) == v for k, v in where.items())]
            assert len(seeds(cells)) >= wanted, (claim.words, arm)


@pytest.mark.parametrize("name", STUDIES)
def test_a_null_and_a_no_memory_arm_take_part(name):
    arms = {cell["arm"] for cell in STUDIES[name].report}
    assert STUDIES[name].nulls and set(STUDIES[name].nulls) <= arms, "name the null and the no-memory arm in `nulls`"


@pytest.mark.parametrize("name", STUDIES)
def test_the_recorded_rows_are_those_of_the_settings_and_complete(name):
    study = STUDIES[name]
    rows = study.rows()
    axes = [axis for axis in study.cells()[0] if axis in rows]
    found = {tuple(row) for row in rows[axes].drop_duplicates().itertuples(index=False)}
    assert {tuple(cell[axis] for axis in axes) for cell in study.cells()} <= found
    for tuning in (False, True)[: 1 + bool(study.tune)]:
        note = read_note(data(study.file(tuning)))
        assert {"date", "versions"} <= set(note)
        assert note["command"].startswith(study.command(tuning)), "a script that is not kept makes no rows again"
    assert not ((rows["backend"] == "simulated") & (rows.get("model", "") == "")).any(), "no model: say computed"


@pytest.mark.parametrize("name", STUDIES)
def test_one_cell_is_made_again_as_recorded(name):
    study = STUDIES[name]
    if not study.repeats:
        pytest.skip("this study measures time: its rows cannot come back")
    cells = study.cells()
    cell = cells[np.random.default_rng(len(cells)).integers(len(cells))]
    rows = study.rows()
    kept = rows[np.logical_and.reduce([rows[axis] == value for axis, value in cell.items() if axis in rows])]
    again = study.cell(**cell)
    # What made a row, and when, may differ: the live server then, its record now.
    columns = [c for c in again.columns if c not in ("backend", "model", "llm_seconds", "seconds")]
    pd.testing.assert_frame_equal(
        again[columns].reset_index(drop=True), kept[columns].reset_index(drop=True), check_dtype=False, rtol=1e-9
    )


@pytest.mark.parametrize("name", [name for name, study in STUDIES.items() if study.tuned])
def test_tuned_settings_are_the_best_tried_and_not_at_the_edge(name):
    study = STUDIES[name]
    best = study.best(study.rows(tuning=True))
    for entry in study.tuned:
        part = best
        for axis in [a for a in entry if any(a in cell for cell in study.report)]:
            part = part[part[axis] == entry[axis]]
        chosen = part.loc[part.objective.idxmax()]
        for axis in [a for a in entry if a in part and a not in study.report[0]]:
            assert chosen[axis] == entry[axis], (entry, part)
            tried = sorted(part[axis].unique())
            assert entry[axis] not in (tried[0], tried[-1]), f"{entry} lies at the edge of {tried}: widen the grid"


@pytest.mark.parametrize("name", [name for name, study in STUDIES.items() if study.claims])
def test_claims_are_few_one_is_primary_and_all_can_be_judged(name):
    study = STUDIES[name]
    assert sum(claim.primary for claim in study.claims) == 1
    assert all(isinstance(claim, Claim) for claim in study.claims) and len(study.claims) <= 12
    table = study.verdicts()
    assert set(table.word) <= {"supported", "contradicted", "as good", "undecided"}
    assert table.low.map(np.isfinite).all(), "too few replicates for so many claims"


@pytest.mark.parametrize("id", EXERCISES)
def test_the_solution_passes_and_a_stub_does_not(id):
    exercise = EXERCISES[id]
    assert course.judge(id, exercise.solution).ok
    stubs = [..., None, *([lambda *_: ...] if exercise.cases else [])]
    assert all(course.judge(id, stub).text.endswith(exercise.start) for stub in stubs)


@pytest.mark.parametrize("id", EXERCISES)
def test_each_typical_mistake_gets_its_own_hint(id):
    for hint, mistake in EXERCISES[id].mistakes.items():
        assert course.judge(id, mistake).text == f"{id} not yet: {hint}"


def test_every_lab_has_exercises_and_a_notebook():
    from memlab.tools import notebooks

    built = {path.stem[:2] for path in notebooks.sources()}
    assert set(labs.folders()) == built - {"00"}
    for number in labs.folders():
        assert len(course.exercises(number)) >= 2
