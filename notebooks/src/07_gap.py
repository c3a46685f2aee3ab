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
# **The claim** (Song et al., arXiv:2412.02674): a model can improve on its own answers only as far as it judges them better than it makes them. An agent "learns from experience": by *whose* verdict on it? A mechanism study at laptop scale, not a replication.

# %%
import numpy as np
import pandas as pd
from scipy.special import ndtr

import memlab
from memlab import course, show
from memlab.labs.lab07_gap import real, study
from memlab.labs.lab07_gap.world import Prompts
from memlab.rivals import gated

# %% [markdown]
# ## What a filter adds
#
# A generator $f$ answers a prompt right with chance $p$. A **verifier** accepts a right answer with chance TPR, a wrong one with chance FPR. Ask until an answer is accepted: that is the filtered generator $f[w]$, with $w$ the chance to be accepted. $J$ is mean success, and the **gap** is what the filter adds: $\mathrm{gap} = J(f[w]) - J(f)$.
#
# **Exercise 07.1.** Write the gap.


# %%
def gap(p, tpr, fpr):
    ### BEGIN SOLUTION: the mean success of accepted answers, less p
    accepted = p * tpr + (1 - p) * fpr
    return p * tpr / accepted - p
    ### END SOLUTION


gap = course.check("07.1", gap)

# %% [markdown]
# Your function (or memlab's): a mediocre verifier, a perfect one, and one that accepts right and wrong answers alike:

# %%
for tpr, fpr in ((0.8, 0.6), (1.0, 0.0), (0.7, 0.7)):
    print(f"TPR {tpr}, FPR {fpr}: p = .6 becomes {0.6 + gap(0.6, tpr, fpr):.4f}")

# %% [markdown]
# The last line is the heart of this lab: a verifier that cannot tell right from wrong adds nothing, however much it refuses. Which generator gains most? Over all $p$:

# %%
p = np.linspace(0, 1, 101)
lines = {f"FPR {fpr}": gap(p, 0.8, fpr) for fpr in (0.05, 0.2, 0.6, 0.8)}
show.curves(
    lines, x=p, xlabel="p, chance that an answer is right", ylabel="gap", title="TPR .8: the gap is 0 at both ends"
)

# %% [markdown]
# Who is never right has nothing to let through; who is always right has nothing to gain.
#
# ## From a filter to a memory
#
# Now *write* what is accepted to a memory, and let the frozen model copy from it. In our exact world there are 100 prompts, each with three right answers and five wrong ones. In a round the model gives eight answers to each prompt, and a **gate** lets some into memory. In the next round it copies from there (chance .9) or follows its habit. Six rounds behind a verifier with TPR .8, FPR .2:

# %%
prompts = Prompts.draw(seed=3)
lived = prompts.rounds(prompts.accepts(tpr=0.8, fpr=0.2), seed=0)
lived[["round", "content", "gap"]].round(3)

# %% [markdown]
# *Content* is the share of right answers, *gap* what one more filter would add: it is spent as it is used. In the paper $J(f_{t+1}) - J(f_t) \ge \mathrm{gap}(f_t) - \mathrm{error\ of\ the\ update}$. Here the error is habit: a tenth of the answers do not come from memory. So without sampling the first round gains exactly .9 of the gap:

# %%
exact = prompts.rounds(prompts.accepts(tpr=0.8, fpr=0.2))
print(f"gap {exact['gap'][0]:.4f}, gain of the first round {exact['content'].diff()[1]:.4f}")

# %% [markdown]
# ## Whose errors?
#
# A model that judges its own answers also accepts what it believes by mistake. Let $\rho$ be the share of wrong answers that the verifier believes as it believes right ones. At $\rho = 1$ it accepts everything with chance .8.
#
# **Before you look:** at $\rho = 1$, after six rounds, will more answers be right than by habit: `"more"`, `"the same"` (within .02), or `"fewer"`?

