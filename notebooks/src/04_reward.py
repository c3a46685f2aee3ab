# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 04 · Reward
#
# **You will** turn the outcome of an episode into a number for each step, measure when the usual tricks bend the gradient, and find a reward that pays for learning nothing.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb); what a gradient is. **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claims.** *MS-GRPO* (arXiv:2508.10839): give the return of a whole episode to each of its steps, compare episodes within a group, and draw those with a large $|A|$ more often. We could read its abstract only: the equations are **our reconstruction**, and its results with language models are not tried. *ΔBelief* (arXiv:2602.12342): pay a step for how much it raised the belief in the truth.

# %%
import itertools

import numpy as np
import pandas as pd

from memlab import course, show
from memlab.labs.lab04_reward import belief
from memlab.labs.lab04_reward import study as lab04
from memlab.tasks import frozenlake

# %% [markdown]
# ## Two ways to pay a step
#
# A **rollout** is one episode, walked with the policy of the moment. This one earned four rewards; their sum is its **return**. A step may be paid the full return, as in MS-GRPO, or its **reward-to-go**: only what came at or after it.

# %%
rewards = np.array([0.0, 0.5, 0.0, 1.0])
full_return = np.full(4, rewards.sum())
to_go = np.cumsum(rewards[::-1])[::-1]
full_return, to_go

# %% [markdown]
# The third step could not have caused the .5 before it, so reward-to-go leaves that out. On average both push a policy the same way (the end shows it).
#
# ## A choice whose gradient is known
#
# A policy $\pi = \mathrm{softmax}(\theta)$ chooses once among three actions a, b, c, which pay 1, 0 and .5. The gradient of the expected reward is then exact: $\pi_a (r_a - \pi \cdot r)$.

# %%
theta, r = np.array([0.2, -0.1, 0.0]), np.array([1.0, 0.0, 0.5])
pi = np.exp(theta) / np.exp(theta).sum()
true = pi * (r - pi @ r)
true.round(4)

# %% [markdown]
# Raise a, lower b, and lower c a little: .5 is just below average.
#
# A learner instead draws a **group** of $G$ rollouts and compares each return $R_i$ with a **baseline**, such as the mean of the group. The difference is the **advantage** $A_i$; the estimate is $\frac1G \sum_i A_i \nabla \log \pi(a_i)$. With three actions every group can be listed, so its expectation is exact:


# %%
def expected(size, weigh):
    """The mean estimate over all groups of a size; `weigh` turns returns into weights."""
    total = np.zeros(3)
    for group in itertools.product(range(3), repeat=size):
        chosen = list(group)
        total += pi[chosen].prod() * weigh(r[chosen]) @ (np.eye(3)[chosen] - pi)
    return total


# %% [markdown]
# The last factor is $\nabla \log \pi(a) = \mathrm{onehot}(a) - \pi$. **Before you look:** with the group's mean as baseline, is this the true gradient, too short, or too long?

# %%
### BEGIN SOLUTION: your guess: "true", "too short" or "too long"
guess = "too short"
### END SOLUTION
course.predict("04.mean", guess, ("true", "too short", "too long"))

# %% [markdown]
# The estimate, as a share of the true gradient, for actions a, b and c:

# %%
for size in (2, 4, 8):
    share = expected(size, lambda R: (R - R.mean()) / len(R)) / true
    print(f"G = {size}: {share.round(4)}")
course.settle("04.mean", "too short" if share.max() < 1 else "too long" if share.min() > 1 else "true")

# %% [markdown]
# The factor is $1 - 1/G$, the same for every action.
#
# **Exercise 04.1.** Write an advantage that compares within the group, by its returns alone, and makes the factor 1.


# %%
def advantage(returns):
    ### BEGIN SOLUTION: an array with one advantage for each of the G returns
    others = (returns.sum() - returns) / (len(returns) - 1)
    return returns - others
    ### END SOLUTION


advantage = course.check("04.1", advantage)

# %% [markdown]
# `advantage` is now yours, or memlab's until yours is right:

# %%
for size in (2, 4, 8):
    print(f"G = {size}: {(expected(size, lambda R: advantage(R) / len(R)) / true).round(4)}")

