"""An adapter on a real server: a few steps change the served answer, and without it the old answer is back."""

import pytest

pytest.importorskip("jax")

from memlab import prompt
from memlab.llm.ollama import OllamaLLM
from memlab.tasks import stream
from memlab.weights.files import write_adapter
from memlab.weights.served import Adapted, on_server

pytestmark = pytest.mark.ollama


def test_a_served_answer_changes_with_the_adapter_and_is_back_without_it(host, tmp_path):
    task = stream("toolbox12-a", "stationary", 1, 3)[0]
    base = OllamaLLM("smollm2:135m", [host])

    def ask(llm):
        text = prompt.render(task.about, [], task.subtasks[0])
        return llm.complete(text, choices=task.choices, answer="ranked")

    before, brain = ask(base), Adapted(base, [task], cut=29)
    new = next(name for name in task.choices if name != before.value)
    brain.learn([(task, new, 1.0)], steps=30, rate=0.01, batch=2)
    assert brain.chosen([task]) == [new] == [brain.complete(prompt.render(task.about, [], task.subtasks[0]),
                                                            choices=task.choices, answer="ranked").value]  # fmt: skip
    with on_server(base, write_adapter(tmp_path / "lesson.gguf", 29, brain.adapter)) as served:
        told = ask(served)
        assert told.value == new and told.choice_probs[new] > 0.5
    again = ask(base)
    assert again.value == before.value and again.choice_probs == pytest.approx(before.choice_probs, abs=0.02)
