"""Self-StreamICL (StreamBench, 2406.08747): a memory of verified answers alone, the nearest shown as examples.

As published: after each answer ŷ the environment says right or wrong; only right ones, (x, ŷ), are written; nothing is
ever rewritten or forgotten. Here two things differ: the examples are cases of this prompt (question and tool), and
cases below the similarity of `memlab.retrieval.TopK` are not shown. Build it without narrowing, which the paper lacks:
``with_memory(TopK(k=4), narrow_below=None, make=StreamICL)``.
"""

from __future__ import annotations

from memlab.agent import Agent
from memlab.core import Edit, Episode
from memlab.credit.rules import GOOD


class StreamICL(Agent):
    """Writes a case only where the reward said that the answer was right."""

    def retain(self, episode: Episode, rollout: int) -> list[Edit]:
        """The episode's cases, or none."""
        return super().retain(episode, rollout) if episode.reward >= GOOD else []
