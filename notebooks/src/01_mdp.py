# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 01 · The memory-augmented MDP
#
# **You will** write the policy of a memory agent, decide what it should show, watch it find that out from rewards, and see which part of its learning curve needs no memory at all.
#
# **Time** 50 minutes; *Going further* takes about 40 more. **Before** [00 Start here](00_start_here.ipynb); numpy arrays. **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim** (Memento, arXiv:2508.16153): an agent can learn with its language model *frozen*, because it can learn **which memory to show** the model. We test this where every number is known: a mechanism study at laptop scale, not a replication.

# %%
from dataclasses import replace

import numpy as np

import memlab
from memlab import course, mdp, show
from memlab.labs.lab01_mdp.real import measured
from memlab.labs.lab01_mdp.study import STUDY

# %% [markdown]
# ## A world where everything is known
#
# The paper's object is $\langle S, A, P, R, \gamma, M\rangle$, a decision process with a memory $M$ of past $(s, a, r)$. Ours has 4 contexts $s$ (kinds of task) and 12 actions $a$ (think of 12 tools). In each context one action is right: reward $r = 1$, else 0. The memory holds 4 **cases** $c$, one success from each context, and a **void** case $\varnothing$: show nothing.

# %%
world = mdp.generate(contexts=4, actions=12, copy=0.7, seed=3)
world.p_llm.shape, world.reward.shape

# %% [markdown]
# `p_llm[s, c, a]` is the frozen model $p_\mathrm{LLM}(a \mid s, c)$: what it does in context $s$ when shown case $c$. This one copies the action of the case it sees with probability .7 and else follows its own habits. In context 0, here is the chance of the right action with each case; the last one is void:

# %%
right = world.reward.argmax(axis=1)
world.p_llm[0, :, right[0]].round(3)

# %% [markdown]
# Only case 0 helps here. The other three mislead: showing *nothing* is better than showing them.
#
# ## Equation 1
#
# The agent shows one case, drawn from a retrieval policy $\mu$. So its own policy is a mix of the model's answers (Eq 1):
# $$\pi(a \mid s, M) = \sum_c \mu(c \mid s, M)\; p_\mathrm{LLM}(a \mid s, c)$$
# In numpy this is one line. An agent that shows any case or none, all equally often, is right this often in each context:


# %%
def policy(mu, p_llm):
    return np.einsum("sc,sca->sa", mu, p_llm)


uniform = np.full((4, 5), 1 / 5)
policy(uniform, world.p_llm)[np.arange(4), right].round(3)

# %% [markdown]
# ## What a case is worth
#
# The value of showing $c$ in context $s$ is the reward to expect: $Q^*(s,c) = \sum_a p_\mathrm{LLM}(a \mid s,c)\, r(s,a)$. The model is known, so this is exact (rows: contexts; columns: cases, then void):

# %%
q_star = mdp.exact_q(world)
q_star.round(2)

# %% [markdown]
# **Exercise 01.1.** Now only cases 0 and 1 are in memory: the columns are case 0, case 1, void. Which one should the agent show in each of the four contexts? Write four column numbers, counted from 0.

# %%
### BEGIN SOLUTION: one column number for each of the contexts 0, 1, 2, 3, in round brackets
chosen = (0, 1, 2, 2)
### END SOLUTION
chosen = course.check("01.1", chosen)

# %% [markdown]
# Your choice is a $\mu$ with a single 1 in each row. Put into Eq 1, beside a uniform one:

# %%
small = mdp.with_cases(world, 2)
for name, mu in {"chosen": np.eye(3)[list(chosen)], "uniform": np.full((4, 3), 1 / 3)}.items():
    print(f"{name:8} right {policy(mu, small.p_llm)[np.arange(4), right].mean():.2f} of the time")

# %% [markdown]
# ## From values to a policy
#
# An agent that always shows what looks best never learns that it was wrong. So Memento asks for high value *and* for spread (entropy): $V = \sum_c \mu\,[Q - \alpha \log \mu]$. The agent's **temperature** $\alpha$ (not the model's) says how much spread is worth. The best $\mu$ under this goal is (Eq 7)
# $$\mu^*(c \mid s) \propto \exp(Q(s,c)/\alpha).$$
#
# **Exercise 01.2.** Write it for a row of $Q$, or for a table of rows. It must also survive $Q/\alpha = 2000$.


# %%
def soft_policy(q, alpha):
    ### BEGIN SOLUTION: the best policy of Eq 7; each row sums to 1
    weights = np.exp((q - q.max(axis=-1, keepdims=True)) / alpha)
    return weights / weights.sum(axis=-1, keepdims=True)
    ### END SOLUTION


