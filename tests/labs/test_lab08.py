"""Lab 08: documents and their edits, what each way to edit may do, the channel against its null, and the laws."""

import json
import re

import numpy as np
import pytest

from memlab import corruption, course
from memlab.core import MemlabError, Reply
from memlab.labs.lab08_relay import relay, study
from memlab.labs.lab08_relay.relay import Swap, draw_relay

SIMULATED = dict.fromkeys(cell["arm"] for cell in study.CHANNEL.report)
TEXT = "03-02,lamp,6.55,river\n03-05,stone,9.10,chair"
GO = Swap("03-05", "account", "stone", "tiger", "another text")


class Model:
    """Gives the answers it was told, in order, or, with none, what a perfect reader of the prompt would."""

    name, backend = "fake", "fake"

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def complete(self, prompt, choices):
        self.asked.append((prompt, tuple(choices)))
        value = self.answers.pop(0) if self.answers else re.findall(r'Replace "(\w+)"', prompt)[-1]
        assert value in choices
        return Reply(value, value, None, 1, 1, 0.0, self.name, self.backend)


@pytest.mark.parametrize("seed", [*range(8), *range(100, 116)])
def test_a_perfect_change_is_obeyed_and_its_inverse_gives_the_document_back(seed):
    kind, text, changes = draw_relay(seed, 10)
    assert draw_relay(seed, 50)[2][:10] == changes and kind == corruption.KINDS[seed % 8]
    for change in changes:
        there, back = change.done(text), change.inverse()
        assert there != text and back.done(there) == text and change.new not in text + change.other
        assert change.obeyed(kind, there) and back.obeyed(kind, text)
        assert not change.obeyed(kind, text), "a no-op editor must not win"
        assert corruption.score(text, there, kind) < 1


@pytest.mark.parametrize("arm", [arm for arm in relay.EDITORS if arm != relay.REWRITE])
def test_a_perfect_model_loses_nothing_in_any_arm(arm):
    for seed in range(100, 108):
        rows = relay.relay_live(arm, seed, 3, Model())
        assert len(rows) == 6 and not any(row["refused"] for row in rows)
        assert all(row["score"] == row["kept"] == 1 for row in rows if row["step"] == "back" or arm != relay.IDLE)
        assert all(row["obeyed"] == (arm != relay.IDLE) for row in rows if row["step"] == "forward")


def test_a_wrong_word_harms_and_the_checksum_rolls_it_back(monkeypatch):
    monkeypatch.setattr(relay, "draw_relay", lambda seed, trips: ("ledger", TEXT, [GO]))
    bare = relay.relay_live(relay.PATCH, 0, 1, Model("river", "tiger"))
    assert [row["text"] for row in bare] == [TEXT.replace("river", "tiger"), TEXT.replace("river", "stone")]
    assert [row["obeyed"] for row in bare] == [False, True] and bare[1]["kept"] == 5 / 6
    safe = relay.relay_live(relay.CHECKED, 0, 1, Model("river", "chair"))
    assert all(row["refused"] and row["text"] == TEXT for row in safe) and not safe[0]["obeyed"]


def test_a_log_takes_a_wrong_entry_back_without_a_call(monkeypatch):
    monkeypatch.setattr(relay, "draw_relay", lambda seed, trips: ("ledger", TEXT, [GO]))
    model = Model("river")
    rows = relay.relay_live(relay.LOG, 0, 1, model)
    assert [row["text"] for row in rows] == [TEXT.replace("river", "tiger"), TEXT] and len(model.asked) == 1


def test_the_tool_shows_one_line_and_the_patch_all_of_them_beside_a_distractor():
    model = Model("chair", "lamp")
    assert relay.by_tool(model, TEXT, GO) == TEXT.replace("chair", "tiger")
    relay.EDITORS[relay.PATCH](model, TEXT, GO)
    relay.EDITORS[relay.BLIND](model, TEXT, GO)
    tool, patch, blind = model.asked
    assert tool[1] == ("stone", "chair") and patch[1] == blind[1] == ("lamp", "river", "stone", "chair")
    assert "lamp" not in tool[0] and TEXT in patch[0] and GO.other in patch[0] and "stone,9.10" not in blind[0]


def test_a_coin_places_the_distractor_and_neither_the_words_nor_the_other_arms_change():
    asked = {shuffled: Model() for shuffled in (False, True)}
    for shuffled, model in asked.items():
        relay.relay_live(relay.PATCH, 104, 10, model, shuffled)
    order = {shuffled: [p.index("Another text:") > p.rindex("\nText:") for p, _ in model.asked]
             for shuffled, model in asked.items()}  # fmt: skip
    assert not any(order[False]) and 4 < sum(order[True]) < 16
    assert [words for _, words in asked[False].asked] == [words for _, words in asked[True].asked]
    assert all(sorted(a[0]) == sorted(b[0]) for a, b in zip(asked[False].asked, asked[True].asked, strict=True))


