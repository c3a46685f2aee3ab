"""A server's settings: what they are, what its log says, how far answers moved, and what the rows add up to."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from memlab.core import MemlabError, Reply
from memlab.weights import cost, serving

LOG = """
llama_context: flash_attn    = enabled
llama_kv_cache: size =   45.00 MiB (  2048 cells,  30 layers,  1/1 seqs), K (f16):   22.50 MiB, V (f16):   22.50 MiB
llama_context:        CPU compute buffer size =    98.25 MiB
llama_kv_cache: size =   23.91 MiB (  2048 cells,  30 layers,  1/1 seqs), K (q8_0):   11.95 MiB, V (q8_0):   11.95 MiB
"""


class Says:
    """A model that takes one tool, with that probability."""

    def __init__(self, tool, p):
        self.tool, self.p = tool, p

    def complete(self, prompt, choices, answer):
        tool = self.tool(prompt) if callable(self.tool) else self.tool
        chances = {name: self.p if name == tool else (1 - self.p) / (len(choices) - 1) for name in choices}
        return Reply(tool, tool, chances, 0, 1, 0.0, "told", "simulated")


def rows(arm, read, write, seed=100):
    made = [{"arm": arm, "seed": seed, "words": words, "depth": words + 5, "new": new, "read_cpu": read * new,
             "write_cpu": write * (1 + words), "same": 0.75, "apart": 0.01, "cache_mb": 45.0, "resident_mb": 300.0,
             "cells": 2048}
            for words, new in zip(serving.DEPTHS, np.diff((0, *serving.DEPTHS)), strict=True)]  # fmt: skip
    return pd.DataFrame(made)


def test_each_arm_sets_one_thing_more_and_only_a_server_with_flash_attention_gets_fewer_bits():
    told = [serving.settings_of(arm) for arm in serving.BITS]
    changed = [{k for k in a if a[k] != b[k]} for a, b in pairwise(told)]
    assert changed == [{"OLLAMA_FLASH_ATTENTION"}, {"OLLAMA_KV_CACHE_TYPE"}, {"OLLAMA_KV_CACHE_TYPE"}]
    assert all(one["OLLAMA_FLASH_ATTENTION"] == "1" or one["OLLAMA_KV_CACHE_TYPE"] == "f16" for one in told)


def test_the_log_tells_of_the_last_load_and_a_silent_one_is_an_error():
    assert serving.said_by(LOG) == {"cache_mb": 23.91, "buffer_mb": 98.25, "kind": "q8_0", "flash": "enabled"}
    with pytest.raises(MemlabError, match="cache_mb, buffer_mb, kind, flash"):
        serving.said_by("hello")


def test_agreement_is_the_share_of_the_same_tools_and_how_far_the_chances_moved():
    assert serving.agreement(Says("sum", 0.5), Says("sum", 0.6), 100) == pytest.approx({"same": 1.0, "apart": 0.1})
    assert serving.agreement(Says("sum", 0.5), Says("max", 0.5), 100)["same"] == 0.0


def test_a_text_begins_as_the_shorter_one_and_another_seed_says_other_words():
    assert len(serving.drawn_words(50, 1)) == 50
    assert serving.drawn_words(50, 1) != serving.drawn_words(50, 2)


def test_half_the_work_is_a_higher_score_and_the_deepest_token_counts():
    fast, slow = (serving.economy(rows("one", read, read)) for read in (0.01, 0.02))
    assert fast["read"] - slow["read"] == pytest.approx(np.log10(2)) == pytest.approx(fast["write"] - slow["write"])
    assert fast["write"] == pytest.approx(-np.log10(0.01 * (1 + serving.DEPTHS[-1])))
    assert (fast["same"], fast["near"]) == (0.75, -0.01)
    unread = serving.economy(rows("one", 1, 1)[:1].assign(read_cpu=np.nan, write_cpu=np.nan))
    assert np.isnan(unread["read"]) and unread["same"] == 0.75


def test_the_summary_counts_the_operations_behind_what_was_read_and_the_bytes_of_the_cache():
    found = serving.summary(pd.concat([rows(arm, 0.01, 0.02, seed) for arm in serving.BITS for seed in (100, 101)]))
    assert list(found.index) == list(serving.BITS)
    last = serving.DEPTHS[-1]
    new = last - serving.DEPTHS[-2]
    told = cost.forward(cost.Dims(), new, ahead=last + 5 - new) / 1e9 / (0.01 * new)
    assert found[f"GFLOP/s at {last:,}"].to_numpy() == pytest.approx(np.full(4, told))
    assert found["read, s"].iloc[0] == pytest.approx(0.01 * last)
    nothing = rows(serving.FLASH, 0.01, 0.02, 103)[:1].assign(**dict.fromkeys(serving.TIMED, np.nan), same=0.0)
    more = serving.summary(pd.concat([*(rows(arm, 0.01, 0.02) for arm in serving.BITS), nothing]))
    assert more.loc[serving.FLASH, "same"] == 0.375 and more["read, s"].to_numpy() == pytest.approx(found["read, s"])
    # The first is what a server's log says of 2,048 cells.
    assert found["counted, MiB"].round(2).tolist() == [45.0, 45.0, 23.91, 12.66]
