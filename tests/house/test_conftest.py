"""MEMLAB_REQUIRE: a required service that is skipped, or of which nothing ran, is a failure."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
CONFTEST = (Path(__file__).resolve().parents[1] / "conftest.py").read_text(encoding="utf-8")
TESTS = """
import pytest
@pytest.mark.ollama
def test_live(): {body}
@pytest.mark.ollama
def test_live_too(): pass
@pytest.mark.browser
def test_page(ran_against): ran_against("browser", "Chromium 1")
def test_plain(): pass
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    def run(body: str, require: str) -> tuple[int, str]:
        monkeypatch.setenv("MEMLAB_REQUIRE", require)
        pytester.makeconftest(CONFTEST)
        pytester.makepyfile(TESTS.format(body=body))
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
        return result.ret, result.stdout.str()

    return run


@pytest.mark.parametrize(
    ("body", "require", "status"),
    [
        ("pass", "ollama,browser", 0),
        ("pytest.skip('no server')", "", 0),
        ("pytest.skip('no server')", "browser", 0),
        ("pytest.skip('no server')", "ollama", 1),
        ("pass", "worlds", 1),
        ("pass", "olama", 4),
    ],
)
def test_a_required_service_may_not_be_missing(suite, body, require, status):
    assert suite(body, require)[0] == status


def test_the_summary_says_what_the_tests_met(suite):
    out = suite("pass", "")[1]
    assert "browser: 1 passed, Chromium 1" in out
    assert "ollama: 2 passed" in out
    assert "neither service nor recording: 1 passed" in out


def test_the_end_shows_the_sizes_and_what_each_notebook_took(suite):
    assert " 4.2 s" not in suite("pass", "")[1]
    timed = "def test_x(record_property): record_property('run time', ('00_start_here', 'learner', 4.21))"
    out = suite(f"pass\n{timed}", "")[1]
    assert "00_start_here" in out and " 4.2 s" in out and "shared and tools" in out
