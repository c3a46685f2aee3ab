# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 05 · Credit rewriting
#
# **You will** pay credit to memories in three ways and measure each against a world where the truth is known, then write the same lesson into a memory and into weights, and see which differences come from the place and which do not.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb), [04 Reward](04_reward.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **Two claims.** MemRL (arXiv:2601.03192) pays every injected memory alike: $Q \leftarrow Q + .3\,(r - Q)$ with $r = \pm 1$. And ours, after Memento (arXiv:2508.16153) and MS-GRPO (arXiv:2508.10839): *where a lesson is stored is a separate design choice*. A mechanism study, not a replication.

# %%
import numpy as np
import pandas as pd

import memlab
from memlab import course, credit, credit_rules, credit_world, lessons, show, stats
from memlab.labs.lab05_credit import lab05_real
from memlab.labs.lab05_credit import study as lab05

# %% [markdown]
# ## Who earned it? A world where we know
#
# Each kind of task has nine cases nearby; the model is shown three. It copies a shown case in proportion to its **pull** $w$, and else follows its habit, which is right with chance $p_0$:
# $$v(S) = \frac{p_0 + \sum_{c \in S} w_c h_c}{1 + \sum_{c \in S} w_c}, \qquad h_c = 1 \text{ if the case is right}$$
# So a case *helps* (pull, right), *harms* (pull, wrong) or is *useless* (no pull). We know which; a learner does not.

# %%
world = credit_world.generate(seed=3)
pd.DataFrame({"pull": world.pull[0].round(2), "right": world.right[0].astype(int)}).T

# %% [markdown]
# Take one case of each sort: chance of success with nothing shown, with each alone, and with all three.

# %%
pulls = world.pull[0]
helps, harms = np.argmax(pulls * world.right[0]), np.argmax(pulls * (1 - world.right[0]))
useless = int(np.argmin(pulls))
for shown in ([], [helps], [harms], [useless], [helps, harms, useless]):
    print([int(c) for c in shown], round(credit_world.value(world, 0, shown), 3))

# %% [markdown]
# ## Every memory alike
#
# One reward comes back, and three cases were shown. MemRL pays it to all of them. **Exercise 05.1.** Write that update. `q` is an array, `shown` a list of places, `success` True or False; leave `q` itself unchanged.


# %%
def memrl(q, shown, success):
    ### BEGIN SOLUTION: a new array: shown places move by 0.3 of their gap to r, where r is +1 or -1
    new = q.copy()
    new[shown] += 0.3 * ((1.0 if success else -1.0) - new[shown])
    return new
    ### END SOLUTION


course.check("05.1", memrl)

# %% [markdown]
# memlab's form agrees. After one success, the helpful, the harmful and the useless case have earned the same:

# %%
credit_rules.memrl(np.zeros(9), [helps, harms, useless], True).round(2)

# %% [markdown]
# ## With it and without it
#
# A counterfactual asks the *same query* again without a case. **Leave-one-out** is $v(S) - v(S \setminus c)$. **Shapley** averages the gain of adding $c$ over all orders in which the cases may be added. **Exercise 05.2.** Write Shapley: `value` takes a frozenset of ids, and you return a dict with the worth of each id.


# %%
def shapley(value, ids):
    ### BEGIN SOLUTION: a dict id -> mean gain over itertools.permutations(ids)
    import itertools

    orders = list(itertools.permutations(ids))
    worth = dict.fromkeys(ids, 0.0)
    for order in orders:
        for i, name in enumerate(order):
            gain = value(frozenset(order[: i + 1])) - value(frozenset(order[:i]))
            worth[name] += gain / len(orders)
    return worth
    ### END SOLUTION


course.check("05.2", shapley)

# %% [markdown]
# Two cases that say the same right thing, `a` and `b`, and a useless `c`: the query is solved if `a` or `b` is shown. memlab's versions:


# %%
def either(ids):
    return float("a" in ids or "b" in ids)


