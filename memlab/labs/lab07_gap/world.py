"""A world for write-only-what-is-verified: prompts with right and wrong answers, and verifiers that share errors."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from memlab.reward import Floats
from memlab.rivals.written import chain
from memlab.verify import reweighted

PROMPTS, RIGHT, WRONG, TRIES, ROUNDS, PULL, FORMED = 100, 3, 5, 8, 6, 0.9, 0.6
"""Prompts, right and wrong answers to each, tries a round, rounds, how often memory is copied, share in good form."""
ANSWERS = RIGHT + WRONG
FORM = np.repeat([1.0, 0.0], ANSWERS)
"""w of a gate that looks at the form alone."""


@dataclass(frozen=True)
class Prompts:
    """``f`` (prompts, 2 × `ANSWERS`) is the model's habit: each answer in good form, then each in bad form.

    The first `RIGHT` answers to a prompt are right. A verifier that shares a part ρ of the model's errors accepts the
    wrong answers whose ``doubt`` (prompts, `WRONG`) lies below ρ as it accepts right ones.
    """

    f: Floats
    doubt: Floats

    @classmethod
    def draw(cls, seed: int) -> Self:
        """The prompts of one replicate; the model is right with chance .4 on average."""
        rng = np.random.default_rng([seed, 7])
        p = rng.beta(2, 3, (PROMPTS, 1))
        right, wrong = (rng.dirichlet(np.ones(n), PROMPTS) for n in (RIGHT, WRONG))
        content = np.hstack([p * right, (1 - p) * wrong])
        return cls(np.hstack([FORMED * content, (1 - FORMED) * content]), rng.random((PROMPTS, WRONG)))

    def accepts(self, tpr: float, fpr: float, shared: float = 0.0) -> Floats:
        """w (prompts, 2 × `ANSWERS`) of a verifier that judges the content and not the form."""
        w = np.hstack([np.full((PROMPTS, RIGHT), tpr), np.where(self.doubt < shared, tpr, fpr)])
        return np.hstack([w, w])

    def live(self, w: Floats, seed: int | None = None, pull: float = PULL) -> list[Floats]:
        """f by round; memory holds what was accepted of the last round's tries, or of the last that accepted any.

        Without a ``seed``, the limit of many tries.
        """
        if seed is None:
            return chain(self.f, w, pull * np.eye(2 * ANSWERS) + (1 - pull) * self.f[:, None, :], ROUNDS)
        rng, found = np.random.default_rng([seed, 8]), [self.f]
        for _ in range(ROUNDS):
            kept = rng.binomial(rng.multinomial(TRIES, found[-1] / found[-1].sum(axis=1, keepdims=True)), w)
            many = kept.sum(axis=1, keepdims=True)
            found.append(np.where(many > 0, pull * kept / many.clip(1) + (1 - pull) * self.f, found[-1]))
        return found

    def rounds(self, w: Floats, seed: int | None = None, pull: float = PULL) -> pd.DataFrame:
        """`measures` of f_t, a row a round, and its ``gap``: what one more filter would add to the content."""
        lived = self.live(w, seed, pull)
        found = pd.DataFrame([{"round": t} | measures(f) for t, f in enumerate(lived)])
        gains = [measures(reweighted(f, w))["content"] for f in lived] - found["content"]
        return found.assign(gap=gains, backend="computed", model="")


def measures(f: Floats) -> dict[str, float]:
    """Means over prompts: ``score`` (right, in good form), ``content`` (right), and ``kinds`` of right answers in use.

    Kinds are exp of the entropy of f among the right answers: 1 where one is left, `RIGHT` where all are as likely.
    """
    right = f.reshape(*f.shape[:-1], 2, ANSWERS)[..., :RIGHT]
    share = right.sum(axis=-2) / right.sum(axis=(-2, -1))[..., None].clip(1e-300)
    kinds = np.exp(-(share * np.log(share.clip(1e-300))).sum(axis=-1))
    score, content = right[..., 0, :].sum(axis=-1), right.sum(axis=(-2, -1))
    return {"score": score.mean(), "content": content.mean(), "kinds": kinds.mean()}
