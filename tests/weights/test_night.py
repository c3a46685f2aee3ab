"""A day and its night: what is asked and shown, what a pass of text sees, and an adapter on a tiny model."""

import re
import zlib

import numpy as np
import pytest

from memlab.core import Reply
from memlab.llm.embedders import HashEmbedder
from memlab.weights import night


class Told:
    """A model that keeps what it is asked, and answers by ``say``."""

    def __init__(self, say):
        self.say, self.asked = say, []

    def complete(self, prompt, **settings):
        self.asked.append((prompt, settings))
        value = self.say(prompt, settings)
        return Reply(value, value, None, 0, 0, 0.0, "told", "simulated")


def test_every_thing_has_a_place_of_its_own_and_days_differ():
    days = [night.day(seed) for seed in range(20)]
    assert all(sorted(facts.values()) == sorted(night.PLACES) for facts in days)
    assert len({tuple(facts.values()) for facts in days}) > 15
    assert night.day(3) == days[3]


def test_the_exam_asks_in_other_words_and_off_the_day_with_choices_of_its_own():
    questions = night.exam(night.day(0))
    assert len(questions) == 6 + len(night.OFF) and questions[0][0] == "In what place can I find the lamp?"
    assert not {question for question, _, _ in questions} & set(map(night.LIVED.format, night.THINGS))
    assert all(right in names for _, right, names in questions)


def test_all_of_the_days_note_is_filed_and_of_other_notes_what_has_its_form():
    facts = night.day(4)
    assert night.filed(night.verbatim(facts)) == list(facts.items())
    notes = "Sure! the lamp is in the hall. The hat is in the boxes; The cup was in the box.\nThe hat is in the car"
    assert night.filed(notes) == [("lamp", "hall"), ("hat", "car")]


def test_the_model_is_asked_behind_the_nearest_fact():
    facts, llm = night.day(2), Told(lambda prompt, settings: settings["choices"][0])
    answers = night.read_by(llm, facts, night.verbatim(facts), HashEmbedder())
    assert [given for _, _, given in answers] == ["box"] * 6 + ["white"] * len(night.OFF)
    for (prompt, _), (question, _, _), thing in zip(llm.asked, answers, night.THINGS, strict=False):
        assert prompt == f'Answer with one word.\nQ: Where is the {thing}?\nA: "{facts[thing]}"\nQ: {question}\nA:'


def test_of_two_places_for_a_thing_the_one_written_last_is_shown():
    pairs = [("hat", "box"), ("cup", "car"), ("hat", "bag")]
    assert night.nearest_pair(pairs, night.LIVED.format("hat"), HashEmbedder()).endswith('A: "bag"\n')
    assert night.nearest_pair([], "Where?", HashEmbedder()) == ""


def test_each_pass_of_text_sees_the_last_version_alone():
    llm = Told(lambda prompt, settings: f" {len(llm.asked)} ")
    assert night.rewrite_passes(llm, "first", 3) == "3"
    assert [prompt.split("\n\n")[1] for prompt, _ in llm.asked] == ["first", "1", "2"]
    assert night.rewrite_passes(llm, "first", 0) == "first" and len(llm.asked) == 3


def test_a_night_says_what_was_shown_and_which_part_was_right():
    llm = Told(lambda prompt, settings: settings["choices"][0] if "choices" in settings else "The lamp is in the moon.")
    rows = {
        arm: night.night(arm, 5, llm, HashEmbedder(), 0.01) for arm in (night.NOTHING, night.VERBATIM, night.TEXT[1])
    }
    assert {arm: (of[0]["there"], of[0]["notes"]) for arm, of in rows.items()} == {
        night.NOTHING: (0.0, ""), night.VERBATIM: (1.0, night.verbatim(night.day(5))),
        night.TEXT[1]: (0.0, "The lamp is in the moon."),
    }  # fmt: skip
    parts = [row["part"] for row in rows[night.VERBATIM]]
    assert parts == ["day"] * 6 + ["off"] * 6
    assert sum(row["success"] for row in rows[night.VERBATIM]) == 2  # one thing lies in the box, and snow is white


WORDS = 997


class Words:
    """A tokenizer of whole words, and of what stands between them."""

    def encode(self, text, add_special_tokens=False):
        found = re.findall(r"\w+|\W", text)
        return type("Encoding", (), {"ids": [zlib.crc32(word.encode()) % WORDS for word in found]})


@pytest.fixture
def tiny(monkeypatch):
    """Three random blocks in place of the thirty."""
    jnp = pytest.importorskip("jax.numpy")
    from memlab.weights import llama, served, states

    rng, d = np.random.default_rng(0), 8
    sizes = {"attn_q": (d, d), "attn_k": (4, d), "attn_v": (4, d), "attn_output": (d, d)}
    sizes |= {"ffn_gate": (12, d), "ffn_up": (12, d), "ffn_down": (d, 12)}
    held = {name: jnp.asarray(rng.normal(size=(3, *size)) / 2, jnp.float32) for name, size in sizes.items()}
    held |= {name: jnp.ones((3, d), jnp.float32) for name in ("attn_norm", "ffn_norm")}
    embed = jnp.asarray(rng.normal(size=(WORDS, d)), jnp.float32)
    model = llama.Llama(llama.Shape(4, 2, 100.0, 1e-5), embed, jnp.ones(d), held, Words())
    monkeypatch.setattr(served, "model", lambda: model)
    monkeypatch.setattr(night, "CUT", 2)
    monkeypatch.setattr(served, "waiting", lambda texts, opening, cut: states.below(model, texts, cut, opening))
    night.trained.cache_clear()
    yield model
    night.trained.cache_clear()


def test_no_pass_changes_nothing_and_passes_teach_the_day(tiny):
    from memlab.weights import llama, served

    facts = night.day(0)
    there = night._waiting()
    before = llama.logits(tiny, there, 2)

    def surprise(adapter):
        raw = served.log_softmax(llama.logits(tiny, there, 2, adapter))
        return -np.mean([raw[i, served.first_token(facts[thing])] for i, thing in enumerate(night.THINGS)])

    none, one, many = (night.trained(0, n, 0.03) for n in (0, 1, 60))
    assert llama.logits(tiny, there, 2, none) == pytest.approx(before, abs=1e-6)
    assert surprise(many) < surprise(one) < surprise(none)


def test_the_exam_in_this_process_ranks_the_choices_by_hand(tiny):
    from memlab.weights import llama, served

    facts = night.day(0)
    adapter = night.trained(0, 5, 0.03)
    raw = llama.logits(tiny, night._waiting(), 2, adapter)[6:]
    for row, (question, right, given), (asked, wanted, names) in zip(
        raw, night.read_with(adapter, facts), night.exam(facts), strict=True
    ):
        best = max(names, key=lambda name: row[served.first_token(name)])
        assert (question, right, given) == (asked, wanted, best)