# %%
### BEGIN SOLUTION: your guess, one of "more", "the same", "fewer"
guess = "the same"
### END SOLUTION
course.predict("07.shared", guess, ("more", "the same", "fewer"))

# %% [markdown]
# 64 such worlds. The null writes *everything*: the same memory, no verifier.

# %%
rows = study.STUDY.rows()
ends = study.STUDY.scores().groupby("arm")[["content", "score", "kinds"]].mean()
right, kinds = ends["content"], ends["kinds"]
moved = right["all shared"] - right["no memory"]
course.settle("07.shared", "the same" if abs(moved) < 0.02 else "more" if moved > 0 else "fewer")
main = rows[rows["arm"].isin(["independent", "half shared", "all shared", "null: write everything"])]
title = f"Right after six rounds: independent errors {right['independent']:.2f}, all shared {right['all shared']:.2f}"
show.curves(main, x="round", y="content", title=title, ylabel="share of right answers", ylim=(0, 1))

# %% [markdown]
# Where all errors are shared no round gains anything, although the memory is full of *verified* answers.
#
# ## Two things that look like learning
#
# **Diversity falls.** How many of the three right answers are still in use at a prompt (exp of the entropy among them)?

# %%
title = f"Right answers in use fall from {kinds['no memory']:.1f} to {kinds['independent']:.1f} behind a verifier, to {kinds['null: write everything']:.1f} without"
show.curves(main, x="round", y="kinds", title=title, ylabel="right answers in use, of 3", ylim=(1, 3))

# %% [markdown]
# It falls in every arm, so falling diversity is no sign of learning.
#
# **The form improves.** Scorers want a bare number, say; our model's answers are in good form six times in ten. A gate that looks *at the form alone* knows nothing of what is right:

# %%
ends.loc[["no memory", "null: write everything", "format alone"], ["score", "content"]].round(3)

# %% [markdown]
# *Score* asks for right and in good form, *content* for right. The score rises by more than half, and nothing was learned: a gap needs a **control for form**.
#
# Five claims, fixed before the 64 worlds were drawn; *as good* means worse by less than .02:

# %%
show.verdicts(study.STUDY.verdicts(), made_by=rows)

# %% [markdown]
# ## How strict should a verifier be?
#
# A verifier gives each answer a number; you choose the threshold above which it is accepted. Say the numbers are normal with standard deviation 1 and mean 1.5 for right answers, 0 for wrong ones (`ndtr` is the normal distribution function):

# %%
for t in (-1.0, 0.0, 1.0, 2.0, 3.0, 4.0):
    tpr, fpr = ndtr(1.5 - t), ndtr(-t)
    print(f"threshold {t:+.0f}: TPR {tpr:.3f}, FPR {fpr:.5f}, gap at p = .4: {gap(0.4, tpr, fpr):.3f}")

# %% [markdown]
# The stricter, the larger the gap. **Exercise 07.2.** Is the strictest also the best gate for our memory, with eight answers a round for six rounds? Choose a threshold. Within .035 of the best share of right answers passes.

# %%
### BEGIN SOLUTION: a number
threshold = 1.75
### END SOLUTION
threshold = course.check("07.2", threshold)

# %% [markdown]
# Right answers after six rounds behind a lax verifier, yours (or memlab's), and a strict one:

# %%
for t in (-1.0, threshold, 4.0):
    lived = prompts.rounds(prompts.accepts(ndtr(1.5 - t), ndtr(-t)), seed=0)
    print(
        f"threshold {t:+.2f}: {lived['content'].iloc[-1]:.3f} right, gap before the first round {lived['gap'][0]:.3f}"
    )

# %% [markdown]
# The gap does not say how long you wait for an accepted answer. Turn the knobs:


# %%
def compute(tpr, fpr, shared):
    return tpr, fpr, shared, prompts.rounds(prompts.accepts(tpr, fpr, shared), seed=0)