# %% [markdown]
# The true gradient at every group size. This baseline, the mean of the others, is called **leave-one-out**. (It makes each advantage $G/(G-1)$ times as long.)
#
# ## Drawing rollouts in proportion to |A|
#
# Most rollouts of a hard task fail alike and teach little, so MS-GRPO draws those with a large $|A|$ more often. With $A_a = r_a - \pi \cdot r$, how much action $a$ pays above the policy's mean, the expectation becomes $\sum_a \pi_a \frac{|A_a|}{\mathrm{E}|A|} A_a \nabla\log\pi(a)$, and **importance weights** $\mathrm{E}|A|/|A|$ undo that.

# %%
A = r - pi @ r
drawn = pi * abs(A) / (pi @ abs(A))
plain = (drawn * A) @ (np.eye(3) - pi)
weighted = (drawn * A * (pi @ abs(A)) / abs(A)) @ (np.eye(3) - pi)
(plain / true).round(3), (weighted / true).round(3)

# %% [markdown]
# With weights it is true again, since a drawn rollout then counts $\pm\mathrm{E}|A|$, however small its own $|A|$. Without them a and b are exaggerated, and c has the wrong sign. Is it milder within groups of 4? We keep `advantage`, so that the group's mean shrinks nothing:


# %%
def by_size(R):
    total = abs(advantage(R)).sum()
    return abs(advantage(R)) / total * advantage(R) if total > 0 else 0 * R


in_groups = expected(4, by_size)
(in_groups / true).round(3)

# %% [markdown]
# Milder, still biased. With the group's *mean* as baseline it would be .99, 1.02 and .62, since two biases nearly cancel for a and b.

# %%
names = ["a (pays 1)", "b (pays 0)", "c (pays .5)"]
shares = {"true = |A| with weights": true, "|A|, groups of 4": in_groups, "|A|, all actions": plain}
exact = pd.DataFrame(shares, names).rename_axis("action").melt(ignore_index=False, var_name="way").reset_index()
title = f"Groups of 4 without weights: a gets {in_groups[0] / true[0]:.2f} of its true gradient, c "
title += f"{in_groups[2] / true[2]:.2f} of its own"
show.arms(exact.assign(seed=0), arm="action", group="way", made_by="computed", title=title, xlabel="expected gradient",
          alt=f"The expected gradient of three actions, by three ways. {title}.", caption="Exact, no sampling.")  # fmt: skip

# %% [markdown]
# A stretched gradient is only a longer step, which tuning can undo; a turned one is not. Does it matter when a policy learns?
#
# ## A world with steps
#
# Gymnasium's FrozenLake has 16 cells, holes that end an episode, and reward 1 at the goal. On slippery ice a move goes where it was meant to with probability 1/3, else to one side. A learner is a table of 64 numbers θ; its success is *exact*, by the transition table.
#
# An update walks 32 rollouts, compares each return with the mean of all 32, and uses 8 for the gradient: *full return* the first 8, two arms 8 drawn by $|A|$. The arm "all 32" uses each, for a quarter of the updates: all arms use **3,200 rollouts for gradients**. Step sizes were tuned for each. The **null** is the random policy that all start from.
#
# **Before you look:** which has the highest success on slippery ice, averaged over the 3,200?

# %%
arms = ("full return", "|A| sampling", "|A| sampling, weighted", "all 32")
### BEGIN SOLUTION: your guess, one of arms
guess = "|A| sampling, weighted"
### END SOLUTION
course.predict("04.lake", guess, arms)

# %% [markdown]
# The rows were recorded once, on 64 seeds that tuning did not see:

# %%
rows, scores = lab04.STUDY.rows(), lab04.STUDY.scores()
means = scores.groupby(["world", "arm"]).score.mean()
course.settle("04.lake", means["slippery"][list(arms)].idxmax())
shown = rows[rows.arm.isin([*arms, "null: random policy"])]

# %% [markdown]
# That is the highest *mean*; whether it leads is judged below. The curves behind it (not slippery: their first quarter):

# %%
show.curves(
    shown,
    x="samples",
    y="success",
    panel="world",
    xlim={"slippery": (0, 3200), "not slippery": (0, 800)},
    ylim={"slippery": (0, 0.6), "not slippery": (0, 1.02)},
    xlabel="rollouts used for gradients",
    ylabel="exact success",
    title=f"On slippery ice |A| sampling averages {means['slippery', '|A| sampling']:.2f} without weights, "
    f"{means['slippery', '|A| sampling, weighted']:.2f} with them; full return {means['slippery', 'full return']:.2f}",
)

