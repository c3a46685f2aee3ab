"""Lab 05's studies: what was recorded is what the code gives now; credit moves to the partner query as it should."""

import numpy as np
import pandas as pd
import pytest
from memlab.credit_world import SUBSETS

import memlab
from memlab.labs.lab05_credit import lab05_real
from memlab.labs.lab05_credit import study as lab05


@pytest.mark.parametrize("rule", ["every", "Shapley"])
def test_recorded_regret_is_what_the_simulation_gives(rule):
    recorded = lab05.curves(lab05.rows(), "who", "stationary", rule)
    again = lab05.who([lab05.CREDIT_STEP[rule]], rule, lab05.REPORT_SEEDS[:1], None)[0, 0]
    assert recorded[0] == pytest.approx(again.reshape(-1, lab05.EVERY).mean(axis=1))


def test_recorded_steps_are_the_best_of_the_tuning_run():
    tuned = lab05.rows("lab05-tuning")
    who = tuned[(tuned["part"] == "who") & ~tuned["arm"].isin(["no credit", "random"])]
    best = who.loc[who.groupby("arm")["value"].idxmin()].set_index("arm")["step"]
    assert best.to_dict() == {arm: lab05.CREDIT_STEP[arm] for arm in best.index}
    for part, chosen in (("where", lab05.PLACE_STEP), ("lake", lab05.LAKE_STEP)):
        rows = tuned[tuned["part"] == part]
        assert rows.loc[rows.groupby("arm")["value"].idxmax()].set_index("arm")["step"].to_dict() == chosen


def test_every_arm_has_every_seed():
    frame = lab05.rows()
    assert set(frame["seed"]) == set(lab05.REPORT_SEEDS)
    assert frame.groupby(["part", "world", "arm"])["seed"].nunique().eq(len(lab05.REPORT_SEEDS)).all()


def test_cases_of_a_pair_are_what_their_sort_says():
    for pair in lab05_real.pairs(100):
        served = {query.serves[0] for query in pair.queries}
        assert len(served) == 1 and len({query.text for query in pair.queries}) == 2
        texts = {query.subtasks[0] for query in pair.queries}
        for case, sort in zip(pair.cases, pair.sorts, strict=True):
            assert (case.action in served) == (sort == "right")
            assert case.text not in texts


def test_replayed_replies_give_the_recorded_rows():
    frame = lab05_real.run(memlab.open_llm("replay"), memlab.open_embedder("wordllama"), seeds=(103,))
    recorded = lab05_real.rows().query("seed == 103").reset_index(drop=True)
    same = [name for name in frame if name not in ("backend", "similarity", "p_right")]
    pd.testing.assert_frame_equal(frame[same], recorded[same])
    assert frame["p_right"].to_numpy() == pytest.approx(recorded["p_right"].to_numpy())


def calls(*tables):
    """Recorded calls of one pair; one table of rewards serves both queries, two serve one each."""
    rows = [
        {"seed": 0, "pair": 0, "query": q, "subset": i, "sorts": "right+right+wrong", "similarity": "0.9+0.8+0.7"}
        | {"success": float(r)}
        for q in (0, 1)
        for i, r in enumerate(tables[q % len(tables)])
    ]
    return pd.DataFrame(rows)


def test_twins_are_dropped_by_leave_one_out_and_kept_by_shapley():
    either = SUBSETS[:, :2].any(axis=1)
    strict = lab05_real.transfer(calls(either)).groupby("arm")["regret"].mean()
    assert strict["leave-one-out"] == 1 and strict["Shapley"] == 0 and strict["no memory"] == 1
    assert strict["null: random credit"] == pytest.approx(1 / 4) and strict[lab05_real.TRIED] == 0
    loose = lab05_real.transfer(calls(either), ">= 0").groupby("arm")["regret"].mean()
    assert loose["leave-one-out"] == 0
    worth = lab05_real.worths(calls(either))
    assert worth["Shapley"].tolist() == pytest.approx([0.5, 0.5, 0] * 2)
    assert worth["leave-one-out"].tolist() == [0, 0, 0] * 2
    assert worth["sort"].tolist() == [lab05_real.TWIN, lab05_real.TWIN, "wrong"] * 2


def test_a_harmful_case_is_dropped_only_by_rules_that_tell_cases_apart():
    spoiled = SUBSETS[:, 0] & ~SUBSETS[:, 2]
    regret = lab05_real.transfer(calls(spoiled)).groupby("arm")["regret"].mean()
    assert regret["Shapley"] == 0 and regret["no credit"] == 1 and regret["every"] == 1


def test_regret_is_counted_on_the_other_query():
    first, second = SUBSETS[:, 0], SUBSETS[:, 2]
    found = lab05_real.transfer(calls(first, second))
    shapley = found[found["arm"] == "Shapley"].set_index("query")["regret"]
    assert shapley.to_dict() == {0: 1.0, 1: 1.0}
    assert (found[found["arm"] == "no credit"]["regret"] == 0).all()


def test_keep_names_the_subset():
    assert lab05_real.keep(np.array([0.1, -0.2, 0.0])) == 4
    assert lab05_real.keep(np.array([0.1, -0.2, 0.0]), ">= 0") == 5


def test_the_notebooks_stream_is_recorded_whole():
    tasks = lab05.example()
    assert tasks.x.shape == (96, 256) and tasks.reward.shape == (96, 12)
    assert (tasks.reward.sum(axis=1) >= 1).all()
