"""Exercises: the solution passes, an unfilled stub gets the opening hint, each typical mistake gets its own hint."""

import itertools

import numpy as np
import pytest

from memlab import course
from memlab.labs.lab02_stores import exercises as lab02


def _soft(q, alpha):
    weights = np.exp((q - q.max(axis=-1, keepdims=True)) / alpha)
    return weights / weights.sum(axis=-1, keepdims=True)


def _value(q, alpha):
    return alpha * np.log(np.sum(np.exp(q / alpha)))


def _alone(r):
    return r - (r.sum() - r) / (len(r) - 1)


def _standard(r):
    return (r - r.mean()) / r.std() if r.std() > 0 else np.zeros(len(r))


def _narrow(choices, values, floor):
    return tuple(c for c in choices if values.get(c, floor) >= floor) or tuple(choices)


def _rebuild(rows):
    live, gone = {}, {}
    for row in rows:
        op, name = row["op"], row["case_id"]
        if op == "write":
            live[name] = row["after"]
        elif op == "rewrite":
            live[name] = live[name] | row["after"]
        elif op == "forget":
            gone[name] = live.pop(name)
        elif op == "restore":
            live[name] = gone.pop(name)
    return live


def _fold(ignore="", whole=False, first=False):
    return lambda rows: lab02.rebuild(rows, ignore, whole, first)


def _in_place(rows):
    live = {}
    for row in rows:
        live.setdefault(row["case_id"], row["after"]).update(row["after"])
    return live


def _once(rows, word, ops=("write", "rewrite")):
    return {row["case_id"] for row in rows if row["op"] in ops and word in row["after"].get("text", "")}


def _gone(rows, word):
    return _once(rows, word) - set(_rebuild(rows))


def _memrl(q, shown, success):
    new = q.copy()
    new[shown] += 0.3 * ((1 if success else -1) - new[shown])
    return new


def _moved(q, shown, target):
    new = q.copy()
    new[shown] = target(new[shown])
    return new


def _orders(value, ids):
    worth = dict.fromkeys(ids, 0.0)
    for order in itertools.permutations(ids):
        for i, name in enumerate(order):
            worth[name] += value(frozenset(order[: i + 1])) - value(frozenset(order[:i]))
    return worth


def _scaled(share):
    return lambda value, ids: {name: worth * share for name, worth in _orders(value, ids).items()}


def _left_out(value, ids):
    return {name: value(frozenset(ids)) - value(frozenset(ids) - {name}) for name in ids}


def _first_order(value, ids):
    return {n: value(frozenset(ids[: i + 1])) - value(frozenset(ids[:i])) for i, n in enumerate(ids)}


def _z(x, ddof=0):
    return (x - x.mean()) / x.std(ddof=ddof)


def _safe(x):
    return _z(x) if x.std() > 0 else np.zeros(len(x))