# %% [markdown]
# Five claims were written down before these rows were made (eight of the seeds, 100-107, had been seen with earlier arms), and are judged by the course's one rule: paired differences, a sign-flip test, Holm's correction. Of two rivals the better counts. The bold line is the primary claim. *As good* means worse by less than a margin stated before, .02 (the grey tick). *Those walking*: the baseline leaves out rollouts that have ended:

# %%
verdicts = lab04.STUDY.verdicts()
show.verdicts(verdicts, made_by=rows)

# %% [markdown]
# **Undecided** means that 64 seeds cannot tell, not that there is no difference. The primary claim misses by little: with weights the arm leads all 32 by about .08, and the interval just holds 0. Where it does not slip, nearly all learners succeed, and the means hang on the few that got stuck. *Going further* counts them, and shows when drawing by $|A|$ lowers the noise most: at the start, where successes are rare.
#
# ## Rewards that err
#
# A real reward comes from a **verifier**, which says "right" to a right answer with chance TPR and to a wrong one with chance FPR. If $r$ is the chance that an answer is right, the learner is told $\mathrm{FPR} + (\mathrm{TPR} - \mathrm{FPR})\,r$ on average. Four verifiers:

# %%
verifiers = {
    "errs in 10%": (0.9, 0.1),
    "errs in 40%": (0.6, 0.4),
    "null: TPR = FPR": (0.6, 0.6),
    "fooled by b": (0.7, np.array([0.1, 0.95, 0.1])),
}

# %% [markdown]
# **Before you look:** under one of them a learner climbs in a *wrong* direction, however many rollouts it takes. Which?

# %%
### BEGIN SOLUTION: your guess, one of the four names
guess = "fooled by b"
### END SOLUTION
course.predict("04.verifier", guess, tuple(verifiers))

# %% [markdown]
# What the learner is told, and the gradient that it climbs:

# %%
along = {}
for name, (tpr, fpr) in verifiers.items():
    told = fpr + (tpr - fpr) * r
    climbed = pi * (told - pi @ told)
    along[name] = climbed @ true / (true @ true)
    print(f"{name:16} told {told.round(3)}, gradient {climbed.round(4)}")
course.settle("04.verifier", min(along, key=along.get))

# %% [markdown]
# Errors that strike all actions alike leave the gradient's direction, and TPR − FPR of its length. The null leaves nothing to climb. An error tied to b turns the gradient toward b.
#
# ## Paying for belief
#
# ΔBelief pays each step of a search $\log b_t - \log b_{t-1}$, where $b_t$ is the belief in the true answer. The unit is the **nat**: a reliable answer to an even yes-or-no question is worth $\log 2 = .69$ nats.
#
# In *twenty questions* with 16 secrets the belief is exact, by Bayes' rule. Each of four questions halves the secrets; an answer is wrong with chance .1:

# %%
questions = belief.halving(16)
answers = questions[:, 5] ^ np.array([False, False, True, False])
fits = np.where(answers[:, None] == questions, 0.9, 0.1)
likelihood = np.vstack([np.ones(16), np.cumprod(fits, axis=0)])
log_b = np.log(likelihood / likelihood.sum(axis=1, keepdims=True))[:, 5]
log_b.round(2)

# %% [markdown]
# The five numbers are $\log b_0$ to $\log b_4$. The secret was number 5, and the third answer was wrong: there the belief falls. Each answer is paid the step it made. The second row is **clipped** at 0, as the paper does it: no answer is charged.

# %%
print("unclipped", np.diff(log_b).round(2))
print("clipped  ", np.maximum(np.diff(log_b), 0).round(2))

# %% [markdown]
# Unclipped payments sum to $\log b_T - \log b_0$, whatever happened between. The yardstick is the **mutual information** of secret and answers: by how many nats answers lower the doubt about the secret. In nats a question, over all secrets and answers:

# %%
for noise, clip in ((0.0, False), (0.1, False), (0.1, True)):
    paid, learned = belief.average_game(questions, noise, clip)
    print(f"noise {noise}, {'clipped' if clip else 'unclipped':9}: paid {paid / 4:.4f}, learned {learned / 4:.4f}")

# %% [markdown]
# Unclipped, mean reward *is* information. Clipped, it is more. How much more?
#
# ## Turn the knobs
#
# The noise moves both panels. Above: gradients from 2,000 groups whose rewards are flipped with that chance. Below: *two* secrets, one question asked 200 times.

# %%
rng = np.random.default_rng(4)
actions = (rng.random((2000, 16, 1)) >= np.cumsum(pi)[:2]).sum(axis=2)
coin, onehots = rng.random((2000, 16)), np.eye(3)[actions] - pi


