"""Lives side by side are the lives that the loop gives, task by task."""

import numpy as np
import pytest

import memlab
from memlab.core import MemlabError
from memlab.credit import RewriteQ
from memlab.learners import live, no_memory, with_memory
from memlab.llm.simulated import open_simulated
from memlab.retrieval import TopK
from memlab.rivals.arms import UNSEEN
from memlab.rivals.knn import KnnVote
from memlab.rivals.sidebyside import successes

ARMS = {
    "no memory": (UNSEEN, None, no_memory),
    "narrowing only": (TopK(k=0), None, with_memory(TopK(k=0))),
    "append-only": (TopK(), None, with_memory(TopK())),
    "newest": (TopK(newest=True), None, with_memory(TopK(newest=True))),
    "credit": (TopK(), RewriteQ(step=0.7), with_memory(TopK(), RewriteQ(step=0.7))),
}


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize(("world", "kind"), [("toolbox-a", "drift"), ("toolbox12-b", "recurrent+noisy15")])
def test_the_same_tasks_succeed_as_in_the_loop(arm, world, kind):
    model, embedder, seeds = open_simulated(), memlab.open_embedder("hash"), (0, 7, 102)
    retrieval, credit, learner = ARMS[arm]
    mine = successes(model, embedder, world, kind, 60, seeds, retrieval, credit)
    lives = (live(learner, model, embedder, world=world, kind=kind, n=60, seed=seed) for seed in seeds)
    theirs = [[row["success"] for row in rows] for rows in lives]
    assert mine.shape == (3, 60) and 0 < mine.mean() < 1
    assert np.allclose(mine, theirs)


@pytest.mark.parametrize("kind", ["recurrent", "drift+noisy15"])
def test_the_vote_is_that_of_the_loop(kind):
    embedder, draws = memlab.open_embedder("hash"), (4, 1007)
    rule = RewriteQ(step=0.7)
    mine = successes(None, embedder, "toolbox12-b", kind, 60, (3, 3), TopK(), rule, draws=draws)
    vote = with_memory(TopK(), rule, make=KnnVote)
    lives = (live(vote, None, embedder, world="toolbox12-b", kind=kind, n=60, seed=3, draw=draw) for draw in draws)
    assert np.allclose(mine, [[row["success"] for row in rows] for rows in lives])


def test_streams_of_several_steps_are_refused():
    with pytest.raises(MemlabError, match="one seed at a time"):
        successes(open_simulated(), memlab.open_embedder("hash"), "toolbox-a", "compositional", 24, (0,))
