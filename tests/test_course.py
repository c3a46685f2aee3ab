"""Exercises as data: answers are compared by what they give, mistakes earn their hints, nothing raises."""

import numpy as np
import pytest

from memlab import course
from memlab.core import MemlabError
from memlab.course import Exercise

DOUBLE = Exercise(
    start="what is twice x?",
    solution=lambda x: 2 * x,
    cases=((np.array([1.0, 2.0]),), (np.array([0.5]),)),
    mistakes={"you squared it": lambda x: x**2, "you added one": lambda x: x + 1},
)
NUMBER = Exercise(start="which number?", solution=0.5, mistakes={"that is the whole": 1.0}, tolerance=0.01)
WORDS = Exercise(
    start="which arm?", solution="top-1", judge=lambda a: None if a in ("top-1", "soft") else "no such arm"
)
FREE = Exercise(
    start="which key?", solution=str.upper, judge=lambda f: None if f("a") != f("b") else "it tells nothing apart"
)


FIND = course.exercises


def test_an_unknown_lab_is_named():
    with pytest.raises(MemlabError, match="ids look like"):
        FIND("98")


@pytest.fixture(autouse=True)
def lab(monkeypatch):
    held = {"99.1": DOUBLE, "99.2": NUMBER, "99.3": WORDS, "99.4": FREE}
    monkeypatch.setattr(course, "exercises", lambda number: held)


@pytest.mark.parametrize(
    ("id", "answer", "text"),
    [
        ("99.1", lambda x: x + x, "99.1 ok: right"),
        ("99.1", ..., "99.1 not yet: what is twice x?"),
        ("99.1", lambda x: None, "99.1 not yet: what is twice x?"),
        ("99.1", lambda x: x**2, "99.1 not yet: you squared it"),
        ("99.1", lambda x: 7.0, "99.1 not yet: for [1.0, 2.0] expect [2.0, 4.0], got 7.0"),
        ("99.1", lambda x: x.nothing, "raised AttributeError"),
        ("99.1", lambda x: x.__imul__(2), "not yet: your function changed what it was given"),
        ("99.1", 3.0, "give a function, not 3.0"),
        ("99.2", 0.501, "99.2 ok: right"),
        ("99.2", 1.0, "that is the whole"),
        ("99.2", "half", "expect 0.5, got 'half'"),
        ("99.3", "top-1", "99.3 ok"),
        ("99.3", "bottom", "no such arm"),
        ("99.3", "soft", "expect 'top-1', got 'soft'"),
        ("99.4", lambda text: text * 2, "99.4 ok"),
        ("99.4", lambda text: "same", "it tells nothing apart"),
    ],
)
def test_each_answer_gets_its_sentence(id, answer, text):
    assert text in course.judge(id, answer).text


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ((1, 2), [1, 2], True),
        (np.ones(2), [1.0, 1.0], True),
        (np.ones((2, 1)), np.ones(2), False),
        ({"a": 1.0}, {"a": 1.0 + 1e-9}, True),
        ({"a": 1.0}, {"b": 1.0}, False),
        ({"x"}, {"x"}, True),
        ({"x"}, ["x"], False),
        (("x", "y"), ["x", "y"], False),
        (True, 1.0, True),
        ("x", 1.0, False),
        (float("nan"), float("nan"), True),
    ],
)
def test_what_counts_as_the_same(a, b, equal):
    assert course.same(a, b, 1e-6) is equal and course.same(b, a, 1e-6) is equal


def test_an_unknown_exercise_lists_the_known_ones():
    with pytest.raises(MemlabError, match=r"this lab has 99.1, 99.2, 99.3"):
        course.judge("99.9", 1)


def test_a_guess_is_noted_and_settled(capsys):
    course.predict("99.a", ..., ("yes", "no"))
    course.settle("99.a", "no")
    course.predict("99.a", "yes", ("yes", "no"))
    course.settle("99.a", "no, by .3")
    said = capsys.readouterr().out
    assert "No guess yet" in said and "You made no guess" in said and "You guessed: yes. Measured: no, by .3." in said
    with pytest.raises(MemlabError, match="take one of yes, no"):
        course.predict("99.a", "perhaps", ("yes", "no"))


def test_the_next_cells_go_on_with_a_right_answer_or_with_the_solution(capsys):
    mine = lambda x: x + x  # noqa: E731
    assert course.check("99.1", mine) is mine and course.check("99.1", ...) is DOUBLE.solution
    assert course.check("99.3", "top-1") == "top-1" and course.check("99.3", "bottom") == "top-1"
    assert len(capsys.readouterr().out.splitlines()) == 4
