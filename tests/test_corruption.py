"""Typed scores of relayed documents: exact nulls, the authors' shapes worked by hand, and what a broken file scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab import corruption
from memlab.core import MemlabError

LEDGER = "\n".join(f"03-{day:02},food,{day}.50,taxi" for day in range(1, 11))
DOCUMENTS = {
    "ledger": LEDGER,
    "playlist": "1. Blue Moon by Ann (slow)\n2. Old Road by Ben (fast)\n3. Fast Car by Cleo (loud)",
    "recipe": "Ingredient 1: 200 g flour\nIngredient 2: 2 eggs\nStep 1: Mix all.\nTip 1: Use a spoon.",
    "citations": "[1] Cole 2019: The river\n[2] Mann 2021: The lamp",
    "schedule": "09:00 Opening in hall (art)\n10:30 Lecture in room (math)",
    "table": "item,unit,price,total\npen,box,3,=C2*2\ncup,bag,5,=C3*4",
    "config": '{"host": "alpha", "port": 8080}',
    "source": 'name = "alpha"\nsize = 12',
}


def test_iid_fields_survive_as_q_to_the_trips_under_plain_accuracy_and_otherwise_under_coverage_squared():
    assert corruption.expected_retention(0.9, 5) == pytest.approx(0.59049)
    assert corruption.expected_retention(0.943, 10) == pytest.approx(0.556, abs=5e-4)
    rng, lines = np.random.default_rng(0), LEDGER.splitlines()
    plain, shaped = [], []
    for _ in range(4000):
        alive = (rng.random((5, 10)) < 0.9).all(axis=0)
        after = "\n".join(line for line, kept in zip(lines, alive, strict=True) if kept)
        shaped.append(corruption.score(LEDGER, after, "ledger"))
        plain.append(corruption.score(*(corruption.fields("ledger", text) for text in (LEDGER, after))))
    assert np.mean(plain) == pytest.approx(0.59, abs=0.01)
    assert np.mean(shaped) == pytest.approx(0.37, abs=0.01)
    assert np.mean(shaped) == pytest.approx(corruption.expected_retention(0.9, 5, records=10), abs=0.01)


@given(q=st.floats(0, 1), trips=st.integers(0, 6), records=st.integers(1, 6))
def test_the_null_is_the_mean_over_all_that_may_survive(q, trips, records):
    alive = np.array([[c >> i & 1 for i in range(records)] for c in range(2**records)])
    p = q**trips
    chance = np.prod(np.where(alive, p, 1 - p), axis=1)
    share = alive.mean(axis=1)
    assert corruption.expected_retention(q, trips) == pytest.approx(chance @ share)
    assert corruption.expected_retention(q, trips, records) == pytest.approx(chance @ share**2)


@pytest.mark.parametrize("kind", corruption.KINDS)
def test_a_kept_document_scores_one_and_a_lost_one_nothing(kind):
    text = DOCUMENTS[kind]
    assert corruption.fields(kind, text)
    assert corruption.score(text, text, kind) == pytest.approx(1)
    assert corruption.score(text, "", kind) == 0
    assert 0 <= corruption.score(text, "I cannot edit files.", kind) < 0.3


@pytest.mark.parametrize(("kind", "after", "wanted"), [
    ("ledger", "\n".join(LEDGER.splitlines()[:9]), 0.9**2),
    ("ledger", LEDGER.replace("03-01,food", "03-01,rent"), 0.9),
    ("ledger", LEDGER.replace(",1.50,", ",3.00,"), 0.95),
    ("ledger", LEDGER.replace("taxi", "cab"), 0.5),
    ("playlist", DOCUMENTS["playlist"].replace("slow", "calm"), np.sqrt((2 / 3 + 1) / 2)),
    ("playlist", DOCUMENTS["playlist"].replace("Ann", "Dan"), 2 / 3),
    ("recipe", DOCUMENTS["recipe"].replace("Tip 1: Use a spoon.", ""), 0.8),
    ("recipe", DOCUMENTS["recipe"].replace("Step 1: Mix all.\n", ""), 0.6),
    ("citations", DOCUMENTS["citations"].replace("2019", "2018"), 0.95),
    ("citations", DOCUMENTS["citations"].replace("Cole", "Kohl"), 1 - 0.9 / 4),
    ("citations", DOCUMENTS["citations"].splitlines()[0], 0.5),
    ("schedule", DOCUMENTS["schedule"].replace("(art)", "(music)"), np.sqrt((1 + 0.5) / 2)),
    ("schedule", DOCUMENTS["schedule"].replace("hall", "room"), 0.75),
    ("table", DOCUMENTS["table"].replace("box", "bag"), 0.5 / 3 + 0.25 + 0.15 + 0.1),
    ("table", DOCUMENTS["table"].replace("unit", "kind"), 0.85),
    ("config", '{"host": "beta", "port": 8080}', 0.3 + 0.35),
    ("config", '{"host": "alpha" "port": 8080}', 0.0),
    ("config", '{"port":8080,"host":"alpha"}', 1.0),
    ("source", 'name = "beta"\nsize = 12', 0.5),
    ("source", 'name = "alpha\nsize = 12', 0.0),
    ("source", "name='alpha'\nsize=12", 1.0),
])  # fmt: skip
def test_the_shapes_of_the_authors_worked_by_hand(kind, after, wanted):
    assert corruption.score(DOCUMENTS[kind], after, kind) == pytest.approx(wanted)


def test_made_up_fields_count_too_and_order_is_asked_for():
    assert corruption.score({"a": 1}, {"a": 1, "b": 2}) == 0.5
    assert corruption.score([1, 2, 3, 4], [1, 2, 5, 4]) == 0.75
    assert corruption.score("a\nb", "a\nc") == 0.5 and corruption.score("", "") == 1.0
    tracks = DOCUMENTS["playlist"].splitlines()
    moved = "\n".join([tracks[2], tracks[0], tracks[1]])
    assert corruption.score(DOCUMENTS["playlist"], moved, "playlist") == pytest.approx(np.sqrt((1 + 2 / 3) / 2))
    assert corruption.score(LEDGER, f"{LEDGER}\n04-01,food,1.00,bus", "ledger") == pytest.approx((10 / 11) ** 2)


def test_what_a_model_wrote_is_read_and_never_run():
    assert corruption.fields("source", "import os\nos.system('x')")
    assert corruption.score(DOCUMENTS["source"], "(" * 500, "source") == 0


def test_bad_input_is_named():
    with pytest.raises(MemlabError, match="kind 'poem'"):
        corruption.score("a", "b", "poem")
    with pytest.raises(MemlabError, match=r"q=1\.5"):
        corruption.expected_retention(1.5, 3)
