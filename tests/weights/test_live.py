"""One lesson by each route: told, asked, taken back; and a clear note where a route cannot be tried."""

import pytest

import memlab
from memlab.llm.contract import ModelMissing
from memlab.tasks import stream
from memlab.weights import live

TASK, *OTHERS = stream("toolbox12-a", "stationary", 4, 0)


@pytest.fixture(scope="module")
def embedder():
    return memlab.open_embedder("hash")


def test_memory_says_the_lesson_and_then_what_it_said_before(embedder):
    row = live.in_memory(TASK, "sum", embedder, OTHERS)
    assert row["after"] == "sum" and row["back"] == row["before"] != "sum"
    assert row["tell"] > 0 and row["remove"] > 0


def test_without_jax_or_weights_a_note_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(live, "open_embedder", lambda _: memlab.open_embedder("hash"))
    monkeypatch.setattr(live, "find_spec", lambda name: None if name == "jax" else name)
    rows, note = live.both(0, "sum")
    assert [row["route"] for row in rows] == ["memory"] and "jax missing" in note

    def missing(*_):
        raise ModelMissing("run `memlab models fetch`")

    monkeypatch.setattr(live, "find_spec", lambda name: name)
    monkeypatch.setattr(live, "open_llm", missing)
    monkeypatch.setattr(live, "in_weights", missing)
    rows, note = live.both(0, "sum")
    assert len(rows) == 1 and "memlab models fetch" in note


def test_an_adapter_says_the_lesson_and_unlearns_it():
    pytest.importorskip("jax")
    try:
        row = live.in_weights(TASK, "sum", OTHERS[:1])
    except ModelMissing as error:
        pytest.skip(str(error))
    assert row["after"] == "sum" and row["back"] != "sum" and row["asked"] == "the model in this process"
