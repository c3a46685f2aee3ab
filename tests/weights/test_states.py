"""Hidden states kept on disk are those that were computed, and are computed once."""

import numpy as np
import pytest

pytest.importorskip("jax")

from memlab.weights import lora, states
from tests.weights.test_lora import tiny

TEXTS = ["abcd", "abefgh", "abk"]


def test_kept_states_are_those_below_the_cut_and_are_read_back(tmp_path, monkeypatch):
    model = tiny()
    wanted = states.below(model, TEXTS, 2, "ab")
    made = states.kept(model, TEXTS, "ab", 2, tmp_path, "weights")
    monkeypatch.setattr(states, "below", None)  # a second call must not compute
    again = states.kept(model, TEXTS[:2], "ab", 2, tmp_path, "weights")
    for found, rows in ((made, 3), (again, 2)):
        assert found.prefix == pytest.approx(np.asarray(wanted.prefix), abs=1e-5)
        assert found.last.tolist() == wanted.last.tolist()[:rows]
        for one, other, last in zip(found.suffix, wanted.suffix, found.last, strict=False):
            assert one[: last + 1] == pytest.approx(other[: last + 1], abs=1e-5)


def test_only_what_lacks_is_computed(tmp_path, monkeypatch):
    model, asked, below = tiny(), [], states.below
    states.kept(model, TEXTS[:2], "ab", 1, tmp_path, "weights")
    monkeypatch.setattr(states, "below", lambda m, texts, *rest: asked.extend(texts) or below(m, texts, *rest))
    states.kept(model, TEXTS, "ab", 1, tmp_path, "weights")
    assert asked == TEXTS[2:]


@pytest.mark.parametrize("other", [("more", 1, "ab", "abk"), ("weights", 2, "ab", "abk"), ("weights", 1, "a", "abk"),
                                   ("weights", 1, "ab", "abj")])  # fmt: skip
def test_other_weights_another_cut_opening_or_text_have_a_place_of_their_own(tmp_path, other):
    assert states.place_of(tmp_path, "weights", 1, "ab", "abk") != states.place_of(tmp_path, *other)


def test_a_full_update_moves_what_is_added_and_nothing_else():
    model, cut = tiny(), 1
    waiting = states.below(model, TEXTS, cut, "ab")
    start = lora.whole(model, cut, ("attn_q", "ffn_down"))
    after, losses = lora.fit(model, start, cut, waiting, [1, 2, 3], steps=40, rate=0.02, batch=3, held="a")
    assert losses[-1] < losses[0] / 2
    assert all(np.array_equal(after[name]["a"], start[name]["a"]) for name in start)
    moved = model.blocks["attn_q"][cut:] + after["attn_q"]["b"]
    assert np.asarray(lora.merge(model, cut, after).blocks["attn_q"][cut:]) == pytest.approx(
        np.asarray(moved), abs=1e-6
    )
