"""The first choice for p_LLM(a|s,c): a model served by Ollama, with retries and errors that say what to do."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

from memlab.core import MemlabError, Reply
from memlab.llm.call import Call
from memlab.llm.contract import LLM, BadReply, ContextTooLong, ModelMissing, NoServer

T = TypeVar("T")
DEFAULT_HOST = "http://127.0.0.1:11434"
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}
ATTEMPTS, PATIENCE = 4, 30.0
BARE = "{{ .Prompt }}"
WORKED = Path(__file__).with_name("worked_examples.txt").read_text(encoding="utf-8")
"""What a model without a chat template reads before it chooses: tasks of lab 06's set A, each with its tool."""


def hosts_from(text: str | None = None) -> list[str]:
    """Comma-separated server addresses in ``text`` (None: OLLAMA_HOST), port 11434 unless given; raises MemlabError."""
    found = []
    for part in (os.environ.get("OLLAMA_HOST", "") if text is None else text).split(","):
        if not part.strip():
            continue
        scheme, _, address = part.strip().rstrip("/").rpartition("://")
        # An IPv6 address may stand bare, such as ::1.
        bare = address.count(":") > 1 and "[" not in address
        try:
            url = urlsplit(f"{scheme or 'http'}://{f'[{address}]' if bare else address}")
            if url.scheme not in ("http", "https") or set(address) & set(" ?#@"):
                raise ValueError("no http address")
            # A server bound to all addresses is reached by loopback on every system.
            name, port = LOOPBACK.get(url.hostname or "", url.hostname or "127.0.0.1"), url.port or 11434
        except ValueError as error:
            raise MemlabError(
                f"The Ollama address {part.strip()!r} is wrong ({error}): write HOST, HOST:PORT or http://HOST:PORT, "
                "the port 1 to 65535, as in OLLAMA_HOST=127.0.0.1:11434."
            ) from error
        found.append(f"{url.scheme}://{f'[{name}]' if ':' in name else name}:{port}{url.path}")
    return found or [DEFAULT_HOST]


