# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 03 · Retrieval: which memory helps?
#
# **You will** see where *similar* is not *useful*, let past uses tell what helps where, choose how widely they are heard, and see which way of choosing finds what helps a real, frozen model.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim.** Retrieval should also follow what *helped*: Memento (arXiv:2508.16153) learns a value $Q(s, c)$ for each case, MemRL (arXiv:2601.03192) mixes similarity with value. We test the mix: does value, *added to similarity*, gain on similarity alone where memory is unreliable? This is a mechanism study at laptop scale, not a replication.

# %%
import numpy as np
import pandas as pd

import memlab
from memlab import course, show
from memlab.labs.lab03_retrieval.study import STUDY
from memlab.labs.lab03_retrieval.world import consult, recorded, told_apart

# %% [markdown]
# ## A map of questions
#
# Each question is a point. Its *topic* (left or right) moves it far, the *desk* that it is meant for (lower or upper half) only a little. So two questions for different desks can be near-identical in wording: **twins**.


# %%
def draw_points(n, rng):
    topic, desk = np.arange(n) // 2 % 2, np.arange(n) % 2
    x = 2 * topic - 1 + np.clip(0.5 * rng.normal(size=n), -0.9, 0.9)
    return np.column_stack([x, (2 * desk - 1) * rng.uniform(0.05, 0.35, n)])


# %% [markdown]
# Topic and desk together decide the right one of 4 tools; 2 more tools are never right. A case remembers the tool of its own point. The model copies the case that it sees with probability .8, and else takes any of the 6 tools. So a right case helps with chance $Q^* = .8 + .2/6$, a wrong one with $.2/6$:


# %%
def right_tool(points):
    return 2 * (points[:, 0] > 0) + (points[:, 1] > 0)


def chance(points, cases):
    return 0.8 * (right_tool(points)[:, None] == right_tool(cases)) + 0.2 / 6


# %% [markdown]
# We draw 24 new questions and a memory of 8 cases. Here is $Q^*$ of each case for the first question (showing nothing, the **void** case, has 1/6):

# %%
rng = np.random.default_rng(1)
new, cases = draw_points(24, rng), draw_points(8, rng)
q_star = chance(new, cases)
q_star[0].round(2)

# %% [markdown]
# ## Top-k: what looks alike
#
# The plain way (Eq 16) shows the $k$ nearest cases, whatever happened when they were shown before. Here $k = 1$:


