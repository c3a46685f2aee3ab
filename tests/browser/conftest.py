"""A JupyterLab started as ``make lab`` starts it, and a real Chromium in front of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from memlab.tools import notebooks

FLAGS = (
    "--no-sandbox --disable-gpu --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
TOKEN = "memlab-browser-test"


def chromium() -> str | None:
    """The Chromium to drive: MEMLAB_CHROMIUM, or the one on the PATH."""
    return os.environ.get("MEMLAB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of JupyterLab; the notebooks are put back as they were."""
    if chromium() is None:
        pytest.skip("no Chromium: install it, or name it in MEMLAB_CHROMIUM")
    port, kept = free_port(), {path: path.read_bytes() for path in notebooks.ROOT.glob("*.ipynb")}
    command = [sys.executable, "-m", "memlab", "lab", "--no-browser", "--no-fetch", "--port", str(port)]
    env = notebooks.replay_environment() | {"JUPYTER_TOKEN": TOKEN}
    log = tmp_path_factory.mktemp("lab") / "log"
    with log.open("w") as out:
        server = subprocess.Popen(command, env=env, stdout=out, stderr=out)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/api?token={TOKEN}", server, log)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)
        for path, content in kept.items():
            path.write_bytes(content)


def _wait_for(url: str, server: subprocess.Popen, log: Path, patience: float = 300.0) -> None:
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise AssertionError(f"memlab lab stopped with {server.returncode}: {log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"memlab lab did not answer within {patience} s")


@pytest.fixture(scope="module")
def browser(lab, ran_against):
    """A headless Chromium; while Playwright runs, no later test could start an event loop."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chrome = driver.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS.split())
        ran_against("browser", f"Chromium {chrome.version}")
        yield chrome
        chrome.close()
