import dataclasses

import numpy as np
import pytest

from memlab.core import MemlabError
from memlab.llm.call import Call
from memlab.llm.contract import BadReply


def test_the_key_is_sha256_over_all_that_can_change_a_reply():
    one = Call("p", schema={"b": 1, "a": 2}, temperature=0, seed=np.int64(1), max_tokens=8)
    assert one.key("m", "d") == Call("p", schema={"a": 2, "b": 1}, seed=1, max_tokens=8).key("m", "d")
    # printf '["m","d","\\u00e9",null,0.0,0,64]' | sha256sum
    assert Call("é").key("m", "d") == "5f7c81725e0fd9ea2714ab2057f287633d89097925ba87da5780621018b9baf1"
    assert len({Call("é").key(*of) for of in (("m", "d"), ("m", "e"), ("n", "d"))}) == 3


def test_a_ranked_call_has_a_key_of_its_own():
    masked, ranked = (Call("p", choices=["a"], answer=answer).key("m", "d") for answer in ("masked", "ranked"))
    assert masked == Call("p", choices=["a"]).key("m", "d") != ranked


def test_choices_become_a_schema_and_a_call_can_be_changed():
    call = Call("p", choices=["a", "b"])
    assert (call.choices, call.schema) == (("a", "b"), {"type": "string", "enum": ["a", "b"]})
    assert dataclasses.replace(call, seed=2, schema=None).schema == call.schema
    assert Call("p").schema is None


@pytest.mark.parametrize("bad", [[], ["a", "a"], [""], [1], "sum", ""])
def test_choices_are_a_list_of_names(bad):
    """A string would be split into its letters."""
    with pytest.raises(MemlabError, match="list of distinct non-empty strings"):
        Call("p", choices=bad)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"choices": ["a"], "schema": {"type": "object"}}, "one of the two"),
        ({"prompt": 5}, "wrong kind"),
        ({"prompt": "\ud800"}, "wrong kind.*surrogates"),
        ({"seed": 1.5}, "wrong kind"),
        ({"seed": -1}, "seed -1"),
        ({"max_tokens": 0}, "max_tokens 0"),
        ({"temperature": float("nan")}, "temperature nan"),
        ({"temperature": "hot"}, "wrong kind.*'hot'"),
        ({"schema": {"type": object}}, "wrong kind"),
        ({"answer": "ranked"}, "'ranked' for a call with choices"),
        ({"answer": "guessed", "choices": ["a"]}, "answer 'guessed'"),
    ],
)
def test_settings_that_no_server_understands_are_refused(settings, says):
    with pytest.raises(MemlabError, match=says):
        Call(**{"prompt": "p", **settings})


def test_replies_are_read_and_never_trusted():
    assert Call("p", choices=["a", "b"]).read('"a"') == "a"
    assert Call("p", schema={"type": "object"}).read('{"x": 1}') == {"x": 1}
    assert Call("p").read("plain") == "plain"
    with pytest.raises(BadReply, match="raise max_tokens"):
        Call("p", choices=["alpha"], max_tokens=2).read('"al')
    with pytest.raises(BadReply, match="none of the choices"):
        Call("p", choices=["a", "b"]).read('"c"')
