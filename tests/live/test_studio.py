"""The studio's live model on a real server: it runs with progress, halts, and goes on behind the replies it kept."""

import pytest

from memlab.labs.lab14_studio import page
from memlab.labs.lab14_studio.page import Studio

pytestmark = pytest.mark.ollama


def test_a_live_run_halts_and_goes_on(host, tmp_path, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", host)
    monkeypatch.setattr(page, "FEW", (100,))
    studio = Studio({"horizon": 48, "model": "live"}, home=tmp_path)
    studio.bar.observe(lambda moved: moved["new"] == 8 and studio.halt(), "value")
    studio.buttons["run"].click()
    studio.thread.join(120)
    assert "before the first life was done" in studio.said.value and studio.bar.value == 8
    studio.bar.unobserve_all("value")
    studio.buttons["run"].click()
    studio.thread.join(120)
    assert studio.said.value == "1 of 1 lives done" and studio.bar.value == studio.bar.max == 48
    run = studio.taken()
    assert (run.backend, run.model) == ("ollama+replay", "smollm2:135m+smollm2:135m")
    assert "smollm2:135m" in studio.explorer.canvas.made and "press run" not in studio.explorer.canvas.words
