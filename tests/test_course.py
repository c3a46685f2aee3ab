"""What a reader is told about an answer."""

import pytest

from memlab import checks, course
from memlab.core import MemlabError


@checks.exercise("99.1", start="return the double", praise="twice is right")
def double(answer):
    return None if checks.value(answer, 3) == 6 else "multiply by two"


@pytest.fixture(autouse=True)
def lab_99(monkeypatch):
    monkeypatch.setattr(checks, "import_module", lambda name: None)


@pytest.mark.parametrize("stub", [None, ..., lambda x: None, lambda x: ...])
def test_an_unfilled_stub_gets_the_opening_hint(stub):
    assert course.judge("99.1", stub) == course.Verdict(False, "99.1 not yet: return the double")


def test_right_wrong_and_broken_answers(capsys):
    assert course.judge("99.1", lambda x: 2 * x) == course.Verdict(True, "99.1 ok: twice is right")
    assert course.judge("99.1", lambda x: x) == course.Verdict(False, "99.1 not yet: multiply by two")
    assert "raised KeyError" in course.judge("99.1", lambda x: {}[x]).text
    course.check("99.1", 5)
    assert "not yet: your answer raised TypeError" in capsys.readouterr().out


def test_unknown_exercises_are_named(monkeypatch):
    with pytest.raises(MemlabError, match=r"no exercise '99\.7': this lab has 99\.1"):
        course.judge("99.7", 1)
    monkeypatch.undo()
    with pytest.raises(MemlabError, match="no checks for exercise 'banana'"):
        course.judge("banana", 1)


def test_a_guess_is_noted_and_settled(capsys):
    course.predict("99.q", ..., ("rises", "falls"))
    course.settle("99.q", "falls")
    course.predict("99.q", "rises", ("rises", "falls"))
    course.settle("99.q", "falls")
    said = capsys.readouterr().out
    assert "No guess yet" in said and "You made no guess" in said and "You guessed: rises. Measured: falls." in said
    with pytest.raises(MemlabError, match="guess 'up'"):
        course.predict("99.q", "up", ("rises", "falls"))


def test_filled_keeps_answers_and_replaces_stubs():
    assert course.filled(..., 3) == course.filled(None, 3) == 3 and course.filled(0, 3) == 0
