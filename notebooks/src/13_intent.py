# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 13 · Intent over turns
#
# **You will** measure what it costs a model when a wish comes one sentence at a time, find out how much of the published loss needs no mechanism at all, and see what a recap, a memory of users' words, and a mediator give back.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb), [04 Reward](04_reward.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claims.** *Lost in conversation* (arXiv:2505.06120): the same instruction, told in pieces, keeps most of its *aptitude* (-16%) and loses its *reliability* (unreliability +112%). *Intent mismatch* (arXiv:2602.07338): the cause is that user and model do not mean the same, and a **mediator** between them repairs much: GPT-4o-mini 86.9 in one turn, 53.6 in pieces, 73.9 with a mediator. That study has no arm in which the user just sums up at the end. So it is open whether a mediator gives more than a **recap**. This is a mechanism study at laptop scale, not a replication.

# %%
import numpy as np
import pandas as pd

import memlab
from memlab import course, show
from memlab.labs.lab13_intent import study, world
from memlab.labs.lab13_intent.exercises import changed
from memlab.labs.lab13_intent.runs import expected_aptitude

# %% [markdown]
# ## One order, told in five ways
#
# Our world is a form of three slots: item, color, size, four options each. A user wants one value of each. Cut into **shards**, one sentence a slot, the order is:

# %%
order, means = world.draw_order(100, own_word=False)
order.shards({})

# %% [markdown]
# The modes of the published study: *full* is the whole order in one sentence; *concat* all shards in one turn; *sharded* one shard a turn; *snowball* repeats in each turn what was said before; *recap* is sharded with one more turn that sums up. In each turn the model fills in the form, and from the second turn on it sees its own **draft**. What the user says:

# %%
for mode in ("full", "concat", "sharded", "snowball", "recap"):
    turns, _ = study.told(mode, order, {})
    print(f"{mode:9}", *(turn[-1] for turn in turns), sep="\n   ")

# %% [markdown]
# ## What a run is
#
# Each slot of each turn is one call. The prompt is the form with its options, what the user said, the draft before the last line, and the name of the slot. The call is made once, at temperature 0; its reply carries $p_\mathrm{LLM}$ over the four options. Recorded replies of SmolLM2-135M, to "I want a …" and then asked for the *color*, of which nothing was said:

# %%
llm = memlab.open_llm("replay")
first, second = turns[0], turns[1]
dict(zip(world.SLOTS["color"], world.option_chances(llm, first, "color").round(2), strict=True))

# %% [markdown]
# A **run** is a draw from these chances at temperature 1, slot by slot, turn by turn. So nobody has to ask ten times: every chance of a talk can be computed from one reply a prompt. Does a draft matter? The next turn, with each draft that the model may have put down:

# %%
told_slot = order.order[1]
rows = {draft: world.option_chances(llm, second, told_slot, draft) for draft in world.SLOTS[told_slot]}
pd.DataFrame(rows, index=world.SLOTS[told_slot]).T.rename_axis("draft").round(2)