print("leave-one-out", credit_rules.leave_one_out(either, "abc"))
print("Shapley      ", credit.counterfactual(either, "abc"))

# %% [markdown]
# Leave-one-out calls both useless, and a memory that believes it forgets both. Shapley gives each a half. It has a price: $2^k$ model calls for $k$ shown cases, against $k + 1$ for leave-one-out and one order, against 1 for the others.

# %%
pd.Series(credit_world.CALLS, name="model calls an episode").to_frame().T

# %% [markdown]
# *One order* is sampled Shapley with one random order: unbiased, noisy, 4 calls. *Similarity* pays the reward like *every*, in shares by how near a case is; *no credit* never changes $Q$. **Before you look:** every rule gets the same number of *calls*, so a rule with 8 calls an episode sees an eighth of the episodes. Which rule has the lowest regret over the first 480 calls?

# %%
### BEGIN SOLUTION: your guess, one of "every", "leave-one-out", "one order", "Shapley"
guess = "Shapley"
### END SOLUTION
options = ("every", "leave-one-out", "one order", "Shapley")
course.predict("05.calls", guess, options)

# %% [markdown]
# **Regret** is exact here: $v$ of the best three cases (the oracle) minus $v$ of the three that the learner ranks highest. Sixteen worlds, 24 learners in each, one answer drawn from the model for every call. Step sizes were tuned on other seeds. The **null model** *random* pays a case the reward that another learner got; *no memory* shows nothing, and regrets more than random cases: the habit alone is seldom right.

# %%
rows = lab05.rows()
regret = {arm: lab05.curves(rows, "who", "stationary", arm) for arm in credit_world.CALLS}
idle = lab05.curves(rows, "who", "stationary", "no memory").mean()
print(lab05.note()["command"], "|", lab05.note()["date"][:10], "|", len(rows), "rows")


def paint_rule(canvas, name, curve, calls):
    mean, low, high = stats.bootstrap_band(curve)
    x = np.arange(len(mean)) * lab05.EVERY
    for panel, scale, label in ((0, 1, name), (1, calls, f"_{name}")):  # a name with _ stays out of the legend
        canvas.line(label, x * scale, mean, panel)
        canvas.band(label, x * scale, low, high, panel)


# %% [markdown]
# Left, the learners side by side, episode for episode. Right, the same curves by what they cost.

