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
# **The claims.** *MS-GRPO* (arXiv:2508.10839): give the return of the whole episode to each of its steps, compare within a group of rollouts, and draw episodes in proportion to $|A|$. We could ground its abstract only, so the equations below are **our reconstruction**. Its result that a 3B model so trained beats a 72B one by 50% cannot be reproduced at this scale, and we do not try. *ΔBelief* (arXiv:2602.12342): pay a step for how much it raised the belief in the truth. Both are studied as mechanisms, where every number is known.

# %%
import itertools

import numpy as np

from memlab import belief, course, reward, show, stats
from memlab.labs.lab04_reward import study as lab04
from memlab.retrieval.policies import soft_policy
from memlab.tasks import frozenlake
from memlab.weights import policy

# %% [markdown]
# ## Three ways to pay a step
#
# An episode gave rewards $r_t = (0, .5, 0, 1)$. Its **return** is the sum. A step may be paid the *full return of the episode* (MS-GRPO), or its **reward-to-go**: only what came at or after it.

# %%
r = np.array([0.0, 0.5, 0.0, 1.0])
full = np.full(4, r.sum())
to_go = np.cumsum(r[::-1])[::-1]
full, to_go, reward.returns_to_go(r)

# %% [markdown]
# The last row is memlab's version of the second. Reward-to-go leaves out what a step could not have caused, so it is less noisy; both have the same mean gradient.
#
# ## The exact bandit
#
# A policy $\pi = \mathrm{softmax}(\theta)$ chooses among three actions once. Then $\nabla\,\mathrm{E}[r]$ is known: component $a$ is $\pi_a (r_a - \pi \cdot r)$.

# %%
theta, r = np.array([0.2, -0.1, 0.0]), np.array([1.0, 0.0, 0.5])
pi = soft_policy(theta, 1.0)
true = pi * (r - pi @ r)
true.round(6)

# %% [markdown]
# A learner does not know it. It draws a **group** of $G$ rollouts, compares each return $R_i$ with the group, $A_i = R_i - \bar R$, and uses $\frac1G \sum_i A_i \nabla \log \pi(a_i)$, where $\nabla \log \pi(a) = \mathrm{onehot}(a) - \pi$. Is that right on average? With three actions we can list every group and sum exactly.


# %%
def expected(size, advantage):
    total = np.zeros(3)
    for group in itertools.product(range(3), repeat=size):
        chosen = list(group)
        score = np.eye(3)[chosen] - pi
        total += pi[chosen].prod() * (advantage(r[chosen]) @ score) / size
    return total


for size in (2, 3, 4, 8):
    print(f"G = {size}: {expected(size, lambda R: R - R.mean()) / true}")

# %% [markdown]
# Each component is short by the same factor, $1 - 1/G$: a rollout is compared with a mean that holds its own return.
#
# **Exercise 04.1.** Compare each return with the mean of the *others* (leave-one-out).


# %%
def leave_one_out(returns):
    ### BEGIN SOLUTION: an array of advantages, each return minus the mean of the other returns
    others = (returns.sum() - returns) / (len(returns) - 1)
    return returns - others
    ### END SOLUTION


course.check("04.1", leave_one_out)

# %% [markdown]
# memlab's version gives the true gradient at every group size:

# %%
for size in (2, 3, 4, 8):
    print(f"G = {size}: {expected(size, lambda R: reward.group_relative(R, 'leave-one-out')) / true}")

# %% [markdown]
# ## Drawing episodes in proportion to |A|
#
# Most rollouts of a hard task fail alike and teach little. MS-GRPO draws those with large $|A|$ more often. Without a correction this changes *what* is estimated: the expectation becomes $\sum_a \pi_a \frac{|A_a|}{\mathrm{E}|A|} A_a \nabla\log\pi(a)$. Importance weights $\mathrm{E}|A|/|A|$ undo it.

# %%
A = r - pi @ r
q = pi * np.abs(A) / (pi @ np.abs(A))
score = np.eye(3) - pi
biased, cured = (q * A) @ score, (q * A * (pi @ np.abs(A)) / np.abs(A)) @ score
biased.round(6), cured.round(6)