SOLUTIONS = {
    "03.1": lambda d, q, delta: np.sum(q / (d + delta)) / np.sum(1 / (d + delta)),
    "03.2": lambda s, q, lam: (1 - lam) * _safe(s) + lam * _safe(q),
    "03.3": lambda q, r: -np.mean(r * np.log(q) + (1 - r) * np.log(1 - q)),
    "04.1": _alone,
    "06.1": _narrow,
    "06.2": (lambda q, r, eta: q + eta * (r - q), 2),
    "06.3": (150, 0.4),
    "04.2": 0.45,
    "04.3": _standard,
    "05.1": _memrl,
    "05.2": _scaled(1 / 6),
    "05.3": lambda q, uses, least: [i for i in range(len(q)) if uses[i] >= least and q[i] <= 0],
}
MISTAKES = [
    ("03.1", lambda d, q, delta: np.average(q, weights=1 / (np.sqrt(d) + delta)), "do not take the root"),
    ("03.1", lambda d, q, delta: np.average(q, weights=1 / (d**2 + delta)), "squared already"),
    ("03.1", lambda d, q, delta: np.sum(q / (d + delta)), "must sum to 1"),
    ("03.1", lambda d, q, delta: np.mean(q / (d + delta)), "not by the number of uses"),
    ("03.1", lambda d, q, delta: np.average(q, weights=1 / d), "delta is missing"),
    ("03.1", lambda d, q, delta: np.average(q, weights=d + delta), "counts far uses most"),
    ("03.1", lambda d, q, delta: q.mean(), "plain mean"),
    ("03.1", lambda d, q, delta: q[d.argmin()], "nearest use alone"),
    ("03.1", lambda d, q, delta: np.average(q, weights=1 / (d + 0.001)), "not fixed numbers"),
    ("03.1", lambda d, q, delta: 7.0, "expect .775383"),
    ("03.2", lambda s, q, lam: lam * _z(s) + (1 - lam) * _z(q), "the other way"),
    ("03.2", lambda s, q, lam: (1 - lam) * s + lam * q, "different scales"),
    ("03.2", lambda s, q, lam: (1 - lam) * (s - s.mean()) + lam * (q - q.mean()), "also divide"),
    ("03.2", lambda s, q, lam: _z((1 - lam) * s + lam * q), "then mix"),
    ("03.2", lambda s, q, lam: (1 - lam) * _z(s, 1) + lam * _z(q, 1), "n - 1"),
    ("03.2", lambda s, q, lam: _z(s) + _z(q), "count in full"),
    ("03.2", lambda s, q, lam: (1 - lam) * _z(s) + lam * _z(q), "divides by 0"),
    ("03.2", lambda s, q, lam: s, "expect ["),
    ("03.3", lambda q, r: np.mean((q - r) ** 2), "Eq 14"),
    ("03.3", lambda q, r: -np.sum(r * np.log(q) + (1 - r) * np.log(1 - q)), "not the sum"),
    ("03.3", lambda q, r: np.mean(r * np.log(q) + (1 - r) * np.log(1 - q)), "sign"),
    ("03.3", lambda q, r: -np.mean(r * np.log(q)), "failures count"),
    ("03.3", lambda q, r: -np.mean(r * np.log2(q) + (1 - r) * np.log2(1 - q)), "natural"),
    ("03.3", lambda q, r: -(r * np.log(q) + (1 - r) * np.log(1 - q)), "one number"),
    ("03.3", lambda q, r: 7.0, "expect 0.4"),
    ("06.1", lambda c, v, f: [x for x in c if v.get(x, f) >= f], "give a tuple"),
    ("06.1", lambda c, v, f: tuple(x for x in c if v.get(x, 0) >= f), "untried tool"),
    ("06.1", lambda c, v, f: tuple(x for x in c if v.get(x, f) < f), "keep the bad ones"),
    ("06.1", lambda c, v, f: tuple(x for x in c if v.get(x, 1) > f) or c, "use >="),
    ("06.1", lambda c, v, f: tuple(x for x in c if v.get(x, f) >= f), "give back all choices"),
    ("06.1", lambda c, v, f: c, "expect ('bits', 'order')"),
    ("06.2", (lambda q, r, e: e * q + (1 - e) * r, 2), "1 - eta"),
    ("06.2", (lambda q, r, e: q - e * (r - q), 2), "sign is turned"),
    ("06.2", (lambda q, r, e: r, 2), "expect .7"),
    ("06.2", (lambda q, r, e: q + e * (r - q), 1), "still above"),
    ("06.2", (lambda q, r, e: q + e * (r - q), 3), "two failures, not 3"),
    ("06.3", (142, 0.42), "round up"),
    ("06.3", (24, 0.4), "is 150 episodes"),
    ("02.1", _fold("forget"), "forgotten cases are still there"),
    ("02.1", _fold("restore"), "was restored, and is missing"),
    ("02.1", _fold("rewrite"), "rewrites are missing"),
    ("02.1", _fold(whole=True), "leaves the others"),
    ("02.1", _fold(first=True), "as it last was"),
    ("02.1", _in_place, "changes the rows"),
    ("02.1", lambda rows: _rebuild(rows) | {"": {}}, "skip them"),
    ("02.1", lambda rows: {}["x"], "looks for 'x'"),
    ("02.1", lambda rows: list(_rebuild(rows)), "return a dict"),
    ("02.1", lambda rows: {"b": {}}, "expected the live cases"),
    ("02.2", _once, "these are all cases"),
    ("02.2", lambda rows, word: _once(rows, word) - lab02.remains(rows, word), "memory still shows: wanted"),
    ("02.2", _gone, "case 'c' is live"),
    ("02.2", lambda rows, word: _once(rows, word, ("write",)) & lab02.remains(rows, word), "case 'e' got the word"),
    ("02.2", lambda rows, word: _once(rows, word, ("write",)) - set(_rebuild(rows)), "look at every row with a text"),
    ("02.2", lambda rows, word: {"a", "e"}, "forgotten and restored"),
    ("02.2", lambda rows, word: "e", "return a set"),
    ("02.2", lambda rows, word: {"b", "e"}, "expect ['c', 'e']"),
    ("02.3", 0.128, "in proportion to n"),
    ("02.3", 42.67e6, "in megabytes"),
    ("02.3", 42.67e3, "in gigabytes"),
    ("02.3", 384e6 * (1e6 / 3e3) ** 3 / 1e12, "the cube"),
    ("02.3", 1.0, "about 43 TB"),
    ("04.1", lambda r: r - r.mean(), "still in the baseline"),
    ("04.1", lambda r: r - (r.sum() - r) / len(r), "divide by G"),
    ("04.1", lambda r: (r.sum() - r) / (len(r) - 1), "baseline alone"),
    ("04.1", lambda r: -_alone(r), "sign is turned"),
    ("04.1", lambda r: (r - r.mean()) * (len(r) - 1) / len(r), "the other way"),
    ("04.1", _standard, "leave that to 04.3"),
    ("04.1", lambda r: r.mean(), "one each"),
    ("04.1", lambda r: r + 7, "expect [0.8333"),
    ("04.1", lambda r: r - (r.sum() - r) / 3, "not for three"),
    ("04.2", 0.7, "lies between"),
    ("04.2", 0.0, "nothing is left"),
    ("04.2", 0.5, "says nothing"),
    ("04.2", 0.1, "settles too soon"),
    ("04.2", 0.49, "hardly move"),
    ("04.3", lambda r: r / r.std(), "mean is not subtracted"),
    ("04.3", lambda r: r - r.mean(), "not divided"),
    ("04.3", lambda r: (r - r.mean()) / r.var(), "square root"),
    ("04.3", lambda r: (r - r.mean()) / r.std(ddof=1), "ddof=1"),
    ("04.3", lambda r: (r - r.mean()) / r.std(), "0 / 0"),
    ("04.3", lambda r: r + 7, "expect ["),
    ("05.1", lambda q, shown, ok: _moved(q, shown, lambda x: x + 0.3 * (ok - x)), "not 0"),
    ("05.1", lambda q, shown, ok: q + 0.3 * ((1 if ok else -1) - q), "every case moved"),
    ("05.1", lambda q, shown, ok: _moved(q, shown, lambda x: x + 0.3 * (1 if ok else -1)), "without subtracting q"),
    ("05.1", lambda q, shown, ok: _moved(q, shown, lambda x: 1.0 if ok else -1.0), "move only 0.3"),
    ("05.1", lambda q, shown, ok: _moved(q, shown, lambda x: 0.3 * x + 0.7 * (1 if ok else -1)), "exchanged"),
    ("05.1", lambda q, shown, ok: _moved(q, shown, lambda x: x + 0.15 * ((1 if ok else -1) - x)), "divide the credit"),
    ("05.1", lambda q, shown, ok: _memrl(q, shown, False), "wrong after a success"),
    ("05.1", lambda q, shown, ok: q, "expect [0.05"),
    ("05.1", lambda q, shown, ok: q.__setitem__(shown, 0.0) or q, "q.copy()"),
    ("05.2", _left_out, "leave-one-out"),
    ("05.2", lambda v, ids: {n: v(frozenset({n})) - v(frozenset()) for n in ids}, "shown alone"),
    ("05.2", _first_order, "one order only"),
    ("05.2", _scaled(1), "number of orders, 6"),
    ("05.2", _scaled(1 / 3), "3! = 6"),
    ("05.2", lambda v, ids: [0.5, 0.5, 0.0], "return a dict"),
    ("05.2", lambda v, ids: dict.fromkeys(ids, 0.1), "redundant cases expect [0.5, 0.5, 0.0]"),
    ("05.3", lambda q, uses, least: np.flatnonzero(q <= 0), "never shown"),
    ("05.3", lambda q, uses, least: np.flatnonzero((q <= 0) & (uses > 0)), "one failure"),
    ("05.3", lambda q, uses, least: np.flatnonzero((q < 0) & (uses >= least)), "for nothing"),
    ("05.3", lambda q, uses, least: np.flatnonzero(uses < least), "hardly used"),
    ("05.3", lambda q, uses, least: np.flatnonzero((q > 0) & (uses >= least)), "worth keeping"),
    ("05.3", lambda q, uses, least: [5], "expect the places [1, 4]"),
]


@pytest.mark.parametrize("id", SOLUTIONS)
def test_the_solution_passes_and_a_stub_does_not(id):
    assert course.judge(id, SOLUTIONS[id]).ok
    for stub in (..., None):
        assert not course.judge(id, stub).ok
    if callable(SOLUTIONS[id]):
        assert not course.judge(id, lambda *_: ...).ok


@pytest.mark.parametrize(("id", "answer", "hint"), MISTAKES)
def test_a_typical_mistake_gets_its_own_hint(id, answer, hint):
    verdict = course.judge(id, answer)
    assert not verdict.ok and hint in verdict.text
