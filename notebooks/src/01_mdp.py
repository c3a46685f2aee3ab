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
# **You will** write the policy of a memory agent in ten lines, solve it exactly, watch a learner find the solution, and see which parts of its learning curve need no memory at all.
#
# **Time** 50 minutes. **Before** [00 Start here](00_start_here.ipynb); numpy arrays. **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim** (Memento, arXiv:2508.16153): an agent can learn with its language model *frozen*, because it can learn **which memory to show** the model. We test this where every number is known: a mechanism study at laptop scale, not a replication.

# %%
import numpy as np

import memlab
from memlab import course, mdp, prompt, retrieval, show, stats

# %% [markdown]
# ## The tuple
#
# The paper's object is $\langle S, A, P, R, \gamma, M\rangle$, a decision process with a memory $M$ of past $(s, a, r)$. Ours has 4 contexts $s$ and 12 actions $a$ (think of 12 tools). In each context one action is right ($r = 1$). The memory holds 4 cases, one success from each context, and a **void** case: show nothing.

# %%
world = mdp.generate(contexts=4, actions=12, copy=0.7, seed=3)
world.p_llm.shape, world.reward.shape

# %% [markdown]
# `p_llm[s, c, a]` is the frozen model $p_\mathrm{LLM}(a \mid s, c)$: what it does in context $s$ when shown case $c$. This one copies the action of the case it sees with probability .7 and otherwise follows its own habits. In context 0, here is the chance of the right action for each case; the last one is void:

# %%
right = world.reward.argmax(axis=1)
world.p_llm[0, :, right[0]].round(3)

# %% [markdown]
# Only case 0 helps in context 0. The others mislead: showing *nothing* is better than showing them.
#
# ## Equation 1
#
# The agent's policy mixes the model's answers by the retrieval policy $\mu$ (Eq 1):
# $$\pi(a \mid s, M) = \sum_c \mu(c \mid s, M)\; p_\mathrm{LLM}(a \mid s, c)$$
# In numpy this is one line. With a uniform $\mu$ the agent is right this often in each context:


# %%
def policy(mu, p_llm):
    return np.einsum("sc,sca->sa", mu, p_llm)


uniform = np.full((4, 5), 1 / 5)
policy(uniform, world.p_llm)[np.arange(4), right].round(3)

# %% [markdown]
# The loop of the paper (Eq 2) retrieves a case, lets the model act, looks at the reward and retains what it learned. Here it is for one context, with the value $Q(s, c)$ of each case rewritten by a step $\eta$. The model never changes; only `q` does.


# %%
def episode(s, q, alpha, eta, rng):
    mu = retrieval.soft_policy(q[s], alpha)
    c = rng.choice(len(mu), p=mu)  # retrieve
    a = rng.choice(12, p=world.p_llm[s, c])  # reuse: the frozen model acts
    r = world.reward[s, a]  # evaluate
    q[s, c] += eta * (r - q[s, c])  # retain: rewrite what the case is worth
    return r


# %% [markdown]
# A thousand episodes in random contexts give this table of learned values (rows: contexts, columns: cases, last column: void):

# %%
rng, learned = np.random.default_rng(0), np.zeros((4, 5))
rewards = [episode(rng.integers(4), learned, 0.1, 0.1, rng) for _ in range(1000)]
learned.round(2)

# %% [markdown]
# ## What a case is worth, exactly
#
# Since the model is known, no learning is needed to say what each case is worth: $Q^*(s,c) = \sum_a p_\mathrm{LLM}(a \mid s,c)\, r(s,a)$.

# %%
q_star = mdp.exact_q(world)
q_star.round(2)

# %% [markdown]
# The learned table found the diagonal. Its other entries are poor: those cases were hardly ever tried.
#
# ## From values to a retrieval policy
#
# Memento asks for high value *and* for entropy: $V = \sum_c \mu\,[Q - \alpha \log \mu]$. The best $\mu$ under this goal is (Eq 7)
# $$\mu^*(c \mid s) \propto \exp(Q(s,c)/\alpha).$$
#
# **Exercise 01.1.** Write it. Subtract the largest `q` first, so that a small temperature $\alpha$ does not overflow.


