# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 14 · The what-if studio
#
# **You will** answer what-if questions about an agent's memory without writing a program: turn knobs, pin what you compare with, read the verdict, keep the run, and hand it on as one line.
#
# **Time** 50 minutes. **Before** [06 An agent that learns without weights](06_agent.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claims.** The other labs ask, each in a world of its own, whether memory helps (arXiv:2508.16153), whether credit helps after a change, or a verifier's gate where rewards lie (arXiv:2412.02674), whether rewriting hurts (arXiv:2605.12978). Ten such claims meet *one* world here, the streams with which lab 06 begins, and a simulated model. Which hold? A mechanism study at laptop scale, and about no real model.

# %%
import pandas as pd

from memlab import course, show
from memlab.labs.lab14_studio.page import HOME, Studio
from memlab.labs.lab14_studio.study import PRESETS, STUDY
from memlab.rivals.knobs import checked, to_text
from memlab.rivals.lived import at_once, in_the_loop

# %% [markdown]
# ## The page
#
# Each knob is one part of the agent or of its world. Three curves follow: success (mean of the last 12 tasks), cases kept in memory, tokens read so far. Blue is what you set, orange what is **pinned**: a run to compare with. The top line is the ceiling: an oracle knows every tool. The dotted curve is a reference, told the kinds of question and how often tools move, that forgets nothing and searches blindly: it can be passed.
#
# | knob | what it sets |
# |---|---|
# | `learner` | who reads memory: the model (memory in the prompt), a rule that asks it where no case is good (memory decides), a vote; nobody; three of lab 06's rivals; your own |
# | `retrieval`, `k`, `alpha` | which cases are shown (most similar, newest, or drawn by value at temperature `alpha`), and how many |
# | `credit`, `step` | what a reward does to near cases: nothing, $Q$ moves by `step`, also the *action* is overwritten (amend), or what failed is forgotten (remove) |
# | `verifier`, `TPR`, `FPR` | a gate on writing (lab 07), and how often its verifier accepts right and wrong answers |
# | `stream`, `horizon` | when tools move (drift: all, at half of the `horizon`; partial: half of the kinds; repeated: all, at each third; recurrent: back at the second; gradual: one by one), and how many tasks there are |
# | `noise`, `corruption` | share of wrong rewards; share of stored cases that name another tool |
# | `model` | who answers: simulated, recorded, or live |
#
# A **preset** is a ready question. This one is lab 05's: does credit help when the tools move at task 48?

# %%
studio = Studio(preset="05 credit")
studio

# %% [markdown]
# Try: move `noise` to .15. The pinned run keeps its own world, without noise: to compare in the noisy one, set `credit` to `append-only`, press `pin`, and set `credit` back. With `append-only`, `step` turns grey; below the knobs stands why.
#
# Above the picture stands the **verdict** on a gain over the pinned run: the mean difference of success in the second half, its interval by sign flips over 32 replicates (up to 16 where a side was lived by `run`), and the word. It says where the worlds differ. "Not adjusted": of many comparisons one may come out by luck.
#
# ## What is behind a picture
#
# The settings are a line of data; with the same version of memlab the same line gives the same run:

# %%
credit = checked({"credit": "rewrite Q"})
run = at_once(credit)
print(to_text(credit))
print(run.summary())

# %% [markdown]
# `at_once` lives 32 streams of 96 tasks side by side, on an idle machine in some hundredths of a second, the first time longer. The answers come from a **simulated model**: chances fitted to recorded replies of SmolLM2-135M. Made to take its likeliest answer always, it lives task by task as the agent's own loop does (a test holds that).
#
# Is it like the real one? The preset's learners with its *recorded* replies, over 16 replicates. That takes seconds: on the page, the button `run`:

# %%
sides = {"credit": {"credit": "rewrite Q"}, "append-only": {}, "no memory": {"learner": "no memory"}}
replay = {"model": "replay, else simulated"}
real = {name: in_the_loop(checked(one | replay), HOME) for name, one in sides.items()}
{name: one.backend for name, one in real.items()}

# %% [markdown]
# Where a reply was not recorded, the simulated model would answer and `backend` would say so; here all were. Side by side, success in the second half, the same 16 replicates:

# %%
rows = []
for name, one in real.items():
    quick = at_once(checked(sides[name]), one.seeds)
    for kind, lived in (("simulated at once", quick), ("the loop, recorded replies", one)):
        rows += [{"arm": name, "seed": s, "by": kind, "success": x} for s, x in zip(one.seeds, lived.late, strict=True)]