soft_policy = course.check("01.2", soft_policy)

# %% [markdown]
# (From here on `soft_policy` is yours once it passes, and memlab's until then.) For $Q = (1, .6, .2, 0)$ and $\alpha = .5$ the exact answer is $(.559735, .251505, .113008, .075752)$:

# %%
soft_policy(np.array([1, 0.6, 0.2, 0]), 0.5).round(6)

# %% [markdown]
# ## Learning from rewards
#
# An agent does not know $Q^*$. The paper's loop (Eq 2) retrieves a case, lets the model act, evaluates, and retains what it learned; here that is a step of size $\eta$ that moves the value of the case toward the reward. The model never changes; only `q` does.


# %%
def episode(s, q, alpha, eta, rng):
    mu = soft_policy(q[s], alpha)
    c = rng.choice(len(mu), p=mu)  # retrieve
    a = rng.choice(12, p=world.p_llm[s, c])  # reuse: the frozen model acts
    r = world.reward[s, a]  # evaluate
    q[s, c] += eta * (r - q[s, c])  # retain: rewrite what the case is worth


# %% [markdown]
# A thousand episodes in random contexts, from $Q = 0$:

# %%
rng, learned = np.random.default_rng(0), np.zeros((4, 5))
for _ in range(1000):
    episode(rng.integers(4), learned, 0.1, 0.1, rng)
learned.round(2)

# %% [markdown]
# The large values are found, within .1. The small ones are poor: those cases were hardly ever tried.
#
# ## Does it pay?
#
# Three learners start with all $Q = 0$ and differ in temperature: **greedy** ($\alpha = 0$: always the largest $Q$, ties broken at random), **soft** ($\alpha = .05$) and **hot** ($\alpha = 1$). **Before you look:** which succeeds most after 150 episodes? Put `"greedy"`, `"soft"` or `"hot"` in place of the dots.

# %%
### BEGIN SOLUTION: your guess, one of "greedy", "soft", "hot"
guess = "soft"
### END SOLUTION
course.predict("01.temperature", guess, ("greedy", "soft", "hot"))

# %% [markdown]
# `STUDY` ran this loop for many learners at once. A **replicate** is a fresh world with a fresh order of contexts, the same for each arm; there are 64, with 200 learners on each. **No memory** is the same model, shown nothing. The settings were tuned on other worlds (`memlab/labs/lab01_mdp/study.py`).

# %%
rows = STUDY.rows()
first = ["soft", "greedy", "hot", "no memory"]
show.curves(rows[rows.arm.isin(first)], y="success", x="episode", window=20, ylabel="success (last 20)", ylim=(0, 1))

# %% [markdown]
# (Before episode 20 a line is the mean so far.) Success over the last 50 episodes settles it:

# %%
ends = STUDY.scores().groupby("arm")["last"].mean()
course.settle("01.temperature", ends[["greedy", "soft", "hot"]].idxmax())
ends[first].round(2)

# %% [markdown]
# Greedy is not stuck at the bottom: it keeps the first case that paid. How often is that the right one, here in our own world? (`mdp.draw` takes the number of episodes, of learners and the most choices one may have: 12 actions; later 5 cases.)

# %%
draws = mdp.draw(200, 1000, 12, seed=0)
lived = mdp.simulate(world, draws, alpha=0, eta=0.3)
print(
    f"greedy shows the right case in {(lived.memory[-50:] == lived.context[-50:]).mean():.0%} of the last 50 episodes"
)

# %% [markdown]
# So it is mostly the right one. It ends lower because "mostly" stays. What it lacks is a second try, and temperature is one way to get it. Another is a **hopeful start**: begin with every $Q$ at .25, and each case is tried until it has disappointed.
#
# There is also a **null model** to beat: a plain table of action values, learned greedily by the same rule, with no cases and no language model. If it draws the same curve, the curve is no evidence for retrieval.

# %%
second = ["soft", "greedy, hopeful start", "table without LLM", "no memory"]
show.curves(rows[rows.arm.isin(second)], y="success", x="episode", window=20, ylabel="success (last 20)", ylim=(0, 1))

# %% [markdown]
# The table starts lower and ends higher: it has 12 actions to try where the agent has 5 memories, and nothing limits it, while the agent can be no better than its model with the best case: .71 to .74 in our world.
#
# So a rising curve alone shows nothing about retrieval. Is the **head start** a sign of it? The agent was given four solved cases, the table none. A fairer null knows the four stored actions too, and what it "shows" is done for sure:

