"""Exercises: the solution passes, an unfilled stub gets the opening hint, each typical mistake gets its own hint."""

import numpy as np
import pytest

from memlab import course


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


def _z(x, ddof=0):
    return (x - x.mean()) / x.std(ddof=ddof)


def _safe(x):
    return _z(x) if x.std() > 0 else np.zeros(len(x))


SOLUTIONS = {
    "03.1": lambda d, q, delta: np.sum(q / (d + delta)) / np.sum(1 / (d + delta)),
    "03.2": lambda s, q, lam: (1 - lam) * _safe(s) + lam * _safe(q),
    "03.3": lambda q, r: -np.mean(r * np.log(q) + (1 - r) * np.log(1 - q)),
    "01.1": _soft,
    "01.2": _value,
    "01.3": 2 * 0.05**2 / (0.21 + 0.05**2),
    "04.1": _alone,
    "06.1": _narrow,
    "06.2": (lambda q, r, eta: q + eta * (r - q), 2),
    "06.3": (150, 0.4),
    "04.2": 0.45,
    "04.3": _standard,
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
    ("01.1", lambda q, a: np.exp(q) / np.exp(q).sum(), "alpha is missing"),
    ("01.1", lambda q, a: np.exp(q * a) / np.exp(q * a).sum(), "divide, so that"),
    ("01.1", lambda q, a: np.exp(q / a), "do not sum to 1"),
    ("01.1", lambda q, a: np.exp((q - q.max()) / a), "still sum to 1"),
    ("01.1", lambda q, a: q / q.sum(), "take the exponential"),
    ("01.1", lambda q, a: (q == q.max()).astype(float), "greedy"),
    ("01.1", lambda q, a: np.exp((q - q.max()) / a) / np.exp((q - q.max()) / a).sum(), "two rows"),
    ("01.1", lambda q, a: np.exp(q / a) / np.exp(q / a).sum(axis=-1, keepdims=True), "overflows"),
    ("01.1", lambda q, a: q + 1, "expect [0.5597"),
    ("01.2", lambda q, a: a * np.log(np.exp(q).sum()), "form printed"),
    ("01.2", lambda q, a: np.log(np.exp(q / a).sum()), "in front of the logarithm"),
    ("01.2", lambda q, a: _soft(q, a) @ q, "entropy term"),
    ("01.2", lambda q, a: q.max(), "maximum"),
    ("01.2", lambda q, a: a * np.log(np.mean(np.exp(q / a))), "not the sum"),
    ("01.2", lambda q, a: 7.0, "expect 1.290146"),
    ("01.3", 0.05**2 / 0.21, "the factor is"),
    ("01.3", 2 * 0.05 / 0.26, "square 0.05"),
    ("01.3", 2 * 0.05**2 / 0.7025, "Var r = 0.7 * 0.3"),
    ("01.3", 2 * 0.05**2 / 0.21, "drops a term"),
    ("01.3", 0.5, "gives sd 0.2646"),
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