# %% [markdown]
# The second equals the true gradient. The first does not even agree in sign for action c, which is slightly *below* average. Drawn within groups of 4, still without weights, the bias is much smaller:

# %%
canvas = show.Canvas()
names = ["a (r = 1)", "b (r = 0)", "c (r = .5)"]
in_groups = policy.over_groups(
    theta, r, 4, lambda R: policy.magnitude_share(R - R.mean(1, keepdims=True)) * (R - R.mean(1, keepdims=True))
)
canvas.bars("true gradient", names, true)
canvas.bars("|A|, weighted", names, policy.magnitude_gradient(theta, r, weighted=True))
canvas.bars("|A|, no weights", names, policy.magnitude_gradient(theta, r, weighted=False))
canvas.bars("|A| in groups of 4", names, in_groups)
canvas.axes(xlabel="action", ylabel="expected gradient (reward per unit of θ)")
print("groups of 4, as a share of the true gradient (a, b, c):", (in_groups / true).round(2))
canvas.title("Drawing by |A| exaggerates the extremes; within groups of 4, hardly")
show.figure(
    canvas,
    alt="Bars per action: true and weighted agree at 0.176, -0.159 and -0.016. Without weights the population version "
    "is larger for actions a and b and slightly positive for c; in groups of four it is close to the true one.",
    caption="Exact expectations, by enumeration. θ = (.2, −.1, 0).",
)

# %% [markdown]
# ## A world with steps: FrozenLake
#
# Gymnasium's FrozenLake 4×4 has 16 cells, 4 moves, holes that end the episode, and reward 1 at the goal. On slippery ice a move goes where it should with probability 1/3, else to one of its sides. The world is small, so the best possible success is exact, by dynamic programming backward in time:

# %%
ice = frozenlake.lake(slippery=True)
best = {T: frozenlake.optimum(ice, T)[0][0, 0] for T in (20, 100)}
unlimited, stationary = frozenlake.unlimited(ice)
uniform = np.full((16, 4), 0.25)
print(f"best in 20 steps {best[20]:.5f}, in 100 {best[100]:.5f}, without limit {unlimited[0]:.5f} (14/17)")
print(f"the best stationary policy without limit, used for 100 steps: {frozenlake.success(ice, stationary, 100):.6f}")
print(
    f"random policy: {frozenlake.success(ice, uniform, 20):.6f} in 20, {frozenlake.success(ice, uniform, 100):.5f} in 100"
)

# %% [markdown]
# The optimum knows the time left; our learners do not. The random policy is the **null**: it arrives in 1.4% of episodes.
#
# Here the only reward comes at the end, and $\gamma = 1$. What does reward-to-go change then? We walk 500 random episodes and compare both payments at every step that was taken.

# %%
trips = frozenlake.rollouts(ice, uniform, np.random.default_rng(0).random((2, 500, 100)))
full = trips.rewards.sum(axis=1, keepdims=True)
print("largest difference:", np.abs((full - reward.returns_to_go(trips.rewards))[trips.alive]).max())

# %% [markdown]
# Nothing: at each step taken the two are equal. They differ only through their *baselines*: reward-to-go subtracts at each step the mean to go over all 32 rollouts, those already over counting as 0.
#
# Each update of our learners walks 32 episodes and takes its gradient from 8 of them: the first 8, or 8 drawn by $|A|$. The advantage is always relative to all 32; where all 32 are 0, nothing is drawn and nothing is learned. So **gradient samples are equal, and so are steps walked**. One arm more uses all 32. The step size was tuned per world and arm on seeds 0-9; the rows were recorded once on seeds 100-107.
#
# **Before you look:** which has the highest success on slippery ice, averaged over the 400 updates? Put `"full return"`, `"reward-to-go"`, `"|A| sampling"` or `"|A| sampling, weighted"`.

# %%
arms = ("full return", "reward-to-go", "|A| sampling", "|A| sampling, weighted")
### BEGIN SOLUTION: your guess, one of arms
guess = "|A| sampling, weighted"
### END SOLUTION
course.predict("04.lake", guess, arms)