table = pd.DataFrame(rows)
mean = table.groupby(["arm", "by"])["success"].mean().unstack()
title = "Credit minus append-only: " + ", ".join(
    f"{by} {mean[by]['credit'] - mean[by]['append-only']:+.2f}" for by in mean
)
show.arms(table, y="success", group="by", made_by=[run, *real.values()], xlim=(0, 1),
          xlabel="success, second half", title=title)  # fmt: skip

# %% [markdown]
# *No memory* is the null: nothing learns there. The fit has seen replies from these very streams, and two of the three arms lie near 0, where much would agree: this checks the machinery and is no test of a forecast.
#
# ## Ten claims, one world
#
# The presets are claims, written down before their rows; their knobs were looked up on seeds 0 to 9, and 64 others judge them, with Holm's correction. The number names the lab:

# %%
for name, one in PRESETS.items():
    print(f"{name:<14} {one.words}")

# %% [markdown]
# **Before you look:** how many of the ten come out as claimed (*supported*, or *as good* where that is the claim): `"all"`, `"most"`, or `"less than half"`?

# %%
### BEGIN SOLUTION: your guess, one of "all", "most", "less than half"
guess = "most"
### END SOLUTION
course.predict("14.ten", guess, ("all", "most", "less than half"))

# %% [markdown]
# The verdicts:

# %%
verdicts = STUDY.verdicts()
held = verdicts["word"].isin(["supported", "as good"]).sum()
course.settle("14.ten", "all" if held == len(verdicts) else "most" if held > len(verdicts) / 2 else "less than half")
show.verdicts(verdicts, made_by=STUDY.rows())

# %% [markdown]
# Those that did not come out as claimed:

# %%
for claim in verdicts[~verdicts["word"].isin(["supported", "as good"])].itertuples():
    print(f"{claim.word}: {claim.claim} ({claim.mean:+.2f})")

# %% [markdown]
# So here a vote, which asks no model and tries tools at random where no case is good, does better. (With recorded replies, a like claim of lab 06 is undecided.) Lab 06's reading: after the drift this stream measures how fast a new tool is *found*, and blind search meets a habit. What this would **falsify**: that a finding follows from its mechanism alone. One that turns round here needs its lab's world, too.
#
# ## What if memory is corrupted?
#
# `corruption` is the share of stored cases that name another tool than the one that was used. *From which share on is a memory no better than none?*
#
# **Exercise 14.1.** On the page: `credit` append-only, `noise` 0, `stream` stationary, `learner` no memory, press `pin`; `learner` back to memory in the prompt; move `corruption` until the verdict is *undecided*. Give that share; there may be several.

# %%
### BEGIN SOLUTION: a share between 0 and .9
share = 0.8
### END SOLUTION
share = course.check("14.1", share)

# %% [markdown]
# The whole sweep in one figure, your share as a dotted line:

# %%
still, shares = {"stream": "stationary"}, [i / 10 for i in range(10)]
swept = [at_once(checked(still | {"corruption": c})).late for c in shares]
none = at_once(checked(still | {"learner": "no memory"})).late.mean()
show.curves({"memory in the prompt": list(zip(*swept, strict=True))}, x=shares, levels={"no memory": none},
            changes=(share,), made_by=run, xlabel="corrupted share of the stored cases", ylabel="success, second half",
            ylim=(0, 1), title=f"Memory falls to what no memory reaches ({none:.2f}) at a share near {share}")  # fmt: skip

# %% [markdown]
# On this stream most cases must lie before the gain is lost; still more, and memory harms. *Undecided* does not say equal: 32 replicates cannot tell the two apart. A reading, not a finding: several near cases are shown, and the true ones agree with each other while the false ones do not.
#
# ## What if rewards lie?
#
# Nothing moves, but 15% of the rewards come out wrong. Credit, which gained after the drift, reaches here:

# %%
hard = {"stream": "stationary", "noise": 0.15}
base = at_once(checked(hard | {"credit": "rewrite Q"}))
base.summary()

# %% [markdown]
# **Exercise 14.2.** Leave the world as it is (`stream`, `noise`, `horizon`) and find knobs that gain .45 or more on credit. What you do not name is as on a new page (`credit`: append-only). Any learner that needs no `run` may be used. Two changes together may gain less than one of them.