# %%
four = np.broadcast_to(np.eye(12)[right], (4, 4, 12))
knows = replace(world, p_llm=four)
for name, place, alpha in (
    ("memory", world, 0.05),
    ("table, 4 actions", knows, 0),
    ("table", mdp.without_llm(world), 0),
):
    print(f"{name:16} first 20 episodes: {mdp.simulate(place, draws, alpha, 0.3).reward[:20].mean():.2f}")

# %% [markdown]
# The head start is over a table that knows no past success; a table given the four stored actions starts higher still (one world, 1,000 learners). Five claims were fixed before these rows were made:

# %%
show.verdicts(STUDY.verdicts(), made_by=rows)

# %% [markdown]
# (*Supported* means: the mean difference over the 64 replicates is too large for chance, after a correction for five claims. The test flips signs of the differences; with more than 16 replicates it draws 65,536 patterns, so p before the correction is at least about 3e-5. *Holm's step*: the smallest p must pass .05/5, the next .05/4, and so on. The first three claims are about all 200 episodes.)
#
# ## Turn the knobs
#
# 300 learners in one world are recomputed at each move. The first frame has temperature $\alpha = .05$ and step size $\eta = .3$; the hopeful start is the knob *start value of Q* at .25. Only the cases of contexts 0 and 1 are stored at first.

# %%
few = mdp.draw(200, 300, 5, seed=0)


def compute(temperature, step_size, start_value_of_Q, cases_stored):
    here = mdp.with_cases(world, cases_stored)
    run = mdp.simulate(here, few, temperature, step_size, start_value_of_Q)
    q = mdp.exact_q(here)
    best = soft_policy(q, max(temperature, 1e-6))
    void = [(run.memory[-50:] == cases_stored)[run.context[-50:] == s].mean() for s in range(4)]
    return run.reward.reshape(10, 20, -1).mean(axis=(1, 2)), (best * q).sum(axis=1).mean(), void, best[:, -1]


# %% [markdown]
# What the picture shows:


# %%
def paint(canvas, result):
    curve, best, void, void_best = result
    canvas.line("300 learners", np.arange(20, 201, 20), curve)
    canvas.level("no memory (null)", q_star[:, -1].mean())
    canvas.level("success of μ*", best)
    canvas.bars("void shown by learners", ["s=0", "s=1", "s=2", "s=3"], void, panel=1)
    canvas.bars("void shown by μ*", ["s=0", "s=1", "s=2", "s=3"], void_best, panel=1)
    canvas.axes(0, xlabel="episode", ylabel="success (last 20)", ylim=(0, 1))
    canvas.axes(1, xlabel="context", ylabel="share of the last 50", ylim=(0, 1))
    canvas.title(f"Learners end at {curve[-1]:.2f}; the success of μ* at this α is {best:.2f}")


# %% [markdown]
# The lower panel shows **void as an action of its own**: how often nothing is shown in each context, by the learners and by $\mu^*$. Can you make greedy ($\alpha = 0$) as good as soft? And what does the best policy show in contexts 2 and 3? (The picture is the first frame when no kernel runs.)

# %%
show.Explorer(
    compute,
    paint,
    {
        "temperature": (0.0, 1.0, 0.05, 0.05),
        "step_size": (0.05, 1.0, 0.05, 0.3),
        "start_value_of_Q": (0.0, 1.0, 0.05, 0.0),
        "cases_stored": (0, 4, 1, 2),
    },
    panels=2,
    alt="Upper panel: success of 300 learners over 200 episodes, the success of μ* and of no memory. Lower panel: "
    "how often nothing is shown in each context.",
    caption="One world, mean of 300 learners; the random numbers stay, so only the knobs differ.",
)

# %% [markdown]
# A small start value makes greedy as good here. In contexts 2 and 3 no stored case helps, and $\mu^*$ shows void most, though not always: $\mu^*$ is best for the goal, value *plus* spread. So its success is not the most that can be had: it falls as $\alpha$ rises.
#
# ## The real model
#
# Is SmolLM2 anything like this array? We asked it four Toolbox questions (recorded replies), each with every one of four solved cases and with none: 20 calls. `measured` puts its probabilities of the 12 tools into a world like ours. Here is $Q^*$ of that world:

# %%
llm = memlab.open_llm("replay")
real = measured(llm, [(0,), (1,), (2,), (3,), ()])
mdp.exact_q(real).round(2)

# %% [markdown]
# The diagonal stands out here too, and the mean of each row's largest entry is the **ceiling**. So we let the soft learner live in the measured world, beside no memory:

# %%
print(f"ceiling: {mdp.exact_q(real).max(axis=1).mean():.2f}")
for name, place in {"memory": real, "no memory": mdp.with_cases(real, 0)}.items():
    lived = mdp.simulate(place, draws, alpha=0.05, eta=0.3).reward
    print(f"{name:10} last 50 episodes: {lived[-50:].mean():.2f} (p_LLM: {llm.backend} of {llm.name})")

# %% [markdown]
# ## What would falsify the claim, and what we measured
#
# *The claim fails here* if, on the same streams, learning $\mu$ gains nothing over no memory, or if the table without LLM does as well at every stage. We measured: memory beats no memory; it beats the table early, and with enough episodes the table wins. A table that knows the four stored actions does better early as well, so the head start is what past successes give, not a merit of retrieval alone.
#
# **What this does not show.** Four questions are no sample of tasks, so the measured world carries no interval. Contexts repeat exactly, so nothing had to generalize, and a table could learn them by heart. Eq 1 holds for *one* case at a time (more below). An agent that meets new questions is the subject of lab 06.
#
# ## Summary
#
# 1. The LLM is frozen; retrieval $\mu$ learns what each case is worth, and Eq 1 is one line.
# 2. A learner needs a reason to try what does not look best: a temperature, or a hopeful start.
# 3. A rising curve needs a null: a table without LLM rises too, and higher. What memory has over it is a head start, and that only while the table knows no past success.
#
# **References** Memento (also called AgentFly): arXiv:2508.16153. Void case: after the void memory of Memento 2, known to us from others' accounts. **Next** [02 Stores](02_stores.ipynb).

# %% [markdown]
# ## Going further
#
# ### A step for a world that changes
#
# A constant step never comes to rest. Where rewards have variance $\mathrm{Var}\,r$, $Q$ keeps a variance of $\frac{\eta}{2-\eta}\mathrm{Var}\,r$: .17647 $\mathrm{Var}\,r$ for $\eta = .3$. A step of $1/n$ at the $n$-th use (the plain average) is rid of it: $\mathrm{Var}\,r / n$ goes to 0. What is the price? The error of $Q$ can be followed exactly, mean and variance, use by use:


# %%
def error(steps, chances):
    q, variance, found = chances[0], 0.0, []
    for eta, p in zip(steps, chances, strict=True):
        q, variance = q + eta * (p - q), (1 - eta) ** 2 * variance + eta**2 * p * (1 - p)
        found.append(np.hypot(q - p, variance**0.5))
    return np.array(found)


error([0.3] * 300, [0.7] * 300)[-1] ** 2 / (0.7 * 0.3)

# %% [markdown]
# That is the .17647. Now the case is right with probability .7 for 150 uses; then the world changes and it is right with .1 only.
#
# **Exercise 01.3.** Choose a constant $\eta$ with which $Q$ strays by no more than .1 (its long-run standard deviation) while nothing changes, and has its mean within .1 of the new truth 40 uses after the change.

# %%
### BEGIN SOLUTION: a number between 0 and 1
eta = 0.06
### END SOLUTION
given, eta = eta, course.check("01.3", eta)

# %% [markdown]
# Your step (memlab's, while yours does not pass) beside $\eta = .3$ and $1/n$:

# %%
uses = np.arange(1, 301)
chances = np.where(uses <= 150, 0.7, 0.1)
whose = "your" if given == eta else "memlab's"
steps = {"η = 0.3": np.full(300, 0.3), f"{whose} η = {eta:.2g}": np.full(300, eta), "1/n": 1 / uses}
errors = {name: [error(step, chances)] for name, step in steps.items()}
late = "; ".join(f"{name}: {e[0][149]:.2f} then {e[0][189]:.2f}" for name, e in errors.items())
show.curves(
    errors,
    x=uses,
    xlabel="use of the case",
    ylabel="error of Q (reward)",
    title=f"Error of Q before the change, then 40 uses after it. {late}",
    caption="Root mean squared error, exact. The chance of success falls from .7 to .1 after use 150.",
)

# %% [markdown]
# The average is calmest while nothing changes, and the slowest to let go of what it believed: its price is paid when the world moves. A constant step buys one with the other. What gives both: a step that is large again when the rewards have surprised, or a memory that drops the old case and writes a new one (labs 05 and 06).
#
# ### The consistent backup
#
# **Exercise 01.4.** Put $\mu^*$ into the goal $\sum_c \mu\,[Q - \alpha \log \mu]$ and simplify: what is the value of the best policy, as a function of $Q$ and $\alpha$ alone? The paper prints $\alpha \log \sum_c \exp Q(c)$ in its Eqs 8 and 10. Is that it?