def compute(group_size, noise):
    told = (coin < noise + (1 - 2 * noise) * r[actions])[:, :group_size]
    gap = (told - told.mean(axis=1, keepdims=True)) / (group_size - 1)
    each = np.einsum("ni,nia->na", gap, onehots[:, :group_size])
    return each.mean(axis=0), np.quantile(each, [0.1, 0.9], axis=0), belief.repeated(noise, 200)


# %% [markdown]
# `compute` uses random numbers drawn once; `paint` moves what is there.


# %%
def paint(canvas, result):
    mean, spread, series = result
    canvas.bars("true gradient", "abc", true)
    canvas.bars("mean of groups", "abc", mean)
    ends = np.array([*spread, np.full(3, np.nan)]).T.ravel()
    canvas.line("10-90% of single groups", np.repeat([0.2, 1.2, 2.2], 3), ends, color="black", linestyle="-")
    canvas.line("paid, clipped", np.arange(1, 201), series.clipped, panel=1)
    canvas.line("paid, unclipped = learned", np.arange(1, 201), series.information, panel=1)
    canvas.level("log 2, all there is", np.log(2), panel=1)
    canvas.axes(0, xlabel="action", ylabel="gradient", ylim=(-0.55, 0.55))
    canvas.axes(1, xlabel="questions asked", ylabel="nats", ylim=(0, 5.5))
    shrunk, paid, learned = mean @ true / (true @ true), series.clipped[-1], series.information[-1]
    canvas.title(f"Gradient × {shrunk:.2f}; paid {paid:.2f} nats for {learned:.2f} learned")


# %% [markdown]
# Make the groups small and the noise large. Then look for the noise that pays most:

# %%
show.Explorer(
    compute,
    paint,
    {"group_size": (2, 16, 1, 4), "noise": (0.01, 0.5, 0.01, 0.1)},
    panels=2,
    alt="Above: the true gradient beside the mean over 2,000 groups, with lines for the spread of single groups. Below: "
    "nats paid and learned over 200 questions; what is learned stays under log 2, what is paid does not.",
    caption="Above: leave-one-out, rewards flipped with chance ε. Below: exact expectations, two secrets.",
)

# %% [markdown]
# **Exercise 04.2.** You are paid the *clipped* ΔBelief for 200 questions about two secrets, and may choose how unreliable your source is. Which noise do you choose?

# %%
### BEGIN SOLUTION: the chance of a wrong answer, a number
my_noise = 0.45
### END SOLUTION
my_noise = course.check("04.2", my_noise)

# %% [markdown]
# With that source:

# %%
hack = belief.repeated(my_noise, 200)
print(f"paid {hack.clipped[-1]:.2f} nats for {hack.information[-1]:.2f} learned, of {np.log(2):.2f} that there are")

# %% [markdown]
# This is a **reward hack**. The belief wavers: each way up is paid, no way down is charged. A reliable source would end the game early, so the hack avoids it.
#
# ## What would falsify the claims, and what we measured
#
# *The sampling claim fails here* if drawing by $|A|$ is no better at equal gradient samples; the abstract's form has no weights. *The ΔBelief claim fails* if reward is not information at some noise. Over 49 noises, pay and information differ at most by:

# %%
games = [belief.repeated(noise, 200) for noise in np.arange(0.01, 0.5, 0.01)]
unclipped = max(abs(game.paid[-1] - game.information[-1]) for game in games)
clipped = max(abs(game.clipped[-1] - game.information[-1]) for game in games)
print(f"reward and information differ by {unclipped:.1e} nats unclipped, by {clipped:.1f} clipped")
print(verdicts[["claim", "rival", "word"]].to_string(index=False))

# %% [markdown]
# Unclipped, pay equals information on average; clipped, it does not. The sampling claim stays undecided: its intervals above hold 0. Decided: where it does not slip, reward-to-go compared with those walking is at most .02 worse than full return.
#
# **What this does not show.** The policies are tables, not language models. Walking 32 rollouts to use 8 pays only where gradients cost more than rollouts. Only the step size was tuned, on ten seeds. The Bayesian's belief is perfect; the paper reads beliefs from a language model. Its code also charges each question, which makes the hack dearer.
#
# ## Summary
#
# 1. A group's own mean shrinks the gradient by $1 - 1/G$; leave-one-out does not. Drawing by $|A|$ without weights bends it, in groups of 4 too.
# 2. At equal gradient samples on FrozenLake, 64 seeds leave each claim for drawing by $|A|$ undecided.
# 3. Errors that strike all actions alike shrink the gradient; errors tied to an action turn it.
# 4. Unclipped, ΔBelief equals information on average; clipped it does not, and unreliable answers pay best.
#
# The same advantages may be written into *memory* instead of weights: that is [05](05_credit.ipynb).
#
# **References** MS-GRPO: arXiv:2508.10839 (abstract). ΔBelief: arXiv:2602.12342. FrozenLake: Gymnasium's toy text.

