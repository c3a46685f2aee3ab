import hashlib
import math
import socket

import pytest

from memlab import prompt
from memlab.core import MemlabError
from memlab.llm.contract import BadReply, ContextTooLong, ModelMissing, NoServer
from memlab.llm.ollama import WORKED, OllamaLLM, full_name, hosts_from
from memlab.tasks import toolbox


def llm(*fakes, **options):
    return OllamaLLM("tiny", [f if isinstance(f, str) else f.url for f in fakes], pause=0.01, **options)


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_a_call_with_choices(fake):
    top = [{"token": "alpha", "logprob": math.log(0.03)}, {"token": "beta", "logprob": math.log(0.01)}]
    logprobs = [
        {"token": '"', "logprob": -1.0, "top_logprobs": []},
        {"token": "alpha", "logprob": math.log(0.03), "top_logprobs": top},
    ]
    fake.script = [fake.chat('"alpha"', logprobs=logprobs)]
    reply = llm(fake).complete("Which?", choices=["alpha", "beta"], seed=3)
    assert (reply.value, reply.backend, reply.model) == ("alpha", "ollama", "tiny")
    assert (reply.tokens_in, reply.tokens_out) == (30, 4)
    assert reply.choice_probs == pytest.approx({"alpha": 0.75, "beta": 0.25})
    assert reply.missing_mass == pytest.approx(0.96)
    body = fake.calls[0][1]
    assert body["messages"] == [{"role": "user", "content": "Which?"}]
    assert body["format"] == {"type": "string", "enum": ["alpha", "beta"]}
    assert body["options"]["seed"] == 3 and body["options"]["temperature"] == 0.0
    assert body["options"]["num_ctx"] == 2048 and body["options"]["repeat_penalty"] == 1.0
    assert body["top_logprobs"] == 20


def test_choices_are_ranked_by_their_first_token_without_a_mask(fake):
    top = [
        {"token": t, "logprob": math.log(p)} for t, p in {"The": 0.5, "alpha": 0.01, "beta": 0.03, "gam": 0.3}.items()
    ]
    fake.script = [fake.chat("The", logprobs=[{**top[0], "top_logprobs": top}])] * 2
    reply = llm(fake).complete("Which?", choices=["alpha", "beta", "gamma"], answer="ranked")
    assert (reply.value, reply.text, reply.choice_probs["gamma"]) == ("beta", "The", 0)
    assert reply.choice_probs == pytest.approx({"alpha": 0.25, "beta": 0.75, "gamma": 0})
    assert reply.missing_mass == pytest.approx(0.96)
    path, body = fake.calls[0]
    assert (path, body["prompt"], body["template"]) == ("/api/generate", "Which?", 'U {{ .Prompt }} A "')
    assert "format" not in body and body["options"]["num_predict"] == 1 and body["top_logprobs"] == 20
    none = llm(fake).complete("Which?", choices=["delta", "gamma"], answer="ranked")
    assert (none.value, set(none.choice_probs.values()), none.missing_mass) == ("delta", {0.0}, 1.0)


def test_a_model_without_a_chat_template_reads_worked_examples_before_it_chooses(fake):
    weights = llm(fake).digest
    fake.template = "{{ .Prompt }}"
    base, top = llm(fake), [{"token": "beta", "logprob": -1.0, "top_logprobs": []}]
    fake.script = [fake.chat("beta", logprobs=top), fake.chat('"beta"'), fake.chat("hello")]
    for answer in ("ranked", "masked"):
        assert base.complete("Which?", choices=["alpha", "beta"], answer=answer).value == "beta"
    assert base.complete("Say hello.").value == "hello"
    ranked, masked, plain = (body for _, body in fake.calls)
    assert (ranked["prompt"], ranked["template"]) == (f"{WORKED}Which?", '{{ .Prompt }} "')
    assert masked["messages"][0]["content"] == f"{WORKED}Which?" and plain["messages"][0]["content"] == "Say hello."
    # Other examples are another way to ask: their record must not answer for this one.
    assert base.digest.startswith(weights) and hashlib.sha256(WORKED.encode()).hexdigest() in base.digest


def test_the_worked_examples_are_the_agents_prompts_and_of_no_reports_set():
    shown = prompt.parse(f"{WORKED}Q: x\nA:")
    native = toolbox.NATIVE["toolbox12-a"].values()
    assert {tool for _, tool in shown.cases} == set(shown.about) <= set(native)
    assert not set(shown.about) & set(toolbox.tool_names("toolbox12-b")) and len(shown.cases) == 4


