"""Lab 08: documents and their edits, what each way to edit may do, the channel against its null, and the laws."""

import re

import numpy as np
import pytest

from memlab import corruption
from memlab.core import Reply
from memlab.labs.lab08_relay import channel, documents, relay
from memlab.labs.lab08_relay.documents import Change, Relay

TEXT = "03-02,lamp,6.55,river\n03-05,stone,9.10,chair"
GO = Change("stone", "tiger")


class Model:
    """Gives the answers it was told, in order, and keeps what it was asked."""

    name, backend = "fake", "fake"

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def complete(self, prompt, choices):
        self.asked.append((prompt, tuple(choices)))
        value = self.answers.pop(0)
        assert value in choices
        return Reply(value, value, None, 1, 1, 0.0, self.name, self.backend)


class Perfect(Model):
    """Reads the instruction and the document in the prompt, and does what is asked."""

    def complete(self, prompt, choices):
        self.asked.append((prompt, tuple(choices)))
        value = answer(prompt, choices)
        assert value in choices, (prompt, choices, value)
        return Reply(value, value, None, 1, 1, 0.0, self.name, self.backend)


def answer(prompt, choices):
    if found := re.search(r'Which entry made "(\w+)" into "(\w+)"', prompt):
        return re.search(rf"(\d+): {found[1]} -> {found[2]}", prompt)[1]
    if found := re.search(r'Which line holds "(\w+)"\?\nA:$', prompt):
        shown = prompt.rpartition("Text:\n")[2]
        return next(line.partition(":")[0] for line in shown.splitlines() if re.search(rf"\b{found[1]}\b", line))
    old, new = re.findall(r'Replace "(\w+)" by "(\w+)"', prompt)[-1]
    if "Which word goes out" in prompt:
        return old
    if "replace(" in prompt:
        return new if prompt.endswith(", ") else old
    text, copied = prompt.rpartition("Text:\n")[2].split("\nCopy:\n")
    at = sum(copied.count(choice) for choice in choices)
    return [new if word == old else word for word in re.findall(r"\w+", text) if word in documents.WORDS][at]


@pytest.mark.parametrize("seed", [*range(8), *range(100, 116)])
def test_a_perfect_change_is_obeyed_and_its_inverse_gives_the_document_back(seed):
    one = Relay.draw(seed, 10)
    assert corruption.score(one.text, one.text, one.kind) == 1 and Relay.draw(seed, 50).trips[:10] == one.trips
    for change, other in one.trips:
        there = change.done(one.text)
        assert there != one.text and change.inverse().done(there) == one.text and change.new not in one.text + other
        assert change.obeyed(one.kind, one.text, there) and change.inverse().obeyed(one.kind, there, one.text)
        assert not change.obeyed(one.kind, one.text, one.text), "a no-op editor must not win"
        assert corruption.score(one.text, there, one.kind) < 1


def test_each_kind_is_drawn_twice_in_sixteen_replicates():
    kinds = [Relay.draw(seed, 1).kind for seed in range(100, 116)]
    assert sorted(kinds) == sorted(corruption.KINDS * 2)


@pytest.mark.parametrize("arm", relay.ARMS)
def test_a_perfect_model_loses_nothing_in_any_arm(arm):
    rows = relay.live(arm, 100, 3, Perfect())
    assert len(rows) == 6
    if arm != relay.BLIND:
        assert all(row["score"] == row["kept"] == (1 if row["step"] == "back" or arm != relay.IDLE else row["kept"])
                   for row in rows)  # fmt: skip
        assert all(row["obeyed"] == (arm != relay.IDLE) for row in rows if row["step"] == "forward")


def test_a_patch_in_the_wrong_line_harms_and_the_checksum_takes_it_back():
    wrong = relay.locate(Model("1", "river"), TEXT, GO, "")
    assert wrong == (0, "river", "tiger")
    harmed = relay.patched(TEXT, wrong)
    assert harmed == TEXT.replace("river", "tiger")
    assert not relay.unharmed(TEXT, harmed, GO.old, GO.new)
    assert relay.unharmed(TEXT, GO.done(TEXT), GO.old, GO.new) and relay.unharmed(TEXT, TEXT, GO.old, GO.new)


