"""A world of rivals' tests: a small store in the plane, a model that says fixed probabilities, episodes by hand."""

import numpy as np

import memlab
from memlab.core import Case, Edit, Episode, Reply, Step, Task
from memlab.llm.contract import LLM

TOOLS = ("x", "y", "z")


class Saying(LLM):
    """Gives p_LLM as scripted: ``p`` for what it is asked, by the question's last word; keeps the calls."""

    name, backend, digest = "saying", "simulated", "0"

    def __init__(self, p=None):
        self.p, self.calls = p or {}, []

    def answer(self, call):
        self.calls.append(call)
        said = self.p.get(call.prompt.rsplit("\nQ: ", 1)[1].split("\n")[0], {})
        probs = {c: said.get(c, 0.0) if said else 1 / len(call.choices) for c in call.choices}
        value = max(probs, key=probs.get)
        return Reply(value, value, probs, len(call.prompt.split()), 1, 0.0, self.name, self.backend)


class Plane:
    """An embedder that reads the direction of a question from the degrees that it begins with."""

    name, backend, dim = "plane", "hash", 2

    def embed(self, texts):
        angle = np.radians([float(text.split()[0]) for text in texts])
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def task(index, text, serves, flip=False):
    """A task that the tool ``serves`` solves; a question is its direction in degrees and some words."""
    tools = {name: (lambda question, name=name: name) for name in TOOLS}
    about = dict.fromkeys(TOOLS, "a tool")
    scoring = {"answer": serves, "scorer": lambda answer: float(answer == serves), "serves": (serves,), "flip": flip}
    return Task(f"t{index}", text, TOOLS, about, (text,), family="", tools=tools, index=index, **scoring)


def lived(index, text, action, reward, shown=(), replies=()):
    """An episode of one step."""
    vector = Plane().embed([text])[0]
    step = Step(f"t{index}", vector, shown, (1.0,) * len(shown), action, reward, index)
    return Episode(index, task(index, text, action), (step,), (text,), replies, action, reward, reward, 0.0)


def stored(*rows):
    """A store with one case a row: id, text, action, reward, q, episode."""
    store = memlab.open_store(dim=2)
    cases = [Case(i, text, a, r, q, episode=e, vector=Plane().embed([text])[0]) for i, text, a, r, q, e in rows]
    store.commit([Edit.write(case) for case in cases])
    return store
