"""What every test shares: required services may not be skipped, and the summary says what the tests ran against."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Generator
from importlib.metadata import version

import hypothesis
import pytest

# A busy machine must not fail a test: speed is measured in `memlab bench`.
hypothesis.settings.register_profile("memlab", deadline=None)
hypothesis.settings.load_profile("memlab")

SERVICES = ("ollama", "browser", "worlds")
AGAINST = pytest.StashKey[dict[str, str]]()
PASSED = pytest.StashKey[Counter]()


def required() -> set[str]:
    """Services named in ``MEMLAB_REQUIRE`` (``ollama,browser,worlds``): a skip of theirs counts as a failure."""
    return {name.strip() for name in os.environ.get("MEMLAB_REQUIRE", "").split(",") if name.strip()}


def pytest_configure(config: pytest.Config) -> None:
    unknown = required() - set(SERVICES)
    if unknown:
        raise pytest.UsageError(f"MEMLAB_REQUIRE names {sorted(unknown)}; it knows {', '.join(SERVICES)}")
    # A shell starts background jobs with Ctrl-C ignored; the tests of an interrupt need it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[AGAINST] = {}
    config.stash[PASSED] = Counter()


@pytest.fixture(scope="session")
def ran_against(pytestconfig: pytest.Config) -> Callable[[str, str], None]:
    """Call ``ran_against(service, text)`` to say in the summary which version and model a test really met."""
    return pytestconfig.stash[AGAINST].__setitem__


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Generator[None, pytest.TestReport, object]:
    report = yield
    services = {mark.name for mark in item.iter_markers()} & set(SERVICES)
    if report.skipped and services & required() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"required by MEMLAB_REQUIRE, yet skipped: {report.longrepr}"
    if report.when == "call" and report.passed:
        item.config.stash[PASSED].update(services or {"notebooks" if "test_notebooks" in item.nodeid else "plain"})
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, object]:
    report = yield
    if report.outcome == "skipped" and required():
        report.outcome = "failed"
        report.longrepr = f"MEMLAB_REQUIRE is set, yet a whole file was skipped: {report.longrepr}"
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    unmet = required() - set(session.config.stash[PASSED])
    if exitstatus == 0 and unmet and not session.config.option.collectonly:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    passed, against = config.stash[PASSED], config.stash[AGAINST]
    known = {
        "worlds": _installed("reasoning-gym"),
        "notebooks": "recorded replies of the real model",
        **against,
    }
    terminalreporter.section("ran against")
    for name in (*SERVICES, "notebooks"):
        what = known.get(name, "")
        terminalreporter.line(f"{name}: {passed[name]} passed{f', {what}' if what else ''}")
    terminalreporter.line(f"neither service nor recording: {passed['plain']} passed")
    for name in sorted(required() - set(passed)):
        terminalreporter.line(f"ERROR: MEMLAB_REQUIRE asks for {name}, and no test of it passed")
    passes = terminalreporter.getreports("passed")
    timed = [value for report in passes for name, value in report.user_properties if name == "run time"]
    if timed:  # the notebooks ran, so this is no quick look at one file
        from memlab.tools import sizes

        terminalreporter.section("sizes")
        for line in sizes.reading_lines({name: seconds for name, kind, seconds in timed if kind == "learner"}):
            terminalreporter.line(line)


def _installed(distribution: str) -> str:
    try:
        return f"{distribution} {version(distribution)}"
    except ImportError:
        return f"{distribution} is not installed"