# %%
def soft_policy(q, alpha):
    ### BEGIN SOLUTION: weights proportional to exp(q / alpha), summing to 1 along the last axis
    weights = np.exp((q - q.max(axis=-1, keepdims=True)) / alpha)
    return weights / weights.sum(axis=-1, keepdims=True)
    ### END SOLUTION


course.check("01.1", soft_policy)

# %% [markdown]
# The check uses $Q = (1, .6, .2, 0)$ at $\alpha = .5$, where $\mu^* = (.559735, .251505, .113008, .075752)$. memlab's own version gives the same:

# %%
q = np.array([1.0, 0.6, 0.2, 0.0])
retrieval.soft_policy(q, 0.5).round(6)

# %% [markdown]
# **Exercise 01.2.** Put $\mu^*$ into the goal and simplify. You get a backup with $\alpha$ in *two* places: $V = \alpha \log \sum_c \exp(Q(c)/\alpha)$. The paper prints its Eqs 8 and 10 without the inner $\alpha$. Write the consistent form.


# %%
def soft_value(q, alpha):
    ### BEGIN SOLUTION: the value of the best soft policy, a single number for one row q
    return alpha * np.log(np.sum(np.exp(q / alpha), axis=-1))
    ### END SOLUTION


course.check("01.2", soft_value)

# %% [markdown]
# Does the difference matter? On the left, the value of $\mu^*$ computed from the goal itself, with both closed forms. On the right, $\mu^*$ as the temperature rises from greedy to uniform.

# %%
alphas = np.linspace(0.05, 2, 79)
mus = np.array([retrieval.soft_policy(q, a) for a in alphas])
goal = (mus * (q - alphas[:, None] * np.log(mus))).sum(axis=1)
canvas = show.Canvas(panels=2)
canvas.points("goal at μ*", alphas[::6], goal[::6], markersize=5)
canvas.line("consistent", alphas, [retrieval.soft_value(q, a) for a in alphas])
canvas.line("as printed", alphas, [mdp.printed_value(q, a) for a in alphas])
for i in range(4):
    canvas.line(f"Q = {q[i]}", alphas, mus[:, i], panel=1)
canvas.axes(0, xlabel="temperature α", ylabel="value V (reward)")
canvas.axes(1, xlabel="temperature α", ylabel="probability μ*(c)", ylim=(0, 1))
canvas.title("The printed backup agrees with the goal only at α = 1")
show.figure(
    canvas,
    alt="Left: the consistent backup passes through every point of the goal, the printed form crosses it only at "
    "alpha 1. Right: four probabilities run from greedy, one memory near 1, toward a quarter each.",
    caption="Q = (1, .6, .2, 0). At α = .5 the goal is 1.290146, the printed form .955645. Exact values, no sampling.",
)

# %% [markdown]
# ## More than one step: value and policy iteration
#
# When an answer changes what comes next, the target becomes $r + \gamma V(s')$ with discount $\gamma$. **Value iteration** repeats this backup. **Policy iteration** solves for the value of the present $\mu$, then takes $\mu \propto \exp(Q/\alpha)$. They must meet:

# %%
chain = mdp.generate(contexts=4, actions=12, gamma=0.8, seed=3)
q_vi, sweeps = mdp.value_iteration(chain, alpha=0.1)
mu_pi, rounds = mdp.policy_iteration(chain, alpha=0.1)
print(f"{len(sweeps) - 1} sweeps, {len(rounds)} rounds, gap {np.abs(sweeps[-1] - rounds[-1]).max():.1e}")

# %% [markdown]
# Each sweep removes at least a fifth of the error ($\gamma = .8$), so about a hundred are needed; policy iteration needs a handful. The rest of this lab has one-step episodes ($\gamma = 0$), as the paper's own experiments do.
#
# ## A learner that is told nothing
#
# Now the learner must find $Q^*$ from rewards. **Before you look:** which temperature gives the highest success after 200 episodes? Put `"0"` (greedy), `"0.1"` or `"1"` in place of the dots.

# %%
### BEGIN SOLUTION: your guess, one of "0", "0.1", "1"
guess = "0.1"
### END SOLUTION
course.predict("01.temperature", guess, ("0", "0.1", "1"))