# %% [markdown]
# The curves show the *exact* success of each policy, computed from the transition table, so that no evaluation noise is in them.


# %%
def paint_lake(canvas, name, panel, top, until):
    mark = "_" if panel == 0 else ""  # one legend for both panels
    for arm in (*arms, "full return, all 32", "null: random policy"):
        table = lab04.curves(rows, name, arm)
        mean, low, high = stats.bootstrap_band(table)
        canvas.line(mark + arm, np.arange(table.shape[1]) * lab04.EVERY, mean, panel)
        canvas.band(mark + arm, np.arange(table.shape[1]) * lab04.EVERY, low, high, panel)
    canvas.level(mark + "optimum at T = 100", top, panel)
    canvas.axes(panel, xlabel=f"update ({name})", ylabel="exact success in 100 steps", xlim=(0, until), ylim=(0, 1.04))


rows = lab04.rows()
area = {(w, a): lab04.curves(rows, w, a).mean(axis=1) for w in lab04.WORLDS for a in (*arms, "full return, all 32")}
gaps = {a: stats.paired_difference(area["slippery", a], area["slippery", "full return"]) for a in arms[2:]}


def verdict(gap):
    signs = (gap.low > 0) + (gap.mean > 0 and gap.p <= 0.05)
    return ("not supported", "undecided", "supported")[signs]


# %% [markdown]
# Left on ice that slips, right on ice that does not, where the optimum is 1:

# %%
canvas = show.Canvas(panels=2, size=(9.2, 4.2))
paint_lake(canvas, "slippery", 0, best[100], 400)
paint_lake(canvas, "not slippery", 1, 1.0, 100)
canvas.source("simulated, Gymnasium's transition table")
primary = gaps["|A| sampling, weighted"]
canvas.title(f"Weighted |A| sampling minus full return, slippery: {primary}: {verdict(primary)}")
show.figure(
    canvas,
    alt="Exact success over 400 updates on slippery ice and over the first 100 without, one line per arm, the random policy near 0.014 and the "
    "optimum as a horizontal line: "
    + "; ".join(f"{w}, {a} {area[w, a].mean():.2f} on average" for w in lab04.WORLDS for a in arms),
    caption="Bands: 95% bootstrap over 8 replicates (seeds 100-107), the same random numbers for every arm. 8 of 32 "
    "rollouts make the gradient; all 32 in one arm.",
)

# %% [markdown]
# The primary metric, fixed before the report seeds were run, is the mean success over all updates on slippery ice: weighted $|A|$ sampling minus full return, paired by seed.

# %%
course.settle("04.lake", max(arms, key=lambda arm: area["slippery", arm].mean()))
for world in lab04.WORLDS:
    for arm in (*arms[1:], "full return, all 32"):
        gap = stats.paired_difference(area[world, arm], area[world, "full return"])
        print(f"{world}: {arm} minus full return {gap}")

# %% [markdown]
# With 8 replicates a bootstrap interval is rather narrow, so the claim is called *supported* only where the interval lies above 0 **and** $p \le .05$; *undecided* where one of the two says so. The second condition was added after we had seen the result; it is the stricter direction.

# %%
{arm: verdict(gap) for arm, gap in gaps.items()}

# %% [markdown]
# The rows were recorded; here two of the learners run again, before your eyes:

# %%
step = lab04.STEP["slippery"]["|A| sampling, weighted"]
again = lab04.train(ice, lab04.ARMS["|A| sampling, weighted"], [step], lab04.REPORT_SEEDS[:2], updates=40)[0]
recorded = lab04.curves(rows, "slippery", "|A| sampling, weighted")[:2, : again.shape[1]]
print("largest difference to the recorded rows:", np.abs(again - recorded).max())

# %% [markdown]
# ## Rewards that err
#
# A real reward comes from a **verifier** that says "right" to a right answer with chance TPR and to a wrong one with chance FPR. Read $r$ as the chance that the answer is right: the learner sees $\mathrm{FPR} + (\mathrm{TPR} - \mathrm{FPR})\,r$ on average. Plain noise flips the reward with chance $\varepsilon$. A verifier may also be fooled by *one* action more than by others.

