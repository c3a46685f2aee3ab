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
# **The claims.** The other labs found things, each in a world of its own: that memory helps (arXiv:2508.16153), that credit helps after a change, that a verifier's gate helps where rewards lie (arXiv:2412.02674), that rewriting can hurt (arXiv:2605.12978). Ten such findings are put to *one* world here, lab 06's stream with a simulated model. Which of them hold? A mechanism study at laptop scale, and about no real model.

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
# Each knob is one part of the agent or of its world. Three curves follow: success (mean of the last 12 tasks), cases kept in memory, tokens read so far. Blue is what you set, orange what is **pinned**: a run to compare with. The line on top is the ceiling, an oracle who knows every tool. The dotted curve is a learner that forgets nothing and searches blindly: a reference, which can be passed.
#
# A **preset** is a ready question. This one is lab 05's: does credit help when the tools move at task 48?

# %%
studio = Studio(preset="05 credit")
studio

# %% [markdown]
# Try: move `noise` to .15 (15% of the rewards come out wrong). Then set `credit` to `append-only`: `step` turns grey, and below the knobs stands why. A knob that changes nothing is never left open.
#
# Under the picture stands the **verdict**: the mean difference of success in the second half, its interval by sign flips over 32 replicates, and the word. One comparison is judged at a time, so try ten and one may come out by luck; the page says "not adjusted".
#
# ## What is behind a picture
#
# The settings are a line of data, and the same line gives the same numbers anywhere:

# %%
credit = checked({"credit": "rewrite Q"})
run = at_once(credit)
print(to_text(credit))
print(run.summary())

# %% [markdown]
# `at_once` lives 32 streams of 96 tasks side by side in some hundredths of a second. The answers come from a **simulated model**: chances fitted to recorded replies of SmolLM2-135M. Where it leaves nothing to chance, its lives are the agent's own, task by task (a test holds that).
#
# But is the simulated model like the real one? Both learners of the preset, simulated, and with the real model's *recorded* replies, over 16 replicates. The second sort takes seconds, so on the page it goes by the button `run`:

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
show.arms(table, y="success", group="by", made_by=[run, *real.values()], xlim=(0, 1), title=title)

# %% [markdown]
# *No memory* is the null: nothing learns there. The fit has seen replies from these very streams, so this checks the machinery and is no test of a forecast. Where you turn a knob away from what was recorded, press `run` with a real model before you believe the curve.
#
# ## Ten findings, one world
#
# The presets are claims, written down before their rows, judged over 64 fresh replicates with Holm's correction:

# %%
pd.DataFrame([{"preset": name, "claim": one.words} for name, one in PRESETS.items()])

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
# A vote over the same memory, without a model, does not need the model's habits unlearned. Lab 06 found the same with recorded replies. What these claims would **falsify**: a finding that turns round here does not follow from its mechanism alone; its lab's world plays a part.
#
# ## What if memory is corrupted?
#
# `corruption` is the share of stored cases that name another tool than the one that was used. Take the stationary stream and append-only memory. *From which share on is a memory no better than none?*
#
# **Exercise 14.1.** On the page: `stream` stationary, `learner` no memory, press `pin`; `learner` back to memory in the prompt; move `corruption` until the verdict is *undecided*. Give that share.

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
# So most cases must lie before memory is useless. A reading, not a finding: several near cases are asked, and the true ones agree with each other while the false ones do not.
#
# ## What if rewards lie?
#
# Nothing moves, but 15% of the rewards come out wrong. The learner that won above, credit, now does badly:

# %%
hard = {"stream": "stationary", "noise": 0.15}
base = at_once(checked(hard | {"credit": "rewrite Q"}))
base.summary()

# %% [markdown]
# **Exercise 14.2.** Leave the world as it is (`stream`, `noise`, `horizon`) and find knobs that gain .45 or more on it. Any learner that is simulated at once may be used. The verifier's gate writes only what a verifier agrees with.


# %%
def knobs():
    ### BEGIN SOLUTION: return a dict, such as {"learner": "no memory"}
    return {"verifier": "gate"}
    ### END SOLUTION


knobs = course.check("14.2", knobs)()

# %% [markdown]
# Your knobs (memlab's, while yours are not accepted) against credit; the line of text is all that another reader needs:

# %%
mine = at_once(checked(hard | knobs))
print(to_text(mine.settings))
print(mine.against(base))

# %% [markdown]
# And what each costs, over the tasks:

# %%
both = pd.concat([mine.rows("my knobs"), base.rows("credit")])
title = f"Second half: my knobs {mine.late.mean():.2f}, credit {base.late.mean():.2f}"
show.learning_curve(both, window=12, title=title)

# %% [markdown]
# ## Keep it, hand it on
#
# On the page, give a name and press `save`: knobs, rows and figure lie in `.memlab/studio/`, and you are told the command that makes them again, and a link. `load` brings a run back, `compare` draws several. `restore` reads the settings' text: as data, never as a program, and a text with an error in it is refused with the reason and changes nothing.
#
# In a shell, `python -m memlab studio` opens the page alone, without this text (through Voilà). And the line above repeats a run without a page: `python -m memlab studio '{"noise": 0.15}' --against '{}' --out noise`.
#
# **A learner of your own.** `python -m memlab new learner my_rule` writes a file. Set `learner` to `my own`, give the name, press `run`: its curve stands beside the pinned one. The file is run as a program, so name only one that you trust; a link cannot run it, only your click.
#
# **A real model.** Set `model` to `live` and press `run`. The bar counts lives; `halt` stops before the next call. Every reply is kept as it comes, so the next `run` goes on from there.
#
# **What this does not show.** The simulated model is a fit: no claim about a real one rests on it, and a knob far from what was recorded is a guess. One world, one-step tasks. Labs 10 to 13 train weights or talk over turns, which no knob here does. The verdict on the page is for one comparison, not for the best of many that you tried.
#
# ## Summary

# %%
words = ", ".join(f"{count} {word}" for word, count in verdicts["word"].value_counts().items())
primary = verdicts[verdicts["primary"]].iloc[0]
print(f"1. Of ten findings of other labs, in one simulated world: {words}.")
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