def test_a_refused_inverse_leaves_the_forward_edit_standing(monkeypatch):
    monkeypatch.setattr(relay, "draw_relay", lambda seed, trips: ("ledger", TEXT, [GO]))
    rows = relay.relay_live(relay.CHECKED, 0, 1, Model("stone", "lamp"))
    assert rows[1]["refused"] and rows[1]["text"] == GO.done(TEXT) and rows[1]["kept"] == 5 / 6


def test_the_checksum_looks_away_from_one_field_alone():
    before, place = corruption.fields("ledger", TEXT), ("03-05", "account")
    for text, fine in ((TEXT, True), (GO.done(TEXT), True), (TEXT.replace("6.55", "6.65"), False), (TEXT[:21], False)):
        assert relay.unharmed(before, corruption.fields("ledger", text), place) == fine


def test_the_authors_samples_are_read_and_others_refused(tmp_path):
    sample = {name: {} for name in relay.SAMPLE} | {"sample_id": "a1", "files": {"basic_state/a.ledger": TEXT}}
    path = tmp_path / "delegate52.jsonl"
    path.write_text(json.dumps(sample | {"sample_name": "A"}) + "\n")
    assert relay.load_delegate(path) == [sample]
    path.write_text('{"sample_id": "a1"}')
    with pytest.raises(MemlabError, match="line 1 is no sample"):
        relay.load_delegate(path)


def test_the_channel_is_the_null_when_fields_are_harmed_each_by_itself():
    rows = [row for seed in range(40) for row in study.relayed(relay.REWRITE, 10, seed, 0.9**0.5, 1.0, trips=5)]
    last = [row for row in rows if row["trip"] == 5]
    assert np.mean([row["kept"] for row in last]) == pytest.approx(corruption.expected_retention(0.9, 5), abs=0.01)
    squared = corruption.expected_retention(0.9, 5, records=10)
    assert np.mean([row["squared"] for row in last]) == pytest.approx(squared, abs=0.01)


def test_in_the_channel_a_no_op_keeps_all_and_obeys_nothing_and_a_checksum_loses_refused_inverses_alone():
    ends = {arm: study.relayed(arm, 8, 0, 0.9, 0.5)[-1] for arm in SIMULATED}
    assert ends[relay.IDLE]["kept"] == ends[relay.LOG]["kept"] == 1 and ends[relay.IDLE]["obeyed"] == 0
    assert ends[relay.BLIND]["kept"] < ends[relay.PATCH]["kept"] < ends[relay.CHECKED]["kept"] < 1
    sure = {arm: study.relayed(arm, 8, 0, 1.0, 1.0)[-1] for arm in SIMULATED if arm != relay.BLIND}
    assert all(end["kept"] == 1 for end in sure.values())
    # One trip: a field is lost where the forward edit passed (.5) and its inverse was refused (.5).
    one = np.mean([study.relayed(relay.CHECKED, 8, seed, 1.0, 0.5, trips=1)[0]["lost"] for seed in range(50)])
    assert one == pytest.approx(0.25 / 8, abs=2e-3)


def test_the_laws_give_the_numbers_that_were_worked_out():
    t = np.arange(1, 11)
    assert study.LAWS["geometric"][0](10, 0.943) == pytest.approx(0.556, abs=5e-4)
    mixture = study.LAWS["Beta mixture"][0]
    assert mixture(50, 4.57, 0.276) == pytest.approx(0.494, abs=5e-4)
    off = mixture(t, 4.57, 0.276) - study.PUBLISHED
    assert off[[0, -1]] == pytest.approx([0, 0], abs=5e-4) and off.min() > -5e-4
    assert off.max() == pytest.approx(0.019, abs=1e-3)
    rng = np.random.default_rng(0)
    q = rng.beta(4.57, 0.276, 200_000)
    assert mixture(t, 4.57, 0.276) == pytest.approx([(q**i).mean() for i in t], abs=3e-3)


def test_a_fit_finds_the_law_that_made_a_curve():
    t = np.arange(1, 11)
    for law, setting in (("geometric", (0.9,)), ("Beta mixture", (2.0, 0.4)), ("jumps to a floor", (0.8, 0.5))):
        assert study.fitted(law, t, study.LAWS[law][0](t, *setting)) == pytest.approx(setting, rel=1e-3)


@pytest.mark.parametrize("start", [(0.943, 0.587), (0.9, 0.3), (0.6, 0.7)])
def test_the_hints_lead_to_a_law_that_passes(start):
    knobs = dict(zip("qf", start, strict=True))
    for _ in range(200):
        said = course.judge("08.2", (knobs["q"], knobs["f"]))
        if said.ok:
            return
        off, knob = re.fullmatch(r".* is ([+-]\.?[\d.]+) off: move ([qf])", said.text).groups()
        knobs[knob] -= 0.004 if float(off) > 0 else -0.004
    pytest.fail(f"200 hints led to {knobs}")
