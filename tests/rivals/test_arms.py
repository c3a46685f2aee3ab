"""Every learner of lab 06 lives a short stream, and the believer stands where its prototype stood."""

import numpy as np
import pytest

import memlab
from memlab.core import MemlabError
from memlab.learners import live, with_memory
from memlab.rivals.arms import UNSEEN, learners, named
from memlab.rivals.believer import Believe, Believer
from memlab.rivals.bets import Bets

# Success in tasks 48-95 of the prototype (RegimeBeam), on these very streams, seeds 0-7, with the simulated model.
PROTOTYPE = {
    "drift": (0.583, 0.562, 0.354, 0.625, 0.521, 0.646, 0.667, 0.729),
    "noisy": (0.833, 0.958, 1.0, 0.771, 0.792, 0.979, 0.896, 0.875),
}


@pytest.fixture(scope="module")
def simulated():
    return memlab.open_llm("simulated")


@pytest.mark.parametrize("answer", ["masked", "ranked"])
def test_every_learner_lives_with_either_way_to_answer(answer, simulated):
    embedder = memlab.open_embedder("hash")
    calls = {}
    for name, learner in learners(answer).items():
        rows = live(learner, simulated, embedder, world="toolbox-a", kind="drift", n=16, seed=0)
        calls[name] = max(row["calls"] for row in rows)
        assert len(rows) == 16, name
    extra = {name for name, most in calls.items() if most > 1}
    assert extra == {"credit, counterfactual"}, "only the contrast asks more than once a task"
    assert {name for name, most in calls.items() if most == 0} == {"vote", "vote, no credit", "belief, uniform prior"}


def test_a_learner_that_is_not_there_is_named():
    with pytest.raises(MemlabError, match="no learner 'mine'; there are: no memory; "):
        named("mine")


@pytest.mark.parametrize("kind", PROTOTYPE)
def test_with_the_prototypes_bets_the_believer_on_the_loop_gives_its_numbers(kind, simulated):
    """Within the interval of the paired difference; ties are broken by other draws."""
    embedder, bets = memlab.open_embedder("wordllama"), Bets(ways=((0.9, 1.0),), beam=8)
    learner = with_memory(UNSEEN, Believe(bets), narrow_below=None, make=Believer)
    ours = [
        np.mean(
            [row["success"] for row in live(learner, simulated, embedder, world="toolbox-a", kind=kind, n=96, seed=s)][
                48:
            ]
        )
        for s in range(8)
    ]
    difference = np.array(ours) - PROTOTYPE[kind]
    half = 2.365 * difference.std(ddof=1) / np.sqrt(8)
    assert abs(difference.mean()) <= half and half < 0.1
