"""The first choice for p_LLM(a|s,c): a model served by Ollama, with retries and errors that say what to do."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from memlab.core import MemlabError, Reply
from memlab.llm.choices import choice_probs, output_schema, parse_reply
from memlab.llm.contract import ContextTooLong, ModelMissing, NoServer

T = TypeVar("T")
DEFAULT_HOST = "http://127.0.0.1:11434"
ATTEMPTS = 4
PATIENCE = 30.0


def hosts_from(text: str | None = None) -> list[str]:
    """Server addresses in ``text``, or in OLLAMA_HOST when None: comma separated, port 11434 unless given."""
    found = []
    for part in (os.environ.get("OLLAMA_HOST", "") if text is None else text).split(","):
        if not part.strip():
            continue
        scheme, _, address = part.strip().rstrip("/").rpartition("://")
        name, _, port = address.rpartition(":") if ":" in address else (address, "", "11434")
        # A server bound to all addresses is reached by loopback on every system.
        name = "127.0.0.1" if name in ("", "0.0.0.0") else name
        found.append(f"{scheme or 'http'}://{name}:{port}")
    return found or [DEFAULT_HOST]


def full_name(model: str) -> str:
    """Ollama's name of a model with its tag: ``all-minilm`` is ``all-minilm:latest``."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def _missing(host: str, model: str, held: Iterable[str]) -> str:
    return (
        f"Ollama at {host} has no model {model!r}; it has {sorted(held) or 'none'}. "
        f"Run `memlab models fetch`, or `ollama pull {model}`."
    )


class Servers:
    """One or more Ollama servers: calls go round robin, a dead one is skipped, failures are retried with backoff."""

    def __init__(self, hosts: Sequence[str] | None = None, timeout: float = 120.0, pause: float = 0.5) -> None:
        self.hosts = list(hosts) if hosts else hosts_from()
        self.timeout = timeout
        self.pause = pause
        self._clients: dict[str, Any] = {}
        self._models: dict[str, set[str]] = {}
        self._weights: dict[tuple[str, str], str] = {}
        self._dead_until: dict[str, float] = {}
        self._turn = 0
        self._answered = False

    def client(self, host: str) -> Any:
        """The `ollama.Client` of one host."""
        if host not in self._clients:
            import ollama

            # A proxy meant for the internet must not catch calls to this machine.
            local = host.split("://")[1].startswith(("127.", "localhost"))
            self._clients[host] = ollama.Client(host=host, timeout=self.timeout, trust_env=not local)
        return self._clients[host]

    def models(self, host: str, fresh: bool = False) -> set[str]:
        """Names of the models that ``host`` holds."""
        if fresh or host not in self._models:
            self._models[host] = {m.model for m in self.client(host).list().models if m.model}
        return self._models[host]

    def digest(self, host: str, model: str) -> str:
        """sha256 of the weights (and adapter) that ``host`` loads for ``model``; raises ModelMissing.

        Not the digest that Ollama lists: that one changes with the folder a model was imported into.
        """
        name = full_name(model)
        if name not in self.models(host) and name not in self.models(host, fresh=True):
            raise ModelMissing(_missing(host, model, self.models(host)))
        if (host, name) not in self._weights:
            loads = self.client(host).show(name).modelfile or ""
            self._weights[host, name] = "+".join(re.findall(r"^(?:FROM|ADAPTER) .*sha256-(\w{64})", loads, re.M))
        return self._weights[host, name]

    def probe(self, model: str) -> None:
        """Look once at each host for a server with ``model``; raises NoServer or ModelMissing."""
        import httpx
        import ollama

        trouble: Exception | None = None
        for host in self.hosts:
            try:
                held = self.models(host, fresh=True)
            except (ConnectionError, httpx.TransportError, ollama.ResponseError) as error:
                trouble = error
            else:
                if full_name(model) in held:
                    return
                trouble = ModelMissing(_missing(host, model, held))
        if isinstance(trouble, ModelMissing):
            raise trouble
        raise NoServer(self._complaint(trouble)) from trouble

    def call(self, ask: Callable[[str, Any], T]) -> T:
        """``ask(host, client)`` on the next live host; raises NoServer after 4 rounds of failures."""
        import httpx
        import ollama

        trouble: Exception | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(self.pause * 2 ** (attempt - 1))
            for host in self._order():
                try:
                    result = ask(host, self.client(host))
                except ollama.ResponseError as error:
                    if "context length" in error.error:
                        raise ContextTooLong(f"Ollama at {host}: {error.error}. Shorten the text.") from error
                    if error.status_code < 500:
                        raise MemlabError(f"Ollama at {host} refused the call: {error.error}") from error
                    trouble = error
                except (ConnectionError, httpx.TransportError) as error:
                    trouble = error
                else:
                    self._answered = True
                    self._dead_until.pop(host, None)
                    return result
                self._dead_until[host] = time.monotonic() + PATIENCE
        raise NoServer(self._complaint(trouble)) from trouble

    def _order(self) -> list[str]:
        self._turn += 1
        n = len(self.hosts)
        ring = [self.hosts[(self._turn + i) % n] for i in range(n)]
        now = time.monotonic()
        return [h for h in ring if self._dead_until.get(h, 0.0) <= now] or ring

    def _complaint(self, trouble: Exception | None) -> str:
        import httpx

        where = ", ".join(self.hosts)
        if isinstance(trouble, httpx.TimeoutException):
            return f"Ollama at {where} did not answer within {self.timeout:g} s, {ATTEMPTS} times. Raise the timeout."
        why = str(trouble).splitlines()[0] if str(trouble) else type(trouble).__name__
        if self._answered:
            return (
                f"Ollama at {where} stopped answering ({why}). Start it again (`ollama serve`) and rerun: "
                "replies recorded so far are kept, and the run resumes behind them."
            )
        return (
            f"No Ollama server answers at {where} ({why}). Start one with `ollama serve`, or set OLLAMA_HOST, or "
            "use another model: 'embedded' or 'replay:PATH'."
        )