def test_an_engine_that_keeps_its_last_token_back_is_asked_until_the_quote(fake):
    late, model = fake.chat("beta", logprobs=[{"token": "beta", "logprob": -1.0, "top_logprobs": []}]), llm(fake)
    fake.script = [fake.chat(""), late, late]
    for _ in range(2):
        assert model.complete("Which?", choices=["alpha", "beta"], answer="ranked").value == "beta"
    first, *others = (body["options"] for _, body in fake.calls)
    assert first["num_predict"] == 1 and len(others) == 2
    assert all(asked["stop"] == ['"', "\n"] and asked["num_predict"] > 1 for asked in others)


def test_a_plain_call_asks_for_no_logprobs(fake):
    fake.script = [fake.chat("hello")]
    reply = llm(fake).complete("Say hello.")
    assert (reply.value, reply.choice_probs, reply.missing_mass) == ("hello", None, None)
    assert "top_logprobs" not in fake.calls[0][1]


def test_failures_are_retried(fake):
    fake.script = [(500, {"error": "runner crashed"}), "drop"]
    assert llm(fake).complete("x", choices=["alpha"]).value == "alpha"
    assert len(fake.calls) == 3


def test_retries_are_bounded(fake):
    fake.default = (503, {"error": "busy"})
    with pytest.raises(NoServer, match="busy"):
        llm(fake).complete("x")
    assert len(fake.calls) == 4


def test_a_refused_call_is_not_retried(fake):
    fake.script = [(400, {"error": "invalid format"})]
    with pytest.raises(MemlabError, match="invalid format"):
        llm(fake).complete("x")
    assert len(fake.calls) == 1


def test_a_hanging_server_times_out(fake):
    fake.default = "hang"
    with pytest.raises(NoServer, match=r"within 0\.05 s"):
        llm(fake, timeout=0.05).complete("x")


def test_no_server_names_address_and_remedy():
    url = closed_port()
    with pytest.raises(NoServer, match=r"ollama serve.*embedded.*replay") as caught:
        llm(url).complete("x")
    assert url in str(caught.value)


def test_a_server_that_dies_in_a_run_says_how_to_resume(fake):
    model = llm(fake)
    model.complete("x")
    fake.default = "drop"
    with pytest.raises(NoServer, match="rerun") as caught:
        model.complete("y")
    assert "recorded" not in str(caught.value)


BROKEN = [
    (b'{"model": "tiny", "message": {"role"', "JSONDecodeError"),
    (b"", "JSONDecodeError"),
    (b"<html><body>Sign in</body></html>", "JSONDecodeError"),
    (b"\xff\xfe\xff", "UnicodeDecodeError"),
    ([1, 2], "TypeError"),
    ({"model": "tiny", "message": "no object"}, "ValidationError"),
    ({"nothing": "known"}, "ValidationError"),
    ((200, b"no gzip", {"Content-Encoding": "gzip"}), "DecodingError"),
]


@pytest.mark.parametrize(("answer", "kind"), BROKEN)
def test_an_answer_that_is_not_ollamas_is_named_with_the_remedy(fake, answer, kind):
    fake.script = [answer]
    with pytest.raises(BadReply, match=f"does not answer as Ollama does .*{kind}.*correct OLLAMA_HOST.*update Ollama"):
        llm(fake).complete("x", choices=["alpha"])
    assert len(fake.calls) == 1
    fake.tags = answer if isinstance(answer, tuple) else (200, answer)
    with pytest.raises(BadReply, match="correct OLLAMA_HOST"):
        llm(fake).servers.probe("tiny")


@pytest.mark.parametrize("status", [301, 307])
def test_a_redirect_is_not_followed(fake, fake2, status):
    fake.script = [(status, b"", {"Location": f"{fake2.url}/api/chat"})]
    with pytest.raises(MemlabError, match=r"redirects.*into OLLAMA_HOST"):
        llm(fake).complete("x", choices=["alpha"])
    assert fake2.calls == []


def test_a_model_that_was_removed_since_it_was_listed(fake):
    model = llm(fake)
    model.complete("x")
    fake.script = [(404, {"error": "model 'tiny' not found"})]
    with pytest.raises(ModelMissing, match=r"model 'tiny' not found.*memlab models fetch.*ollama pull"):
        model.complete("y")
    assert model.complete("z").backend == "ollama"