# %%
by_calls = {
    a: np.repeat(regret[a], lab05.EVERY, axis=1)[:, : 480 // credit_world.CALLS[a]].mean(axis=1) for a in regret
}
best = min(options, key=lambda arm: by_calls[arm].mean())
canvas = show.Canvas(panels=2, size=(7.8, 3.9))
for arm in (*options, "random"):
    paint_rule(canvas, "null: random" if arm == "random" else arm, regret[arm], credit_world.CALLS[arm])
for panel, (unit, end) in enumerate((("episodes", 480), ("model calls", 480))):
    canvas.level("no memory" if panel == 0 else "_no memory", idle, panel)
    canvas.axes(panel, xlabel=unit, ylabel="regret (probability)", xlim=(0, end), ylim=(0, 1.4))
canvas.source("simulated, exact world")
ends = {arm: regret[arm][:, -10:].mean() for arm in options}
canvas.title(f"After 480 episodes {min(ends, key=ends.get)} regrets least; over 480 calls “{best}” does, of these four")
show.figure(
    canvas,
    alt="Left: regret falls with episodes, Shapley fastest, random credit stays flat. Right: by model calls the rules lie closer.",
    caption="Mean over 16 worlds; bands: 95% bootstrap over worlds. Dashed: nothing is shown.",
)

# %% [markdown]
# The mean regret over the first 480 calls settles it:

# %%
course.settle("05.calls", best)
for arm in credit_world.CALLS:
    print(f"{arm:14}", stats.bootstrap_mean(by_calls[arm]))


# %% [markdown]
# The primary metric, fixed before the run, is the regret over the first 480 calls, Shapley against every (line 1). As in lab 04, *supported* needs an interval above 0 and $p \le .05$; the mirror image is *contradicted*:


# %%
def verdict(claim, found):
    sign = (found.p <= 0.05) * ((found.low > 0) - (found.high < 0))
    print(f"{('NOT supported', 'supported', 'CONTRADICTED')[sign]:14}{claim}: {found}")


late = {arm: curve[:, -10:].mean(axis=1) for arm, curve in regret.items()}
verdict("at equal calls Shapley beats every", stats.paired_difference(by_calls["every"], by_calls["Shapley"]))
verdict("at equal episodes it does", stats.paired_difference(late["every"], late["Shapley"]))
verdict("every beats random credit", stats.paired_difference(by_calls["random"], by_calls["every"]))
verdict("similarity beats every", stats.paired_difference(by_calls["every"], by_calls["similarity"]))

# %% [markdown]
# ## The real model
#
# SmolLM2, 64 queries, three cases whose truth we know: *right* (advises the tool that serves), *wrong*, and a third that is a second right one (a **twin**) or a case of *other* questions. All 8 subsets were asked. Here is one query with a twin, replayed:

# %%
pair, llm, rewards = lab05_real.pairs(100)[2], memlab.open_llm("replay"), {}
for mask in credit_world.SUBSETS:
    cases = [case for case, on in zip(pair.cases, mask, strict=True) if on]
    action, reward, _ = lab05_real.ask(llm, pair.queries[0], cases)
    rewards[frozenset(case.id for case in cases)] = reward
    print([pair.sorts[int(case.id)] for case in cases], "->", action, reward)

# %% [markdown]
# From the 8 rewards follows what each case was worth to that query, exactly:

# %%
ids = [case.id for case in pair.cases]
for name, rule in (("leave-one-out", credit_rules.leave_one_out), ("Shapley", credit.counterfactual)):
    found = rule(rewards.__getitem__, ids)
    print(f"{name:14}", [f"{sort} {found[id]:+.2f}" for sort, id in zip(pair.sorts, ids, strict=True)])

# %% [markdown]
# And for all 64 queries:


# %%
def paint_bars(canvas, name, groups):
    found = [stats.bootstrap_mean(values) for values in groups.values()]
    interval = [i.low for i in found], [i.high for i in found]
    canvas.bars(name, list(groups), [i.mean for i in found], interval=interval)
    for label in canvas.panels[0].get_xticklabels():
        label.set(rotation=20, ha="right")


# %% [markdown]
# A bar is what a case of that sort was worth:

# %%
calls = lab05_real.rows()
worth = lab05_real.worths(calls)
canvas, sorts = show.Canvas(), ["right", lab05_real.TWIN, "other", "wrong"]
for rule in ("Shapley", "leave-one-out"):
    table = worth.pivot_table(index="seed", columns="sort", values=rule)[sorts]
    paint_bars(canvas, rule, {sort: table[sort] for sort in sorts})
twins = worth[worth["sort"] == lab05_real.TWIN][["Shapley", "leave-one-out"]].mean()
canvas.axes(ylabel="worth of a case (reward)", ylim=(-0.75, 0.95))
canvas.source("smollm2:135m, recorded")
canvas.title(f"A right case with a twin: {twins.iloc[0]:.2f} by Shapley, {twins.iloc[1]:.2f} by leave-one-out")
show.figure(
    canvas,
    alt="Bars of worth by sort of case: right cases earn most, twins less and least by leave-one-out, wrong cases lose.",
    caption="512 recorded replies; 95% bootstrap over 8 seeds. The means hide the spread over queries.",
)

# %% [markdown]
# Credit is for the *next* query. Each query has a partner of the same kind that is offered the same cases: we show it only what earned more than 0, and count the regret there. *Best set tried* is a rival with Shapley's calls and no credit at all: it repeats the subset that worked. It was added after the run.

# %%
moved = lab05_real.transfer(calls).pivot_table(index="seed", columns="arm", values="regret")
means = moved.mean().sort_values()
canvas = show.Canvas(size=(7.2, 3.8))
paint_bars(canvas, "regret", {arm: moved[arm] for arm in means.index})
canvas.axes(ylabel="regret on the partner (reward)", ylim=(0, 0.75))
canvas.source("smollm2:135m, recorded")
first, second = means.index[:2]
canvas.title(
    f"{first} {means[first]:.2f} and {second} {means[second]:.2f}, at 8 calls each; no memory {means['no memory']:.2f}"
)
show.figure(
    canvas,
    alt="Bars of regret: Shapley and best set tried near 0, then one order, every, similarity, leave-one-out, and the nulls.",
    caption="64 queries, 8 seeds, 95% bootstrap. Calls: Shapley and best set tried 8, one order and leave-one-out 4, others 1.",
)

# %% [markdown]
# The first three lines are *not* at equal calls; the fair rival of Shapley, call for call, is the last. Part of the gap to leave-one-out comes from dropping zeros:

# %%
for other in ("every", "leave-one-out", "no credit", lab05_real.TRIED):
    verdict(f"Shapley beats {other}", stats.paired_difference(moved[other], moved["Shapley"]))
kept = lab05_real.transfer(calls, ">= 0").groupby("arm")["regret"].mean()
print(f"gap to leave-one-out where zeros are kept: {kept['leave-one-out'] - kept['Shapley']:.3f} (see the last table)")

# %% [markdown]
# ## Where is it stored?
#
# A lesson is a context $x$ (the question's vector) and $g = \frac{1}{G}\sum_i A_i \nabla \log \pi(a_i)$, the advantages of $G = 4$ rollouts (lab 04). **Weights** add it up: $W \mathrel{+}= \eta\, x g^\top$, logits $yW$. **Memory** keeps the row $(x, g)$ and reads logits $\eta \sum_i k(y, x_i)\, g_i$. No language model here, so that both places are equally simple. On one Toolbox stream of 96 tasks:

# %%
stream = lab05.example()
dim, actions = stream.x.shape[1], stream.reward.shape[1]
weights = lessons.Weights(dim, actions, step=30.0)
memory = lessons.Lessons(dim, actions, step=30.0, kernel=lessons.linear)
rewards = [lessons.learn(stream, place, seed=100) for place in (weights, memory)]
gap = np.abs(weights.logits(stream.x) - memory.logits(stream.x)).max()
print(f"expected reward {rewards[0].mean():.6f} and {rewards[1].mean():.6f}; largest gap of logits {gap:.1e}")

# %% [markdown]
# With the linear kernel $k = y \cdot x$ they are **the same function**: $yW = \eta \sum_i (y \cdot x_i)\, g_i$. The place alone changes nothing. Two other choices do: how a lesson is *read* (a **local** kernel is 0 below a cosine of .5) and how it is *written*. *Add* sums lessons. *Rewrite* moves what is stored toward the new lesson: TD on near rows in memory, the delta rule in weights.

# %%
arms = [*lab05.PLACES, lab05.NULL]
found = {arm: lab05.curves(rows, "where", "toolbox-b", arm) for arm in arms}
lakes = {arm: lab05.curves(rows, "where", "lake", arm) for arm in lab05.LAKES}
after = {arm: curve[:, 96:].mean(axis=1) for arm, curve in found.items()}
idle = [lab05.curves(rows, "where", world, lab05.IDLE).mean() for world in ("toolbox-b", "lake")]
how = {rule: np.mean([after[f"{place}, {rule}"] for place in ("weights", "memory")]) for rule in ("add", "rewrite")}

# %% [markdown]
# Left, Toolbox streams of 192 tasks, 16 seeds; from task 96 on, every tool is another one. Both *memory* arms read by the local kernel; *shuffled lessons*, the null, carry advantages of other rollouts' actions. Right, FrozenLake without slipping, where a state's features are its own row (then $k$ is 1 or 0, and weights and memory are one table), or shared by its row and column of the map.

# %%
canvas = show.Canvas(panels=2, size=(8.4, 3.8))
for panel, part, window in ((0, found, 16), (1, lakes, 1)):
    for arm, curve in part.items():
        mean, low, high = stats.bootstrap_band(show.rolling(curve, window))
        canvas.line(arm, np.arange(len(mean)), mean, panel)
        canvas.band(arm, np.arange(len(mean)), low, high, panel)
for panel in (0, 1):
    canvas.level("null: no learning", idle[panel], panel)
canvas.axes(0, xlabel="task (tools move at 96)", ylabel="expected reward (last 16)", ylim=(0, 1.65))
canvas.axes(1, xlabel="update on FrozenLake", ylabel="exact success", ylim=(0, 1.65))
canvas.source("simulated, no language model")
canvas.title(f"After the drift: rewriting {how['rewrite']:.2f}, adding {how['add']:.2f}, in weights or in memory")
show.figure(
    canvas,
    alt="Left: four arms rise, fall to 0 when the tools move; the two that rewrite recover, the two that add do not. "
    "Right: on FrozenLake success rises from near 0; shared features start later and end higher than one row a state.",
    caption="16 seeds, bands: 95% bootstrap.",
)

# %% [markdown]
# Why does adding fail? The policy is sure of the old tool, all four rollouts fail *alike*, every advantage is 0, and the lesson is empty (share printed; before the drift it is because all *succeed* alike). Rewriting moves toward that empty lesson: it unlearns.

# %%
for place in ("weights", "memory"):
    verdict(
        f"{place}: rewriting beats adding", stats.paired_difference(after[f"{place}, rewrite"], after[f"{place}, add"])
    )
for way in ("add", "rewrite"):
    verdict(f"{way}: memory beats weights", stats.paired_difference(after[f"memory, {way}"], after[f"weights, {way}"]))
empty = np.abs(memory.g).max(axis=1) < 1e-6
print(f"empty lessons, adding, one stream: {empty[:48].mean():.2f} before the drift, {empty[48:].mean():.2f} after it")
for arm, curve in lakes.items():
    print(f"FrozenLake, {arm}: first 20 updates {curve[:, :20].mean():.2f}, last 20 {curve[:, -20:].mean():.2f}")

# %% [markdown]
# The two lines *memory beats weights* compare places that also *read* differently (local against linear): no effect of the place alone.
#
# ## Interference
#
# One answer must be corrected: we write "here, this tool" until it is the likeliest, and count the *other* queries whose likeliest answer changed. **Far** ones are of other families. Each arm has the step size that earned most on the tuning seeds.

# %%
places = [*lab05.PLACES, "memory, add, read linearly"]
far = {arm: 100 * lab05.curves(rows, "spill", "far flipped", arm)[:, 0] for arm in places}
share = {arm: values.mean() for arm, values in far.items()}
canvas = show.Canvas(size=(7.2, 3.8))
paint_bars(canvas, "far", far)
canvas.axes(ylabel="far answers changed (%)", ylim=(0, 60))
canvas.title(
    f"At the tuned steps: weights {share['weights, add']:.0f}% (rewrite {share['weights, rewrite']:.0f}%), "
    f"local memory {share['memory, add']:.1f}% ({share['memory, rewrite']:.1f}%)"
)
canvas.source("simulated")
show.figure(
    canvas,
    alt="Bars: weights change some answers of other families, memory with a local kernel hardly any, memory read linearly as many as weights.",
    caption="64 corrections on 16 seeds, after 96 tasks; 95% bootstrap over seeds.",
)

# %% [markdown]
# The same correction by step size $\eta$ (columns), in % of far answers. In weights the spill is not monotone: lowest at the middle steps, largest at the tuned one:

# %%
steps = rows[rows["part"] == "spill by step"].assign(step=lambda part: part["world"].astype(float))
(100 * steps.pivot_table(index="arm", columns="step", values="value")).round(1)

# %% [markdown]
# A memory that is read linearly interferes as weights do: interference comes from *shared features* and large steps, not from the place. On FrozenLake, with one row a state, even weights cannot interfere:

# %%
for arm in lab05.LAKES:
    spilled = lab05.curves(rows, "spill", "lake variation", arm)[:, 0]
    print(f"{arm:22} change of the policy in states not visited: {stats.bootstrap_mean(spilled)}")
verdict("weights change more far answers (%)", stats.paired_difference(far["weights, add"], far["memory, add"]))

# %% [markdown]
# ## Turn the knobs
#
# Choose a rule, a step size, and when the world turns (helpful cases begin to harm; 120 is never). Find the step at which each rule recovers best. Right: the mean $Q$ of each sort of case at the end; the bar of the useless is near 0 where credit tells them apart.

# %%
small = credit_world.generate(families=2, seed=3)
draws = credit_world.draw(small, 120, 60, seed=0)
right, pulled = small.right > 0, small.pull > 0
lowest = (credit_world.best(small) - small.habit).mean()

# %% [markdown]
# `compute` is pure: the same knobs give the same picture.


# %%
def compute(rule, step, drift):
    regret, q = credit_world.simulate(small, draws, rule, step, drift)
    helpful = right if drift == 120 else pulled & ~right
    sorts = (helpful, pulled & ~helpful, ~pulled)
    return show.rolling(regret.mean(axis=1)[None], 8)[0], [q[:, sort].mean() for sort in sorts], rule


# %% [markdown]
# The grey level is what showing nothing would regret; a rule above it does harm.


# %%
def paint(canvas, result):
    curve, values, rule = result
    canvas.line("60 learners", np.arange(1, 121), curve)
    canvas.level("no memory", lowest)
    canvas.bars("Q", ["helpful", "harmful", "useless"], values, panel=1)
    canvas.axes(0, xlabel="episode", ylabel="regret (last 8)", ylim=(0, 1))
    canvas.axes(1, ylabel="mean Q at the end", ylim=(-1, 1))
    canvas.source("simulated, exact world")
    canvas.title(f"{rule}: regret {curve.mean():.2f} on average, {curve[-1]:.2f} at the end")


# %% [markdown]
# Drag a slider:

# %%
show.Explorer(
    compute,
    paint,
    {
        "rule": show.choice("credit rule", list(credit_world.CALLS), "every"),
        "step": show.knob("step size η", 0.02, 1.0, 0.02, 0.2),
        "drift": show.knob("world turns at", 20, 120, 10, 60),
    },
    panels=2,
    alt="Left: regret of 60 simulated learners falls, jumps when the world turns, and falls again. Right: mean Q of helpful, harmful and useless cases.",
    caption="One world of two families, mean of 60 learners. Random numbers are drawn once, so only the knobs differ.",
)

# %% [markdown]
# ## What would falsify the claims, and what we measured
#
# *Paying everyone alike fails* if it is no better than random credit: the lines above say that it learns. *Counterfactual credit fails* if, at equal calls, it is no better than paying everyone, or than the best set tried: read the verdicts under both figures. *"The place is a separate choice"* would be falsified by two places with the same reading that answer differently, or by a gain of memory over weights that rewriting does not explain.
#
# **What this does not show.** The partner queries resemble each other closely, so trying all subsets once carries over; where no next query is alike, only values kept per case can help. The simulated world is one of many: with more harmful cases, or rarer tasks, the trade of calls may turn. Three shown cases make $2^3$ calls; ten make 1,024. The policies in part two are linear; "local" relies on an embedder that keeps families apart. The arm *best set tried* and the table by step were added after the first look.
#
# ## Summary
#
# 1. Paying every shown memory alike learns from one call an episode; free riders are paid too.
# 2. Counterfactual credit failed our own criterion: in the exact world Shapley lost to paying everyone at equal *calls* and won at equal *episodes* (printed above). With SmolLM2 it won with 8 calls against 1; there equal calls were tested only against *best set tried*: no difference shown.
# 3. Leave-one-out is blind to twins, Shapley is not, and it costs $2^k$ calls.
# 4. Read linearly, memory and weights are the same function. Rewriting decides recovery; the kernel and the step decide interference.
#
# **References** MemRL: arXiv:2601.03192. Memento: arXiv:2508.16153. MS-GRPO: arXiv:2508.10839 (abstract only; equations are our reconstruction).

# %% [markdown]
# ## Going further
#
# **Rewrite, amend or forget?** No language model here: the similar cases *vote*, and the action with the highest similarity-weighted $Q$ is taken (lab 06 uses this vote as a rival). With `renew`, when a case whose advice used to work fails, near failures of other tools are forgotten, so that these may be tried again. Each arm edits the near cases in its own way: lower their $Q$, rewrite their *action* after a success, forget those whose advice failed, forget what is old. The null forgets as many near cases *at random*.

# %%
votes = {arm: lab05.curves(rows, "drift", "toolbox-b", arm)[:, 48:].mean(axis=1) for arm in lab05.RULES}
ranked = dict(sorted(votes.items(), key=lambda item: -item[1].mean()))
canvas, top = show.Canvas(size=(7.2, 4.0)), next(iter(ranked))
paint_bars(canvas, "vote", ranked)
canvas.axes(ylabel="success after the drift", ylim=(0, 0.7))
canvas.title(f"After the drift: {top} {votes[top].mean():.2f}, append-only {votes['append-only'].mean():.2f}")
canvas.source("nearest-neighbor vote, no language model")
show.figure(
    canvas,
    alt="Bars of success after the drift for seven ways to edit memory, from the best to append-only.",
    caption="Tasks 48-95 of 96, Toolbox set B, 16 seeds, 95% bootstrap.",
)

# %% [markdown]
# Does it matter *what* is forgotten?

# %%
verdict(
    "forgetting what failed beats append-only",
    stats.paired_difference(votes["forget what failed"], votes["append-only"]),
)
null = votes["null: forget at random"]
verdict("it beats forgetting at random", stats.paired_difference(votes["forget what failed"], null))
verdict("rewriting Q beats rewriting actions", stats.paired_difference(votes["rewrite Q"], votes["rewrite action"]))

# %% [markdown]
# If the null does as well as the rule, we think that this is why: among the near cases are old *failures* of the tool that is right now. They vote against it, and only forgetting (or `renew`, lab 06) takes them away.
#
# **Exercise 05.3.** Write a rule of forgetting for learned worths `q` and numbers of uses: give the places of cases that were used at least `least` times and are worth nothing.


# %%
def forget(q, uses, least):
    ### BEGIN SOLUTION: places where uses >= least and q <= 0
    return np.flatnonzero((uses >= least) & (q <= 0))
    ### END SOLUTION


course.check("05.3", forget)

# %% [markdown]
# What a correction took. *Near* answers are of the same family, where a change is wanted. Mean *writes* below 1: some answers were right already and took none.

# %%
spills = rows[(rows["part"] == "spill") & (rows["world"] != "lake variation")]
spills.pivot_table(index="arm", columns="world", values="value").round(3)

# %% [markdown]
# **Does the order in the prompt matter?** Worth of the right and of the wrong case by place, 0 first, 2 next to the question, and how many cases each cell holds. Too few cases a cell to say:

# %%
worth.pivot_table(index="sort", columns="place", values="Shapley", aggfunc=["mean", "size"]).round(2)

# %% [markdown]
# **What if ties are kept?** So far a case was kept if it earned more than 0. Keep those with 0 too, and leave-one-out no longer drops twins:

# %%
pd.DataFrame({"> 0": moved.mean(), ">= 0": kept}).round(3).sort_values("> 0")
