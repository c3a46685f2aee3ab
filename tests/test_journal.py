import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from memlab.core import MemlabError
from memlab.journal import Journal, read_journal

CHILD = """
import sys
from memlab.journal import Journal
with Journal(sys.argv[1]) as journal:
    for i in range(len(journal), 10**6):
        journal.put(f"key {i}", b"%d" % i * 50)
        print(i, flush=True)
"""


def test_entries_come_back_in_order_and_a_second_put_replaces(tmp_path):
    path = tmp_path / "folder" / "j.sqlite"
    with Journal(path) as journal:
        for key, value in (("b", b"1"), ("a", b""), ("é\n", b"\x00\xff"), ("b", b"2")):
            journal.put(key, value)
        assert list(read_journal(path).items()) == [("a", b""), ("é\n", b"\x00\xff"), ("b", b"2")]
        assert (journal.get("b"), journal.get("none"), len(journal)) == (b"2", None, 3)
    assert list(read_journal(path)) == ["a", "é\n", "b"]


def test_a_file_without_entries_is_removed(tmp_path):
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        journal.put("a", b"1")
        journal.clear()
    journal.close()
    assert not path.exists()
    assert read_journal(path) == {}


def test_one_writer_at_a_time(tmp_path):
    path = tmp_path / "j.sqlite"
    first = Journal(path)
    with pytest.raises(MemlabError, match=r"Another process writes .*j\.sqlite: wait"):
        Journal(path)
    first.put("a", b"1")
    closer = threading.Thread(target=first.close)
    closer.start()
    closer.join()
    with Journal(path) as second:
        assert second.get("a") == b"1"


def test_threads_share_one_journal(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        threads = [
            threading.Thread(target=lambda n=n: [journal.put(f"{n} {i}", b"x") for i in range(20)]) for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(journal) == 80


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path):
    """Each life is killed after a random number of acknowledged puts; the next one goes on behind them."""
    path, draw, acknowledged = tmp_path / "j.sqlite", random.Random(0), -1
    for _ in range(6):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(draw.randint(1, 25)):
            acknowledged = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, child.stdout.read().split())])
        child.wait()
        kept = read_journal(path)
        assert list(kept) == [f"key {i}" for i in range(len(kept))]
        assert len(kept) - 1 in (acknowledged, acknowledged + 1)
        assert all(value == b"%d" % i * 50 for i, value in enumerate(kept.values()))


def test_every_damaged_byte_is_found_or_harmless(tmp_path):
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        for i in range(40):
            journal.put(f"key {i}", bytes([i]) * 200)
    whole, entries, draw, refused = path.read_bytes(), read_journal(path), random.Random(1), 0
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            assert read_journal(path) == entries
        except MemlabError as error:
            refused += 1
            assert str(path) in str(error)
    assert refused > 60


@pytest.mark.parametrize("content", [b"nonsense" * 100, b"SQLite format 3\0" + b"\7" * 4080])
def test_a_file_that_is_no_journal_is_named_with_the_remedy(tmp_path, content):
    path = tmp_path / "j.sqlite"
    path.write_bytes(content)
    for opened in (Journal, read_journal):
        with pytest.raises(MemlabError, match=r"j\.sqlite is damaged.*move it away"):
            opened(path)
    path.unlink()
    Journal(path).close()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MemlabError, match=r"Cannot read or write .*choose a writable folder"):
        Journal(tmp_path / "file" / "j.sqlite")
    with pytest.raises(MemlabError, match="Cannot read or write"):
        Journal(tmp_path / ("x" * 300))


def test_a_full_disk_keeps_earlier_entries(tmp_path):
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        journal.put("a", b"1")
        journal._ask(f"PRAGMA max_page_count = {os.path.getsize(path) // 4096}")
        with pytest.raises(MemlabError, match=r"disk is full\): free disk space.*are kept"):
            journal.put("b", b"x" * 100_000)
        assert journal.get("a") == b"1" and journal.get("b") is None
    assert read_journal(path) == {"a": b"1"}


def test_a_power_cut_may_not_take_back_a_commit(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        (level,) = journal._ask("PRAGMA synchronous")[0]
        assert level == 3, "EXTRA, see https://www.sqlite.org/pragma.html#pragma_synchronous"


def test_another_sqlite_file_is_refused(tmp_path):
    path = tmp_path / "j.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE journal (something)")
    db.execute("INSERT INTO journal VALUES (1)")
    db.commit()
    db.close()
    with pytest.raises(MemlabError, match="damaged, or no journal"):
        read_journal(path)
