# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 07 · The generation-verification gap
#
# **You will** measure what a filter adds to a generator, write only verified answers to a memory and watch it learn, stop, or fool you, and put a gate on an agent whose rewards lie.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb); the agent of [06](06_agent.ipynb) helps. **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim** (Song et al., arXiv:2412.02674): a model can improve on its own answers exactly as far as it judges them better than it makes them. Sellers of memory say "the agent learns from its experience". From *whose* verdict on it? A mechanism study at laptop scale, not a replication.

# %%
import numpy as np
import pandas as pd

import memlab
from memlab import course, show, verify
from memlab.labs.lab07_gap import real, study, world

# %% [markdown]
# ## What a filter adds
#
# A generator $f$ answers a prompt right with chance $p$. A **verifier** accepts a right answer with chance TPR and a wrong one with chance FPR. Ask until an answer is accepted: that filtered generator is called $f[w]$, where $w$ is the chance to be accepted. $J$ is the mean success, and the **gap** is what the filter adds: $\mathrm{gap} = J(f[w]) - J(f)$.
#
# **Exercise 07.1.** Write the gap. Of all answers, what share is accepted, and how much of that share is right?


# %%
def gap(p, tpr, fpr):
    ### BEGIN SOLUTION: the mean success of accepted answers, less p
    accepted = p * tpr + (1 - p) * fpr
    return p * tpr / accepted - p
    ### END SOLUTION


gap = course.check("07.1", gap)

# %% [markdown]
# Your function (memlab's, while yours is not right): a mediocre verifier, a perfect one, and one that accepts right and wrong answers alike:

# %%
for tpr, fpr in ((0.8, 0.6), (1.0, 0.0), (0.7, 0.7)):
    print(f"TPR {tpr}, FPR {fpr}: p = .6 becomes {0.6 + gap(0.6, tpr, fpr):.4f}")

# %% [markdown]
# The last line is the heart of this lab. A verifier that cannot tell right from wrong adds nothing, however much it refuses.
#
# Which generator gains most? For one verifier, over all $p$:

# %%
p = np.linspace(0, 1, 101)
lines = {f"FPR {fpr}": gap(p, 0.8, fpr) for fpr in (0.05, 0.2, 0.6, 0.8)}
show.curves(
    lines, x=p, xlabel="p, chance that an answer is right", ylabel="gap", title="TPR .8: the gap is 0 at both ends"
)

# %% [markdown]
# A generator that is never right has nothing to let through; one that is always right has nothing to gain.
#
# ## From a filter to a memory
#
# Now *write* what is accepted to a memory, and let the frozen model copy from it. In our exact world a model answers 40 prompts. Each has three right answers and five wrong ones. In each round the model gives eight answers to each prompt; a gate lets some of them into memory; in the next round the model copies an answer from there (chance .9) or follows its habit. The model:

# %%
prompts = world.Prompts.draw(seed=3)
print("right by habit:", round(world.measures(prompts.f)["content"], 3))

# %% [markdown]
# Six rounds behind a verifier with TPR .8 and FPR .2. *Gap* is what one more filter would add at that point:

# %%
w = prompts.accepts(tpr=0.8, fpr=0.2)
for number, f in enumerate(prompts.live(w, seed=0)):
    right = world.measures(f)["content"]
    print(number, f"right {right:.3f}, gap {world.measures(verify.reweighted(f, w))['content'] - right:.3f}")

# %% [markdown]
# The gap is spent as it is used: the gain of a round is the gap before it, less what is lost when the model follows its habit instead of the memory. The paper writes $J(f_{t+1}) - J(f_t) \ge \mathrm{gap}(f_t) - \epsilon$, with $\epsilon$ the error of the update.
#
# ## Whose errors?
#
# That verifier errs by itself. But a model that judges its own answers knows what it knows, and no more: what it believes by mistake it also accepts by mistake. Let $\rho$ be the share of wrong answers that the verifier believes as it believes right ones. At $\rho = 1$ it accepts everything with chance .8.
#
# **Before you look:** at $\rho = 1$, after six rounds, will more answers be right than by habit: `"more"`, `"the same"` (within .02), or `"fewer"`?

# %%
### BEGIN SOLUTION: your guess, one of "more", "the same", "fewer"
guess = "the same"
### END SOLUTION
course.predict("07.shared", guess, ("more", "the same", "fewer"))

# %% [markdown]
# 64 worlds. The null model writes *everything*: it has the same memory and no verifier.