# %%
cases = {
    "noise .1": (0.9, 0.1),
    "noise .4": (0.6, 0.4),
    "TPR = FPR (null)": (0.6, 0.6),
    "fooled by action b": (0.7, [0.1, 0.95, 0.1]),
}
for name, (tpr, fpr) in cases.items():
    told = reward.verified(r, tpr, fpr)
    print(f"{name:20} told {told.round(3)}, gradient {policy.bandit_gradient(theta, told).round(4)}")

# %% [markdown]
# Even noise of .4 leaves the *direction* right; it shrinks the gradient by $1 - 2\varepsilon$, and more groups are needed. An error that depends on the action is another matter: the learner now climbs toward b, which is always wrong. No group size helps.
#
# ## Paying for belief
#
# ΔBelief pays each step of a search $\log b_t - \log b_{t-1}$, where $b_t$ is the belief in the true answer. In *twenty questions* with 16 secrets the belief is exact, by Bayes. Four questions halve what is left; an answer is wrong with chance .1. Here the secret is 5, and the third answer was wrong:

# %%
questions = belief.halving(16)
answers = questions[:, 5] ^ np.array([False, False, True, False])
log_b = belief.log_belief(questions, answers, noise=0.1)[:, 5]
log_b.round(3), reward.belief_delta(log_b, clip=False).round(3), reward.belief_delta(log_b, clip=True).round(3)

# %% [markdown]
# Unclipped (second row), the payments sum to $\log b_T - \log b_0$, whatever happened between. The paper clips them at 0 (third row), so that a wrong answer costs nothing. The yardstick is the **mutual information** between secret and answers: what was learned. All games, summed exactly, in nats per question:

# %%
for noise, clip in ((0.0, False), (0.1, False), (0.1, True)):
    game = belief.play(questions, noise, clip)
    print(f"noise {noise}, clip {clip}: paid {game.reward / 4:.6f}, learned {game.information / 4:.6f}")

# %% [markdown]
# Unclipped reward *is* information. Clipped, it pays more than was learned. How much more can be had?
#
# ## Turn the knobs
#
# The noise moves both panels. Left: gradients from 2,000 groups of a learner whose reward is flipped. Right: *two* secrets, one question asked 200 times; what ΔBelief has paid, and what was learned.

# %%
rng = np.random.default_rng(4)
actions = (rng.random((2000, 16, 1)) >= np.cumsum(pi)[:2]).sum(axis=2)
coin, onehots = rng.random((2000, 16)), np.eye(3)[actions] - pi


def compute(group, noise, clip):
    told = (coin < reward.verified(r, 1 - noise, noise)[actions])[:, :group].astype(float)
    each = np.einsum("ni,nia->na", reward.group_relative(told), onehots[:, :group]) / group
    spread = np.quantile(each, [0.1, 0.9], axis=0)
    return each.mean(axis=0), spread, belief.repeated(noise, 200), clip == "on"


# %% [markdown]
# `compute` uses random numbers drawn once; `paint` moves what is there.


# %%
def paint(canvas, result):
    mean, spread, series, clip = result
    paid = series.clipped if clip else series.paid
    canvas.bars("true gradient", ["a", "b", "c"], true)
    canvas.bars("mean of groups", ["a", "b", "c"], mean)
    ends = np.array([*spread, np.full(3, np.nan)]).T.ravel()
    canvas.line("10-90% of groups", np.repeat([0.2, 1.2, 2.2], 3), ends, color="black", linestyle="-", linewidth=1.2)
    canvas.line("paid", np.arange(1, 201), paid, panel=1)
    canvas.line("learned", np.arange(1, 201), series.information, panel=1)
    canvas.level("log 2, all there is", np.log(2), panel=1)
    canvas.axes(0, xlabel="action", ylabel="gradient (reward per unit of θ)", ylim=(-0.4, 0.6))
    canvas.axes(1, xlabel="questions asked", ylabel="nats", ylim=(0, 7.5))
    canvas.source("simulated groups, exact games")
    canvas.title(
        f"Gradient × {mean @ true / (true @ true):.2f}; {paid[-1]:.2f} nats paid, {series.information[-1]:.2f} learned"
    )