def paint(canvas, result):
    tpr, fpr, shared, found = result
    canvas.line("with memory", found["round"], found["content"])
    canvas.level("no memory", found["content"][0])
    canvas.line("with memory", found["round"], found["kinds"], panel=1)
    canvas.axes(0, xlabel="round", ylabel="right", ylim=(0, 1))
    canvas.axes(1, xlabel="round", ylabel="right answers in use", ylim=(1, 3))
    start, end = found["content"].iloc[[0, -1]]
    canvas.title(f"TPR {tpr:.2f}, FPR {fpr:.2f}, shared {shared:.2f}: right {start:.2f} becomes {end:.2f}")


# %% [markdown]
# Find a verifier that makes the memory *worse* than none.

# %%
show.Explorer(
    compute,
    paint,
    {"tpr": (0.0, 1.0, 0.05, 0.8), "fpr": (0.0, 1.0, 0.05, 0.2), "shared": (0.0, 1.0, 0.05, 0.5)},
    panels=2,
    alt="Top: the share of right answers rises over six rounds. Bottom: fewer of the right answers stay in use.",
    caption="One world of 100 prompts; every setting has the same luck.",
)

# %% [markdown]
# ## The real model judges itself
#
# Now SmolLM2, 135 million weights, on questions of reasoning-gym; recorded replies answer. It chooses one of four options (the wrong ones are answers to other questions), and is then asked of each option whether it is right, *yes* or *no*. One question:

# %%
llm = memlab.open_llm("replay")
task, table = next(real.asked(llm, "gcd", 100))
print(task.text)
table.round(3)

# %% [markdown]
# Column *p* is the generator $f$; *yes* is its acceptance $w$ when it judges itself. So the gap follows without sampling:

# %%
f, w, truth = (table[name].to_numpy() for name in ("p", "yes", "right"))
filtered = f * w / (f * w).sum()
print(f"right {f @ truth:.3f}; of what it accepts {filtered @ truth:.3f}; gap {(filtered - f) @ truth:+.3f}")

# %% [markdown]
# Eight families, 32 questions each, in 16 replicates. **Before you look:** in how many families will the mean gap of the self-judging model be above .02: `"none"`, `"some"`, or `"most"`?

# %%
### BEGIN SOLUTION: your guess, one of "none", "some", "most"
guess = "none"
### END SOLUTION
course.predict("07.self", guess, ("none", "some", "most"))

# %% [markdown]
# *Gap* is that of its own judgment. *Gained* is what three rounds of writing by it gave; the same question comes again, with the stored case in the prompt.

# %%
calls, scores = study.REAL.rows(), study.REAL.scores()
judged = scores[scores["arm"] == "the model judges"]
gaps = judged.groupby("family")["gap"].mean()
wide = int((gaps > 0.02).sum())
course.settle("07.self", "none" if wide == 0 else "most" if wide > 4 else "some")
long = judged.melt(["family", "seed"], ["gap", "gained"], "measure", "J")
title = f"Families with a gap above .02: {wide} of 8; the largest is {gaps.max():+.3f} ({gaps.idxmax()})"
show.arms(long, y="J", arm="family", panel="measure", made_by=calls, title=title)

# %% [markdown]
# No mean gap is above .02. The model is at chance (.24 right, *Going further*), and so is its judgment.
#
# ## Memory as the outside verifier
#
# Let the *world* judge instead: a memory of what came of an answer knows what the model does not. *Its best judged* writes the option with the highest *yes*, *its own favorite* that with the highest *p*. Two nulls: write everything, and show another question with a wrong answer (the control for form):

# %%
ends = scores.groupby("arm")["success"].mean()
title = f"After three rounds: the world judges {ends['the world judges']:.2f}, the model {ends['the model judges']:.2f}, no memory {ends['no memory']:.2f}"
show.arms(scores, y="success", made_by=calls, title=title, xlabel="J after three rounds")

# %% [markdown]
# Five claims, fixed after the pilot and before these questions were asked; margins .02 and .03:

# %%
show.verdicts(study.REAL.verdicts(), made_by=calls)

