import json
import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from memlab.core import MemlabError
from memlab.llm import open_embedder, open_llm
from memlab.llm.contract import NoServer, ReplayMiss
from memlab.llm.replay import PART, Recorder, Replay, read_rows, write_rows

CALL = {"choices": ["alpha", "beta"], "seed": 1, "temperature": 0.5, "max_tokens": 8}


def test_the_same_call_is_never_asked_twice(tmp_path, counting):
    with Recorder(counting, tmp_path / "r.parquet") as llm:
        first = llm.complete("p", **CALL)
        again = llm.complete("p", **CALL)
        assert (counting.asked, len(llm)) == (1, 1)
        assert (first.backend, again.backend) == ("ollama", "replay")
        assert (again.value, again.choice_probs, again.seconds, again.missing_mass) == (
            first.value,
            first.choice_probs,
            first.seconds,
            0.5,
        )
        for change in ({"seed": 2}, {"temperature": 0.0}, {"max_tokens": 9}, {"choices": ["alpha"]}):
            llm.complete("p", **{**CALL, **change})
        llm.complete("q", **CALL)
        assert counting.asked == 6


@pytest.mark.parametrize("compact", [False, True])
def test_what_was_recorded_is_replayed(tmp_path, counting, compact):
    path = tmp_path / "lab77" / "replies.parquet"
    with Recorder(counting, path) as llm:
        kept = llm.complete("p", **CALL)
        if compact:
            llm.compact()
        llm.complete("text")
    llm = open_llm(f"replay:{path}")
    assert (llm.name, llm.digest, llm.backend, len(llm)) == ("count", "d1", "replay", 2)
    assert llm.complete("p", **CALL).value == kept.value
    assert llm.complete("text").value == "reply 1"
    assert open_llm(f"replay:{tmp_path}").complete("p", **CALL).value == kept.value


def test_ranked_and_masked_replies_are_kept_apart(tmp_path, counting):
    path = tmp_path / "r.parquet"
    with Recorder(counting, path) as llm:
        for answer in ("masked", "ranked", "ranked"):
            llm.complete("p", **CALL, answer=answer)
    assert counting.asked == 2
    kept = [json.loads(row["call"]).get("answer") for row in read_rows(path)]
    assert kept == [None, "ranked"]
    assert Replay(path).complete("p", **CALL, answer="ranked").backend == "replay"


def test_compacting_keeps_everything_and_says_where_it_comes_from(tmp_path, counting, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "tool"), "--to", str(tmp_path / "out"), "x"])
    path = tmp_path / "r.parquet"
    with Recorder(counting, path) as llm:
        llm.complete("a")
        llm.compact()
        llm.complete("b")
        llm.compact()
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".lock") == ["r.parquet"]
    assert [row["prompt"] for row in read_rows(path)] == ["a", "b"]
    origin = json.loads(pq.read_schema(path).metadata[b"memlab"])
    assert origin["models"] == [["count", "d1"]] and origin["backends"] == ["ollama"]
    assert origin["versions"]["python"] == sys.version.split()[0] and origin["date"].endswith("Z")
    assert origin["command"] == "tool --to out x"


