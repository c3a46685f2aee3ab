"""The learners that lab 06 compares, by name: each a retrieval, a credit rule, and an agent where it decides itself."""

from __future__ import annotations

from memlab.credit import RewriteQ
from memlab.learners import Learner, no_memory, with_memory
from memlab.retrieval import TopK
from memlab.rivals.believer import Believe, Believer
from memlab.rivals.bets import Bets
from memlab.rivals.bounded import Bounded
from memlab.rivals.contrast import Contrast
from memlab.rivals.knn import Direct, KnnVote
from memlab.rivals.memento import nonparametric, parametric, parametric_released
from memlab.rivals.memrl import READ, MemRL, PayInjected
from memlab.rivals.placebo import Placebo
from memlab.rivals.resets import Resets
from memlab.rivals.streamicl import StreamICL


def believer(bets: Bets = Bets(), ask: bool = True) -> Learner:  # noqa: B008 (frozen)
    """Ours: the model sees no case, and its p_LLM(a|s) is the prior (``ask=False``: a uniform one)."""
    return with_memory(TopK(k=0), Believe(bets, ask=ask), narrow_below=None, make=Believer)


RIVALS: dict[str, Learner] = {
    "no memory": no_memory,
    "append-only": with_memory(TopK()),
    "newest-first": with_memory(TopK(k=0, newest=True), make=Direct),
    "newest-first, in the prompt": with_memory(TopK(newest=True)),
    "StreamICL": with_memory(TopK(k=4), narrow_below=None, make=StreamICL),
    "Memento": with_memory(nonparametric()),
    "Memento, parametric": with_memory(parametric()),
    "Memento, as released": with_memory(parametric_released()),
    "MemRL": with_memory(READ, PayInjected(), make=MemRL),
    "credit, TD": with_memory(TopK(), RewriteQ(step=0.7)),
    "credit, counterfactual": with_memory(TopK(), make=Contrast),
    "vote": with_memory(TopK(), make=KnnVote),
    "vote, credit": with_memory(TopK(), RewriteQ(step=0.7), make=KnnVote),
    "filter that resets": with_memory(TopK(k=0), narrow_below=None, make=Resets),
    "placebo": with_memory(TopK(), make=Placebo),
    "bounded bank": with_memory(TopK(), Bounded(32)),
}
OURS: dict[str, Learner] = {
    "belief": believer(),
    "belief, uniform prior": believer(ask=False),
    "belief, cases shown": with_memory(TopK(), Believe(), narrow_below=None, make=Believer),
    "belief, no shared change": believer(Bets(shared=False)),
    "belief, no returns": believer(Bets(returns=0.0, past=0)),
    "belief, no noise grid": believer(Bets(noise=(0.003,))),
}