class OllamaLLM:
    """``model`` as an Ollama server runs it; see `memlab.llm.contract.LLM`.

    ``num_ctx`` is the context window in tokens, the same in all calls: another value makes the server load the
    model again and lose its prefix cache. ``timeout`` is in seconds per call.
    """

    backend = "ollama"

    def __init__(
        self,
        model: str,
        hosts: Sequence[str] | None = None,
        *,
        num_ctx: int = 2048,
        timeout: float = 120.0,
        pause: float = 0.5,
    ) -> None:
        self.name = model
        self.num_ctx = num_ctx
        self.servers = Servers(hosts, timeout, pause)

    @cached_property
    def digest(self) -> str:
        """sha256 of the weights (and adapter) that the server loads: the same wherever they were imported."""
        return self.servers.call(lambda host, _: self.servers.digest(host, self.name))

    def complete(
        self,
        prompt: str,
        *,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
        seed: int = 0,
        temperature: float = 0.0,
        max_tokens: int = 64,
    ) -> Reply:
        """Answer one user message.

        Raises NoServer, ModelMissing, ContextTooLong or BadReply. ``seconds`` is wall time with retries.
        """
        shape = output_schema(choices, schema)
        options: dict[str, Any] = {
            "temperature": float(temperature),
            "seed": int(seed),
            "num_predict": int(max_tokens),
            "repeat_penalty": 1.0,
            "num_ctx": self.num_ctx,
        }
        if choices is not None:
            # After the closing quote a JSON grammar still allows blank lines: they would cost time only.
            options["stop"] = ["\n"]

        def ask(host: str, client: Any) -> Any:
            if self.servers.digest(host, self.name) != self.digest:
                raise MemlabError(
                    f"The hosts {self.servers.hosts} hold different models under the name {self.name!r}: "
                    "import the same weights on each."
                )
            return client.chat(
                model=self.name,
                messages=[{"role": "user", "content": prompt}],
                format=shape,
                options=options,
                keep_alive="2h",
                logprobs=choices is not None or None,
                top_logprobs=20 if choices is not None else None,
            )

        assert self.digest
        start = time.perf_counter()
        answer = self.servers.call(ask)
        seconds = time.perf_counter() - start
        tokens_in, tokens_out = answer.prompt_eval_count or 0, answer.eval_count or 0
        # The server cuts a long prompt silently, to exactly num_ctx tokens.
        if tokens_in + tokens_out >= self.num_ctx:
            raise ContextTooLong(
                f"The prompt ({tokens_in} tokens or more, {len(prompt)} characters) and its reply ({tokens_out}) "
                f"do not fit into the context of {self.num_ctx} tokens: show fewer cases, or raise num_ctx."
            )
        text = answer.message.content or ""
        probs, missing = None, None
        if choices is not None:
            steps = [
                (s.token, s.logprob, {t.token: t.logprob for t in s.top_logprobs or ()}) for s in answer.logprobs or ()
            ]
            probs, missing = choice_probs(steps, choices)
        value = parse_reply(text, choices, schema, max_tokens)
        return Reply(text, value, probs, tokens_in, tokens_out, seconds, self.name, self.backend, missing)