# %%
def knobs():
    ### BEGIN SOLUTION: return a dict, such as {"learner": "no memory"}
    return {"verifier": "gate"}
    ### END SOLUTION


knobs = course.check("14.2", knobs)()

# %% [markdown]
# Your knobs (memlab's, while yours are not accepted) against credit:

# %%
mine = at_once(checked(hard | knobs))
print(to_text(mine.settings))
print(mine.against(base))

# %% [markdown]
# Success over the tasks:

# %%
both = pd.concat([mine.rows("my knobs"), base.rows("credit")])
title = f"Second half: my knobs {mine.late.mean():.2f}, credit {base.late.mean():.2f}"
show.learning_curve(both, window=12, title=title)

# %% [markdown]
# Which part gains? Three ways out, each against credit:

# %%
for one in ({}, {"verifier": "gate", "credit": "rewrite Q"}, {"verifier": "gate"}):
    print(f"{to_text(one):<48}", at_once(checked(hard | one)).against(base))

# %% [markdown]
# Leaving credit out (`{}`, append-only) gains without any gate. And the gate is no fair rival: its verifier knows the truth and errs at the rates `TPR` and `FPR`; credit hears only the noisy reward.
#
# ## Keep it, hand it on
#
# Below the picture:
#
# - **Save, export:** write a `name`, press `save`. Knobs (`.json`), a row a task (`.csv`) and figure (`.png`) lie in `.memlab/studio/` of your clone. You are told the command that makes them again, and a link: put it behind the address of a running studio (`http://localhost:8888`). It holds the knobs, not the pin.
# - **Load, compare:** pick a run in the list `saved`, press `load`; pick several (hold Ctrl), press `compare`: each is judged against the first.
# - **Restore:** put a line into the box `settings`, press `restore`. It is read as data, never run; a line with an error is refused with the reason and changes nothing.
#
# In a shell, in your clone, `python3 -m memlab studio` opens the page alone (through Voilà; the first time `MEMLAB_EXTRAS=studio python3 -m memlab studio` installs it). Without a page, this writes the files into a folder `noise`: `python3 -m memlab studio '{"noise": 0.15}' --against '{}' --out noise`.
#
# **A learner of your own.** `python3 -m memlab new learner my_rule` writes `my_rule.py`. Move it beside the open notebook, where the page looks: `mv my_rule.py notebooks/`. Set `learner` to `my own`, write `my_rule` into `my own file`, press `run`; after a change, press `run` again. The file is run as a program, so name only one that you trust; a link cannot run it, only your click.
#
# **A real model.** Set `model` to `live` and press `run`: 16 lives, about a call a task, by an Ollama server or fetched weights (`python3 -m memlab doctor` says which). The bar counts tasks. After 3 minutes a live run stops by itself; `halt`, or Jupyter's stop button, stops it before the next call. Lives that are done are drawn, all replies are kept, and the next `run` goes on from there.
#
# **What this does not show.** The simulated model is a fit to lab 06's streams: ten verdicts on it are no second confirmation of other labs, no claim about a real model rests on them, and a knob far from what was recorded is a guess until a real model has run. One world, one-step tasks. No knob trains weights or talks over turns (labs 10 to 13).
#
# ## Summary

# %%
words = ", ".join(f"{count} {word}" for word, count in verdicts["word"].value_counts().items())
primary = verdicts[verdicts["primary"]].iloc[0]
print(f"1. Of ten claims after other labs, in one simulated world: {words}.")
print(f"2. After a drift, credit against append-only: {primary['word']}, {primary['mean']:+.2f}.")
print(f"3. With 15% wrong rewards, these knobs gain {mine.late.mean() - base.late.mean():+.2f} on credit: {knobs}.")

# %% [markdown]
# **References** Memento: arXiv:2508.16153. Generation-verification gap: arXiv:2412.02674. Memories that become faulty: arXiv:2605.12978. MemRL: arXiv:2601.03192.

# %% [markdown]
# ## Going further
#
# **What does a setting cost?** Tokens read a task and success, for how many cases the prompt shows:

# %%
costs = {k: at_once(checked({"k": k, "credit": "rewrite Q"})) for k in (0, 1, 2, 4, 8)}
pd.DataFrame({k: {"tokens": one.lives.tokens.mean(), "success": one.late.mean()} for k, one in costs.items()}).T.round(
    2
)
