"""A real Ollama server: the one that answers already, or one started here from MEMLAB_OLLAMA_BIN or the PATH."""

import os
import shutil
import socket
import subprocess
import time

import psutil
import pytest

from memlab.core import MemlabError
from memlab.llm import weights
from memlab.llm.ollama import Servers, hosts_from

MODELS = (weights.SMOLLM2, weights.MINILM)


class OwnServer:
    """An `ollama serve` of our own on a free loopback port; `kill` ends it and its runners like kill -9."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.url = f"http://{self.address}"
        self.process = None

    def start(self):
        folder = str(self.folder)
        settings = {**os.environ, "OLLAMA_HOST": self.address, "OLLAMA_MODELS": folder, "HOME": folder}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([self.binary, "serve"], env=settings, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while not answers(self.url):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                pytest.fail(f"ollama serve did not come up: {(self.folder / 'log').read_text()[-500:]}")
            time.sleep(0.05)

    def kill(self):
        if self.process is None:
            return
        family = [*psutil.Process(self.process.pid).children(recursive=True), self.process]
        for member in family:
            member.kill()
        self.process.wait()
        self.process = None


def answers(url):
    try:
        Servers([url], timeout=2.0).models(url)
    except Exception:
        return False
    return True


def binary():
    found = os.environ.get("MEMLAB_OLLAMA_BIN") or shutil.which("ollama")
    if not found:
        pytest.skip("no ollama program: install it, or set MEMLAB_OLLAMA_BIN")
    return found


@pytest.fixture(scope="session")
def own_server(tmp_path_factory):
    """A server that only this session uses, holding both models, so that a test may kill it."""
    server = OwnServer(binary(), tmp_path_factory.mktemp("ollama"))
    try:
        weights.fetch()
    except MemlabError as error:
        pytest.skip(f"no weights to serve: {error}")
    server.start()
    try:
        assert weights.import_into_ollama(server.url) == list(MODELS)
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def host(request, ran_against):
    """The address of a server that has both models: the one in use here, else our own."""
    url = hosts_from()[0]
    if not answers(url):
        url = request.getfixturevalue("own_server").url
    try:
        servers = Servers([url])
        for name in MODELS:
            servers.probe(name)
        version = servers.client(url)._client.get("/api/version").json()["version"]
        ran_against("ollama", f"Ollama {version}, {weights.SMOLLM2} {servers.digest(url, weights.SMOLLM2)[:12]}")
    except MemlabError as error:
        pytest.skip(str(error))
    return url
