"""A model with an adapter as an `LLM` of memlab: in this process while it learns, on an Ollama server once exported."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from memlab import prompt
from memlab.core import Reply, Task
from memlab.llm import weights
from memlab.llm.call import Call
from memlab.llm.contract import LLM
from memlab.llm.embedded import chat_prompt
from memlab.llm.ollama import OllamaLLM
from memlab.weights import files, llama, lora, states

Lesson = tuple[Task, str, float]
"""A task, the tool to take there, and how much this counts."""
AHEAD, LISTED = 12, 20
"""Prompts answered at once, since the next ones will be asked next; and tokens listed, as many as the server lists."""

UNRELATED = (
    "What is the capital of France?", "Write a short poem about the sea.", "How do I boil an egg?",
    "Translate to German: good morning", "List three colors.", "Why is the sky blue?",
    "Give me a name for a cat.", "What should I cook tonight?",
)  # fmt: skip
"""Prompts that no lesson is about: how far their next token moves is the leak."""


@functools.cache
def model() -> llama.Llama:
    """The frozen model, from the very file that the server loads."""
    return files.load_model(weights.path())


@functools.lru_cache(maxsize=4)
def waiting(texts: tuple[str, ...], opening: str, cut: int) -> llama.Waiting:
    """Prompts that wait at the cut, kept beside the weights; the same ones serve all learners of a stream."""
    digest = weights.ASSETS[weights.SMOLLM2].main_sha256
    return states.kept(model(), texts, opening, cut, weights.cache_dir() / "states", digest)


def first_token(name: str) -> int:
    """The token that a tool's name begins with, which is all that is trained and ranked."""
    return int(model().tokenizer.encode(name, add_special_tokens=False).ids[0])


def log_softmax(raw: np.ndarray) -> np.ndarray:
    """Log-probabilities over the last axis."""
    return raw - np.logaddexp.reduce(raw, axis=-1, keepdims=True)


def call_about(task: Task) -> str:
    """What an agent that shows no case asks about a one-step task, up to the quote that opens a name."""
    return chat_prompt(prompt.render(task.about, [], task.subtasks[0])) + '"'


class Adapted(LLM):
    """``llm``, and once `learn` was called, the same model in this process with its adapter on the blocks from ``cut``.

    It answers ranked calls about the one-step ``tasks`` that it was made for. ``on`` names the matrices that learn.
    """

    backend = "embedded"

    def __init__(
        self, llm: LLM | None, tasks: Sequence[Task], cut: int, rank: int = lora.RANK, on: Sequence[str] = lora.QV
    ) -> None:
        self.llm, self.name, self.digest = llm, weights.SMOLLM2, weights.ASSETS[weights.SMOLLM2].main_sha256
        self.cut, self.rank, self.on, self.model = cut, rank, tuple(on), model()
        texts = tuple(map(call_about, tasks))
        self.place = {text: i for i, text in enumerate(texts)}
        self.prompts = waiting(texts, texts[0].rpartition("\nQ: ")[0] + "\nQ:", cut)
        self.adapter: lora.Adapter | None = None
        self._known: dict[int, np.ndarray] = {}

    def learn(self, lessons: Sequence[Lesson], **fit: Any) -> list[float]:
        """More steps of `lora.fit` on ``lessons``; gives the losses."""
        places = [self.place[call_about(task)] for task, _, _ in lessons]
        target = [first_token(tool) for _, tool, _ in lessons]
        start = lora.fresh(self.model, self.cut, self.rank, on=self.on) if self.adapter is None else self.adapter
        told = {"weight": [weight for _, _, weight in lessons]} | fit
        self.adapter, losses = lora.fit(self.model, start, self.cut, self.prompts.rows(places), target, **told)
        self._known.clear()
        return losses

    def settle(self) -> None:
        """Adds the adapter to the weights and begins anew (a reset): what was learned so far is no longer apart."""
        if self.adapter is not None:
            self.model, self.adapter = lora.merge(self.model, self.cut, self.adapter), None

    def answer(self, call: Call) -> Reply:
        """The reply in the form that the server gives it."""
        if self.llm is not None and self.adapter is None and self.model is model():
            return self.llm.answer(call)
        started, at, words = time.perf_counter(), self.place[chat_prompt(call.prompt) + '"'], model().tokenizer
        if at not in self._known:
            ahead = range(at, min(at + AHEAD, len(self.prompts.last)))
            raw = llama.logits(self.model, self.prompts.rows(ahead), self.cut, self.adapter)
            self._known.update(zip(ahead, log_softmax(raw), strict=True))
        likely = np.argsort(-self._known[at])[:LISTED].tolist()
        top = {words.decode([i]): float(self._known[at][i]) for i in likely}
        text = max(top, key=top.__getitem__)
        value, probs, missing = call.judge(text, [(text, top[text], top)])
        return Reply(text, value, probs, 0, 1, time.perf_counter() - started, self.name, self.backend, missing)

    def chosen(self, tasks: Sequence[Task]) -> list[str]:
        """The likeliest of its choices for each task, in this process with and without an adapter."""
        names, asked = tasks[0].choices, self.prompts.rows([self.place[call_about(task)] for task in tasks])
        raw = llama.logits(self.model, asked, self.cut, self.adapter)
        return [names[i] for i in raw[:, [first_token(name) for name in names]].argmax(axis=1)]

    def right(self, tasks: Sequence[Task]) -> float:
        """The share of tasks for which the tool that serves is the likeliest."""
        return float(np.mean([tool == task.serves[0] for tool, task in zip(self.chosen(tasks), tasks, strict=True)]))

    def leak(self, prompts: Sequence[str]) -> float:
        """Mean KL(base, adapted) of the token that follows ``prompts``, in nats: what changed where nothing should."""
        there = waiting(tuple(map(chat_prompt, prompts)), "", self.cut)
        both = ((model(), None), (self.model, self.adapter))
        base, now = (log_softmax(llama.logits(of, there, self.cut, a)) for of, a in both)
        return float((np.exp(base) * (base - now)).sum(axis=1).mean())


@contextmanager
def on_server(base: OllamaLLM, path: Path, name: str = "memlab-lesson") -> Iterator[OllamaLLM]:
    """The exported adapter at ``path`` over ``base``, on the first server of ``base``; gone when the block ends."""
    host = base.servers.hosts[0]
    client = base.servers.client(host)
    client.create(model=name, from_=base.name, adapters={path.name: client.create_blob(path)})
    try:
        yield OllamaLLM(name, [host])
    finally:
        client.delete(name)