def ollama_version(host: str | None = None, timeout: float = 2.0) -> str | None:
    """Version of the Ollama server at ``host``, or None when none answers within ``timeout`` seconds."""
    import httpx

    try:  # without a proxy: the server is nearly always on this machine
        answer = httpx.get(f"{host or hosts_from()[0]}/api/version", timeout=timeout, trust_env=False)
        return str(answer.json()["version"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return None


def ollama_models(host: str) -> set[str]:
    """Names of the models that the server at ``host`` holds, without the tag ``:latest``; raises NoServer."""
    return {name.removesuffix(":latest") for name in Servers([host], timeout=5.0).models(host, fresh=True)}


def ollama_program() -> str | None:
    """The program that MEMLAB_OLLAMA_BIN names, else ``ollama`` on the PATH, or None."""
    return os.environ.get("MEMLAB_OLLAMA_BIN") or shutil.which("ollama")


@contextmanager
def serving(host: str, log: IO[bytes] | int = subprocess.DEVNULL, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """``ollama serve`` on ``host``, a loopback address, with ``settings`` in its environment; it ends with the block.

    The block begins when the server answers, has ended, or 20 s are over. Raises MemlabError where it cannot be run.
    """
    program, told = ollama_program(), {**os.environ, **settings, "OLLAMA_HOST": host.removeprefix("http://")}
    if program is None:
        raise MemlabError("no program ollama here: install Ollama, or let MEMLAB_OLLAMA_BIN name it")
    try:
        server = subprocess.Popen([program, "serve"], env=told, stdout=log, stderr=log)
    except OSError as error:
        raise MemlabError(f"cannot run {program} ({error.strerror}); correct MEMLAB_OLLAMA_BIN, or unset it") from error
    with server:
        try:
            give_up = time.monotonic() + 20
            while ollama_version(host) is None and server.poll() is None and time.monotonic() < give_up:
                time.sleep(0.2)
            yield server
        finally:
            server.terminate()


def full_name(model: str) -> str:
    """Ollama's name of a model with its tag: ``all-minilm`` is ``all-minilm:latest``."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def _missing(host: str, model: str, held: Iterable[str]) -> str:
    return (
        f"Ollama at {host} has no model {model!r}; it has {sorted(held) or 'none'}. "
        f"Run `memlab models fetch`, or `ollama pull {model}`."
    )


class _Failed(NoServer):
    """A host failed in a way that may pass; the cause is the error itself."""

    def __init__(self, host: str, error: Exception) -> None:
        super().__init__(f"No Ollama server answers at {host} ({_short(error) or type(error).__name__}).")


def _library() -> Any:
    """`ollama`, loaded without OLLAMA_HOST, which it would read as one address: a list of hosts broke the import."""
    listed = os.environ.pop("OLLAMA_HOST", None)
    try:
        import ollama
    finally:
        os.environ |= {} if listed is None else {"OLLAMA_HOST": listed}
    return ollama


@contextmanager
def _explained(host: str) -> Iterator[None]:
    """Raises `_Failed` for what may pass, and for what will not an error that says what to do."""
    import httpx

    ollama = _library()
    try:
        yield
    except ollama.ResponseError as error:
        said = f"{error.status_code}: {_short(error.error)}"
        if "context length" in error.error:
            raise ContextTooLong(f"Ollama at {host}: {_short(error.error)}. Shorten the text.") from error
        if error.status_code >= 500:
            raise _Failed(host, error) from error
        if error.status_code == 404:
            raise ModelMissing(
                f"Ollama at {host} does not have what was asked for ({said}). Run `memlab models fetch`, or `ollama "
                "pull` the model; if another program listens there, correct OLLAMA_HOST."
            ) from error
        if 300 <= error.status_code < 400:
            raise MemlabError(f"{host} redirects ({said}): put the address it leads to into OLLAMA_HOST.") from error
        raise MemlabError(f"Ollama at {host} refused the call ({said}): correct it, or update Ollama.") from error
    except (ConnectionError, httpx.TransportError) as error:
        raise _Failed(host, error) from error
    except (httpx.HTTPError, httpx.InvalidURL, TypeError, ValueError) as error:
        raise BadReply(
            f"{host} does not answer as Ollama does ({type(error).__name__}: {_short(error)}): correct OLLAMA_HOST if "
            "another program or a proxy answers there, else update Ollama."
        ) from error


def _short(text: object) -> str:
    """The first line, cut: a server may send a whole page."""
    return str(text).strip().partition("\n")[0][:200]


class Servers:
    """One or more Ollama servers: calls go round robin, a dead one is skipped, failures are retried with backoff."""

    def __init__(self, hosts: Sequence[str] | None = None, timeout: float = 120.0, pause: float = 0.5) -> None:
        self.hosts, self.timeout, self.pause = list(hosts) if hosts else hosts_from(), timeout, pause
        self._clients: dict[str, Any] = {}
        self._models: dict[str, set[str]] = {}
        self._shown: dict[tuple[str, str], tuple[str, str]] = {}
        self._dead_until: dict[str, float] = {}
        self._turn, self._answered = 0, False

    def client(self, host: str) -> Any:
        """The `ollama.Client` of one host."""
        if host not in self._clients:
            # A proxy meant for the internet must not catch calls to this machine; a redirected POST would be a GET.
            proxy = not host.split("://")[1].startswith(("127.", "localhost", "[::1]"))
            self._clients[host] = _library().Client(host, follow_redirects=False, timeout=self.timeout, trust_env=proxy)
        return self._clients[host]

    def models(self, host: str, fresh: bool = False) -> set[str]:
        """Names of the models that ``host`` holds."""
        if fresh or host not in self._models:
            with _explained(host):
                self._models[host] = {m.model for m in self.client(host).list().models if m.model}
        return self._models[host]

    def digest(self, host: str, model: str) -> str:
        """sha256 of the weights (and adapter) that ``host`` loads for ``model``, and of `WORKED` where it is read.

        Not the digest that Ollama lists: that one changes with the folder it was imported into. Raises ModelMissing.
        """
        name = full_name(model)
        if name not in self.models(host) and name not in self.models(host, fresh=True):
            raise ModelMissing(_missing(host, model, self.models(host)))
        if (host, name) not in self._shown:
            shown = self.client(host).show(name)
            loads = re.findall(r"^(?:FROM|ADAPTER) .*sha256-(\w{64})", shown.modelfile or "", re.M)
            if not loads:
                raise MemlabError(
                    f"Ollama at {host} does not say which weights {model!r} loads, so that its replies could not be "
                    "told from another model's: update Ollama, or use a model that it holds itself."
                )
            template = shown.template or BARE
            behind = f" behind {hashlib.sha256(WORKED.encode()).hexdigest()}" * (template == BARE)
            self._shown[host, name] = "+".join(loads) + behind, template
        return self._shown[host, name][0]

    def template(self, host: str, model: str) -> str:
        """How ``host`` frames one user message for ``model``, up to where the reply begins (`digest` was asked)."""
        return self._shown[host, full_name(model)][1].partition("{{ .Response }}")[0]

    def probe(self, model: str) -> None:
        """Look once at each host for a server with ``model``; raises NoServer or ModelMissing."""
        trouble: MemlabError | None = None
        for host in self.hosts:
            try:
                held = self.models(host, fresh=True)
                if full_name(model) in held:
                    return
                trouble = ModelMissing(_missing(host, model, held))
            except _Failed as error:
                trouble = error
        raise trouble if isinstance(trouble, ModelMissing) else NoServer(self._complaint(trouble)) from trouble

    def call(self, ask: Callable[[str, Any], T]) -> T:
        """``ask(host, client)`` on the next live host; raises NoServer after 4 rounds of failures."""
        trouble: _Failed | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(self.pause * 2 ** (attempt - 1))
            for host in self._order():
                try:
                    with _explained(host):
                        result = ask(host, self.client(host))
                    self._answered = True
                    self._dead_until.pop(host, None)
                    return result
                except _Failed as error:
                    trouble = error
                    self._dead_until[host] = time.monotonic() + PATIENCE
                except ModelMissing:
                    # A model may have been removed, and may come back.
                    self._models.pop(host, None)
                    raise
        raise NoServer(self._complaint(trouble)) from trouble

    def _order(self) -> list[str]:
        self._turn = (self._turn + 1) % len(self.hosts)
        ring = self.hosts[self._turn :] + self.hosts[: self._turn]
        return [host for host in ring if self._dead_until.get(host, 0.0) <= time.monotonic()] or ring

    def _complaint(self, trouble: Exception | None) -> str:
        import httpx

        where = ", ".join(self.hosts)
        cause = trouble.__cause__ if trouble else None
        if isinstance(cause, httpx.TimeoutException):
            return f"Ollama at {where} did not answer within {self.timeout:g} s, {ATTEMPTS} times. Raise the timeout."
        why = _short(cause) or type(cause).__name__
        if self._answered:
            return f"Ollama at {where} stopped answering ({why}). Start it again (`ollama serve`) and rerun."
        return (
            f"No Ollama server answers at {where} ({why}). Start one with `ollama serve`, or set OLLAMA_HOST, or "
            "use another model: 'embedded' or 'replay:PATH'."
        )


class OllamaLLM(LLM):
    """``model`` as an Ollama server runs it; one without a chat template reads `WORKED` before it chooses.

    ``num_ctx`` is the context window in tokens, the same in all calls: another value makes the server load the
    model again and lose its prefix cache. ``timeout`` is in seconds per call.
    """

    backend = "ollama"

    def __init__(self, model: str, hosts: Sequence[str] | None = None, *, num_ctx: int = 2048, timeout: float = 120.0,
                 pause: float = 0.5) -> None:  # fmt: skip
        self.name, self.num_ctx = model, num_ctx
        self.servers = Servers(hosts, timeout, pause)
        self._one_token: dict[str, Any] = {"num_predict": 1}

    @cached_property
    def digest(self) -> str:  # type: ignore[override]
        """sha256 of the weights (and adapter) that the server loads: the same wherever they were imported."""
        return self.servers.call(lambda host, _: self.servers.digest(host, self.name))

    def answer(self, call: Call) -> Reply:
        """Answer one user message; ``seconds`` is wall time with retries.

        Raises NoServer, ModelMissing, ContextTooLong or BadReply.
        """
        options: dict[str, Any] = {"temperature": call.temperature, "seed": call.seed, "num_predict": call.max_tokens}
        options |= {"repeat_penalty": 1.0, "num_ctx": self.num_ctx}
        told: dict[str, Any] = {"keep_alive": "2h"}
        if call.choices is not None:
            # After the closing quote a JSON grammar still allows blank lines: they would cost time only.
            options["stop"] = ["\n"]
            told |= {"logprobs": True, "top_logprobs": 20}

        def ask(host: str, client: Any) -> Any:
            if self.servers.digest(host, self.name) != self.digest:
                where = f"The hosts {self.servers.hosts} hold different models under the name {self.name!r}"
                raise MemlabError(f"{where}: import the same weights on each.")
            template = self.servers.template(host, self.name)
            bare = template == BARE and call.choices is not None
            prompt = WORKED * bare + call.prompt
            if call.answer == "masked":
                says = [{"role": "user", "content": prompt}]
                return client.chat(self.name, messages=says, format=call.schema, options=options, **told)

            # The model goes on behind the quote that opens a name.
            opened = template + " " * bare + '"'
            answer = client.generate(self.name, prompt, template=opened, options=options | self._one_token, **told)
            if answer.logprobs or "stop" in self._one_token:
                return answer
            # Ollama's newer engine keeps the last token back and may begin the next reply with it: wait, and from here
            # on let replies end by themselves, at the quote.
            time.sleep(self.servers.pause)
            self._one_token = {"stop": ['"', "\n"]}
            return ask(host, client)

        assert self.digest
        start = time.perf_counter()
        answer = self.servers.call(ask)
        seconds = time.perf_counter() - start
        tokens_in, tokens_out = answer.prompt_eval_count or 0, answer.eval_count or 0
        # The server cuts a long prompt silently, to exactly num_ctx tokens.
        if tokens_in + tokens_out >= self.num_ctx:
            raise ContextTooLong(
                f"The prompt ({tokens_in} tokens or more, {len(call.prompt)} characters) and its reply ({tokens_out}) "
                f"do not fit into the context of {self.num_ctx} tokens: show fewer cases, or raise num_ctx."
            )
        text = (answer.response if call.answer == "ranked" else answer.message.content) or ""
        said = answer.logprobs or ()
        steps = [(s.token, s.logprob, {t.token: t.logprob for t in s.top_logprobs or ()}) for s in said]
        value, probs, missing = call.judge(text, steps)
        return Reply(text, value, probs, tokens_in, tokens_out, seconds, self.name, self.backend, missing)