# %% [markdown]
# ## Going further
#
# **Exercise 04.3.** Design a payment that charges no step, and yet cannot be hacked. It turns the beliefs $\log b_0 \ldots \log b_T$ into $T$ payments. None is negative. Whenever a belief is the highest so far, the payments up to it add up to exactly the gain: when the last belief is highest, to $\log b_T - \log b_0$. And they never add up to more than the highest belief gained.


# %%
def pay(log_b):
    ### BEGIN SOLUTION: an array of T payments, none below 0
    return np.diff(np.maximum.accumulate(log_b))
    ### END SOLUTION


pay = course.check("04.3", pay)

# %% [markdown]
# Your rule (or memlab's until yours is right) beside the clipped payment, in 2,000 games of 200 questions about two secrets. A game is the lead of right over wrong answers:

# %%
for noise in (0.1, 0.3, 0.45):
    right = rng.random((2000, 200)) >= noise
    lead = np.pad(np.cumsum(2 * right - 1, axis=1), ((0, 0), (1, 0)))
    log_b = -np.logaddexp(0, -lead * np.log((1 - noise) / noise))
    yours, clipped = np.mean([pay(b).sum() for b in log_b]), np.maximum(np.diff(log_b), 0).sum(axis=1).mean()
    learned = belief.repeated(noise, 200).information[-1]
    print(f"noise {noise}: your rule {yours:.3f} nats, clipped {clipped:.3f}, learned {learned:.3f}")

# %% [markdown]
# A payment for new highs alone stays below $\log 2$. It still overpays where answers are noisy, by about a quarter at noise .45: the highest belief lies above the last one.
#
# ## The lake in detail
#
# What can be reached on slippery ice is exact, by dynamic programming backward from the last step:

# %%
ice = frozenlake.lake(slippery=True)
for steps in (20, 100, 2000):
    print(f"best success in {steps} steps: {frozenlake.optimum(ice, steps)[0][0, 0]:.5f}")

# %% [markdown]
# Without a limit it is 14/17 = .82353. The best knows how many steps are left; our learners are **stationary**, they choose by the cell alone, and the best stationary policy reaches .74017 in 100 steps. The null reaches .01394.
#
# All arms, with the mean over the whole budget (`score`) and over its last tenth (`end`), and the learners stuck below .1 at the end:

# %%
table = scores.assign(stuck=scores.end < 0.1).groupby(["world", "arm"])
table.agg({"score": "mean", "end": "mean", "stuck": "sum"}).round(3)

# %% [markdown]
# "All 32, 4 × samples" makes as many updates as the others and uses four times as many rollouts for them. Where it does not slip, one stuck learner of 64 costs the mean about .015, as much as some arms differ. So compare medians too:

# %%
by_seed = scores[scores.world == "not slippery"].pivot(index="seed", columns="arm", values="score")
gaps = by_seed.sub(by_seed["full return"], axis=0)
gaps.agg(["mean", "median"]).T.round(3)

# %% [markdown]
# Against reward-to-go, full return loses its lead in the mean to one learner that got stuck; the median learner is .02 better with full return.
#
# **When does drawing by $|A|$ help?** Where it does not slip, we stop ten learners of full return before their first update (0) and after ten. There we make one update's gradient 100 times, in each of four ways. Printed is its variance over the squared length of its mean: less is better.

# %%
for update in (0, 10):
    for arm in arms:
        variance, signal = lab04.gradient_noise(arm, "not slippery", update)
        print(f"update {update}, {arm}: {variance / signal:.1f}")

