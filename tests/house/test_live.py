"""`memlab run`: a run that stops by itself and says what it brought."""

import pytest
from typer.testing import CliRunner

import memlab
from memlab import cli, live
from memlab.tools.bench import Instant


@pytest.fixture
def instant(monkeypatch):
    monkeypatch.setattr(live, "open_llm", lambda spec: Instant())
    monkeypatch.setattr(live, "open_embedder", lambda spec: memlab.open_embedder("hash"))


def test_a_run_says_success_tokens_and_who_answered(instant):
    result = CliRunner().invoke(cli.app, ["run", "drift", "--tasks", "6"])
    assert result.exit_code == 0, result.output
    assert "6 tasks; success by half: " in result.output
    assert "simulated of instant" in result.output


def test_a_run_stops_at_its_time_limit(instant):
    assert len(list(live.short_run(n=50, seconds=0.0))) == 1


def test_no_task_is_no_error():
    said = []
    live.report([], said.append)
    assert said == ["No task was finished."]


def test_an_unknown_stream_names_the_streams(instant):
    with pytest.raises(memlab.MemlabError, match="stationary"):
        list(live.short_run(kind="sideways"))


def test_studies_are_listed_and_an_unknown_one_is_refused():
    listed = CliRunner().invoke(cli.app, ["study"])
    assert "lab06" in listed.output
    refused = CliRunner().invoke(cli.app, ["study", "lab99"])
    assert isinstance(refused.exception, memlab.MemlabError)
    assert "lab06" in str(refused.exception)
