"""Lab 09's six rules: fair replicates, notes of each sort, and lives under writers whose faults are known."""

import numpy as np
import pytest

from memlab.core import Reply
from memlab.labs.lab09_faulty import ladder, rules
from memlab.labs.lab09_faulty.rules import ANYTHING, KIND_OF, KINDS, Household
from memlab.labs.lab09_faulty.study import REAL, STUDY


class Stub:
    """A writer that files by ``file(about)`` and a reader that copies the note it is shown, else says "red"."""

    name, backend, digest = "stub", "simulated", ""

    def __init__(self, file=KIND_OF.__getitem__):
        self.file, self.asked = file, []

    def complete(self, prompt, choices):
        self.asked.append(prompt)
        about = prompt.rsplit("Q: ", 1)[1].partition("\n")[0]
        said = (
            self.file(about)
            if ANYTHING in choices
            else prompt.split('A: "')[1].split('"')[0]
            if 'A: "' in prompt
            else "red"
        )
        return Reply(said, said, None, 0, 0, 0.0, self.name, self.backend, None)


class Kinds:
    """An embedder in which a thing lies at its kind, and a lesson a little nearer to it than another thing."""

    name, backend, dim = "kinds", "hash", 90

    def embed(self, texts):
        rows = np.zeros((len(texts), 90), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            if text in KIND_OF:
                row[list(KINDS).index(KIND_OF[text])] = 1.0
                if text not in KINDS:
                    row[6 + list(KIND_OF).index(text)] = 0.5
        return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9)


def success(arm, file=KIND_OF.__getitem__, seed=0):
    rows = rules.live_rounds(arm, seed, Stub(file), Kinds())
    return {(number, sort): np.mean([r["success"] for r in rows if (r["round"], r["sort"]) == (number, sort)])
            for number in rules.EXAMS for sort in ("seen", "new")}  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_a_replicate_shows_each_kind_once_a_round_and_never_what_is_new(seed):
    house = Household.draw(seed)
    shown = [thing for batch in house.rounds for thing, _ in batch]
    assert len(set(shown)) == len(shown) == 36 and sorted(house.place.values()) == sorted(rules.PLACES)
    assert all({KIND_OF[thing] for thing, _ in batch} == set(KINDS) for batch in house.rounds)
    assert all(place == house.place[KIND_OF[thing]] for batch in house.rounds for thing, place in batch)
    assert {sort: [thing in shown for s, thing in house.exam if s == sort] for sort in ("seen", "new")} == {
        "seen": [True] * 6, "new": [False] * 6}  # fmt: skip


def test_every_thing_has_one_kind():
    assert len(KIND_OF) == 72 + 6 and ANYTHING not in KIND_OF


def test_notes_are_told_apart_by_sort():
    house = Household.draw(0)
    place, other = house.place["fruit"], house.place["tool"]
    notes = [("plum", place), ("fruit", place), ("plum", other), ("fruit", other), (ANYTHING, place), rules.PLACEBO]
    assert [house.sort(note) for note in notes] == [
        "episode", "lesson", "misgrouped", "misgrouped", "over-general", "nothing"]  # fmt: skip
    assert house.sort(None) == "nothing"


def test_a_rewrite_merges_notes_of_one_name_and_the_newest_stays():
    notes = [("plum", "red"), ("dog", "blue"), ("pear", "pink")]
    assert rules.rewritten(Stub(), notes) == [("fruit", "pink"), ("animal", "blue")]
    assert rules.rewritten(Stub(lambda about: ANYTHING), notes) == [(ANYTHING, "pink")]


def test_the_nearest_note_is_shown_and_of_equals_the_newest():
    notes = [("plum", "red"), ("dog", "blue"), ("plum", "pink")]
    assert rules.nearest(Kinds(), notes, "plum") == ("plum", "pink")
    assert rules.nearest(Kinds(), [*notes, ("fruit", "green")], "pear") == ("fruit", "green")


