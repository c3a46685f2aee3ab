"""The bench judges each measurement by its limit, writes only when asked, and says what it could not measure."""

import json
from pathlib import Path

import pytest

from memlab.core import MemlabError
from memlab.tools import bench
from memlab.tools.bench import Measured


@pytest.mark.parametrize(("value", "limit", "word"), [(1.9, 2, "kept"), (2.1, 2, "BROKEN"), (9.0, None, "shown")])
def test_a_line_says_whether_the_promise_was_kept(value, limit, word):
    assert str(Measured("search", value, "x", limit)).startswith(word)


def test_a_broken_promise_is_the_exit_status(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "PARTS", (lambda: iter([Measured("a", 1, "s", 2), Measured("b", 3, "s", 2)]),))
    said = []
    assert not bench.measure_all(tmp_path / "bench.json", said.append)
    assert [line.split()[0] for line in said[1:]] == ["kept", "BROKEN"]
    assert [row["value"] for row in json.loads((tmp_path / "bench.json").read_text())["measured"]] == [1, 3]


def test_a_part_that_fails_does_not_hide_the_others(monkeypatch):
    def broken():
        raise MemlabError("no such notebook")
        yield

    monkeypatch.setattr(bench, "PARTS", (broken, lambda: iter([Measured("a", 1, "s", 2)])))
    said = []
    assert not bench.measure_all(say=said.append)
    assert [line.split()[0] for line in said[1:]] == ["FAILED", "kept"]


def test_nothing_is_written_unless_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "PARTS", ())
    monkeypatch.chdir(tmp_path)
    assert bench.measure_all(say=lambda line: None)
    assert list(tmp_path.iterdir()) == []


def test_without_a_server_the_live_part_says_so(monkeypatch):
    monkeypatch.setattr(bench, "ollama_version", lambda: None)
    (line,) = bench.own_share()
    assert 0 < line.value < 100
    assert "measured once" in line.note


def test_sliders_are_promised_alone_and_beside_a_busy_core(monkeypatch):
    def tried(command, env, **_):
        rows = {
            "alone": {"p95_ms": 80, "p50_ms": 60, "n": 40},
            "beside a busy core": {"p95_ms": 120, "p50_ms": 90, "n": 40},
        }
        Path(env["MEMLAB_LATENCY"]).write_text(json.dumps({"00_start_here": rows}))

    monkeypatch.setattr(bench.subprocess, "run", tried)
    alone, beside = bench.sliders()
    assert alone.kept and alone.limit == 100 and "alone: 00_start_here" in alone.promise
    assert not beside.kept and beside.limit == 100 and "beside a busy core: 00_start_here" in beside.promise