# %%
rows = study.STUDY.rows()
ends = study.STUDY.scores().groupby("arm")[["content", "score", "kinds"]].mean()
moved = ends.loc["all shared", "content"] - ends.loc["no memory", "content"]
course.settle("07.shared", "the same" if abs(moved) < 0.02 else "more" if moved > 0 else "fewer")
main = rows[rows["arm"].isin(["independent", "half shared", "all shared", study.EVERYTHING])]
title = f"Right after six rounds: independent errors {ends.loc['independent', 'content']:.2f}, all shared {ends.loc['all shared', 'content']:.2f}"
show.curves(main, x="round", y="content", title=title, ylabel="answers that are right", ylim=(0, 1))

# %% [markdown]
# Two things to see. The gain is over after about three rounds: what the verifier can tell has been told. And with all errors shared there is no gain in any round, although the memory fills with *verified* answers.
#
# ## What else moves
#
# The same memories in another measure: how many of the three right answers are still in use at a prompt (exp of the entropy among them):

# %%
title = f"Right answers in use fall from {ends.loc['no memory', 'kinds']:.1f} to {ends.loc['independent', 'kinds']:.1f}, and to {ends.loc[study.EVERYTHING, 'kinds']:.1f} where everything is written"
show.curves(main, x="round", y="kinds", title=title, ylabel="right answers in use, of 3", ylim=(1, 3))

# %% [markdown]
# Diversity falls in every arm that copies what it wrote, verified or not. So falling diversity is no sign of learning: drawing again from your own draws is enough.
#
# The second trap is **form**. Scorers want the answer in good form, such as a bare number; our model's answers have it in six of ten cases. A gate that looks *at the form alone* knows nothing about what is right:

# %%
ends.loc[["no memory", study.EVERYTHING, "format alone"], ["score", "content"]].round(3)

# %% [markdown]
# *Score* asks for both, *content* only for right. The score rises by more than a third; nothing was learned about the answers. Whoever reports the score alone reports a gap that is not there: so **control for form**, and ask for content.
#
# ## What the claims say
#
# Five claims, fixed before the 64 worlds were drawn, judged by exact sign flips after Holm's correction. *As good* means worse by less than the margin, here .02.

# %%
show.verdicts(study.STUDY.verdicts(), made_by=rows)

# %% [markdown]
# ## How strict?
#
# A verifier gives each answer a number, and you choose the threshold above which it is accepted. Here the numbers are normal: mean 1.5 for right answers, 0 for wrong ones, standard deviation 1. A strict verifier has the higher gap:

# %%
for threshold in (-1.0, 0.0, 1.0, 2.0, 3.0):
    tpr, fpr = world.rates(threshold)
    print(f"threshold {threshold:+.0f}: TPR {tpr:.2f}, FPR {fpr:.3f}, gap at p = .4: {gap(0.4, tpr, fpr):.3f}")

# %% [markdown]
# **Exercise 07.2.** Is the strictest the best gate for a memory, at eight answers a round for six rounds? Choose a threshold; within .01 of the best passes.

# %%
### BEGIN SOLUTION: a number
threshold = 1.5
### END SOLUTION
threshold = course.check("07.2", threshold)

# %% [markdown]
# Right answers after six rounds, with your threshold (memlab's, while yours is not right) and two extremes:

# %%
{t: round(world.content_at(float(t)), 3) for t in sorted({-1.0, threshold, 4.0})}

# %% [markdown]
# The gap counts what is accepted and not what it costs to get it. Turn the knobs: rates, the shared part of the errors, and see content and diversity by round.


# %%
def compute(tpr, fpr, shared):
    lived = prompts.live(prompts.accepts(tpr, fpr, shared), seed=0)
    return tpr, fpr, shared, pd.DataFrame([world.measures(f) for f in lived])


def paint(canvas, result):
    tpr, fpr, shared, found = result
    canvas.line("right", found.index, found["content"])
    canvas.level("no memory", found["content"][0])
    canvas.line("right answers in use", found.index, found["kinds"], panel=1)
    canvas.axes(0, xlabel="round", ylabel="right", ylim=(0, 1))
    canvas.axes(1, xlabel="round", ylabel="in use, of 3", ylim=(1, 3))
    canvas.source("simulated")
    canvas.title(
        f"TPR {tpr:.2f}, FPR {fpr:.2f}, shared {shared:.2f}: right {found['content'][0]:.2f} becomes {found['content'].iloc[-1]:.2f}"
    )


# %% [markdown]
# Look for two settings: the lowest TPR that still teaches, and the FPR at which even independent errors teach nothing.

# %%
knobs = {"tpr": (0.0, 1.0, 0.05, 0.8), "fpr": (0.0, 1.0, 0.05, 0.2), "shared": (0.0, 1.0, 0.05, 0.5)}
alt = "Top: the share of right answers by round. Bottom: how many of three right answers are in use by round."
show.Explorer(
    compute, paint, knobs, panels=2, alt=alt, caption="One world of 40 prompts, the same luck at every setting."
)