# %% [markdown]
# The world's verdict helps, less than it could: with the right answer stored beside the very question in 98%, this model gives it in only .37 of the cases.
#
# ## Where the model can answer
#
# From a model at chance nothing follows for one that can answer. Now four families of easy questions (capitals, past tenses, first letters, next number), each behind three solved examples, chosen by a second pilot. A new judge is *asked again*: the chance that the model gives an answer behind three *other* examples. **Before you look:** which judge has a gap, the model's `"yes"`, `"asked again"`, `"both"` or `"neither"` (above .02)?

# %%
### BEGIN SOLUTION: your guess, one of "yes", "asked again", "both", "neither"
guess = "asked again"
### END SOLUTION
course.predict("07.easy", guess, ("yes", "asked again", "both", "neither"))

# %% [markdown]
# Success after three rounds:

# %%
easy, able = study.EASY.rows(), study.EASY.scores()
two = able.groupby("arm")["gap"].mean()[["the model judges", "asked again"]] > 0.02
course.settle("07.easy", "both" if two.all() else "asked again" if two.iloc[1] else "yes" if two.iloc[0] else "neither")
ends = able.groupby("arm")["success"].mean()
title = f"No memory {ends['no memory']:.2f}, its own yes {ends['the model judges']:.2f}, asked again {ends['asked again']:.2f}, the world {ends['the world judges']:.2f}"
show.arms(able, y="success", made_by=easy, title=title, xlabel="J after three rounds")

# %% [markdown]
# Its *yes* has no gap (-.01), asking again has one (.11), and so has its own favorite (.15). Writing everything falls *below* no memory, as another question's wrong answer does; asking again only makes up for that (.66, .65; no claim). Four claims, fixed before these rows:

# %%
show.verdicts(study.EASY.verdicts(), made_by=easy)

# %% [markdown]
# ## A gate on the agent
#
# The agent of lab 06 takes a gate: `Agent(..., gate=...)`. It sees each edit before it is written and gives a text: an empty one lets it pass, any other refuses it and says why. `verify.gate(verifier)` makes one of any verifier.
#
# In the *noisy* stream 15% of the rewards are reported the wrong way round. A tool that fits is right, any other answers `this tool cannot read the question`; so a small *program* can check a report. **Exercise 07.3.** Write such a gate from `episode.reward` (1 or 0, as reported) and `episode.answer`.


# %%
def gate(task, episode, edit):
    ### BEGIN SOLUTION: "" where report and answer fit, else why not
    readable = episode.answer != "this tool cannot read the question"
    return "" if readable == (episode.reward == 1) else "the report does not fit the answer"
    ### END SOLUTION


gate = course.check("07.3", gate)

# %% [markdown]
# The agent *newest-first* takes a tool whose newest near case worked, and asks SmolLM2 where none did. A noisy stream of 240 tasks without a gate and behind yours (or memlab's):

# %%
for name, one in (("no gate", None), ("your gate", gate)):
    lived = pd.DataFrame(gated.behind(one, "newest-first", 100, llm))
    written, late = lived[lived["edits"] > 0], lived[120:]
    true = (written["reward"] == written["success"]).mean()
    print(f"{name}: {true:.2f} of what was written is true; solved in the second half {late['success'].mean():.2f}")

# %% [markdown]
# What does a gate do that *errs* (TPR .8, FPR .2)? Sixteen streams; the *coin* refuses as many reports, whatever they say; *MemRL* moves values in small steps, and the *belief* of lab 06 weighs noise itself:

# %%
lives, behind = study.GATE.rows(), study.GATE.scores()
ends = behind.groupby("arm")["after"].mean()
title = f"Newest-first: {ends['newest-first, no gate']:.2f}, behind a noisy gate {ends['newest-first, noisy gate']:.2f}; belief without a gate {ends['belief, no gate']:.2f}"
show.arms(behind, y="after", made_by=lives, xlabel="success in the second half", title=title)

