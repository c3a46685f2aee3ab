"""The learners that lab 06 compares, by name: each a retrieval, a credit rule, and an agent where it decides itself."""

from __future__ import annotations

from typing import Any, Literal

from memlab.core import MemlabError
from memlab.credit import CreditRule, RewriteQ, append_only
from memlab.learners import Learner, with_memory
from memlab.retrieval import Retriever, TopK
from memlab.rivals.applied import Applied, AppliedPlacebo, AppliedStreamICL
from memlab.rivals.believer import Believe, Believer
from memlab.rivals.bets import Bets
from memlab.rivals.bounded import Bounded
from memlab.rivals.contrast import Contrast
from memlab.rivals.knn import Direct, KnnVote
from memlab.rivals.memento import nonparametric, parametric, parametric_released
from memlab.rivals.memrl import READ, DirectMemRL, MemRL, PayInjected
from memlab.rivals.placebo import BelievedPlacebo, Placebo
from memlab.rivals.resets import Resets
from memlab.rivals.streamicl import StreamICL

UNSEEN = TopK(k=0, shortlist=0)
"""Shows no case: the model is asked what an agent without memory is asked."""
NEAREST = TopK(min_q=0.0)
"""Shows the nearest cases, whatever came of them: which ones does not depend on what the learner did."""


def learners(answer: Literal["masked", "ranked"] = "masked", hazard: float = 0.1) -> dict[str, Learner]:
    """All of them; ``answer`` is how the model names a choice (`memlab.llm.call.Call`), ``hazard`` is the filter's h.

    The last ten are ours: p_LLM(a|s) is the prior. In three of them the model's reply speaks at every question, given
    cases, filler or neither; each other ablation lacks one part.
    """

    def arm(retrieval: Retriever, credit: CreditRule = append_only, **parts: Any) -> Learner:
        return with_memory(retrieval, credit, answer=answer, **parts)

    def ours(
        bets: Bets = Bets(),  # noqa: B008 (frozen)
        retrieval: Retriever = UNSEEN,
        make: type[Believer] = Believer,
        **settings: Any,
    ) -> Learner:
        return arm(retrieval, Believe(bets, **settings), narrow_below=None, make=make)

    return {
        "no memory": arm(UNSEEN, narrow_below=None),
        "append-only": arm(TopK()),
        "append-only, applied": arm(TopK(), make=Applied),
        "newest-first": arm(TopK(k=0, newest=True), make=Direct),
        "newest-first, bounded": arm(TopK(k=0, newest=True), Bounded(32), make=Direct),
        "newest-first, narrowing only": arm(TopK(k=0, newest=True)),
        "newest-first, in the prompt": arm(TopK(newest=True)),
        "StreamICL": arm(TopK(k=4), narrow_below=None, make=StreamICL),
        "StreamICL, applied": arm(TopK(k=4), narrow_below=None, make=AppliedStreamICL),
        "Memento": arm(nonparametric()),
        "Memento, applied": arm(nonparametric(), make=Applied),
        "Memento, parametric": arm(parametric()),
        "Memento, parametric, applied": arm(parametric(), make=Applied),
        "Memento, as released": arm(parametric_released()),
        "Memento, as released, applied": arm(parametric_released(), make=Applied),
        "MemRL": arm(READ, PayInjected(), make=MemRL),
        "MemRL, applied": arm(READ, PayInjected(), make=DirectMemRL),
        "credit, TD": arm(TopK(), RewriteQ(step=0.7)),
        "credit, applied": arm(TopK(k=0), RewriteQ(step=0.5), make=Direct),
        "credit, counterfactual": arm(TopK(), make=Contrast),
        "vote": arm(TopK(), RewriteQ(step=0.7), make=KnnVote),
        "vote, no credit": arm(TopK(), make=KnnVote),
        "filter that resets": arm(UNSEEN, narrow_below=None, make=Resets, hazard=hazard),
        "placebo": arm(NEAREST, narrow_below=None, make=Placebo),
        "placebo, applied": arm(TopK(), make=AppliedPlacebo),
        "bounded bank": arm(TopK(), Bounded(32)),
        "belief": ours(),
        "belief, uniform prior": ours(ask=False),
        "belief, cases shown": ours(retrieval=TopK(), voice=1.0),
        "belief, voice without cases": ours(voice=1.0),
        "belief, placebo shown": ours(retrieval=NEAREST, make=BelievedPlacebo, voice=1.0),
        "belief, no shared change": ours(Bets(shared=False)),
        "belief, no returns": ours(Bets(returns=0.0, past=0)),
        "belief, no noise grid": ours(Bets(noise=(0.003,))),
        "belief, one way": ours(Bets(ways=((0.9, 1.0),))),
        "belief, kinds apart": ours(Bets(ways=((0.0, 0.0),))),
    }


def named(name: str) -> Learner:
    """One of `learners`; raises `MemlabError` where there is none of that name."""
    found = learners()
    if name not in found:
        raise MemlabError(f"no learner {name!r}; there are: {'; '.join(found)}")
    return found[name]