def test_a_gate_leaves_out_the_episodes_own_note():
    house = Household.draw(0)
    first = house.rounds[0]
    assert rules.kept_right(Kinds(), list(first), first) <= 2, "each kind stands there once: its own note"
    assert rules.kept_right(Kinds(), list(house.place.items()), first) == 6


def test_lives_under_writers_whose_faults_are_known():
    perfect = success("rewrite")
    assert set(perfect.values()) == {1.0}
    over = success("rewrite", lambda about: ANYTHING)
    assert over[6, "new"] == pytest.approx(1 / 6)
    gated, raw = success("rewrite, gated", lambda about: ANYTHING), success("raw")
    late = [key for key in raw if key[0] > 1]  # after one round no episode has another of its kind to be tested on
    assert [gated[key] for key in late] == [raw[key] for key in late], "the gate refuses, the bank stays"
    assert success("rewrite, gated")[6, "new"] == 1.0
    assert success("raw, all")[6, "seen"] == 1.0 and success("oracle memory")[6, "new"] == 1.0
    assert success("curated")[1, "new"] == 1.0


def test_misgrouping_spoils_the_kind_that_takes_the_note():
    wrong = success("rewrite", lambda about: "tool" if KIND_OF[about] == "music" else KIND_OF[about])
    rows = rules.live_rounds(
        "rewrite", 0, Stub(lambda about: "tool" if KIND_OF[about] == "music" else KIND_OF[about]), Kinds()
    )
    assert wrong[6, "new"] < 1
    assert {r["shown"] for r in rows if not r["success"] and KIND_OF[r["thing"]] == "tool"} <= {"misgrouped"}


def test_no_memory_shows_nothing_and_a_bank_is_bounded():
    rows = rules.live_rounds("no memory", 0, Stub(), Kinds())
    assert {(row["shown"], row["copied"]) for row in rows} == {("nothing", 0.0)}
    held = {arm: max(r["notes"] for r in rules.live_rounds(arm, 0, Stub(), Kinds())) for arm in rules.ARMS}
    assert held["raw"] == rules.BANK and held["raw, all"] == 36 and held["rewrite"] == 6


def test_every_prompt_shows_one_note_at_most():
    for arm in (*rules.ARMS, *rules.NULLS):
        stub = Stub()
        rules.live_rounds(arm, 1, stub, Kinds())
        asked = [prompt for prompt in stub.asked if prompt.startswith("Name the place")]
        assert {prompt.count("Q: ") for prompt in asked} == {1 if arm == "no memory" else 2}


def test_the_rows_carry_what_the_notebook_says():
    real = REAL.verdicts()
    assert real.word.tolist() == ["undecided"] * 4 + ["supported"] and set(STUDY.verdicts().word) == {"supported"}
    assert real["visible"][0] == pytest.approx(0.17, abs=0.005) and real["mean"][0] == pytest.approx(0.1, abs=0.005)
    scores = REAL.scores().groupby("arm").mean(numeric_only=True)
    assert scores["last"]["curated"] > 1.85 * scores["last"]["rewrite"], "nearly twice"
    luck = ladder.noise_tail(0.45, items=12, exams=4).sum() / 12
    assert (-scores["steady"][["raw", "rewrite", "rewrite, gated"]] < luck).all()
    rows = REAL.rows()
    own = rows[rows["arm"] == "rewrite"]["shown"].value_counts(normalize=True)
    assert own["misgrouped"] == pytest.approx(0.5, abs=0.02) and "over-general" not in set(rows["shown"])
    path = rows.groupby(["arm", "round"])["success"].mean()
    assert {path[arm].idxmax() for arm in ("raw", "rewrite", "rewrite, gated")} == {4}
    assert scores["last"]["raw, all"] == pytest.approx(0.76, abs=0.005)
    assert abs(scores["new"]["raw"] - scores["new"]["rewrite"]) <= 0.05, "neither"
