import math

import pytest

from memlab.llm.call import choice_probs
from memlab.llm.contract import BadReply


def step(text, **top):
    return (text, math.log(top.get(text, 0.01)), {t: math.log(p) for t, p in top.items()})


def test_probabilities_are_read_behind_the_opening_quote_and_renormalized():
    steps = [step('"', sum=0.9), step("sum", sum=0.03, order=0.01, The=0.5), step('"')]
    probs, missing = choice_probs(steps, ["sum", "order", "prime"])
    assert probs == pytest.approx({"sum": 0.75, "order": 0.25, "prime": 0.0})
    assert missing == pytest.approx(0.96)


def test_the_sampled_token_counts_when_it_is_not_among_the_top_ones():
    probs, missing = choice_probs([step('"'), ("sum", math.log(0.002), {"order": math.log(0.006)})], ["sum", "order"])
    assert probs == pytest.approx({"sum": 0.25, "order": 0.75})
    assert missing == pytest.approx(0.992)


def test_a_sampled_token_that_begins_several_choices_is_shared_as_the_next_step_says():
    steps = [step('"'), step("tool-", other=0.5, **{"tool-": 0.4}), step("a", a=0.2, b=0.1)]
    probs, missing = choice_probs(steps, ["tool-a", "tool-b"])
    assert probs == pytest.approx({"tool-a": 2 / 3, "tool-b": 1 / 3}) and missing == pytest.approx(0.6)
    # "f" was sampled and leads to fraction or filter; "o", not sampled, could lead to order or other: left out.
    steps = [step('"'), step("f", f=0.3, sum=0.1, o=0.25), step("ract", ract=0.03, ilter=0.01, oo=0.9)]
    probs, missing = choice_probs(steps, ["fraction", "filter", "sum", "order", "other"])
    assert probs == pytest.approx({"fraction": 0.5625, "filter": 0.1875, "sum": 0.25, "order": 0, "other": 0})
    assert missing == pytest.approx(0.6)


def test_a_choice_that_begins_another_one():
    steps = [step('"'), step("sum", sum=0.4, order=0.1), step('"', mary=0.1, **{'"': 0.3})]
    probs, _ = choice_probs(steps, ["sum", "summary", "order"])
    assert probs == pytest.approx({"sum": 0.6, "summary": 0.2, "order": 0.2})


def test_no_probabilities_without_an_aligned_or_listed_token():
    assert choice_probs([step('"su'), step("m")], ["sum", "order"]) == (None, None)
    assert choice_probs([], ["sum"]) == (None, None)
    assert choice_probs([step('"'), step("x", y=0.5)], ["sum", "order"]) == (None, None)


@pytest.mark.parametrize("raw", [math.nan, math.inf, 0.5])
def test_a_logprob_that_no_probability_has(raw):
    with pytest.raises(BadReply, match=f"'b' the logprob {raw}"):
        choice_probs([step('"'), ("a", -1.0, {"a": -1.0, "b": raw})], ["a", "b"])
    assert choice_probs([step('"'), ("a", 1e-7, {"b": -math.inf})], ["a", "b"])[0] == pytest.approx({"a": 1, "b": 0})