# %% [markdown]
# Before the first update a success is rare (1.4% of rollouts). The first 8 of 32 mostly hold none; drawn by $|A|$, one that is there is nearly always used: 11.8 against 40.1. Ten updates later success is common, and drawing by $|A|$ without weights is the noisiest way.
#
# **Why did reward-to-go do no better on the lake?** The only reward comes at the end, so at every step taken it *equals* the full return. What differs is the baseline: at each step the mean over all 32 rollouts, those that have ended counting as 0. It falls as rollouts end, so one that arrives late is paid almost 1 for each of its late steps. A third arm compares with the mean over *those still walking*. Again learners of full return are stopped, and the variance of one update's gradient is measured:

# %%
payments = ("full return", "reward-to-go", "reward-to-go, those walking")
for world, update in (("slippery", 160), ("not slippery", 0), ("not slippery", 40)):
    noise = [lab04.gradient_noise(arm, world, update)[0] for arm in payments]
    print(f"{world}, update {update}:", ", ".join(f"{a} {v:.4f}" for a, v in zip(payments, noise, strict=True)))

# %% [markdown]
# On slippery ice the three are about equally noisy. Where it does not slip they start alike, but once most rollouts arrive, and some late, reward-to-go is over four times as noisy, and comparing with those walking cures it. A noisier gradient bears only a smaller step: tuning chose 4, against 16 for full return. The curves:

# %%
show.curves(
    rows[rows.arm.isin(payments)],
    x="samples",
    y="success",
    panel="world",
    xlim={"slippery": (0, 3200), "not slippery": (0, 800)},
    ylim={"slippery": (0, 0.6), "not slippery": (0, 1.02)},
    xlabel="rollouts used for gradients",
    ylabel="exact success",
    title=f"Where it does not slip, reward-to-go averages {means['not slippery', payments[1]]:.3f}, "
    f"compared with those walking {means['not slippery', payments[2]]:.3f}, full return {means['not slippery', payments[0]]:.3f}",
)

# %% [markdown]
# So the likely answer is its baseline, through noise and step.
#
# **How much does the step size matter?** The mean score over the whole budget, for every arm (rows) and every step tried (columns), on the tuning seeds 0-9:

# %%
lab04.STUDY.best().pivot_table(index=["world", "arm"], columns="step", values="objective", sort=False).round(2)

# %% [markdown]
# Each arm was reported at its best step, which is never the largest or the smallest tried. Drawn by $|A|$ without weights the gradient is longer, so on slippery ice that arm is best at a smaller step (2) than with weights (8). At *one* common step for all it would look far better (at 1) or far worse (at 8) than it is.
#
# One cell of the study, made again before your eyes:

# %%
again = lab04.STUDY.cell(arm="|A| sampling", world="not slippery", seed=100)
recorded = rows.query("arm == '|A| sampling' and world == 'not slippery' and seed == 100")
print("largest difference to the recorded rows:", np.abs(again.success.values - recorded.success.values).max())

# %% [markdown]
# **Why reward-to-go exists.** Let an episode be two choices of the first kind, each paid at once. Then the first reward is no merit of the second choice. All $3^2$ episodes, exactly:

# %%
pulls = np.array(list(itertools.product(range(3), repeat=2)))
chance, pushes = pi[pulls].prod(axis=1), np.eye(3)[pulls] - pi
full = np.repeat(r[pulls].sum(axis=1, keepdims=True), 2, axis=1)
later = np.cumsum(r[pulls][:, ::-1], axis=1)[:, ::-1]
for name, credit in (("full return", full), ("reward-to-go", later)):
    gradient = np.einsum("nt,nta->na", credit, pushes)
    mean = chance @ gradient
    print(f"{name:13} mean {mean.round(4)}, variance {chance @ ((gradient - mean) ** 2).sum(axis=1):.4f}")

# %% [markdown]
# The same mean, with less noise.
#
# **Dividing by the spread.** GRPO, which MS-GRPO builds on, also divides the advantages by the group's standard deviation. If that only changed the step size, all actions would be stretched alike. In groups of two, which action's share is stretched most?

# %%
### BEGIN SOLUTION: your guess, "a", "b" or "c"
guess = "c"
### END SOLUTION
course.predict("04.spread", guess, ("a", "b", "c"))

# %% [markdown]
# Groups without spread give 0:


# %%
def standardized(R):
    return (R - R.mean()) / R.std() / len(R) if R.std() > 0 else 0 * R


share = expected(2, standardized) / true
print("share of the true gradient (a, b, c):", share.round(4))
course.settle("04.spread", "abc"[share.argmax()])

# %% [markdown]
# In a group of two any difference becomes ±1: to beat a rival by .5 counts as much as to beat it by 1. Action c is only ever .5 away from the others, so it gains most.
