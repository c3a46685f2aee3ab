import json
import warnings

import numpy as np
import pytest

from memlab.core import MemlabError
from memlab.llm import open_llm
from memlab.llm.simulated import SHOWN_FEATURES, SimulatedLLM, features, read_calls, read_prompt
from memlab.prompt import render
from memlab.rivals.standin import assess

TOOLS = ["order", "prime", "sum"]
ASKS = {"sum": "add {} and {}", "order": "sort the words {} {}", "prime": "count primes from {} to {}"}


def prompt(question, cases=()):
    return render({"order": "sort words", "prime": "count primes", "sum": "add"}, cases, question)


def record(rng, n):
    """Replies of a known model: it follows the last shown case with p = .8, else it takes its favorite, sum."""
    rows = []
    for _ in range(n):
        tool = str(rng.choice(TOOLS))
        ask = ASKS[tool].format(*rng.integers(10, 99, 2))
        cases = [(ASKS[a].format(*rng.integers(10, 99, 2)), a) for a in rng.choice(TOOLS, int(rng.integers(0, 3)))]
        value = cases[-1][1] if cases and rng.random() < 0.8 else "sum"
        text = prompt(ask, [(q, str(a)) for q, a in cases])
        rows.append(
            {
                "model": "m",
                "prompt": text,
                "call": json.dumps({"schema": {"type": "string", "enum": TOOLS}}),
                "reply": json.dumps({"value": str(value), "tokens_in": len(text) // 4}),
            }
        )
    return rows


@pytest.fixture(scope="module")
def fitted():
    return SimulatedLLM.fit(record(np.random.default_rng(0), 900))


def test_a_prompt_is_read_back():
    shown = read_prompt(prompt("the last?", [("first one", "a"), ("second", "b")]))
    assert shown.cases == (("first one", "a"), ("second", "b"))
    assert shown.question == "the last?"
    for bad in ("no question here", 'Q: x\nA: "a"\n', ""):
        with pytest.raises(MemlabError, match="open question"):
            read_prompt(bad)


def test_features_of_what_is_shown():
    table = features(read_prompt(prompt("add 1 and 2", [("add 7 and 9", "sum"), ("sort x", "order")])), TOOLS)
    assert SHOWN_FEATURES == ("shown", "share", "last", "near", "about", "listed")
    np.testing.assert_allclose(table[2, [0, 1, 2, 3, 5]], [np.log(2), 0.5, 0, 1.0, 1.0], atol=1e-6)
    assert table[2, 4] > 0.3 > table[0, 4]
    np.testing.assert_allclose(table[0, :3], [np.log(2), 0.5, 1])
    assert not table[1, :4].any() and table[1, 5] == 0.5


def test_the_fit_recovers_a_known_model(fitted):
    asked = ASKS["prime"].format(20, 30)
    bare = fitted.choice_probs(prompt(asked), TOOLS)
    shown = fitted.choice_probs(prompt(asked, [(ASKS["order"].format(1, 2), "order")]), TOOLS)
    assert bare["sum"] > 0.95
    assert shown["order"] == pytest.approx(0.8, abs=0.07)
    assert shown["sum"] == pytest.approx(0.2, abs=0.07)


def test_the_report_beats_its_nulls_and_says_how_the_nearest_case_is_followed():
    report = assess(read_calls(record(np.random.default_rng(0), 900))[0])
    assert report["calls"] == 900 and report["kinds"] == 3
    assert report["log_loss"] < report["log_loss_no_memory"] - 0.1 < report["log_loss_uniform"] - 0.1
    assert report["log_loss_uniform"] == pytest.approx(np.log(3), abs=1e-3)
    assert report["same_choice"] > report["same_choice_no_memory"]
    follows = report["follows"]
    assert set(follows["calls"]) == {1, 2} and sum(follows["calls"].values()) < 900
    for cases in (1, 2):
        assert follows["real"][cases] == pytest.approx(0.8 + 0.2 / 3, abs=0.06)
        assert follows["simulated"][cases] == pytest.approx(follows["real"][cases], abs=0.1)


def test_kinds_of_question_are_told_apart_and_one_alone_cannot_be_held_out():
    rows = record(np.random.default_rng(1), 300)
    calls, chars = read_calls(rows)
    assert len(set(calls.kind)) == 3 and chars == pytest.approx(4, abs=0.3)
    words = {kind: calls.words[calls.kind == kind].round(5) for kind in set(calls.kind)}
    assert all((own == own[0]).all() for own in words.values())
    with pytest.raises(MemlabError, match="one kind of question"):
        assess(read_calls([row for row in rows if row["prompt"].rpartition("Q: ")[2].startswith("add")])[0])


def test_draws_depend_on_seed_and_prompt_alone(fitted, tmp_path):
    text = prompt("add 2 and 3", [("sort the words b a", "order")])
    again = open_llm(f"simulated:{fitted.save(tmp_path / 's.json')}")
    assert (again.backend, again.name, again.digest) == ("simulated", "simulated m", fitted.digest)
    first = [fitted.complete(text, choices=TOOLS, seed=s) for s in range(300)]
    assert [r.value for r in first] == [again.complete(text, choices=TOOLS, seed=s).value for s in range(300)]
    assert {r.backend for r in first} == {"simulated"} and first[0].tokens_in == pytest.approx(len(text) / 4, abs=2)
    share = sum(r.value == "order" for r in first) / 300
    assert share == pytest.approx(first[0].choice_probs["order"], abs=0.08)


def test_the_first_in_rank_is_drawn_as_the_probabilities_say(fitted):
    text = prompt("add 2 and 3", [("sort the words b a", "order")])
    ranked = [fitted.complete(text, choices=TOOLS, seed=s, answer="ranked") for s in range(400)]
    for tool, p in fitted.choice_probs(text, TOOLS).items():
        assert sum(r.value == tool for r in ranked) / 400 == pytest.approx(p, abs=0.07)
    assert all(r.choice_probs[r.value] == max(r.choice_probs.values()) for r in ranked)
    assert all(sum(r.choice_probs.values()) == pytest.approx(1) for r in ranked[:20])


def test_a_question_of_no_fitted_kind_is_warned_of_once(fitted, tmp_path):
    fresh = open_llm(f"simulated:{fitted.save(tmp_path / 'w.json')}")
    with pytest.warns(UserWarning, match="no such questions: 1 of 1, such as 'rotate"):
        fresh.complete(prompt("rotate this matrix by ninety degrees"), choices=TOOLS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fresh.complete(prompt("rotate this matrix by ninety degrees"), choices=TOOLS)
        for tool in TOOLS:
            open_llm(f"simulated:{tmp_path / 'w.json'}").complete(prompt(ASKS[tool].format(3, 40)), choices=TOOLS)


def test_ranked_calls_are_answered_by_the_fit_to_ranked_replies(fitted):
    other = SimulatedLLM.fit([row for row in record(np.random.default_rng(2), 900) if 'A: "sum' not in row["prompt"]])
    other.parameters["bias"] = dict.fromkeys(TOOLS, 0.0) | {"prime": 50.0}
    both, text = SimulatedLLM(fitted.parameters | {"ranked": other.parameters}), prompt("add 2 and 3")
    ranked = {both.complete(text, choices=TOOLS, seed=s, answer="ranked").value for s in range(20)}
    masked = [both.complete(text, choices=TOOLS, seed=s).value for s in range(20)]
    assert ranked == {"prime"} and masked == [fitted.complete(text, choices=TOOLS, seed=s).value for s in range(20)]


def test_choices_it_never_met_and_narrowed_lists(fitted):
    probs = fitted.choice_probs(prompt("add 2 and 3"), ["prime", "brand-new"])
    assert sum(probs.values()) == pytest.approx(1.0) and min(probs.values()) > 0


def test_bad_use(fitted, tmp_path):
    with pytest.raises(MemlabError, match="only calls with choices"):
        fitted.complete(prompt("add"))
    with pytest.raises(MemlabError, match="at least 20"):
        SimulatedLLM.fit(record(np.random.default_rng(0), 5))
    with pytest.raises(MemlabError, match="one model"):
        SimulatedLLM.fit([{**r, "model": str(i)} for i, r in enumerate(record(np.random.default_rng(0), 30))])
    for content in ("", "{}", '{"features": [], "word_dim": 1}'):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(MemlabError, match="fit"):
            open_llm(f"simulated:{tmp_path / 'bad.json'}")
    with pytest.raises(MemlabError, match="No simulated model at"):
        open_llm(f"simulated:{tmp_path / 'none.json'}")
