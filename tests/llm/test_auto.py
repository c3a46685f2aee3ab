import pytest

from memlab.core import MemlabError
from memlab.llm import auto, open_llm
from memlab.llm.replay import Recorder


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


def test_then_the_record(bare, counting, capsys):
    counting.name = "smollm2:135m"
    with Recorder(counting, bare / "replies" / "r.parquet") as llm:
        llm.complete("p")
    assert open_llm("auto").complete("p").backend == "replay"
    assert "replay answers" in capsys.readouterr().out
    assert open_llm("replay").name == "smollm2:135m"


def test_with_nothing_at_hand_the_error_names_all_remedies(bare):
    with pytest.raises(MemlabError, match=r"no Ollama server.*no weights fetched.*ollama serve.*models fetch"):
        open_llm("auto")


@pytest.mark.parametrize("spec", ["gpt", "ollama:", "replay:", "embedded:x", ""])
def test_unknown_models(spec):
    with pytest.raises(MemlabError, match="use 'auto', 'ollama:NAME'"):
        open_llm(spec)