# %% [markdown]
# `mdp.simulate` is `episode` for many learners at once. A *replicate* is a fresh world with a fresh order of contexts, the same for each arm; we take 16 of them, with 100 learners each. Arms: three temperatures, and the **no-memory** arm on the same streams.


# %%
def curves(change, alpha, replicates=16):
    rows = []
    for i in range(replicates):
        fresh = mdp.generate(contexts=4, actions=12, seed=100 + i)
        draws = mdp.draw(200, 100, 12, seed=i)
        rows.append(mdp.simulate(change(fresh), draws, alpha, eta=0.3).reward.mean(axis=1))
    return np.array(rows)


arms = {f"α = {a}": curves(lambda w: w, a) for a in (0, 0.1, 1)}
arms["no memory"] = curves(lambda w: mdp.with_cases(w, 0), 0.1)
arms["null: table without LLM"] = curves(mdp.without_llm, 0.1)

# %% [markdown]
# The last arm is our **null model**: no language model, no cases, just a table of action values updated by the same rule. If it draws the same curve, the curve is no evidence for retrieval.


# %%
def paint_arms(canvas, names):
    for name in names:
        mean, low, high = stats.bootstrap_band(show.rolling(arms[name], 20))
        canvas.line(name, np.arange(1, 201), mean)
        canvas.band(name, np.arange(1, 201), low, high)
    canvas.axes(xlabel="episode", ylabel="success (mean of last 20)", ylim=(0, 1.02))
    canvas.source("simulated, exact world")


canvas = show.Canvas()
paint_arms(canvas, ["α = 0", "α = 0.1", "α = 1", "no memory"])
canvas.title("A little temperature learns; greedy gets stuck, hot never commits")
show.figure(
    canvas,
    alt="Success over 200 episodes: alpha 0.1 rises from 0.2 to 0.7; alpha 1 creeps up to about 0.26; "
    "alpha 0 stays flat near 0.2; no memory stays flat near 0.1.",
    caption="Bands: 95% bootstrap over 16 replicates (worlds), 100 learners each; step size .3.",
)

# %% [markdown]
# Success over the last 50 episodes settles the question. Greedy keeps whichever case first earned a reward.

# %%
ends = {name: arms[name][:, -50:].mean(axis=1) for name in arms}
best = max(("0", "0.1", "1"), key=lambda a: ends[f"α = {a}"].mean())
course.settle("01.temperature", best)
print("α = 0.1 minus no memory:", stats.paired_difference(ends["α = 0.1"], ends["no memory"]))

# %% [markdown]
# Now the null beside it:

# %%
canvas = show.Canvas()
paint_arms(canvas, ["α = 0.1", "no memory", "null: table without LLM"])
canvas.title("A table without LLM starts lower and ends higher")
show.figure(
    canvas,
    alt="The memory learner is ahead of the table for the first episodes, then the table passes it and ends near 1, "
    "while the memory learner stays near 0.7.",
    caption="Bands: 95% bootstrap over the same 16 replicates. The table tries 12 actions; the agent chooses among 5 memories.",
)

# %% [markdown]
# So a rising curve alone shows nothing about retrieval. What the memory agent has is the **head start**: 5 memories to choose from instead of 12 actions. Its ceiling is the model, which copies a case only 70% of the time.

# %%
early = {name: arms[name][:, :20].mean(axis=1) for name in arms}
for name, part in (("first 20", early), ("last 50", ends)):
    print(f"{name}: memory minus table", stats.paired_difference(part["α = 0.1"], part["null: table without LLM"]))

# %% [markdown]
# ## Turn the knobs
#
# 1,000 learners are recomputed at each move. Find a setting in which the learner ends far below the dashed optimum. Only the cases of contexts 0 and 1 are stored at first: what does the best policy show in contexts 2 and 3?

# %%
draws = mdp.draw(200, 1000, 5, seed=0)


def compute(alpha, eta, cases):
    small = mdp.with_cases(world, cases)
    run = mdp.simulate(small, draws, alpha, eta)
    best = retrieval.soft_policy(mdp.exact_q(small), max(alpha, 1e-6))
    curve = show.rolling(run.reward.mean(axis=1)[None], 20)[0]
    void = [(run.memory[-50:] == cases)[run.context[-50:] == s].mean() for s in range(4)]
    return curve, (best * mdp.exact_q(small)).sum(axis=1).mean(), void, best[:, -1]


