"""Many lives of a simulated agent side by side, as arrays: a what-if over a thousand seeds answers at once.

The same lives as `memlab.learners.live` gives with the simulated model, tested task by task, for an agent that reads by
`TopK` and is credited by `RewriteQ` or not at all, on streams of one-step tasks. What comes out says "simulated"; of
the vote, which asks no model, it is what the loop gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memlab import prompt
from memlab.core import MemlabError
from memlab.credit import RewriteQ
from memlab.llm.contract import Embedder
from memlab.llm.simulated import SimulatedLLM, unit_draw, word_row
from memlab.retrieval import TopK
from memlab.rivals.arms import UNSEEN
from memlab.tasks import stream


def successes(
    model: SimulatedLLM | None,
    embedder: Embedder,
    world: str,
    kind: str,
    n: int,
    seeds: Sequence[int],
    retrieval: TopK = UNSEEN,
    credit: RewriteQ | None = None,
    narrow_below: float = 0.5,
    families: int = 4,
    draws: Sequence[int] | None = None,
) -> np.ndarray:
    """Success of each life, shape ``(seeds, n)``; without ``retrieval`` the agent has no memory.

    Without a ``model`` the lives are those of `memlab.rivals.knn.KnnVote`; ``draws`` seed its chances, ``seeds`` else.
    """
    one = {seed: stream(world, kind, n, seed, families) for seed in set(seeds)}
    lives = [one[seed] for seed in seeds]
    if any(len(task.subtasks) > 1 for life in lives for task in life):
        raise MemlabError(f"{kind}: side by side the lives have one-step tasks; live this stream one seed at a time")
    texts, idx = np.unique([task.text for life in lives for task in life], return_inverse=True)
    idx = idx.reshape(len(lives), n)
    names, about = lives[0][0].choices, lives[0][0].about
    serve = np.array([[names.index(task.serves[0]) for task in life] for life in lives])
    flip = np.array([[task.flip for task in life] for life in lives])
    short = [prompt.shorten(text, prompt.CASE_LENGTH) for text in texts]
    vectors = embedder.embed(short).astype(float)
    alike = (vectors @ vectors.T).round(6)
    if model is not None:
        asked = [prompt.shorten(text, prompt.QUESTION_LENGTH) for text in texts]
        head = prompt.render(about, [], "").rpartition("\nQ: ")[0]
        here = np.array([word_row(question, 256) for question in asked])
        case_words = here @ np.array([word_row(text, 256) for text in short]).T
        bare = here @ np.array([word_row(about[name], 256) for name in names]).T * model.beta["about"]
        bare = bare + model.prior(asked, names)

    rows, every = np.arange(len(lives))[:, None], np.arange(len(names))
    action, q = np.full((len(lives), n), -1), np.zeros((len(lives), n))
    alive = np.zeros((len(lives), n), dtype=bool)
    # Ties in similarity go by the cases' ids, which end in the task's number as text.
    by_id = np.argsort(np.argsort([f"{i}/" for i in range(n)]))
    for t in range(n):
        similarity = np.where(alive[:, :t], alike[idx[:, t, None], idx[:, :t]], -1.0)
        near = np.lexsort((np.broadcast_to(by_id[:t], similarity.shape), -similarity))[:, : retrieval.shortlist]
        close = similarity[rows, near]
        listed = close >= retrieval.min_similarity
        acts, worth = action[rows, near], q[rows, near]
        counts = listed
        if retrieval.newest:
            later = (near[:, None, :] > near[:, :, None]) & (acts[:, None, :] == acts[:, :, None]) & listed[:, None, :]
            counts = listed & ~later.any(axis=2)
        by_tool = (acts[..., None] == every) & counts[..., None]
        weight = (close[..., None] * by_tool).sum(axis=1)
        total = ((close * worth)[..., None] * by_tool).sum(axis=1)
        left = np.divide(total, weight, out=np.ones_like(weight), where=weight > 0) >= narrow_below
        left |= ~left.any(axis=1, keepdims=True)
        shown = counts & (worth >= retrieval.min_q)
        shown &= (shown.cumsum(axis=1) <= retrieval.k) & (left[rows, acts])

        if model is None:
            value = np.where((weight > 0) & left, np.divide(total, weight, out=total * 0, where=weight > 0), -1.0)
            best = len(names) - 1 - value[:, ::-1].argmax(axis=1)  # of equal ones the last name, as the vote has it
            took = np.where(value.max(axis=1) >= narrow_below, best, -1)
            for s in np.flatnonzero(took < 0).tolist():
                chance = np.random.default_rng([(draws or seeds)[s], t, 0, 0])
                took[s] = chance.choice(np.flatnonzero(left[s]))
        else:
            own = by_tool & shown[..., None]
            count = own.sum(axis=1)
            some = count > 0
            first = np.where(shown.any(axis=1), acts[rows[:, 0], shown.argmax(axis=1)] if near.shape[1] else -1, -1)
            words = case_words[idx[:, t, None], idx[rows, near]][..., None]
            score = bare[idx[:, t]] + model.beta["shown"] * np.log1p(count)
            score += model.beta["share"] * count / np.maximum(count.sum(axis=1, keepdims=True), 1)
            score += model.beta["last"] * (first[:, None] == every)
            score += model.beta["near"] * np.where(some, np.where(own, words, -1.0).max(axis=1, initial=-1.0), 0.0)
            score += (
                model.beta["listed"] * (left.cumsum(axis=1) - 1) / np.maximum(left.sum(axis=1, keepdims=True) - 1, 1)
            )
            odds = np.where(left, np.exp(score - score.max(axis=1, keepdims=True)), 0.0)
            drawn = [
                _draw(
                    head, [(short[idx[s, i]], names[action[s, i]]) for i in near[s][shown[s]][::-1]], asked[idx[s, t]]
                )
                for s in range(len(lives))
            ]
            passed = (odds.cumsum(axis=1) <= np.array(drawn)[:, None] * odds.sum(axis=1, keepdims=True)) & left
            place = np.minimum(passed.sum(axis=1), left.sum(axis=1) - 1)
            took = ((left.cumsum(axis=1) - 1 == place[:, None]) & left).argmax(axis=1)

        reward = (took == serve[:, t]) != flip[:, t]
        if credit is not None:
            followed = listed & (acts == took[:, None])
            paid = np.where(followed, worth + credit.step * (reward[:, None] - worth), worth)
            broken = ((worth >= 0.5) & (paid < 0.5)).any(axis=1, keepdims=True) & credit.renew
            q[rows, near] = paid
            alive[rows, near] &= ~(broken & listed & ~followed & (worth < 0.5))
        action[:, t], q[:, t], alive[:, t] = took, reward, retrieval.shortlist > 0
    return (action == serve).astype(float)


def _draw(head: str, cases: list[tuple[str, str]], question: str) -> float:
    """The number in [0, 1) that the simulated model draws for this prompt: `memlab.prompt.render` of the same parts."""
    lines = [f'Q: {text}\nA: "{action}"' for text, action in cases]
    return unit_draw("0", "\n".join([head, *lines, f"Q: {question}", "A:"]))
