import pytest
from typer.testing import CliRunner

from memlab import cli
from memlab.core import MemlabError
from memlab.datafiles import write_manifest
from memlab.llm import auto, open_llm
from memlab.llm.contract import ModelMissing, ReplayMiss
from memlab.llm.replay import Recorder, read_rows, write_rows


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """No server, no weights, and a data folder without replies."""
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    monkeypatch.setenv("MEMLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MEMLAB_DATA", str(tmp_path))
    (tmp_path / "MANIFEST.sha256").write_text("")
    return tmp_path


def test_ollama_comes_first_and_is_named(bare, fake, monkeypatch, capsys):
    monkeypatch.setenv("OLLAMA_HOST", fake.url)
    fake.models = {"smollm2:135m": "d"}
    assert open_llm("auto").backend == "ollama"
    out, err = capsys.readouterr()
    assert out == "memlab: ollama answers, with smollm2:135m (an Ollama server has it)\n" and err == ""


def test_then_the_embedded_model(bare, fake, monkeypatch, capsys):
    monkeypatch.setenv("OLLAMA_HOST", fake.url)

    class Stub:
        name, backend = "stub", "embedded"

    monkeypatch.setattr(auto, "EmbeddedLLM", Stub)
    assert open_llm("auto").backend == "embedded"
    assert "embedded answers, with stub (the Ollama server has no smollm2:135m)" in capsys.readouterr().out


def test_with_no_live_model_the_error_comes_before_the_run_and_names_what_works(bare, monkeypatch):
    """README's own example ended in ReplayMiss at its first task."""
    with pytest.raises(ModelMissing, match=r"no Ollama server.*no weights.*models fetch.*98 MB.*'replay'.*'simulated'"):
        open_llm("auto")
    monkeypatch.delenv("MEMLAB_DATA")
    result = CliRunner().invoke(cli.app, ["run", "--tasks", "2"])
    assert isinstance(result.exception, ModelMissing)


def test_another_program_at_the_address_is_said(bare, fake, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", fake.url)
    fake.tags = (200, b"<html>")
    with pytest.raises(ModelMissing, match=f"another program than Ollama answers at {fake.url}"):
        open_llm("auto")


def test_the_course_record_is_checked_against_the_manifest(bare, counting):
    """`data` refused a changed file, `open_llm` served it."""
    counting.name = "smollm2:135m"
    with Recorder(counting, bare / "replies" / "r.parquet") as llm:
        llm.complete("p", choices=["alpha", "beta"])
        llm.compact()
    with pytest.raises(MemlabError, match=r"manifest of .* lists no recorded replies"):
        open_llm("replay")
    write_manifest(bare)
    assert open_llm("replay").complete("p", choices=["alpha", "beta"]).value == "beta"
    rows = read_rows(bare / "replies" / "r.parquet")
    write_rows(bare / "replies" / "r.parquet", [rows[0] | {"reply": rows[0]["reply"].replace("beta", "alpha")}])
    with pytest.raises(MemlabError, match=r"'replies/r\.parquet' differs from the manifest.*git checkout"):
        open_llm("replay")


def test_a_file_beside_the_record_that_nobody_listed_is_not_served(bare, counting):
    counting.name = "smollm2:135m"
    for name, prompt in (("listed", "p"), ("planted", "q")):
        with Recorder(counting, bare / "replies" / f"{name}.parquet") as llm:
            llm.complete(prompt)
            llm.compact()
        if name == "listed":
            write_manifest(bare)
    with pytest.raises(ReplayMiss):
        open_llm("replay").complete("q")


@pytest.mark.parametrize("spec", ["gpt", "ollama:", "replay:", "embedded:x", ""])
def test_unknown_models(spec):
    with pytest.raises(MemlabError, match="use 'auto', 'ollama:NAME'"):
        open_llm(spec)