# %%
def soft_value(q, alpha):
    ### BEGIN SOLUTION: the value of the best soft policy, one number for each row of q
    return alpha * np.log(np.sum(np.exp(q / alpha), axis=-1))
    ### END SOLUTION


soft_value = course.check("01.4", soft_value)

# %% [markdown]
# The goal computed directly, your form, and the printed one:

# %%
alphas, q = np.linspace(0.1, 2, 20), np.array([1, 0.6, 0.2, 0])
mus = np.array([soft_policy(q, a) for a in alphas])
goal = (mus * (q - alphas[:, None] * np.log(mus))).sum(axis=1)
forms = {"goal at μ*": goal, "consistent": [soft_value(q, a) for a in alphas]}
forms["as printed"] = [a * np.log(np.exp(q).sum()) for a in alphas]
gap = {name: np.abs(np.array(found) - goal) for name, found in forms.items()}
show.curves(
    {name: [found] for name, found in forms.items()},
    x=alphas,
    xlabel="temperature α",
    ylabel="value V (reward)",
    title=f"Largest distance from the goal: consistent {gap['consistent'].max():.0e}, as printed "
    f"{gap['as printed'].max():.2f} " + "(zero at α = 1)" * bool(gap["as printed"][np.isclose(alphas, 1)].max() < 1e-9),
    caption="Q = (1, .6, .2, 0), exact. At α = .5 the goal is 1.290146, the printed form .955645.",
)

# %% [markdown]
# ### More than one step
#
# When an answer changes what comes next, the target is $r + \gamma V(s')$ with discount $\gamma$. With `gamma=0.8` the next context counts; here it is drawn uniformly, whatever the action (`transition[s, a, s']` is 1/4). **Value iteration** repeats the backup:

# %%
chain, v = mdp.generate(contexts=4, actions=12, gamma=0.8, seed=3), np.zeros(4)
for _ in range(130):
    v = soft_value(mdp.exact_q(chain, v), 0.1)
v.round(4)

# %% [markdown]
# **Policy iteration** solves for the value of the present $\mu$, a linear system, then takes the soft policy of the new $Q$. Five rounds arrive at the same values:

# %%
mu = np.full((4, 5), 1 / 5)
for _ in range(5):
    gain = (mu * (mdp.exact_q(chain) - 0.1 * np.log(mu))).sum(axis=1)
    moves = np.einsum("sc,sca,sat->st", mu, chain.p_llm, chain.transition)
    w = np.linalg.solve(np.eye(4) - 0.8 * moves, gain)
    mu = soft_policy(mdp.exact_q(chain, w), 0.1)
print(f"largest difference to value iteration: {np.abs(v - w).max():.0e}")

# %% [markdown]
# ### Do learners converge to $Q^*$?
#
# Each entry does if it keeps being tried. With a hot policy all are tried often; with a cold one a case that failed early is left alone, with a value near its start. Where does the mean learned $Q$ lie, over entries whose exact value is below .2, for two start values?

# %%
long, low = mdp.draw(2000, 300, 5, seed=5), q_star < 0.2
for alpha in (0.05, 0.2, 1.0):
    means = [mdp.simulate(world, long, alpha, eta=0.1, q0=q0).q.mean(axis=0)[low].mean() for q0 in (0, 0.25)]
    print(f"α = {alpha}: from 0 {means[0]:.3f}, from .25 {means[1]:.3f}, exact {q_star[low].mean():.3f}")

# %% [markdown]
# A case left alone keeps its start value: too low from 0, too high from .25. This bias comes from choosing what to observe, not from the step size: lab 05 returns to it as the question of credit.
#
# ### Three cases at once
#
# Is Eq 1 exact when three cases are shown together? Not in the form above: the model then reads a *set* $C$, and the exact mix is over sets, $\pi(a \mid s, M) = \sum_C \mu(C \mid s, M)\, p_\mathrm{LLM}(a \mid s, C)$. One $Q$ a case is enough only if a set acts like the mean of its members. We ask the real model with three of the four cases at a time (the columns leave out case 0, 1, 2, 3) and compare the chance of the right tool with that mean:

# %%
threes = [(1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2)]
together = mdp.exact_q(measured(llm, threes))
alone = mdp.exact_q(real)[:, threes].mean(axis=2)
print(f"together:\n{together.round(2)}\nmean of each alone:\n{alone.round(2)}")
print(f"mean absolute difference {np.abs(together - alone).mean():.2f} ({llm.backend} of {llm.name})")

# %% [markdown]
# So where several cases are shown, one value a case is an approximation; the later labs say where they use it.
