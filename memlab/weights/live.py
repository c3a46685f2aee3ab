"""One lesson of the reader's own by each route, with a stopwatch: told, asked again, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from timeit import timeit
from typing import Any

import numpy as np

from memlab import prompt
from memlab.core import Case, Edit, MemlabError, Task
from memlab.llm import open_embedder, open_llm
from memlab.llm.contract import LLM, Embedder, ModelMissing
from memlab.retrieval import TopK
from memlab.stores import open_store
from memlab.tasks import stream

NEEDED = ("jax", "optax", "gguf", "tokenizers")
NOTHING = "(nothing)"


def as_case(task: Task, tool: str, embedder: Embedder) -> Edit:
    """The lesson "for ``task`` take ``tool``" as a row of memory."""
    vector = embedder.embed([prompt.shorten(task.text, prompt.CASE_LENGTH)])[0]
    return Edit.write(Case(task.id, task.text, tool, 1.0, 1.0, episode=task.index, vector=vector))


def in_memory(task: Task, tool: str, embedder: Embedder, others: Sequence[Task] = ()) -> dict[str, Any]:
    """The lesson "for ``task`` take ``tool``" as a row on disk, beside the lessons of ``others``; and out again.

    ``before``, ``after`` and ``back`` are what memory says of the question; ``tell`` and ``remove`` are seconds.
    """

    with TemporaryDirectory() as folder, open_store(folder, dim=embedder.dim) as store:
        store.commit([as_case(one, one.serves[0], embedder) for one in others])

        def said() -> str:
            vector = embedder.embed([prompt.shorten(task.text, prompt.CASE_LENGTH)])[0]
            found = TopK(k=1)(vector, store, np.random.default_rng(0)).cases
            return found[0].action if found and found[0] else NOTHING

        before, tell = said(), timeit(lambda: store.commit([as_case(task, tool, embedder)]), number=1)
        after, remove = said(), timeit(lambda: store.revert(ids=[task.id]), number=1)
        return {"route": "memory", "before": before, "after": after, "back": said(), "tell": tell, "remove": remove,
                "asked": "a search of the store"}  # fmt: skip


def in_weights(
    task: Task, tool: str, others: Sequence[Task] = (), server: LLM | None = None, most: int = 64
) -> dict[str, Any]:
    """The same lesson in an adapter of the last block; taken out again by training anew on the lessons of ``others``.

    Where there is a ``server``, it is asked after the lesson, with the exported adapter over its model; else the same
    model answers in this process. Raises `ModelMissing` where the weights are not here, `ImportError` without ``jax``.
    """
    from memlab.llm.ollama import OllamaLLM
    from memlab.weights.files import write_adapter
    from memlab.weights.lora import BATCH, CUT, ON
    from memlab.weights.served import Adapted, on_server

    brain, asked = Adapted(None, [task, *others], CUT, on=ON), "the model in this process"
    rest = [(one, one.serves[0], 1.0) for one in others]

    def learn() -> None:
        for _ in range(most // 4):
            brain.learn([(task, tool, 1.0), *rest], steps=4, rate=0.003, batch=BATCH)
            if brain.chosen([task]) == [tool]:
                return

    def forget() -> None:
        brain.adapter = None
        if rest:
            brain.learn(rest, steps=4, rate=0.003, batch=BATCH)

    (before,), tell = brain.chosen([task]), timeit(learn, number=1)
    (after,) = brain.chosen([task])
    if isinstance(server, OllamaLLM) and brain.adapter is not None:
        text, asked = prompt.render(task.about, [], task.subtasks[0]), f"{server.name} on the server"
        with TemporaryDirectory() as folder:
            file = write_adapter(f"{folder}/lesson.gguf", brain.cut, brain.adapter)
            with on_server(server, file) as served:
                after = str(served.complete(text, choices=task.choices, answer="ranked").value)
    remove = timeit(forget, number=1)
    return {"route": "adapter", "before": before, "after": after, "back": brain.chosen([task])[0], "tell": tell,
            "remove": remove, "asked": asked}  # fmt: skip


def both(number: int, tool: str) -> tuple[list[dict[str, Any]], str]:
    """The lesson "for question ``number`` (0-7) take ``tool``": a row a route, and a note on what was not tried here.

    The note says what would bring it, and is "" where both routes were tried and the server was asked.
    """
    task, *rest = (tasks := stream("toolbox12-a", "stationary", 8, 0))[number:] + tasks[:number]
    others = [one for one in rest if one.family != task.family][:3]
    rows, lacking = [in_memory(task, tool, open_embedder("wordllama"), others)], [n for n in NEEDED if not find_spec(n)]
    if lacking:
        return rows, f"no adapter here: {', '.join(lacking)} missing; pip install 'memlab[adapters]' brings it"
    server, note = None, ""
    try:
        server = open_llm("ollama:smollm2:135m")
    except MemlabError:
        note = "no server answers: the adapter answered in this process"
    try:
        rows.append(in_weights(task, tool, others, server))
    except ModelMissing as error:
        note = f"no adapter here: {error}"
    return rows, note