# %% [markdown]
# The noisy gate's .57 is hardly above no memory (.55; no claim); gates without errors reach .93. A gate filters *reports*, of which .85 are true: so the gap predicts how pure memory gets.

# %%
pure = behind.groupby("arm")["true"].mean()["newest-first, noisy gate"]
print(f"predicted {0.85 + gap(0.85, 0.8, 0.2):.3f}, measured {pure:.3f}")

# %% [markdown]
# ## What would falsify the claim
#
# *The claim fails* if a verifier that shares all the generator's errors gives a gain that lasts. *Self-improvement fails here* if a memory of self-judged answers is no better than the null that writes everything. What came of it:

# %%
said = pd.concat([one.verdicts() for one in (study.STUDY, study.REAL, study.EASY, study.GATE)])
print(said[["claim", "word"]].to_string(index=False))

# %% [markdown]
# **What this does not show.** One model of 135 million weights; larger ones are reported to have gaps. The same question returns word for word, the kindest case for a memory. In the exact world wrong answers are shared or not, nothing between. The gate that errs was drawn from the truth, no model was asked.
#
# ## Summary
#
# 1. A filter adds the gap and no more: it must tell right from wrong. Where the verifier shares all errors of the generator, six rounds of *verified* answers gain nothing.
# 2. Falling diversity needs no verifier, and a rising score may be form alone. Control for both.
# 3. SmolLM2's own *yes* has no gap, at chance or not, and writing everything is as good as writing by it. Where it can answer, asking again has a gap and beats writing everything, not visibly no memory; the world's verdict beats that.
#
# **References** Mind the Gap (Song et al.): arXiv:2412.02674. Memento: arXiv:2508.16153.

# %% [markdown]
# ## Going further
#
# **The gate's claims**, fixed after a pilot on other questions. Three of the arms without a gate had been seen as arms of lab 06; none behind a gate had:

# %%
show.verdicts(study.GATE.verdicts(), made_by=lives)

# %% [markdown]
# **Which easy questions have a gap?** Success without memory, and the gap of the question asked again, by family:

# %%
able[able["arm"] == "asked again"].groupby("family")[["before", "gap"]].mean().round(2)

# %% [markdown]
# On past tenses, mostly right anyway, other examples tell it nothing new.
#
# **A pilot that flattered.** A pilot chose these eight families of twelve: on ten other questions of each the model was right more often than by chance (.25). There, and in the study:

# %%
before = study.REAL.scores(tuning=True).query("family in @gaps.index")["before"].mean()
print(f"right: pilot {before:.3f}, here {judged['before'].mean():.3f}")

# %% [markdown]
# The best eight of twelve, by ten questions each, look better than they are.
#
# **Other verifiers** in the exact world: an oracle, and an ensemble that accepts where two of three verifiers do. The ensemble is better than one of them only because their errors are independent:

# %%
right[["no memory", "independent", "ensemble of three", "oracle", "half shared", "all shared"]].round(3)

# %% [markdown]
# **Inside or outside of the mean?** The *relative* gap divides by what is left to gain, $1 - J$. Over several prompts the ratio can be taken for each prompt and then averaged, or of the two averages; readers of the paper disagree on what it does. Two prompts, one easy and one hard:

# %%
j, gaps = np.array([0.9, 0.2]), np.array([0.08, 0.0])
print(f"inside {np.mean(gaps / (1 - j)):.3f}, outside {gaps.mean() / (1 - j).mean():.3f}")

# %% [markdown]
# Inside, the easy prompt counts as much as the hard one, although there was little to gain: say which of the two you report. `verify.mean_relative_gap` has both.
#
# **Where does the gap go?** A round gains the gap less what the update loses: the real model copies its memory only in part. The first round, in means (*after* is *success* + *gap* - *lost*):

# %%
first = calls[calls["round"] == 0].groupby("arm")[["success", "gap", "lost"]].mean()
first.assign(after=first["success"] + first["gap"] - first["lost"]).round(3)
