import httpx
import pytest

from memlab.core import MemlabError
from memlab.llm import weights
from memlab.llm.contract import ContextTooLong
from memlab.llm.embedded import EmbeddedLLM, chat_prompt
from memlab.llm.ollama import OllamaLLM
from memlab.prompt import one_line
from memlab.tasks.toolbox import NATIVE, tool_names

pytestmark = pytest.mark.ollama
TOOLS = ["order", "prime", "sum", "reverse"]


@pytest.fixture(scope="module")
def embedded():
    try:
        weights.fetch([weights.SMOLLM2])
    except MemlabError as error:
        pytest.skip(f"no weights: {error}")
    return EmbeddedLLM(threads=1)


def tokens(embedded, text):
    """How many tokens the model's tokenizer cuts ``text`` into."""
    return embedded._server.handle_completions({"prompt": text, "n_predict": 1})["usage"]["prompt_tokens"]


def test_a_choice_and_its_probabilities(embedded):
    prompt = 'Q: add 2 and 9\nA: "sum"\nQ: add 8 and 1\nA: "sum"\nQ: add 3 and 4\nA:'
    first, again = (embedded.complete(prompt, choices=TOOLS) for _ in range(2))
    assert (first.value, first.backend, first.text) == ("sum", "embedded", again.text)
    assert max(first.choice_probs, key=first.choice_probs.get) == "sum"
    assert first.choice_probs == pytest.approx(again.choice_probs, rel=0.02)


def test_schema_and_long_prompts(embedded):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    assert isinstance(embedded.complete("Give a number.", schema=schema).value["n"], int)
    with pytest.raises(ContextTooLong, match="show fewer cases"):
        embedded.complete("word " * 2200)


def test_other_programs_get_no_answer_from_its_port(embedded):
    address = embedded._server.listening_address
    for path in ("/completion", "/v1/models", "/slots"):
        assert httpx.request("POST" if path == "/completion" else "GET", address + path, json={}).status_code == 401


def test_a_text_that_spells_control_tokens_gets_none(embedded):
    for token in ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<file_sep>"):
        assert tokens(embedded, token) == 1 < tokens(embedded, one_line(token))


@pytest.mark.parametrize("world", NATIVE)
def test_each_tool_name_is_one_token(embedded, world):
    assert {tokens(embedded, name) for name in tool_names(world)} == {1}
    assert {tokens(embedded, f'"{name}"') for name in tool_names(world)} == {3}


def test_both_backends_read_the_same_tokens_and_mostly_agree(embedded, host):
    ollama = OllamaLLM("smollm2:135m", [host])
    asks = [f"{verb} {a} and {a + 5}" for a in range(2) for verb in ("add", "sort", "count primes between")]
    prompts = [f'Q: sort c b a\nA: "order"\nQ: add 4 and 1\nA: "sum"\nQ: {ask}\nA:' for ask in asks]
    pairs = [(embedded.complete(p, choices=TOOLS), ollama.complete(p, choices=TOOLS)) for p in prompts]
    assert all(mine.tokens_in == theirs.tokens_in for mine, theirs in pairs)
    assert sum(mine.value == theirs.value for mine, theirs in pairs) >= 4
    plain = [llm.complete("Count to five.", max_tokens=12).text for llm in (embedded, ollama)]
    assert plain[0] == plain[1]


def test_the_prompt_is_what_ollama_sends(embedded, host):
    """Raw completion of our ChatML by Ollama counts the same tokens and says the same as its own template."""
    client = OllamaLLM("smollm2:135m", [host]).servers.client(host)
    options = {"temperature": 0.0, "num_ctx": 2048, "num_predict": 12, "repeat_penalty": 1.0}
    chat = client.chat("smollm2:135m", [{"role": "user", "content": "Name a color.\n"}], options=options)
    raw = client.generate("smollm2:135m", chat_prompt("Name a color.\n"), raw=True, options=options)
    assert (raw.prompt_eval_count, raw.response) == (chat.prompt_eval_count, chat.message.content)
