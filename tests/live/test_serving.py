"""A server of our own with a setting, asked and stopped: what it measures, and that it says the setting itself."""

import pytest

from memlab.llm.ollama import OllamaLLM, ollama_version
from memlab.weights import serving

pytestmark = pytest.mark.ollama


def test_a_server_is_started_with_the_setting_measured_and_stopped(own_server, monkeypatch):
    host = serving.free_host()
    monkeypatch.setattr(serving, "free_host", lambda: host)
    monkeypatch.setattr(serving, "DEPTHS", (20, 60))
    monkeypatch.setenv("MEMLAB_OLLAMA_BIN", own_server.binary)
    for name in ("OLLAMA_MODELS", "HOME"):
        monkeypatch.setenv(name, str(own_server.folder))
    first, second = serving.one_server(serving.EIGHT, 100, OllamaLLM("smollm2:135m", [own_server.url]))
    assert (first["kind"], first["flash"]) == ("q8_0", "enabled") and 20 <= first["depth"] < second["depth"] < 80
    assert all(row[name] > 0 for row in (first, second) for name in ("read", "read_cpu", "write", "write_cpu"))
    assert second["same"] > 0 and 0 < second["apart"] < 0.5  # fewer bits change some answers
    assert second["cache_mb"] == pytest.approx(23.91, abs=0.01) and second["resident_mb"] > 50
    assert ollama_version(host) is None
