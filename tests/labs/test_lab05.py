"""Lab 05's real-model part: cases are what their sort says, and credit moves to the partner query as it should."""

import numpy as np
import pandas as pd
import pytest

from memlab import course
from memlab.labs.lab05_credit.exercises import EXERCISES, LARGE, SMALL
from memlab.labs.lab05_credit.study import DOUBLE, real_score
from memlab.labs.lab05_credit.world import CreditWorld
from memlab.rivals.credited import SUBSETS, TRIED
from memlab.rivals.pairs import Pair


def test_cases_of_a_pair_are_what_their_sort_says():
    for pair in Pair.of_seed(100):
        served = {query.serves[0] for query in pair.queries}
        assert len(served) == 1 and len({query.text for query in pair.queries}) == 2
        texts = {query.subtasks[0] for query in pair.queries}
        for case, sort in zip(pair.cases, pair.sorts, strict=True):
            assert (case.action in served) == (sort == "right")
            assert case.text not in texts


def scored(arm, *tables):
    """The scores of recorded calls of one pair; one table of rewards serves both queries, two serve one each."""
    rows = [
        {"arm": arm, "seed": 0, "pair": 0, "query": q, "subset": i, "success": float(r), "sorts": "right+right+wrong"}
        for q in (0, 1)
        for i, r in enumerate(tables[q % len(tables)])
    ]
    return real_score(pd.DataFrame(rows))


def regret(arm, *tables, metric="score"):
    return -scored(arm, *tables)[metric]


def test_doubles_are_dropped_by_leave_one_out_and_kept_by_shapley():
    either = SUBSETS[:, :2].any(axis=1)
    assert regret("leave-one-out", either) == 1 and regret("no memory", either) == 1
    assert regret("Shapley", either) == 0 and regret(TRIED, either) == 0
    assert regret("null: random credit", either) == pytest.approx(1 / 4)
    assert regret("leave-one-out", either, metric="zeros kept") == 0
    assert scored("Shapley", either)[DOUBLE] == pytest.approx(0.5) and scored("leave-one-out", either)[DOUBLE] == 0
    assert scored("Shapley", either)["wrong"] == pytest.approx(0) and "right" not in scored("Shapley", either)


def test_a_harmful_case_is_dropped_only_by_rules_that_tell_cases_apart():
    spoiled = SUBSETS[:, 0] & ~SUBSETS[:, 2]
    assert regret("Shapley", spoiled) == 0 and regret("no credit", spoiled) == 1 and regret("every", spoiled) == 1


def test_regret_is_counted_on_the_other_query():
    first, second = SUBSETS[:, 0], SUBSETS[:, 2]
    assert regret("Shapley", first, second) == 1 and regret("no credit", first, second) == 0


def test_a_step_passes_where_its_printed_regret_is_within_a_hundredth_of_the_best():
    world = CreditWorld.draw(seed=3)
    steps = (0.05, 0.06, 0.07, 0.1, 0.15, 0.2, 0.24, 0.25, 0.3)
    regret = np.array([world.live("every", step, 480, 100)[0].mean().round(3) for step in steps])
    for step, gap in zip(steps, regret - regret.min(), strict=True):
        hint = EXERCISES["05.1"].praise if gap < 0.0105 else LARGE if step > 0.15 else SMALL
        assert course.judge("05.1", step).text.endswith(hint), step


def test_a_mean_over_sets_is_not_taken_for_shapley():
    def banzhaf(value, ids):
        sets = [frozenset(np.array(list(ids))[row].tolist()) for row in SUBSETS]
        return {c: np.mean([value(s | {c}) - value(s) for s in sets if c not in s]) for c in ids}

    assert "Banzhaf" in course.judge("05.2", banzhaf).text