# %% [markdown]
# The right panel shows the **void case as an action of its own**: how often nothing is shown in each context, by the learners and by $\mu^*$.


# %%
def paint(canvas, result):
    curve, best, void, void_best = result
    canvas.line("1,000 learners", np.arange(1, 201), curve)
    canvas.level("no memory (null)", mdp.exact_q(world)[:, -1].mean())
    canvas.level("μ* at this α", best)
    canvas.bars("learners", ["s=0", "s=1", "s=2", "s=3"], void, panel=1)
    canvas.bars("μ*", ["s=0", "s=1", "s=2", "s=3"], void_best, panel=1)
    canvas.axes(0, xlabel="episode", ylabel="success (last 20)", ylim=(0, 1))
    canvas.axes(1, xlabel="context", ylabel="share of void (last 50)", ylim=(0, 1))
    canvas.source("simulated, exact world")
    canvas.title(f"Learners end at {curve[-1]:.2f}; the optimum at this α is {best:.2f}")


# %% [markdown]
# Drag a slider (the picture below is the first frame when no kernel runs):

# %%
show.Explorer(
    compute,
    paint,
    {
        "alpha": show.knob("temperature α", 0.0, 1.0, 0.02, 0.1),
        "eta": show.knob("step size η", 0.02, 1.0, 0.02, 0.3),
        "cases": show.knob("cases stored", 0, 4, 1, 2),
    },
    panels=2,
    alt="Left: success of 1,000 simulated learners rises over 200 episodes toward the exact optimum. Right: share of "
    "void in each context, learners beside the optimal policy.",
    caption="One world, mean of 1,000 learners; grey: no memory. Random numbers are drawn once, so only the knobs differ.",
)

# %% [markdown]
# ## What the step size costs
#
# A constant step never stops moving. For rewards with variance $\mathrm{Var}\,r$ the estimate keeps a variance of $\frac{\eta}{2-\eta}\mathrm{Var}\,r$. We measure it on a case that is right with probability .7.

# %%
etas = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0])
wins = (np.random.default_rng(1).random((150, 8000)) < 0.7).astype(float)
finals = np.array([mdp.constant_step(wins, eta, q0=0.7)[-1] for eta in etas])
squares = [(final - final.mean()) ** 2 for final in finals]
bands = np.array([[i.mean, i.low, i.high] for i in (stats.bootstrap_mean(s, draws=300) for s in squares)])

# %% [markdown]
# At $\eta = .3$ the theory says $.17647\,\mathrm{Var}\,r = .0371$.

# %%
canvas = show.Canvas()
canvas.line("theory η/(2−η) Var r", np.linspace(0, 1, 50), mdp.step_variance(np.linspace(0, 1, 50), 0.21))
canvas.points("measured", etas, bands[:, 0], markersize=5)
canvas.panels[0].vlines(etas, bands[:, 1], bands[:, 2], color=canvas.color("measured"))
canvas.axes(xlabel="step size η", ylabel="variance of Q (reward²)")
canvas.title(f"Measured variance follows theory: {bands[3, 0]:.4f} at η = .3, expected .0371")
show.figure(
    canvas,
    alt="Seven measured variances with intervals lie on the theoretical curve, which rises from 0 to 0.21.",
    caption="8,000 learners after 150 rewards; bars: 95% bootstrap over learners. Var r = .7 × .3 = .21.",
)

# %% [markdown]
# ## The real model
#
# Is SmolLM2 anything like this array? We ask it (in recorded replies) four Toolbox questions, each with every one of four solved cases and with none: 20 calls. Its probabilities over the 12 tools fill a measured $p_\mathrm{LLM}(a \mid s, c)$.

# %%
llm = memlab.open_llm("replay")
tasks = memlab.stream("toolbox-a", "stationary", n=16, seed=0, families=8)
old, new = ({task.family: task for task in part} for part in (tasks[:8], tasks[8:]))
kinds = sorted(new)[:4]