# %%
def squared(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(axis=2)


nearest = squared(new, cases).argmin(axis=1)
print(f"top-1 {q_star[np.arange(24), nearest].mean():.2f}, best case {q_star.max(axis=1).mean():.2f}")

# %% [markdown]
# Where the nearest case belongs to the other desk, top-1 misleads, and it will do so forever: it does not learn.
#
# ## What helped: past uses
#
# Suppose that there were 400 **past uses**: questions at which a random case was shown, and the reward that came. `used[i, c]` is 1 where use $i$ showed case $c$.


# %%
def draw_uses(n, rng):
    past = draw_points(n, rng)
    used = np.eye(8)[rng.integers(8, size=n)]
    reward = rng.random(n) < (used * chance(past, cases)).sum(axis=1)
    return past, used, reward


past, used, reward = draw_uses(400, rng)
one_q = (used * reward[:, None]).sum(axis=0) / used.sum(axis=0)
one_q.round(2)

# %% [markdown]
# That is one $Q$ a case: its mean reward. It cannot say *where* a case helps: each helps at one desk of one topic, a quarter of the questions, so all look alike.
#
# ## Kernel episodic control
#
# Eq 9 lets past uses of the same case vote, near ones more:
# $$Q_\mathrm{EC}(s, c) = \frac{\sum_i k(s, s_i)\, r_i}{\sum_i k(s, s_i)}, \qquad k(s, s_i) = \frac{1}{\lVert s - s_i\rVert^2 + \delta}$$
# The kernel is that of Neural Episodic Control (arXiv:1703.01988; we know it from papers that cite it). The **bandwidth** $\delta$ says how widely uses are heard: small trusts the nearest, large averages all.
#
# **Exercise 03.1.** Write it for the uses of one case: `sqdist` are their squared distances to the query, `q` their rewards.


# %%
def kernel_q(sqdist, q, delta):
    ### BEGIN SOLUTION: the mean of q, near uses weighted more
    kernel = 1 / (sqdist + delta)
    return (kernel * q).sum() / kernel.sum()
    ### END SOLUTION


kernel_q = course.check("03.1", kernel_q)

# %% [markdown]
# The check uses squared distances 1, 4, 9, rewards 1, 0, .5 and $\delta = .001$; the exact value is .775383. Now for each new question and each case, with the uses above:

# %%
away = squared(new, past)
found = np.array([[kernel_q(row[used[:, c] == 1], reward[used[:, c] == 1], 0.01) for c in range(8)] for row in away])
print("exact, first question:", q_star[0].round(2))
print("kernel               :", found[0].round(2))
print(f"shows the best by kernel: {q_star[np.arange(24), found.argmax(axis=1)].mean():.2f}")

# %% [markdown]
# ## How wide should $\delta$ be?
#
# The estimate errs in two ways. **Bias**: uses at the other desk vote too, and so it goes to a smoothed value. **Variance**: few uses count, and their rewards are chance. **Before you look:** as $\delta$ grows, which part grows? `"bias"`, `"variance"` or `"both"`?

# %%
### BEGIN SOLUTION: your guess, one of "bias", "variance", "both"
guess = "bias"
### END SOLUTION
course.predict("03.delta", guess, ("bias", "variance", "both"))

# %% [markdown]
# On this map both parts are exact: put the chance of success in the place of each reward to get the mean of the estimate, and add up the variances $p(1-p)$ of the rewards with their squared weights.


# %%
def errors(delta, past, used):
    kernel, p = 1 / (squared(new, past) + delta), chance(past, cases)
    total = kernel @ used
    bias = kernel @ (used * p) / total - q_star
    variance = kernel**2 @ (used * p * (1 - p)) / total**2
    return (bias**2).mean(), variance.mean()


deltas = np.geomspace(1e-4, 10, 21)
few_uses = np.array([errors(delta, past, used) for delta in deltas])

# %% [markdown]
# Mean over all questions and cases:

# %%
grows = [name for i, name in enumerate(("bias", "variance")) if few_uses[-1, i] > few_uses[0, i]]
course.settle("03.delta", grows[0] if len(grows) == 1 else "both")
show.curves(
    {"bias²": [few_uses[:, 0]], "variance": [few_uses[:, 1]], "sum": [few_uses.sum(axis=1)]},
    x=deltas,
    xscale="log",
    xlabel="bandwidth δ (squared distance)",
    ylabel="squared error of Q (reward²)",
    title=f"With 400 uses the sum is least at δ = {deltas[few_uses.sum(axis=1).argmin()]:.4f}",
    caption="Exact for these 400 uses: mean over 24 questions and 8 cases.",
)

# %% [markdown]
# Why does bias² not go to 0 with $\delta$? Because a use at squared distance $d^2$ then counts $1/d^2$: the nearest is never quite at the query, and the many farther ones, also those of the other desk, still add up.
#
# Now memory grows to 20,000 uses:

# %%
more, more_used, _ = draw_uses(20_000, rng)

# %% [markdown]
# **Exercise 03.2.** Choose a $\delta$ for 400 uses and one for 20,000. Each passes if its error, bias² plus variance, is within a quarter of the least that any $\delta$ has. (`sum(errors(1, more, more_used))` scores $\delta = 1$ for 20,000; try several.)

# %%
### BEGIN SOLUTION: two numbers in round brackets: δ for 400 uses, δ for 20,000 uses
widths = (0.003, 0.0003)
### END SOLUTION
widths = course.check("03.2", widths)

# %% [markdown]
# Each width with each memory:

# %%
for delta in widths:
    for uses, kept in ((400, (past, used)), (20_000, (more, more_used))):
        bias, variance = errors(delta, *kept)
        print(f"δ = {delta:<7g} {uses:>6,} uses: bias² {bias:.4f}, variance {variance:.4f}")

# %% [markdown]
# More uses cure variance, and bias only down to a floor that $\delta$ sets. A smaller $\delta$ lowers the floor, and needs more uses.
#
# ## Similarity and value together
#
# Values are noisy, similarity is not. MemRL takes the nearest few cases and ranks them by a mix of both:
# $$(1-\lambda)\,z(\text{similarity}) + \lambda\,z(Q)$$
# where $z(x)$ is $x$ less its mean, divided by its standard deviation, over these cases: both then count in one unit. The **mixing weight** $\lambda$ says how much value counts: $\lambda = 0$ is top-1, $\lambda = 1$ value alone. We call the mix *hybrid*; it works with one $Q$ a case or with the kernel's. *Soft* is lab 01's $\mu \propto \exp(Q/\alpha)$, over these cases and void, whose value is known here (1/6; in the study it is set to .2).
#
# Here $\lambda = .5$ (both count alike, so the code just adds them) and $\alpha = .1$.


# %%
def z(x):
    return (x - x.mean()) / x.std()


def compute(topic, desk, rule, bandwidth):
    point = np.array([[topic, desk]])
    kernel = 1 / (squared(point, past)[0] + bandwidth)
    learned = kernel @ (used * reward[:, None]) / (kernel @ used)
    near = squared(point, cases)[0].argsort()[:4]
    similarity, mu = -squared(point, cases)[0, near], np.zeros(9)
    if rule == "soft, kernel Q":
        weights = np.exp(np.append(learned[near], 1 / 6) / 0.1)
        mu[[*near, 8]] = weights / weights.sum()
    else:
        mix = {"top-1": z(similarity), "hybrid, case Q": z(similarity) + z(one_q[near])}
        mix["hybrid, kernel Q"] = z(similarity) + z(learned[near])
        mu[near[mix[rule].argmax()]] = 1
    return point, mu, np.append(chance(point, cases)[0], 1 / 6)


# %% [markdown]
# The numbers on the map are the bars' labels; the last bar is void. Crosses are $Q^*$.


# %%
def paint(canvas, result):
    point, mu, truth = result
    for name, side in (("upper desk's cases", cases[:, 1] > 0), ("lower desk's cases", cases[:, 1] < 0)):
        canvas.points(name, cases[side, 0], cases[side, 1], markersize=7)
    canvas.points("query", point[:, 0], point[:, 1], markersize=13, marker="*")
    canvas.level("_line between desks", 0)
    if not canvas.panels[0].texts:
        for i, place in enumerate(cases):
            canvas.panels[0].annotate(str(i), place, xytext=(5, 5), textcoords="offset points")
    canvas.bars("shown (μ)", [*map(str, range(8)), "∅"], mu, panel=1)
    canvas.points("helps (Q*)", np.arange(9), truth, panel=1, markersize=6)
    canvas.axes(0, xlabel="topic", ylabel="desk", xlim=(-2.1, 2.1), ylim=(-0.5, 0.8))
    canvas.axes(1, xlabel="case", ylabel="probability", ylim=(0, 1))
    canvas.title(f"Chance of success here: {mu @ truth:.2f}; best possible {truth.max():.2f}")


# %% [markdown]
# At first `top-1` shows a case of the wrong desk. Which rules notice? Then raise the bandwidth until they forget the desk.

# %%
show.Explorer(
    compute,
    paint,
    {
        "topic": (-2.0, 2.0, 0.05, -0.6),
        "desk": (-0.4, 0.4, 0.02, -0.1),
        "rule": ["top-1", "hybrid, case Q", "hybrid, kernel Q", "soft, kernel Q"],
        "bandwidth": [0.0003, 0.003, 0.03, 0.3, 3.0],
    },
    panels=2,
    alt="Upper panel: eight numbered cases on a map and the query as a star. Lower panel: the chance of showing each "
    "case as bars, with dots for the chance that it helps.",
    caption="Values from the 400 uses; μ over the 4 nearest cases and void, λ = .5, α = .1.",
)

# %% [markdown]
# The mean chance over the 24 new questions, with $\delta = .003$:

# %%
for rule in ("top-1", "hybrid, case Q", "hybrid, kernel Q", "soft, kernel Q"):
    chances = [mu @ truth for _, mu, truth in (compute(*place, rule, 0.003) for place in new)]
    print(f"{rule:16} {np.mean(chances):.2f}")

# %% [markdown]
# Only the kernel's $Q$ gains. On this map no case is bad everywhere, so one $Q$ a case has nothing to add; in one world of the study below half of them are.
#
# ## A real model
#
# Three similar worlds in the Toolbox. *Similar helps*: a question's family decides the tool. *Twins*: each question starts with its desk, and each desk needs another tool. *Half misfiled*: twins, and half of the 16 cases name a useless tool, though they were filed as successes. (Which tool serves which desk is our decree.) One question and its nearest cases:

# %%
place = recorded("twins, half misfiled", 108)
task, near = place.tests[0], place.store().search(place.test_vectors[0], 4)
print(task.text, "->", task.serves[0], "\n")
useful = {t.serves[0] for t in place.practice if t.family == task.family}
for case, similarity in zip(near.cases, near.similarity, strict=True):
    print(f"{similarity:.2f}  {case.text[:55]:55}  {case.action}{'' if case.action in useful else ', misfiled'}")

# %% [markdown]
# SmolLM2-135M reads one of these cases, or none, and names a tool. Recorded replies:

# %%
llm = memlab.open_llm("replay")
for shown in ([near.cases[0]], [near.cases[1]], [near.cases[2]], [near.cases[3]], []):
    reply = consult(llm, task, shown)
    said = "right" if reply.value in task.serves else "wrong"
    print(f"shown {shown[0].action if shown else '∅':10} chose {reply.value:10} {said}")

# %% [markdown]
# Each question was asked with each near case and with none, so Eq 1 is exact for any $\mu$ over them. Values are learned *before*, on 120 practice tasks, where a **copier without a language model** does what the case at hand did. (A case's own writing counts as its first use.) Two arms are new: *soft, parametric Q* fits one function to all uses in place of the kernel (more below), and *one of the top 4* draws one of the four nearest cases blindly. Mean success of all arms, in each world:

# %%
scores = STUDY.scores()
one_case = scores[~scores.arm.str.contains("together")]
one_case.groupby(["arm", "world"], sort=False).success.mean().unstack().round(3)

# %% [markdown]
# Where half is misfiled, with the **null** beside it: the copier in the model's place, under the same $\mu$.

# %%
misfiled = STUDY.rows().query("world == 'twins, half misfiled'")
null = misfiled.assign(success=misfiled.copied, who="copier (null)", backend="computed", model="")
both = pd.concat([misfiled.assign(who="SmolLM2"), null])
best = misfiled.groupby("arm").success.mean().sort_values().index[-1]
told = {arm: misfiled[misfiled.arm == arm].success.mean() for arm in (best, "hybrid, case Q", "top-1")}
show.arms(
    both,
    y="success",
    group="who",
    xlim=(0, 1),
    title="SmolLM2 where half is misfiled: " + "; ".join(f"{arm} {value:.3f}" for arm, value in told.items()),
)

# %% [markdown]
# ## What would falsify the claim, and what we measured
#
# *The claim fails here* if, where memory is unreliable, retrieval by similarity *and* value gains nothing on top-1. The mix in the first claim, the primary one, is *hybrid, case Q*. Four claims, each judged on 16 replicates of ten fresh questions:

# %%
show.verdicts(STUDY.verdicts(), made_by=STUDY.rows())

# %% [markdown]
# Why the mix can work: a misfiled case is bad at every desk, so one number is enough to see it, and telling desks apart is left to similarity. The kernel can tell both; whether it leads one $Q$ a case is undecided. And the model? With nothing shown it brings answers of its own, above the copier; with a case it follows the case, mostly a little less well than the copier. So the gain of the mix needs no language model.
#
# **What was fixed when.** In a first run (seeds 100-107) the report's rows had been looked at before tuning ended, so it could test nothing; it is not shown. Then these four claims were fixed in a commit, the model was asked on fresh seeds (108-123), $\delta$, $\lambda$ and the penalty of *parametric* were tuned again on other families (set A), with the model's success where half is misfiled as the aim, and only after that were the arms scored, once. Tuning chose $\lambda$ = .5 for case Q and .9 for kernel Q, which is almost value alone among the nearest few. In the table, but no claims: with twins and no misfiling no arm with value was above top-1, since similarity already finds the desk; where similar cases help, *soft* lies a little below it, for it spreads $\mu$ over cases and void.
#
# **What this does not show.** Values came from a copier's practice, not from the model's own failures. Misfiling was ours, and the desk's name at the start of a question lets similarity find the right case mostly. One small model, one embedder, 16 cases, and only one case shown at a time (more below).
#
# ## Summary
#
# 1. Top-k is as good as its likeness is useful; one $Q$ a case cannot say *where* it helps; a kernel over past uses can.
# 2. At a fixed $\delta$ variance vanishes as memory grows; bias falls only to a floor.
# 3. On the real model, value added to similarity gained where half of memory was misfiled. Where similar cases help there was nothing to gain; with twins alone the mix was not above top-1, and one $Q$ a case *instead of* similarity had far less success (no claims).
#
# **References** Memento: arXiv:2508.16153 (Eqs 1, 7, 9, 14-16). MemRL: arXiv:2601.03192. Neural Episodic Control: arXiv:1703.01988 (from papers that cite it). **Next** [04 Reward](04_reward.ipynb).

# %% [markdown]
# ## Going further
#
# ### How many cases?
#
# Memento's Table 3 (F1 on DeepResearcher, no seeds or intervals) has 59.9 at $K = 0$ cases shown, then 63.6, 63.7, 64.5, 64.1, 63.9, 63.9 at 1, 2, 4, 8, 16, 32. Ours shows the $K$ most similar cases together to a far smaller model:

# %%
shown = {"no memory": 0, "top-1": 1} | {f"top-{k} together": k for k in (2, 4, 8)}
by_k = scores[scores.arm.isin(list(shown)) & (scores.world != "twins, half misfiled")]
by_k = by_k.assign(K=by_k.arm.map(shown))
mean = by_k.groupby(["world", "K"]).success.mean().unstack()
near_best = {w: [str(k) for k in mean if mean.loc[w, k] >= mean.loc[w].max() - 0.02] for w in mean.index}
show.curves(
    by_k,
    y="success",
    x="K",
    arm="world",
    made_by=STUDY.rows(),
    xlabel="cases shown K",
    ylim=(0, 1.02),
    title="Success within .02 of the best: " + "; ".join(f"K = {', '.join(ks)} ({w})" for w, ks in near_best.items()),
)

# %% [markdown]
# Of the 16 cases 4 share a family, and with twins 2 a desk: a larger $K$ brings in cases that mislead a model which copies.
#
# **Is Eq 1 exact when several cases are shown?** Not as a mix over single cases: shown together they form one prompt, and the model reads a *set*. The exact mix is then over sets, with a value for each. How far is the mean over single cases from what the set does?

# %%
for world in ("similar helps", "twins"):
    part = scores[scores.world == world].pivot(index="seed", columns="arm", values="success")
    alone, together = part["one of the top 4"], part["top-4 together"]
    print(f"{world:14} one of the top 4, drawn: {alone.mean():.2f}; all four together: {together.mean():.2f}")
    print("  together beats drawn:", memlab.verdict(together, alone))

# %% [markdown]
# They differ where similar helps; with twins sixteen replicates cannot tell. (Looked at after the fact, so no claim of the study.) So for $K > 1$ a $Q$ for each case is an approximation, and is called one.
#
# ### Where opening words do not tell the kind
#
# Similarity is judged on the first 60 characters, what a prompt shows of a case. That worked because a question here opens with its desk and its family. Let it *end* with its desk instead: for most, the opening words are then the same at both desks. No rule over these vectors can tell the desks apart, the kernel included: where twins have the same vector, their rewards are averaged. What helps is another **key**: the text that is embedded.
#
# **Exercise 03.3.** Write a key for questions such as "Find the Least Common Multiple (LCM) of these numbers: … North desk.", whose last 11 characters name the desk.


# %%
def key(text):
    ### BEGIN SOLUTION: the text to embed, made from the question's text
    return f"{text[:60]} {text[-12:]} {text[-12:]}"
    ### END SOLUTION


key = course.check("03.3", key)

# %% [markdown]
# How often does the nearest of 16 cases share the family, and have the right tool?

# %%
keys = {"opening words": lambda text: text[:60], "the whole text": lambda text: text, "your key": key}
for name, make in keys.items():
    family, tool = told_apart(make)
    print(f"{name:15} same family {family:.2f}, right tool {tool:.2f}")

# %% [markdown]
# (No model here: words are hashed into a vector.) You could choose because you knew what decides. An agent that does not know can embed what it *did* beside what it read, or learn which directions of a vector count, as the next rule does.
#
# ### Parametric Q
#
# Instead of keeping all uses, fit $Q(s, c; \theta)$ to them. Memento trains with the squared error $(Q - r)^2$ (Eq 14) or binary cross-entropy, the mean of $-r \log Q - (1-r)\log(1-Q)$ (Eq 15). Here $Q$ is linear in the products $s_j c_j$ and in $c_j$, for Eq 15 inside an S-curve:

# %%
from sklearn.linear_model import LinearRegression, LogisticRegression


def features(s, c):
    return np.hstack([s * c, c])


seen = features(past, cases[used.argmax(axis=1)])
asked = features(np.repeat(new, 8, axis=0), np.tile(cases, (24, 1)))
fits = {
    "squared error (Eq 14)": LinearRegression().fit(seen, reward).predict(asked),
    "cross-entropy (Eq 15)": LogisticRegression(C=100).fit(seen, reward).predict_proba(asked)[:, 1],
    "kernel, δ = .01": found.ravel(),
}
for name, fit in fits.items():
    error = np.mean((fit - q_star.ravel()) ** 2)
    print(f"{name:22} squared error to Q* {error:.3f}, values from {fit.min():.2f} to {fit.max():.2f}")

# %% [markdown]
# Helping needs topic *and* desk. A straight score spreads over both and leaves $[0, 1]$; the S-curve of Eq 15 can bend toward "and". On the Toolbox (*soft, parametric Q* above) it has another limit: two cases with nearly the same words look nearly the same to $\theta$, so it hardly learns that one of them is misfiled. A kernel keeps the uses of each case apart.
