"""The doctor: one line per thing, the remedy beside what is wrong, and an exit status a script can use."""

import pytest
from typer.testing import CliRunner

import memlab
from memlab import cli, doctor
from memlab.llm import ollama, weights


def test_every_line_names_its_state_and_every_problem_its_remedy():
    findings = doctor.examine()
    assert [f.name for f in findings][:3] == ["Python", "packages", "disk"]
    for finding in findings:
        assert str(finding).startswith(finding.status)
        assert finding.status != "fail" or finding.remedy or "`" in finding.text, finding


def test_without_a_server_the_doctor_warns_and_goes_on(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    assert ollama.ollama_version() is None
    assert doctor.ollama().status == "warn"


def test_models_the_server_lacks_are_named(monkeypatch):
    from memlab.llm.ollama import Servers

    monkeypatch.setattr(ollama, "ollama_version", lambda: "0.13.5")
    monkeypatch.setattr(Servers, "models", lambda self, host, fresh: {"smollm2:135m", "all-minilm:latest"})
    assert doctor.ollama().status == "ok"
    monkeypatch.setattr(Servers, "models", lambda self, host, fresh: {"smollm2:135m"})
    assert doctor.ollama().text == "0.13.5 lacks all-minilm"


def test_corrupt_weights_are_named(monkeypatch):
    monkeypatch.setattr(weights, "state", lambda name: "corrupt")
    assert "corrupt" in doctor.weights().text
    assert "memlab models fetch" in doctor.weights().remedy


def test_changed_data_fails_with_the_file_and_the_remedy(tmp_path, monkeypatch):
    from memlab import datafiles

    (tmp_path / "a.csv").write_text("1")
    datafiles.write_manifest(tmp_path)
    (tmp_path / "a.csv").write_text("22")
    monkeypatch.setenv("MEMLAB_DATA", str(tmp_path))
    found = doctor.recorded_files()
    assert (found.status, found.remedy) == ("fail", "git checkout -- data")
    assert "a.csv" in found.text


def test_a_check_that_breaks_is_a_failure_not_a_traceback():
    def broken():
        raise RuntimeError("odd")

    assert doctor._guarded(broken).status == "fail"


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("warn", 0), ("fail", 1)])
def test_the_exit_status_is_that_of_the_worst_line(monkeypatch, status, code):
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Finding(status, "x", "y")])
    assert CliRunner().invoke(cli.app, ["doctor"]).exit_code == code


def test_an_error_is_one_line_on_stderr(monkeypatch, capsys):
    def refuse():
        raise memlab.MemlabError("no such thing: do this")

    monkeypatch.setattr(cli, "app", refuse)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err.strip() == "memlab: no such thing: do this"
