"""What made the numbers is read from rows, models and replies."""

import pandas as pd
import pytest

import memlab
from memlab import show
from memlab.core import MemlabError, Reply


def rows(*pairs):
    return pd.DataFrame(pairs, columns=["backend", "model"])


def test_rows_name_their_backends_and_models():
    assert show.made_by(rows(("replay", "smollm2:135m"))) == "replay of smollm2:135m"
    mixed = rows(("replay", "smollm2:135m"), ("ollama", "smollm2:135m"), ("", ""), ("replay", "smollm2:135m"))
    assert show.made_by(mixed) == "ollama and replay of smollm2:135m; no model"
    assert show.made_by(rows(("replay", "smollm2:135m"), ("computed", None))) == "replay of smollm2:135m; computed"
    assert show.made_by(rows(("computed", ""))) == show.made_by("computed") == "computed"
    assert show.made_by(rows(("simulated", "simulated smollm2:135m"))) == "simulated smollm2:135m"


def test_models_and_replies_say_it_too():
    reply = Reply("a", "a", None, 1, 1, 0.1, "smollm2:135m", "replay")
    assert show.made_by(memlab.open_llm("replay")) == show.made_by([reply, reply]) == "replay of smollm2:135m"


def test_a_frame_without_a_backend_is_refused():
    with pytest.raises(MemlabError, match="no column backend"):
        show.made_by(pd.DataFrame({"arm": ["a"]}))
