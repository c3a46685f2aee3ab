"""A base model through a server that holds one: Gemma is not shipped, so this runs where it was pulled."""

import os

import pytest

from memlab.llm.ollama import OllamaLLM
from tests.live.test_ollama import PROMPT, TOOLS

MODEL = os.environ.get("MEMLAB_MODEL", "").removeprefix("ollama:")


@pytest.mark.skipif("gemma3" not in MODEL, reason="set MEMLAB_MODEL=ollama:gemma3:270m-base where the server holds it")
def test_a_base_model_ranks_and_the_reply_before_leaves_no_token_in_it(host):
    llm = OllamaLLM(MODEL, [host])
    asked = [PROMPT, PROMPT.replace("add 3 and 4", "spell rat backward")] * 4
    replies = [llm.complete(text, choices=TOOLS, answer="ranked") for text in asked]
    assert replies[0].choice_probs != replies[1].choice_probs and all(reply.missing_mass < 1 for reply in replies)
    for reply, first in zip(replies, replies[:2] * 4, strict=True):
        assert reply.choice_probs == pytest.approx(first.choice_probs, rel=0.02)