def test_a_log_forgets_a_wrong_entry_when_it_is_taken_back():
    log = relay.append(Model("1", "river"), [], TEXT, GO, "", False)
    assert log == [(0, "river", "tiger")]
    assert relay.append(Model("1"), log, TEXT, GO.inverse(), "", True) == []
    assert relay.append(Model("0"), log, TEXT, GO.inverse(), "", True) == log


def test_the_tool_refuses_a_word_that_is_not_there_exactly_once():
    assert relay.call_tool(Model("tiger", "stone"), TEXT, GO, "") == TEXT
    assert relay.call_tool(Model("stone", "tiger"), TEXT, GO, "") == GO.done(TEXT)
    twice = TEXT.replace("lamp", "stone")
    assert relay.call_tool(Model("stone", "tiger"), twice, GO, "") == twice


def test_a_rewrite_asks_for_each_word_after_what_was_copied():
    model = Model("lamp", "river", "tiger", "river")
    assert relay.rewrite(model, TEXT, GO, "") == "03-02,lamp,6.55,river\n03-05,tiger,9.10,river"
    assert model.asked[2][0].endswith(f"Text:\n{TEXT}\nCopy:\n03-02,lamp,6.55,river\n03-05,")


def test_without_memory_the_document_is_not_in_the_prompt():
    model = Model("2", "chair")
    relay.locate(model, TEXT, GO, "", blind=True)
    assert not any("6.55" in prompt or "9.10" in prompt for prompt, _ in model.asked)


def test_the_channel_is_the_null_when_fields_are_harmed_each_by_itself():
    rows = [row for seed in range(40) for row in channel.relayed(relay.REWRITE, 10, seed, 0.9**0.5, 1.0, trips=5)]
    last = [row for row in rows if row["trip"] == 5]
    assert np.mean([row["kept"] for row in last]) == pytest.approx(corruption.expected_retention(0.9, 5), abs=0.01)
    squared = corruption.expected_retention(0.9, 5, records=10)
    assert np.mean([row["squared"] for row in last]) == pytest.approx(squared, abs=0.01)


def test_in_the_channel_a_checksum_keeps_all_and_a_no_op_obeys_nothing():
    ends = {arm: channel.relayed(arm, 8, 0, 0.9, 0.5)[-1] for arm in channel.ARMS}
    safe = (relay.REWRITE + relay.CHECKED, relay.PATCH + relay.CHECKED, relay.LOG, relay.IDLE)
    assert all(ends[arm]["kept"] == 1 for arm in safe)
    assert ends[relay.IDLE]["obeyed"] == 0 and ends[relay.PATCH]["kept"] < 1 and ends[relay.REWRITE]["kept"] < 1


def test_the_laws_give_the_numbers_that_were_worked_out():
    t = np.arange(1, 11)
    assert channel.LAWS["geometric"][0](10, 0.943) == pytest.approx(0.556, abs=5e-4)
    mixture = channel.LAWS["Beta mixture"][0]
    assert mixture(50, 4.57, 0.276) == pytest.approx(0.494, abs=5e-4)
    off = mixture(t, 4.57, 0.276) - channel.PUBLISHED
    assert off[[0, -1]] == pytest.approx([0, 0], abs=5e-4) and off.min() > -5e-4
    assert off.max() == pytest.approx(0.019, abs=1e-3)
    rng = np.random.default_rng(0)
    q = rng.beta(4.57, 0.276, 200_000)
    assert mixture(t, 4.57, 0.276) == pytest.approx([(q**i).mean() for i in t], abs=3e-3)


def test_a_fit_finds_the_law_that_made_a_curve():
    t = np.arange(1, 11)
    for law, setting in (("geometric", (0.9,)), ("Beta mixture", (2.0, 0.4)), ("jumps to a floor", (0.8, 0.5))):
        assert channel.fitted(law, t, channel.LAWS[law][0](t, *setting)) == pytest.approx(setting, rel=1e-3)
