"""The studio's live model on a real server: it runs with progress, halts, and goes on behind the replies it kept."""

import pytest

from memlab.labs.lab14_studio import page
from memlab.labs.lab14_studio.page import Studio

pytestmark = pytest.mark.ollama


def test_a_live_run_halts_and_goes_on(host, tmp_path, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", host)
    monkeypatch.setattr(page, "FEW", (100,))
    studio = Studio({"horizon": 48, "model": "live"}, home=tmp_path)
    monkeypatch.setattr(studio, "tick", lambda done, all: seen.append(done) or done == 10 and studio.halt())
    for expected, calls in (("before the first life was done", 10), ("1 of 1 lives done", 49)):
        seen = []
        studio.buttons["run"].click()
        studio.thread.join(120)
        assert expected in studio.said.value and len(seen) == calls
        monkeypatch.setattr(studio, "tick", lambda done, all: seen.append(done))
    run = studio.taken()
    assert (run.backend, run.model) == ("ollama+replay", "smollm2:135m+smollm2:135m")
    assert "smollm2:135m" in studio.explorer.canvas.made and "press run" not in studio.explorer.canvas.words
