"""A stand-in for an Ollama server on loopback, scripted by each test; the real one is met in tests/live."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class FakeOllama:
    """Answers /api/tags and /api/chat; ``script`` holds, per chat call, a dict to send or an action to take."""

    def __init__(self):
        self.models = {"tiny:latest": "d1"}
        self.script = []
        self.calls = []
        self.default = self.chat('"alpha"')
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                listed = [{"model": n, "name": n, "digest": d} for n, d in fake.models.items()]
                self.send(200, {"models": listed})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/api/show":
                    weights = fake.models[body["model"]].ljust(64, "0")
                    self.send(200, {"modelfile": f"FROM blobs/sha256-{weights}", "model_info": {}})
                    return
                fake.calls.append((self.path, body))
                step = fake.script.pop(0) if fake.script else fake.default
                if step == "drop":
                    self.connection.close()
                    return
                if step == "hang":
                    time.sleep(1.0)
                    return
                status, answer = step if isinstance(step, tuple) else (200, step)
                self.send(status, answer)

            def send(self, status, answer):
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
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


class CountingLLM:
    """Answers in order of the choices, and counts what it is asked."""

    name, backend, digest = "count", "ollama", "d1"

    def __init__(self):
        self.asked = 0

    def complete(self, prompt, *, choices=None, schema=None, seed=0, temperature=0.0, max_tokens=64):
        from memlab.core import Reply

        value = choices[len(prompt) % len(choices)] if choices else f"reply {self.asked}"
        probs = {c: float(c == value) for c in choices} if choices else None
        self.asked += 1
        return Reply(json.dumps(value), value, probs, 7, 3, 0.25, self.name, self.backend, 0.5 if choices else None)


@pytest.fixture
def counting():
    return CountingLLM()