# %% [markdown]
# Make the groups small and the noise large; then switch the clipping on and look for the noise that pays most:

# %%
show.Explorer(
    compute,
    paint,
    {
        "group": show.knob("group size G", 2, 16, 1, 4),
        "noise": show.knob("noise ε", 0.01, 0.5, 0.01, 0.1),
        "clip": show.choice("clipping", ("off", "on")),
    },
    panels=2,
    alt="Left: bars of the true bandit gradient beside the mean over 2,000 groups, with thin lines for the wide spread of single groups. Right: nats paid "
    "and nats learned over 200 questions about two secrets; without clipping both lines coincide below log 2.",
    caption="Left: thin lines from 10% to 90% of single groups of size G. Right: exact expectations, two secrets.",
)

# %% [markdown]
# **Exercise 04.2.** An agent is paid the *clipped* ΔBelief for 200 questions about two secrets, and may choose how unreliable its source is. Which noise should it choose? Use the widget, or `belief.repeated(noise, 200).clipped[-1]`.

# %%
### BEGIN SOLUTION: the noise that is paid most, a number
best_noise = max(np.arange(0.01, 0.5, 0.01), key=lambda noise: belief.repeated(noise, 200).clipped[-1])
### END SOLUTION
course.check("04.2", best_noise)

# %% [markdown]
# This is the **reward hack**. Take a source that is wrong 45% of the time:

# %%
hack = belief.repeated(0.45, 200)
print(
    f"paid {hack.clipped[-1]:.3f} nats for {hack.information[-1]:.3f} learned; no one can learn more than {np.log(2):.3f}"
)

# %% [markdown]
# Each time the belief wavers up it is paid; on the way down it is not charged. A reliable source ends the game after one answer, so the hack avoids it.
#
# ## What would falsify the claims, and what we measured
#
# *The sampling claim fails here* if drawing by $|A|$ is no better than full return at equal gradient samples. The abstract's claim is the arm *without* weights; the weighted one, our primary metric, is the unbiased form of it. *The ΔBelief claim fails* if reward is not information at some noise. Measured (ΔBelief over 49 noises, the largest difference):

# %%
for arm, gap in gaps.items():
    print(f"{arm} minus full return, slippery: {gap}: {verdict(gap)}")
everything = stats.paired_difference(area["slippery", "full return, all 32"], area["slippery", "full return"])
print(f"for comparison, all 32 rollouts minus 8, full return, slippery: {everything}: {verdict(everything)}")
games = [belief.repeated(noise, 200) for noise in np.arange(0.01, 0.5, 0.01)]
for name, part in (("unclipped", "paid"), ("clipped, as the paper pays it", "clipped")):
    off = max(abs(getattr(game, part)[-1] - game.information[-1]) for game in games)
    print(f"ΔBelief {name}, minus information: {off:.1e} nats: {'supported' if off < 1e-9 else 'fails'}")

# %% [markdown]
# **What this does not show.** The policies are tables of 64 numbers, not language models. Walking 32 episodes to use 8 pays only where gradients cost more than rollouts; where they do not, compare the arm that uses all 32. Only the step size was tuned. The Bayesian's belief is perfect; the paper reads beliefs from a language model.
#
# ## Summary
#
# 1. A group's own mean shrinks the gradient by $1 - 1/G$; leave-one-out does not. Drawing by $|A|$ from the population is biased unless weighted; in groups of 4 the bias is much smaller.
# 1. On FrozenLake neither drawing by $|A|$ as in the abstract nor its weighted form passes both conditions; the clearest gain on slippery ice comes from using all 32 rollouts (numbers above).
# 2. Random errors of the reward shrink the gradient; errors tied to an action change what is learned.
# 3. Unclipped, ΔBelief equals information (supported); as the paper pays it, clipped, it does not (fails), and unreliable answers pay best.
#
# The same advantages may be written into *memory* instead of weights: that is [05](05_credit.ipynb).
#
# **References** MS-GRPO: arXiv:2508.10839 (abstract). ΔBelief: arXiv:2602.12342. FrozenLake: Gymnasium's toy text.

