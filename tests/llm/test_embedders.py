import numpy as np
import pytest

from memlab.core import MemlabError
from memlab.llm import open_embedder
from memlab.llm.contract import BadReply, ReplayMiss, unit_rows
from memlab.llm.embedders import HashEmbedder, OllamaEmbedder, RecordingEmbedder

TEXTS = ["What is the sum of 3 and 4?", "Add three and four.", "Spell the word cat backward."]


@pytest.fixture(params=["hash", "wordllama"])
def embedder(request):
    return open_embedder(request.param)


def test_rows_are_unit_float32_and_repeat(embedder):
    rows = embedder.embed(TEXTS)
    assert (rows.shape, rows.dtype) == ((3, embedder.dim), np.float32)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(rows[1:], embedder.embed(TEXTS[1:]))
    assert embedder.embed([]).shape == (0, embedder.dim)


@pytest.mark.parametrize("bad", [[""], ["a", "  "], ["a", None], "one string"])
def test_bad_texts(embedder, bad):
    with pytest.raises(MemlabError, match=r"non-empty string|put it in a list"):
        embedder.embed(bad)


def test_near_meanings_are_near():
    rows = open_embedder("wordllama").embed(TEXTS)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2


def test_hashing_is_the_same_on_every_machine():
    row = HashEmbedder(8).embed(["red Red blue"])[0]
    np.testing.assert_allclose(row * 5**0.5, [0, 2, 0, 0, 0, 1, 0, 0], atol=1e-6)
    assert HashEmbedder().embed(["!!"]).any()


def test_a_row_without_direction_names_its_text():
    for bad in (np.nan, np.inf, 0.0):
        with pytest.raises(MemlabError, match="'second'"):
            unit_rows(np.array([[1.0, 0.0], [bad, 0.0]]), ["first", "second"], "e")


def test_recorded_rows_are_replayed_exactly(tmp_path):
    path = tmp_path / "e.parquet"
    live = open_embedder("hash")
    with RecordingEmbedder(live, path) as recorder:
        rows = recorder.embed([*TEXTS, TEXTS[0]])
    np.testing.assert_array_equal(rows, live.embed([*TEXTS, TEXTS[0]]))
    replay = open_embedder(f"replay:{path}")
    assert (replay.name, replay.backend, replay.dim) == ("hash", "replay", 256)
    np.testing.assert_array_equal(replay.embed(TEXTS[::-1]), rows[:3][::-1])
    assert replay.embed([]).shape == (0, 256)
    with pytest.raises(ReplayMiss, match=r"1 texts, first 'unseen'.*wordllama"):
        replay.embed([TEXTS[0], "unseen"])


def test_recording_goes_on_where_it_stopped(tmp_path):
    live = open_embedder("hash")
    with RecordingEmbedder(live, tmp_path / "e.parquet") as recorder:
        recorder.embed(TEXTS[:2])
    live.embed = None
    again = RecordingEmbedder(live, tmp_path / "e.parquet")
    assert again.embed(TEXTS[:2]).shape == (2, 256)
    with pytest.raises(MemlabError, match="another file"):
        RecordingEmbedder(open_embedder("wordllama"), tmp_path / "e.parquet")


def test_bad_records_and_names(tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"x")
    with pytest.raises(MemlabError, match="no file of recorded embeddings"):
        open_embedder(f"replay:{tmp_path / 'bad.parquet'}")
    with pytest.raises(MemlabError, match="no file of recorded embeddings"):
        open_embedder(f"replay:{tmp_path / 'none.parquet'}")
    for unknown in ("word2vec", "ollama:", "replay"):
        with pytest.raises(MemlabError, match="Unknown embedder"):
            open_embedder(unknown)


def test_ollama_rows_come_in_batches_and_are_normalized(fake):
    fake.models = {"all-minilm:latest": "d"}
    fake.script = [{"embeddings": [[3.0, 4.0]] * 64}, {"embeddings": [[0.0, 2.0]] * 6}]
    rows = OllamaEmbedder(hosts=[fake.url]).embed([f"t{i}" for i in range(70)])
    assert [len(body["input"]) for _, body in fake.calls] == [64, 6]
    np.testing.assert_allclose(rows[[0, 69]], [[0.6, 0.8], [0.0, 1.0]])


def test_auto_says_which(fake, monkeypatch, capsys):
    monkeypatch.setenv("OLLAMA_HOST", fake.url)
    assert open_embedder("auto").name == "wordllama"
    assert capsys.readouterr().out == "memlab: embeddings by wordllama (Ollama has no all-minilm)\n"
    fake.models = {"all-minilm:latest": "d"}
    assert open_embedder("auto").backend == "ollama"
    assert "all-minilm (an Ollama server answers)" in capsys.readouterr().out


@pytest.mark.parametrize("rows", [[[1.0, 0.0]], [[1.0, 0.0], [1.0]], [], [[1.0, 0.0, 0.0]] * 2])
def test_an_answer_with_other_rows_than_asked_is_refused(fake, rows):
    embedder = OllamaEmbedder("tiny", [fake.url])
    fake.script = [{"embeddings": [[3.0, 4.0]]}, {"embeddings": rows}]
    assert embedder.dim == 2
    with pytest.raises(BadReply, match="does not answer as Ollama does"):
        embedder.embed(["a", "b"])
