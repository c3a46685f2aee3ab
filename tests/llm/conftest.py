"""A stand-in for an Ollama server on loopback, scripted by each test; the real one is met in tests/live."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from memlab.core import Reply
from memlab.llm.contract import LLM


class FakeOllama:
    """Answers /api/tags and /api/chat; ``script`` holds, per chat call, what to send or an action to take;
    a function is called for it.

    A dict is sent as JSON, bytes as they are; ``(status, answer, headers)`` sets more. ``tags`` replaces the list.
    """

    def __init__(self):
        self.models = {"tiny:latest": "d1"}
        self.template = "U {{ .Prompt }} A "
        self.tags = None
        self.script = []
        self.calls = []
        self.default = self.chat('"alpha"')
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                listed = [{"model": n, "name": n, "digest": d} for n, d in fake.models.items()]
                self.send(*(fake.tags or (200, {"models": listed})))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/api/show":
                    weights = fake.models[body["model"]].ljust(64, "0")
                    shown = {"modelfile": f"FROM blobs/sha256-{weights}", "model_info": {}, "template": fake.template}
                    self.send(200, shown)
                    return
                fake.calls.append((self.path, body))
                step = fake.script.pop(0) if fake.script else fake.default
                step = step() if callable(step) else step
                if step == "drop":
                    self.connection.close()
                    return
                if step == "hang":
                    time.sleep(1.0)
                    return
                self.send(*(step if isinstance(step, tuple) else (200, step)))

            def send(self, status, answer, headers=()):
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **dict(headers)}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @staticmethod
    def chat(text, tokens_in=30, logprobs=None):
        return {
            "model": "tiny",
            "created_at": "2026-01-01T00:00:00Z",
            "done": True,
            "message": {"role": "assistant", "content": text},
            "response": text,
            "prompt_eval_count": tokens_in,
            "eval_count": 4,
            "logprobs": logprobs,
        }

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def fake():
    server = FakeOllama()
    yield server
    server.stop()


@pytest.fixture
def fake2():
    server = FakeOllama()
    yield server
    server.stop()


class CountingLLM(LLM):
    """Answers in order of the choices, and counts what it is asked."""

    name, backend, digest = "count", "ollama", "d1"

    def __init__(self):
        self.asked = 0

    def answer(self, call):
        choices = call.choices
        text = json.dumps(choices[len(call.prompt) % len(choices)]) if choices else f"reply {self.asked}"
        probs = {c: float(c == call.read(text)) for c in choices} if choices else None
        self.asked += 1
        missing = 0.5 if choices else None
        return Reply(text, call.read(text), probs, 7, 3, 0.25, self.name, self.backend, missing)


@pytest.fixture
def counting():
    return CountingLLM()
