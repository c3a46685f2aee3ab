"""``memlab run``: a short run of the agent on whatever model answers, with a progress bar and a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from memlab.core import Episode
from memlab.llm import open_embedder, open_llm
from memlab.stores import open_store
from memlab.labs.lab06_agent import study as lab06
from memlab.tasks import stream

TIME_LIMIT = 180.0


def short_run(
    kind: str = "stationary", n: int = 60, seed: int = 0, llm: str = "auto", seconds: float = TIME_LIMIT
) -> Iterator[Episode]:
    """Episodes of lab 06's agent with credit on ``n`` Toolbox tasks, from an empty memory; stops after ``seconds``.

    Raises `MemlabError` for an unknown stream or model.
    """
    tasks = stream("toolbox-a", kind, n, seed)
    embedder = open_embedder("auto")
    started = time.monotonic()
    with open_store(dim=embedder.dim) as store:
        agent = lab06.credit()(open_llm(llm), embedder, store, seed)
        for episode in agent.run(tasks, progress=True):
            yield episode
            if time.monotonic() - started > seconds:
                return


def report(episodes: list[Episode], say: Callable[[str], None] = print) -> None:
    """Say what a run brought: success in its two halves, tokens, seconds, and which model made it."""
    if not episodes:
        say("No task was finished.")
        return
    half = (len(episodes) + 1) // 2
    shares = [sum(e.success for e in part) / len(part) for part in (episodes[:half], episodes[half:]) if part]
    replies = [reply for episode in episodes for reply in episode.replies]
    say(f"{len(episodes)} tasks; success by half: {', '.join(f'{share:.2f}' for share in shares)}")
    say(f"{sum(r.tokens_in for r in replies)} tokens in, {sum(r.tokens_out for r in replies)} out")
    if replies:
        say(f"{sum(r.seconds for r in replies):.0f} s of model time; {replies[0].backend} of {replies[0].model}")