def test_kill_9_in_the_middle_loses_nothing_that_was_returned(tmp_path):
    code = (
        "import os, sys; sys.path[:0] = sys.argv[2:]\n"
        "from conftest import CountingLLM\n"
        "from memlab.llm.replay import Recorder\n"
        "llm = Recorder(CountingLLM(), sys.argv[1])\n"
        "for i in range(30): llm.complete(f'prompt {i}')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    here = os.path.dirname(__file__)
    root = os.path.dirname(os.path.dirname(here))
    path = tmp_path / "r.parquet"
    done = subprocess.run([sys.executable, "-c", code, str(path), here, root], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    assert [row["prompt"] for row in read_rows(path)] == [f"prompt {i}" for i in range(30)]


def test_one_process_records_into_one_path(tmp_path, counting):
    with (
        Recorder(counting, tmp_path / "r.parquet"),
        pytest.raises(MemlabError, match=r"Another process writes .*r\.parquet"),
    ):
        Recorder(counting, tmp_path / "r.parquet")
    Recorder(counting, tmp_path / "r.parquet").close()


def test_a_miss_names_the_prompt_the_call_and_the_remedy(tmp_path, counting):
    with Recorder(counting, tmp_path / "r.parquet") as llm:
        llm.complete("p", **CALL)
    llm = Replay(tmp_path / "r.parquet")
    with pytest.raises(ReplayMiss) as caught:
        llm.complete("START" + "x" * 1000 + "END", choices=["alpha", "beta"], seed=7)
    for part in ("START", "END", "count", "seed 7", "simulated", "ollama:NAME", "'alpha'"):
        assert part in str(caught.value)
    assert len(str(caught.value)) < 700
    with pytest.raises(ReplayMiss):
        llm.complete("p")


def test_several_models_in_a_folder(tmp_path, counting):
    for name in ("one", "two"):
        counting.name = name
        with Recorder(counting, tmp_path / f"{name}-replies.parquet") as llm:
            llm.complete("p")
    with pytest.raises(MemlabError, match=r"\['one', 'two'\].*replay:PATH#MODEL"):
        open_llm(f"replay:{tmp_path}")
    assert open_llm(f"replay:{tmp_path}#two").complete("p").value == "reply 1"
    with pytest.raises(MemlabError, match="wanted three"):
        open_llm(f"replay:{tmp_path}#three")


def test_bad_files(tmp_path, counting):
    with pytest.raises(MemlabError, match="No recorded replies"):
        Replay(tmp_path / "none.parquet")
    with pytest.raises(MemlabError, match="No recorded replies"):
        Replay(tmp_path / ("x" * 300))
    with pytest.raises(MemlabError, match="no file of recorded embeddings"):
        open_embedder(f"replay:{tmp_path / ('x' * 300)}")
    with pytest.raises(MemlabError, match="no model"):
        Replay(tmp_path)
    (tmp_path / "bad.parquet").write_bytes(b"not parquet")
    with pytest.raises(MemlabError, match="is no file of recorded replies"):
        Replay(tmp_path / "bad.parquet")
    (tmp_path / ("x.parquet" + PART)).write_text("nonsense\n" * 99)
    with pytest.raises(MemlabError, match=r"x\.parquet\.part\.sqlite is damaged"):
        Replay(tmp_path / "x.parquet")
    for _ in range(2):
        with pytest.raises(MemlabError, match="is no file of recorded replies"):
            Recorder(counting, tmp_path / "bad.parquet")
    (tmp_path / "file").write_text("")
    with pytest.raises(MemlabError, match="Cannot read or write"):
        Recorder(counting, tmp_path / "file" / "r.parquet")


def test_a_refusing_disk_keeps_earlier_replies(tmp_path, counting):
    with Recorder(counting, tmp_path / "r.parquet") as llm:
        llm.complete("a")
        llm.journal._ask("PRAGMA query_only = 1")
        with pytest.raises(MemlabError, match=r"r\.parquet\.part\.sqlite .*are kept"):
            llm.complete("b")
        assert len(llm) == 1
        llm.journal._ask("PRAGMA query_only = 0")
        llm.complete("c")
    assert [row["prompt"] for row in read_rows(tmp_path / "r.parquet")] == ["a", "c"]


def test_a_server_that_dies_says_that_recorded_replies_are_kept(tmp_path, counting):
    def gone(call):
        raise NoServer("No server.")

    with Recorder(counting, tmp_path / "r.parquet") as llm:
        llm.complete("a")
        counting.answer = gone
        with pytest.raises(NoServer, match=r"No server\. The replies recorded so far are kept in .*r\.parquet"):
            llm.complete("b")


@pytest.mark.parametrize(
    ("old", "new"), [('"value": "alpha"', '"value": "gamma"'), ('"value"', '"worth"'), ('"text"', "text")]
)
def test_a_tampered_reply_is_refused(tmp_path, counting, old, new):
    path = tmp_path / "r.parquet"
    with Recorder(counting, path) as llm:
        llm.complete("even", **CALL)
        llm.compact()
    rows = read_rows(path)
    assert old in rows[0]["reply"]
    write_rows(path, [rows[0] | {"reply": rows[0]["reply"].replace(old, new)}])
    for opened in (Replay(path), Recorder(counting, path)):
        with pytest.raises(MemlabError, match=r"r\.parquet was changed or damaged .*fetch the file again"):
            opened.complete("even", **CALL)
