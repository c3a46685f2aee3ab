"""``memlab lab``: JupyterLab at the first notebook, with the best model that this machine offers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from memlab.bootstrap import ROOT, say
from memlab.core import MemlabError
from memlab.llm import weights
from memlab.llm.ollama import hosts_from, ollama_models, ollama_program, ollama_version, serving

SETTINGS = Path(__file__).resolve().parent / "jupyter"


def first_notebook() -> Path:
    """The notebook a newcomer should open; raises `MemlabError` outside a clone."""
    found = sorted((ROOT / "notebooks").glob("00_*.ipynb"))
    if not found:
        raise MemlabError(f"No notebook 00_*.ipynb in {ROOT / 'notebooks'}: work in a clone, or `memlab notebooks`.")
    return found[0]


def jupyter_command(port: int, browser: bool, url: str = "") -> list[str]:
    """The command line that serves the clone on loopback and opens ``url``, by default the first notebook."""
    url = url or f"/lab/tree/{first_notebook().relative_to(ROOT).as_posix()}"
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url={url}"]
    command += ["--log-level=WARN"]  # warnings and the address are enough to read
    command += [] if browser else ["--no-browser"]
    # A container's only user is often root, whom Jupyter otherwise turns away.
    return command + ["--allow-root"] * (getattr(os, "geteuid", lambda: 1)() == 0)


def jupyter_environment() -> dict[str, str]:
    """This environment with JupyterLab's news prompt off; the user's own settings still win."""
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}


def studio_page(settings: str) -> str:
    """Where JupyterLab's server has the studio's page, begun at ``settings``; raises `MemlabError` without Voilà."""
    if find_spec("voila") is None:
        raise MemlabError("the page needs Voilà: set MEMLAB_EXTRAS=studio and call again; or open notebooks/14_studio")
    os.environ["MEMLAB_STUDIO"] = settings  # Jupyter writes its token behind a question mark of its own
    return "/voila/render/notebooks/studio.ipynb"


@contextmanager
def ollama_server() -> Iterator[str | None]:
    """The version of an Ollama server that answers; starts ``ollama serve`` if installed and stops it at the end.

    ``MEMLAB_OLLAMA_BIN`` names the program when it is not on the PATH. Gives None when there is no server. Raises
    `MemlabError` where the program cannot be run.
    """
    host, version, program = hosts_from()[0], ollama_version(), ollama_program()
    local = host.startswith(("http://127.0.0.1:", "http://localhost:"))
    if version is not None or not program or not local:
        yield version
        return
    say(f"Starting {program} serve on {host}; it stops with JupyterLab")
    with serving(host):
        yield ollama_version()


def prepare_models(fetch: bool = True) -> str:
    """Bring the model as near as possible and say which one will answer; never fails for want of a network."""
    host = hosts_from()[0] if ollama_version() is not None else None
    try:
        lacking = set(weights.ASSETS) - ollama_models(host) if host else {weights.SMOLLM2}
        wanted = sorted(name for name in lacking if weights.state(name) != "ready")
        if wanted and fetch:
            size = sum(weights.ASSETS[name].size for name in wanted) / 1e6
            say(f"Fetching the weights of {', '.join(wanted)}: {size:.0f} MB, once, into {weights.cache_dir()}")
            weights.fetch(wanted)
        if host and lacking:
            weights.import_into_ollama(host, sorted(lacking))
    except (MemlabError, OSError) as error:
        say(f"{error} Going on without.")
    if host:
        return f"the model is real: Ollama {ollama_version()} at {host}"
    if weights.state(weights.SMOLLM2) == "ready":
        return "the model is real: SmolLM2-135M inside Python (no Ollama server answers)"
    return "no model on this machine: the recorded replies of the real model answer"


def open_lab(port: int, browser: bool = True, fetch: bool = True, url: str = "") -> int:
    """Prepare the models, serve JupyterLab at ``url`` until it is stopped, and give its exit status."""
    command = jupyter_command(port, browser, url)
    with ollama_server():
        say(prepare_models(fetch))
        say("Starting JupyterLab; stop it with Ctrl-C")
        server = subprocess.Popen(command, env=jupyter_environment())
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:
                # JupyterLab got the same Ctrl-C and asks whether to stop; wait for its answer.
                continue
