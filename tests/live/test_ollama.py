import json

import numpy as np
import pytest

from memlab.llm.call import choice_probs
from memlab.llm.contract import ContextTooLong, ModelMissing, NoServer
from memlab.llm.embedders import OllamaEmbedder
from memlab.llm.ollama import OllamaLLM
from memlab.llm.replay import Recorder, Replay

pytestmark = pytest.mark.ollama
TOOLS = ["order", "prime", "sum", "reverse"]
PROMPT = 'Tools: order, prime, sum, reverse.\nQ: add 2 and 9\nA: "sum"\nQ: add 8 and 1\nA: "sum"\nQ: add 3 and 4\nA:'


@pytest.fixture(scope="module")
def llm(host):
    return OllamaLLM("smollm2:135m", [host])


def test_a_choice_follows_the_cases_shown(llm):
    reply = llm.complete(PROMPT, choices=TOOLS)
    assert (reply.value, reply.text, reply.backend) == ("sum", '"sum"', "ollama")
    assert sum(reply.choice_probs.values()) == pytest.approx(1.0)
    assert max(reply.choice_probs, key=reply.choice_probs.get) == "sum"
    assert 0.0 < reply.missing_mass < 1.0
    assert reply.tokens_in > 30 and reply.tokens_out >= 3 and reply.seconds > 0


def test_a_schema_holds(llm):
    schema = {
        "type": "object",
        "properties": {"tool": {"type": "string", "enum": TOOLS}, "sure": {"type": "boolean"}},
        "required": ["tool", "sure"],
    }
    reply = llm.complete(PROMPT, schema=schema)
    assert reply.value["tool"] in TOOLS and isinstance(reply.value["sure"], bool)
    assert json.loads(reply.text) == reply.value


def test_a_seed_repeats(llm):
    def ask(seed):
        return llm.complete("Write about the sea.", seed=seed, temperature=1.0, max_tokens=16).text

    assert ask(1) == ask(1) != ask(2)
    first, again = (llm.complete(PROMPT, choices=TOOLS, seed=5) for _ in range(2))
    assert (first.text, first.tokens_in) == (again.text, again.tokens_in)
    assert first.choice_probs == pytest.approx(again.choice_probs, rel=0.02)


def test_logprobs_are_raw(llm):
    """Before the schema's mask: what is forbidden still has mass, and the top tokens never sum to more than 1."""
    answer = llm.servers.call(
        lambda _, client: client.chat(
            model=llm.name,
            messages=[{"role": "user", "content": PROMPT}],
            format={"type": "string", "enum": TOOLS},
            options={"temperature": 0.0, "num_ctx": 2048, "num_predict": 8},
            logprobs=True,
            top_logprobs=20,
        )
    )
    step = answer.logprobs[1]
    assert any(not any(t.startswith(top.token) for t in TOOLS) for top in step.top_logprobs)
    assert sum(np.exp(top.logprob) for top in step.top_logprobs) <= 1.0
    steps = [(s.token, s.logprob, {t.token: t.logprob for t in s.top_logprobs}) for s in answer.logprobs]
    probs, missing = choice_probs(steps, TOOLS)
    assert probs["sum"] > 0 and 0 < missing < 1


def test_a_prompt_too_long_for_the_context(own_server):
    llm = OllamaLLM("smollm2:135m", [own_server.url], num_ctx=128)
    with pytest.raises(ContextTooLong, match="show fewer cases"):
        llm.complete("word " * 200)
    assert llm.complete("word " * 50, max_tokens=4).tokens_in < 100


def test_a_model_that_was_not_pulled(host):
    with pytest.raises(ModelMissing, match="ollama pull nobody"):
        OllamaLLM("nobody/nothing:1b", [host]).complete("x")


def test_no_server_at_all():
    with pytest.raises(NoServer, match="ollama serve"):
        OllamaLLM("smollm2:135m", ["http://127.0.0.1:9"], pause=0.01).complete("x")


def test_embeddings(host):
    embedder = OllamaEmbedder(hosts=[host])
    rows = embedder.embed(["add two numbers", "the sum of two numbers", "a cat sleeps"])
    assert (rows.shape, rows.dtype, embedder.dim) == ((3, 384), np.float32, 384)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    np.testing.assert_allclose(embedder.embed(["a cat sleeps"])[0], rows[2], atol=1e-4)
    with pytest.raises(ContextTooLong, match="context"):
        embedder.embed(["long words " * 2000])


def test_a_server_killed_in_a_run_and_the_run_resumed(own_server, tmp_path):
    prompts = [f"{PROMPT[:-2]} Now add {i} and 1.\nA:" for i in range(6)]
    path = tmp_path / "replies.parquet"

    def run(upto):
        with Recorder(OllamaLLM("smollm2:135m", [own_server.url], pause=0.01), path) as llm:
            done = []
            for prompt in prompts[:upto]:
                done.append(llm.complete(prompt, choices=TOOLS))
            if upto < len(prompts):
                own_server.kill()
                with pytest.raises(NoServer, match=r"rerun\. The replies recorded so far are kept"):
                    llm.complete(prompts[upto], choices=TOOLS)
            return done

    before = run(3)
    own_server.start()
    after = run(6)
    assert [reply.backend for reply in before] == ["ollama"] * 3
    assert [reply.backend for reply in after] == ["replay"] * 3 + ["ollama"] * 3
    assert [reply.text for reply in after[:3]] == [reply.text for reply in before]
    assert len(Replay(path)) == 6