def test_a_page_for_an_error_is_cut(fake):
    fake.script = [(403, b"<html>" + b"x" * 5000)]
    with pytest.raises(MemlabError, match="refused the call") as caught:
        llm(fake).complete("x")
    assert len(str(caught.value)) < 400


def test_a_server_that_does_not_name_its_weights(fake):
    fake.models = {"tiny:latest": "not hexadecimal "}
    with pytest.raises(MemlabError, match=r"does not say which weights 'tiny' loads.*update Ollama"):
        llm(fake).complete("x")


@pytest.mark.parametrize("raw", [math.nan, math.inf, 0.5])
def test_a_logprob_that_is_none(fake, raw):
    quote = {"token": '"', "logprob": -0.1, "top_logprobs": []}
    fake.script = [fake.chat('"alpha"', logprobs=[quote, {"token": "alpha", "logprob": raw, "top_logprobs": []}])]
    with pytest.raises(BadReply, match=f"'alpha' the logprob {raw}.*update the server"):
        llm(fake).complete("x", choices=["alpha", "beta"])


def test_a_model_that_is_not_there(fake):
    with pytest.raises(ModelMissing, match=r"'nope'.*tiny:latest.*models fetch.*ollama pull nope"):
        OllamaLLM("nope", [fake.url]).complete("x")
    assert fake.calls == []


@pytest.mark.parametrize(("tokens_in", "fits"), [(2048, False), (2044, False), (2043, True)])
def test_a_prompt_that_the_server_cut_is_an_error(fake, tokens_in, fits):
    fake.script = [fake.chat("hi", tokens_in=tokens_in)]
    if fits:
        assert llm(fake).complete("long").value == "hi"
    else:
        with pytest.raises(ContextTooLong, match="2048 tokens: show fewer cases"):
            llm(fake).complete("long")


def test_a_reply_outside_of_the_choices(fake):
    fake.script = [fake.chat('"gamma"'), fake.chat('"al')]
    with pytest.raises(BadReply, match="gamma"):
        llm(fake).complete("x", choices=["alpha"])
    with pytest.raises(BadReply, match="not valid JSON"):
        llm(fake).complete("x", choices=["alpha"])


def test_hosts_take_turns_and_a_dead_one_is_skipped(fake, fake2):
    model = llm(fake, fake2)
    for _ in range(6):
        model.complete("x")
    assert len(fake.calls) == len(fake2.calls) == 3
    fake2.stop()
    for _ in range(4):
        model.complete("x")
    assert len(fake.calls) == 7


def test_a_failing_host_is_left_alone_for_a_while(fake, fake2):
    fake2.default = (500, {"error": "no memory"})
    model = llm(fake, fake2)
    for _ in range(6):
        assert model.complete("x").backend == "ollama"
    assert (len(fake.calls), len(fake2.calls)) == (6, 1)


def test_hosts_with_different_weights_are_refused(fake, fake2):
    fake2.models = {"tiny:latest": "other"}
    model = llm(fake, fake2)
    with pytest.raises(MemlabError, match="different models"):
        for _ in range(2):
            model.complete("x")


@pytest.mark.parametrize("bad", ["127.0.0.1:port", ":99999", "[::1", "ftp://a:1", "a b:1", "::1:x", "a:1?b", "a:-1"])
def test_what_is_no_address_is_named_with_the_remedy(monkeypatch, bad):
    monkeypatch.setenv("OLLAMA_HOST", f"near,{bad}")
    with pytest.raises(MemlabError, match="write HOST, HOST:PORT or http://HOST:PORT") as caught:
        OllamaLLM("tiny")
    assert repr(bad) in str(caught.value)


def test_addresses(monkeypatch):
    assert hosts_from("") == ["http://127.0.0.1:11434"]
    assert hosts_from("0.0.0.0:9, https://far.example:443/ ,near") == [
        "http://127.0.0.1:9",
        "https://far.example:443",
        "http://near:11434",
    ]
    assert hosts_from("::1,[::1]:8,::") == [
        "http://[::1]:11434", "http://[::1]:8", "http://[::1]:11434"
    ]  # fmt: skip
    assert hosts_from(":9,http://a:1/base/") == ["http://127.0.0.1:9", "http://a:1/base"]
    monkeypatch.setenv("OLLAMA_HOST", "a:1,b:2")
    assert hosts_from() == ["http://a:1", "http://b:2"]
    assert full_name("all-minilm") == "all-minilm:latest"
    assert full_name("smollm2:135m") == "smollm2:135m"
    assert full_name("reg:5000/me/x") == "reg:5000/me/x:latest"
