"""The beam against exact answers: hidden states where the beliefs are exact, all histories where they are not."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.rivals.beliefs import Beliefs, smoothed
from memlab.rivals.bets import Bets

KINDS, TOOLS, TASKS = 2, 3, 5
lives = st.lists(
    st.tuples(st.integers(0, KINDS - 1), st.integers(0, TOOLS - 1), st.booleans()), min_size=TASKS, max_size=TASKS
)
priors = st.lists(st.lists(st.floats(0, 1), min_size=TOOLS, max_size=TOOLS), min_size=KINDS, max_size=KINDS)
FAR = np.ones(KINDS)
WAYS, BEAM = ((0.9, 1.0), (-1.0, -0.5)), 1024


def ordered(life):
    """``life`` with its kinds renamed so that kind 0 is met first."""
    names = list(dict.fromkeys(kind for kind, _, _ in life))
    return [(names.index(kind), tool, worked) for kind, tool, worked in life]


def believed(bets, life, prior):
    """The chances of each question before its answer, and the beliefs at the end."""
    beliefs, chances = Beliefs.start(bets, TOOLS), []
    for kind, tool, worked in life:
        look = beliefs.outlook(kind, prior[kind], FAR)
        chances.append(look.chances())
        beliefs = look.after(tool, worked)
    return np.array(chances), beliefs


@settings(max_examples=25)
@given(lives, priors)
def test_with_independent_kinds_it_is_the_exact_filter_of_the_hidden_state(life, prior):
    """All states (what serves kind 0, what serves kind 1, changes so far), for each noise and chance to move."""
    life, prior = ordered(life), [np.array(row) for row in prior]
    bets = Bets(noise=(0.05, 0.3), moves=(0.5, 0.95), ways=((0.0, 0.0),), returns=0.0, past=0, beam=64)
    start, (before, after) = [smoothed(row) for row in prior], bets.hazard
    worlds = {}
    for noise, move in itertools.product(bets.noise, bets.moves):
        for state in itertools.product(range(TOOLS), repeat=KINDS):
            worlds[noise, move, state, 0] = start[0][state[0]] * start[1][state[1]] / 4
    seen = []
    for time, (kind, tool, worked) in enumerate(life):
        step = {}
        for (noise, move, state, changes), weight in worlds.items():
            hazard = (changes + before) / (time + before + after) if time else 0.0
            step[noise, move, state, changes] = step.get((noise, move, state, changes), 0.0) + weight * (1 - hazard)
            for new in itertools.product(range(TOOLS), repeat=KINDS):
                chance = np.prod([1 - move if a == b else move / (TOOLS - 1) for a, b in zip(state, new, strict=True)])
                key = (noise, move, new, changes + 1)
                step[key] = step.get(key, 0.0) + weight * hazard * chance
        total = sum(step.values())
        seen.append([sum(w for key, w in step.items() if key[2][kind] == a) / total for a in range(TOOLS)])
        worlds = {
            key: weight * (1 - key[0] if (key[2][kind] == tool) == worked else key[0]) for key, weight in step.items()
        }
    chances, beliefs = believed(bets, life, prior)
    assert chances == pytest.approx(np.array(seen), abs=1e-9)
    assert beliefs.evidence == pytest.approx(np.log(sum(worlds.values())), abs=1e-9)


@settings(max_examples=15)
@given(lives, priors)
def test_a_beam_that_is_wide_enough_is_the_sum_over_every_history(life, prior):
    """Each history (stays, moved, or which old arrangement came back at each task), lived through on its own."""
    life, prior = ordered(life), [np.array(row) for row in prior]
    bets = Bets(noise=(0.05, 0.3), moves=(0.7,), ways=WAYS, returns=0.2, past=2, slip=0.1, beam=BEAM)
    lived = [one for noise in bets.noise for one in histories(bets, life, prior, noise)]
    weight = np.array([history["weight"] for history in lived])
    _, beliefs = believed(bets, life, prior)
    assert beliefs.evidence == pytest.approx(np.log(weight.sum() / 2), abs=1e-9)
    assert beliefs.now() == pytest.approx(
        sum(w * np.array(history["now"]) for w, history in zip(weight, lived, strict=True)) / weight.sum(), abs=1e-9
    )
    narrow, _ = believed(Bets(beam=8), life, prior)
    assert np.all(np.isfinite(narrow)) and narrow.sum(axis=1) == pytest.approx(1)


def other(row, weight=None):
    """Any tool but the one before."""
    left = [(1 - p) * (1 if weight is None else weight[a]) for a, p in enumerate(row)]
    return [p / sum(left) for p in left]


def mixed(old, new, share):
    return [(1 - share) * a + share * b for a, b in zip(old, new, strict=True)]


def histories(bets, life, prior, noise):
    """All histories with their weights and beliefs, one list a kind, in plain loops."""
    (move,), (before, after), count = bets.moves, bets.hazard, len(bets.ways)
    alive = [{"weight": 1 / count, "changes": 0, "now": [], "way": way, "trust": 1.0, "old": []} for way in bets.ways]
    for time, (kind, tool, worked) in enumerate(life):
        grown = []
        for one in alive:
            now, old = list(one["now"]), [(list(rows), way, trust) for rows, way, trust in one["old"]]
            if kind == len(now):
                told, even = smoothed(prior[kind]), [1 / TOOLS] * TOOLS
                now.append(mixed(even, told, one["trust"]))
                for rows, _, trust in old:
                    rows.append(mixed(even, told, trust))
            hazard = (one["changes"] + before) / (time + before + after) if time else 0.0
            served = [
                max(row[a] for rows in [now, *(rows for rows, _, _ in old)] for row in rows) for a in range(TOOLS)
            ]
            lost, back = TOOLS / (TOOLS - 1), bets.returns if old else 0.0
            options = [(1 - hazard, now, one["way"], one["trust"], False)]
            for way in bets.ways:
                moved = [mixed(row, other(row, [1 + way[1] * s for s in served]), move) for row in now]
                options.append((hazard * (1 - back) / count, moved, way, one["trust"] * (1 - move * lost), True))
            for rows, way, trust in old:
                again = [mixed(row, other(row), bets.slip) for row in rows]
                options.append((hazard * back / len(old), again, way, trust * (1 - bets.slip * lost), True))
            for chance, rows, way, trust, changed in options:
                apart = [
                    np.prod([1 - way[0] * rows[k][a] for k in range(len(rows)) if k != kind]) for a in range(TOOLS)
                ]
                row = [p * out for p, out in zip(rows[kind], apart, strict=True)]
                serves = row[tool] / sum(row)
                right = serves * (1 - noise) + (1 - serves) * noise
                told = [p * (1 - noise if (a == tool) == worked else noise) for a, p in enumerate(rows[kind])]
                learned = [list(r) for r in rows]
                learned[kind] = [p / sum(told) for p in told]
                kept = ([(now, one["way"], one["trust"]), *old] if changed else old)[: bets.past]
                weight = one["weight"] * chance * (right if worked else 1 - right)
                changes = one["changes"] + changed
                grown.append(
                    {"weight": weight, "changes": changes, "now": learned, "way": way, "trust": trust, "old": kept}
                )
        alive = [one for one in grown if one["weight"] > 0]
    return alive


def test_alone_a_change_of_one_kind_leaves_the_others_where_they_were():
    bets = Bets(shared=False, ways=((0.0, 0.0),), hazard=(1.0, 1.0))
    beliefs = Beliefs.start(bets, TOOLS)
    prior = np.array([1.0, 0.0, 0.0])
    for kind, tool, worked in [(0, 0, True), (1, 0, True)] * 3:
        beliefs = beliefs.outlook(kind, prior, FAR).after(tool, worked)
    other_kind = beliefs.now()[1].copy()
    for _ in range(4):
        beliefs = beliefs.outlook(0, prior, FAR).after(0, False)
    assert beliefs.now()[0][0] < 0.2
    assert beliefs.now()[1][0] == pytest.approx(other_kind[0], abs=0.05)


def test_a_change_seen_in_one_kind_is_expected_of_the_others():
    beliefs = Beliefs.start(Bets(), 12)
    prior = np.eye(12)
    for kind in (0, 1, 2) * 6:
        beliefs = beliefs.outlook(kind, prior[kind], np.ones(3)).after(kind, True)
    assert min(beliefs.now()[kind][kind] for kind in range(3)) > 0.95
    for kind in (0, 0, 1):
        beliefs = beliefs.outlook(kind, prior[kind], np.ones(3)).after(kind, False)
    assert beliefs.now()[2][2] < 0.5