# %% [markdown]
# ## Going further
#
# **Exercise 04.3.** GRPO also divides by the group's standard deviation. Write it, with numpy's default `ddof=0`.


# %%
def standardized(returns):
    ### BEGIN SOLUTION: (returns - mean) / std, and zeros where all returns are equal
    spread = returns.std()
    return (returns - returns.mean()) / spread if spread > 0 else np.zeros(len(returns))
    ### END SOLUTION


course.check("04.3", standardized)

# %% [markdown]
# Is this only a change of step size? Then all three ratios to the true gradient would be equal. They are not (of two values the deviation with `ddof=1` is larger by $\sqrt2$, hence the factor $\sqrt{1/2}$):

# %%
for ddof, factor in ((0, 1.0), (1, np.sqrt(1 / 2))):
    ratio = expected(2, lambda R, f=factor: f * reward.group_relative(R, scale="std")) / true
    print(f"G = 2, ddof = {ddof}: {ratio.round(4)}")

# %% [markdown]
# In a group of two, any difference becomes ±1: beating a rival by .5 counts as much as beating it by 1. So action c, which is only ever .5 away from the others, is the one most inflated.
#
# **The hack, drawn.** What 200 questions pay and teach at each noise:

# %%
noises = np.arange(0.01, 0.5, 0.01)
series = [belief.repeated(noise, 200) for noise in noises]
paid, learned = np.array([s.clipped[-1] for s in series]), np.array([s.information[-1] for s in series])
canvas = show.Canvas()
canvas.line("paid, clipped", noises, paid)
canvas.line("learned = paid, unclipped", noises, learned)
canvas.axes(xlabel="noise ε (chance of a wrong answer)", ylabel="nats in 200 questions", ylim=(0, 5.6))
canvas.title(f"Clipped ΔBelief pays most, {paid.max():.2f} nats, at noise {noises[paid.argmax()]:.2f}")
show.figure(
    canvas,
    alt=f"Reward paid rises from {paid[0]:.1f} nats at noise .01 to {paid.max():.1f} at {noises[paid.argmax()]:.2f} and falls "
    f"to {paid[-1]:.1f} at .49; learned: {learned[0]:.2f} at .01, {learned[39]:.2f} at .40, {learned[-1]:.2f} at .49.",
    caption="Two secrets, one question asked 200 times. Exact.",
)

# %% [markdown]
# **Why reward-to-go exists.** Let an episode be two independent pulls of the bandit, each paid at once. Then the first reward is no fault of the second pull. Both payments have the same mean gradient; their noise differs. Here all $3^2$ episodes, exactly:

# %%
pulls = np.array(list(itertools.product(range(3), repeat=2)))
chance, scores = pi[pulls].prod(axis=1), np.eye(3)[pulls] - pi
full = np.repeat(r[pulls].sum(axis=1, keepdims=True), 2, axis=1)
for name, credit in (("full return", full), ("reward-to-go", reward.returns_to_go(r[pulls]))):
    gradient = np.einsum("nt,nta->na", credit, scores)
    mean = chance @ gradient
    print(f"{name:13} mean {mean.round(5)}, variance {chance @ ((gradient - mean) ** 2).sum(axis=1):.4f}")

# %% [markdown]
# **How much does the step size matter?** The tuning rows (seeds 0-9): mean success for each step size; each arm was reported at its best. Where the best stands at the edge of the grid (a step of 16, two arms without slipping), a larger one might be better still. Without weights a gradient is longer, so that on slippery ice the arm peaks at a smaller step: compared at *one* common step size it would have looked far better or far worse than it is.

# %%
tuned = lab04.rows("lab04-tuning").pivot_table(index=["world", "learner"], columns="step", values="success")
print(tuned.round(2).to_string())