def right_tool(task):
    return next(tool for tool in task.choices if task.score(task.tools[tool](task.text)) == 1)


def probabilities(task, cases):
    reply = llm.complete(prompt.render(task.about, cases, task.text), choices=task.choices)
    return [reply.choice_probs[tool] for tool in task.choices]


# %% [markdown]
# The measured value of each case is the probability of the right tool (rows: questions, columns: cases, last: void).

# %%
shown = [[(old[kind].text, right_tool(old[kind]))] for kind in kinds] + [[]]
p_real = np.array([[probabilities(new[kind], cases) for cases in shown] for kind in kinds])
r_real = np.array([[tool == right_tool(new[kind]) for tool in new[kind].choices] for kind in kinds], dtype=float)
measured = mdp.MMDP(p_real, r_real, np.full((4, 12, 4), 0.25))
mdp.exact_q(measured).round(2)

# %% [markdown]
# The diagonal stands out here too. So we let the same learner live in the measured world, beside no memory:

# %%
live = mdp.simulate(measured, draws, alpha=0.1, eta=0.3).reward.mean(axis=1)
bare = mdp.simulate(mdp.with_cases(measured, 0), draws, alpha=0.1, eta=0.3).reward.mean(axis=1)
print(
    f"last 50 episodes: memory {live[-50:].mean():.2f}, no memory {bare[-50:].mean():.2f} ({llm.backend} of {llm.name})"
)

# %% [markdown]
# ## What would falsify the claim, and what we measured
#
# *The claim fails here* if, on the same streams, learning $\mu$ gains nothing over no memory, or if the table without LLM does as well at every stage. Measured: memory beats no memory in all 16 worlds. It beats the table only early; given enough episodes the table wins.
#
# **What this does not show.** Four questions are no sample of tasks, so the measured world carries no interval. Contexts repeat exactly, so nothing had to generalize, and a table could learn them by heart. An agent that meets new questions is the subject of lab 06.
#
# ## Summary
#
# 1. The LLM is frozen; retrieval $\mu$ learns, and Eq 1 is one line.
# 2. The consistent soft backup has $\alpha$ inside the exponential as well; the printed form agrees only at $\alpha = 1$.
# 3. A rising curve needs a null: no memory is flat, but a table without LLM rises too, and higher.
#
# **References** Memento (also called AgentFly): arXiv:2508.16153. Void case: after the void memory of Memento 2, second-hand.

# %% [markdown]
# ## Going further
#
# **Exercise 01.3.** A case is right with probability .7. Which step size $\eta$ gives its learned $Q$ a long-run *standard deviation* of .05?

# %%
### BEGIN SOLUTION: a number, from eta / (2 - eta) * Var r = sd ** 2
eta_for_sd = 2 * 0.05**2 / (0.7 * 0.3 + 0.05**2)
### END SOLUTION
course.check("01.3", eta_for_sd)

# %% [markdown]
# **Do learners really converge to $Q^*$?** Each entry does if it keeps being tried. With a hot policy all are tried often; with a cold one a case that failed early is left alone with a value too low. The next figure compares the mean learned $Q$ with the exact one.

# %%
long = mdp.draw(2000, 300, 5, seed=5)
found = {a: mdp.simulate(world, long, a, eta=0.1).q.mean(axis=0) for a in (0.05, 0.2, 1.0)}
canvas = show.Canvas(size=(4.6, 3.8))
canvas.line("exact (null error)", [0, 0.8], [0, 0.8], linewidth=1)
for a, table in found.items():
    canvas.points(f"α = {a}", q_star.ravel(), table.ravel(), markersize=5, alpha=0.8)
canvas.axes(xlabel="exact Q* (reward)", ylabel="mean learned Q (reward)")
canvas.title("Cold learners undervalue what they rarely try")
show.figure(
    canvas,
    alt="Scatter of learned against exact Q: alpha 1 lies on the diagonal; at alpha 0.05 small values lie below it.",
    caption="Mean over 300 learners after 2,000 episodes, one world, step size .1.",
)

# %% [markdown]
# This bias comes from choosing what to observe, not from the step size: with $\alpha = 1$ it is gone. Lab 05 returns to it as the question of credit.
