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
# **You will** build four ways to choose a memory, solve a small world in which *similar* is not *useful*, split the error of the kernel estimate into bias and variance, and see which way finds what helps a real, frozen model.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim.** Retrieval should also follow what *helped*: Memento (arXiv:2508.16153) learns a value $Q(s, c)$ for each case, MemRL (arXiv:2601.03192) mixes similarity with value. We test the mix: does value, *added to similarity*, gain on similarity alone where memory is unreliable? This is a mechanism study at laptop scale, not a replication.

# %%
import numpy as np

import memlab
from memlab import course, mdp, retrieval, retrieval_learned, show, stats
from memlab.labs.lab03_retrieval import study as lab03

# %% [markdown]
# ## A map of questions
#
# Each question is a point. Its *topic* (left or right) moves it far, its *desk* (upper or lower half) only a little: two questions for different desks can be near-identical in wording.


# %%
def draw_points(n, rng):
    topic, desk = np.arange(n) // 2 % 2, np.arange(n) % 2
    x = 2 * topic - 1 + np.clip(0.5 * rng.normal(size=n), -0.9, 0.9)
    return np.column_stack([x, (2 * desk - 1) * rng.uniform(0.05, 0.35, n)])


def right_tool(points, twins):
    return 2 * (points[..., 0] > 0) + twins * (points[..., 1] > 0)


# %% [markdown]
# Without `twins` a topic has one right tool; with them each desk has its own. The memory holds 8 cases. A model that copies the case it sees with probability .8, out of 6 tools, gives an M-MDP as in lab 01. *Misfiled* means: the last four cases, one pair of each topic, name a useless tool, though they were filed as successes.


# %%
def make_world(contexts, cases, twins, misfiled):
    tool, right = right_tool(cases, twins), right_tool(contexts, twins)
    if misfiled:
        tool = np.where(np.arange(len(cases)) < 4, tool, 5)
    p_llm = np.vstack([0.8 * np.eye(6)[tool] + 0.2 / 6, np.full(6, 1 / 6)])
    n = len(contexts)
    return mdp.MMDP(np.tile(p_llm, (n, 1, 1)), np.eye(6)[right], np.full((n, 6, n), 1 / n))


KINDS = {"similar helps": (False, False), "twins": (True, False), "twins, half misfiled": (True, True)}

# %% [markdown]
# One replicate is 24 questions (contexts) and 8 cases. Since the model is known, $Q^*(s, c) = \sum_a p_\mathrm{LLM}(a\mid s,c)\,r(s,a)$ is exact. Here is one row. A right case has $.8 + .2/6$: copied, or hit by chance; a wrong one has the chance alone. The last column is the **void** case $\varnothing$, showing nothing:

# %%
rng = np.random.default_rng(1)
contexts, cases = draw_points(24, rng), draw_points(8, rng)
sqdist = ((contexts[:, None] - cases[None]) ** 2).sum(axis=2)
q_star = mdp.exact_q(make_world(contexts, cases, *KINDS["twins"]))
q_star[0].round(2)

# %% [markdown]
# ## Top-k: what looks alike
#
# The plain way (Eq 16) shows the nearest case, whatever happened when it was shown before. As a policy $\mu(c \mid s)$ it is one-hot. Its success is $\sum_c \mu\,Q^*$, exactly:

# %%
top_one = np.eye(9)[sqdist.argmin(axis=1)]
for name, kind in KINDS.items():
    q_kind = mdp.exact_q(make_world(contexts, cases, *kind))
    print(f"{name:21} top-1 {(top_one * q_kind).sum(1).mean():.2f}, best case {q_kind.max(1).mean():.2f}")

# %% [markdown]
# ## What helps: $\mu \propto \exp(Q/\alpha)$
#
# If $Q$ were known, the best policy would be lab 01's $\mu^* \propto \exp(Q/\alpha)$ (Eq 7). The void case takes part with its own value. For $Q = (1, .6, .2, 0)$ and $\alpha = .5$:

# %%
retrieval.soft_policy([1.0, 0.6, 0.2, 0.0], 0.5).round(6)

# %% [markdown]
# But $Q$ must be learned from **past uses**: what was shown, where, and what reward came. We draw 400 uses of random cases in random contexts and keep, for each pair, how often it was used and how often it succeeded.


# %%
def use(q_star, n, rng):
    visits = rng.multinomial(n, np.full(192, 1 / 192)).reshape(24, 8)
    return visits, rng.binomial(visits, q_star[:, :8])


visits, wins = use(q_star, 400, rng)
(wins.sum(axis=0) / visits.sum(axis=0)).round(2)

# %% [markdown]
# One number a case, as above, cannot say *where* a case helps: with twins each helps in a quarter of the contexts, so all look alike.
#
# ## Kernel episodic control
#
# Eq 9 lets past uses of the same case vote, near ones more:
# $$Q_\mathrm{EC}(s, c) = \frac{\sum_i k(s, s_i)\, r_i}{\sum_i k(s, s_i)}, \qquad k(s, s_i) = \frac{1}{\lVert s - s_i\rVert^2 + \delta}$$
# The kernel is that of Neural Episodic Control (arXiv:1703.01988, second-hand). $\delta$ is a bandwidth: small trusts the nearest use, large averages all.
#
# **Exercise 03.1.** Write it for the uses of one case.


# %%
def kernel_q(sqdist, q, delta):
    ### BEGIN SOLUTION: the mean of q, weighted by 1 / (sqdist + delta)
    kernel = 1 / (sqdist + delta)
    return (kernel * q).sum() / kernel.sum()
    ### END SOLUTION


course.check("03.1", kernel_q)

# %% [markdown]
# The check uses squared distances 1, 4, 9 with $Q = (1, 0, .5)$ and $\delta = .001$. memlab's own version:

# %%
retrieval.kernel_q([1, 4, 9], [1, 0, 0.5], 0.001).round(6)

# %% [markdown]
# For all contexts and cases at once, with visits and wins counted per context, it is one line (`own=False` leaves out the uses in the query's own context). At context 0 it tells cases apart where one number a case could not:


# %%
def kernel_table(visits, wins, delta, points=contexts, own=True):
    k = 1 / (((points[:, None] - points[None]) ** 2).sum(axis=2) + delta)
    k = k if own else k * (1 - np.eye(24))
    return (k @ wins) / (k @ visits)


np.stack([q_star[0, :8], kernel_table(visits, wins, 0.01)[0]]).round(2)

# %% [markdown]
# ## Two kinds of error
#
# However many uses we see, the estimate goes to a *smoothed target*, $\sum k\,n\,Q^* / \sum k\,n$ with $n$ visits a context, and not to $Q^*$. So its error has two parts that we can compute exactly: **bias**, target minus $Q^*$, and **variance**, $\sum k^2 n\,Q^*(1-Q^*) / (\sum k\,n)^2$.
#
# **Before you look:** as $\delta$ grows, which part grows? `"bias"`, `"variance"` or `"both"`?

# %%
### BEGIN SOLUTION: your guess, one of "bias", "variance", "both"
guess = "bias"
### END SOLUTION
deltas = np.geomspace(1e-3, 10, 25)
course.predict("03.delta", guess, ("bias", "variance", "both"))

# %% [markdown]
# The exact parts, as a mean over contexts and cases:


# %%
def split_error(visits, delta):
    d = ((contexts[:, None] - contexts[None]) ** 2).sum(axis=2)[:, None]
    mean, variance = retrieval_learned.kernel_target(d, visits.T, q_star.T[:8], delta)
    return ((mean - q_star[:, :8]) ** 2).mean(), variance.mean()


exact = np.array([split_error(visits, delta) for delta in deltas])

# %% [markdown]
# Beside the formulas we *measure* both parts: the same visits, 400 fresh draws of their rewards.


# %%
def measure(visits, delta, replicates=400):
    draws = rng.binomial(visits, q_star[:, :8], size=(replicates, 24, 8))
    found = kernel_table(visits, draws, delta)
    return ((found.mean(axis=0) - q_star[:, :8]) ** 2).mean(), found.var(axis=0).mean()


measured = np.array([measure(visits, delta) for delta in deltas[::4]])
least = deltas[exact.sum(axis=1).argmin()]
grows = [name for i, name in enumerate(("bias", "variance")) if exact[-1, i] > exact[0, i]]
course.settle("03.delta", grows[0] if len(grows) == 1 else "both")

# %% [markdown]
# On the right, more uses at one fixed $\delta$:

# %%
counts = np.array([400, 1600, 6400, 25600])
by_uses = np.array([split_error(use(q_star, n, rng)[0], 0.1) for n in counts])
canvas = show.Canvas(panels=2)
for i, name in enumerate(("bias²", "variance")):
    canvas.line(name, deltas, exact[:, i])
    canvas.points(f"_{name}", deltas[::4], measured[:, i], markersize=5)
    canvas.line(name, counts, by_uses[:, i], panel=1)
canvas.line("sum", deltas, exact.sum(axis=1))
canvas.axes(0, xlabel="δ (squared distance)", ylabel="squared error of Q (reward²)", xscale="log", ylim=(0, 0.12))
canvas.axes(1, xlabel="uses in memory", xscale="log", yscale="log")
canvas.source("simulated, exact world")
canvas.title(f"As δ grows, {' and '.join(grows)} grows; the sum of both is least at δ = {least:.3f}")
show.figure(
    canvas,
    alt="Left: bias squared rises with delta, variance falls, measured points lie on both exact curves. "
    "Right: with more uses variance falls steadily, bias stays.",
    caption="Lines: exact. Points: 400 draws of the rewards. Mean over 24 contexts and 8 cases, twins; right: δ = .1.",
)

# %% [markdown]
# At a fixed $\delta$ more experience cures variance only: bias is the price of letting neighbors of another desk vote. We use $\delta = .01$ below, near the least sum at 400 uses; more uses would let $\delta$ shrink, and the bias with it.
#
# ## Hybrid: similarity and value
#
# MemRL takes the nearest few cases and ranks them by $(1-\lambda)\,z(\text{similarity}) + \lambda\,z(Q)$, where $z(x)$ is $x$ less its mean, divided by its standard deviation, over these cases.
#
# **Exercise 03.2.** Write the score. Where all values are equal, let $z$ be 0.


# %%
def hybrid_score(similarity, q, lam):
    ### BEGIN SOLUTION: (1 - lam) * z(similarity) + lam * z(q)
    def z(x):
        spread = x.std()
        return (x - x.mean()) / spread if spread > 0 else 0 * x

    return (1 - lam) * z(similarity) + lam * z(q)
    ### END SOLUTION


course.check("03.2", hybrid_score)

# %% [markdown]
# Now all policies on one shortlist, the 4 nearest cases. *Soft* is $\mu \propto \exp(Q/\alpha)$ over these and void, at $\alpha = .1$. $\lambda = .5$ as in MemRL. Values come from the same 400 random uses. Soft is given void's exact value; hybrid has no void. The kernel may count uses in the very context it is asked about, which weigh most ($1/\delta$), so we also score it with those left out.


# %%
def play(q_star, sqdist, visits, wins, points, own=True):
    rows = np.arange(24)[:, None]
    near = sqdist.argsort(axis=1)[:, :4]
    case_q = np.tile(wins.sum(axis=0) / visits.sum(axis=0), (24, 1))
    learned = {"case Q": case_q, "kernel Q": kernel_table(visits, wins, 0.01, points, own)}
    found = {"no memory": q_star[:, 8].mean(), "top-1": q_star[rows, near[:, :1]].mean()}
    options = np.column_stack([near, np.full(24, 8)])
    for name, q in learned.items():
        mu = retrieval.soft_policy(np.column_stack([q[rows, near], q_star[:, 8]]), 0.1)
        found[f"soft, {name}"] = (mu * q_star[rows, options]).sum(axis=1).mean()
        best = retrieval_learned.hybrid_score(-sqdist[rows, near], q[rows, near], 0.5).argmax(axis=1)
        found[f"hybrid, {name}"] = q_star[np.arange(24), near[np.arange(24), best]].mean()
    return found | {"best case": q_star.max(axis=1).mean()}


# %% [markdown]
# A replicate draws new contexts, cases and uses; we take 16.


# %%
def replicate(kind, seed, own=True):
    fresh = np.random.default_rng(seed)
    points, cases = draw_points(24, fresh), draw_points(8, fresh)
    q = mdp.exact_q(make_world(points, cases, *KINDS[kind]))
    return play(q, ((points[:, None] - cases[None]) ** 2).sum(axis=2), *use(q, 400, fresh), points, own)


# %% [markdown]
# We run all three worlds on the same seeds, and print the kernel with and without the query's own uses.

# %%
runs = {kind: [replicate(kind, seed) for seed in range(100, 116)] for kind in KINDS}
for kind in KINDS:
    seen, top = (np.mean([row[name] for row in runs[kind]]) for name in ("soft, kernel Q", "top-1"))
    new = np.mean([replicate(kind, seed, own=False)["soft, kernel Q"] for seed in range(100, 116)])
    print(f"{kind:21} soft, kernel Q {seen:.2f}; own uses left out {new:.2f}; top-1 {top:.2f}")

# %% [markdown]
# Bars with intervals, one group a world:

# %%
canvas, ARMS = show.Canvas(), [name for name in runs["twins"][0] if name != "best case"]
for name in ARMS:
    found = [stats.bootstrap_mean([row[name] for row in runs[kind]]) for kind in KINDS]
    interval = [i.low for i in found], [i.high for i in found]
    canvas.bars(name, ["similar\nhelps", "twins", "half\nmisfiled"], [i.mean for i in found], interval=interval)
canvas.axes(ylabel="success", ylim=(0, 1), xlim=(-0.5, 3.6))
gain = {a: np.mean([row[a] - row["top-1"] for row in runs["twins, half misfiled"]]) for a in ARMS}
winner = max(gain, key=gain.get)
canvas.title(f"Half misfiled: '{winner}' gains {gain[winner]:+.2f} on top-1")
canvas.source("simulated, exact world")
show.figure(
    canvas,
    alt="Bars of success in three worlds. Where similar helps, all rules with memory are close; with twins, rules with one "
    "Q a case fall behind; with misfiled cases the kernel rules lead.",
    caption="16 replicates, 95% bootstrap. Expected success by Eq 1, no sampling of actions.",
)

# %% [markdown]
# One $Q$ a case cannot know the desk, and $z(Q)$ turns its noise into a full vote. Still, hybrid with it can gain where cases are misfiled: a misfiled case is bad at every desk, so one number is enough to see it; telling desks apart is left to similarity. The kernel tells both, best in contexts where it has practiced; the lines above show what is left in new ones. Similarity helps every arm, for all choose from the 4 nearest.
#
# ## Move the query
#
# Drag the query across the line between the desks and watch which rule notices. Dots: chance of success $Q^*$.


# %%
def compute(x, y, rule, delta):
    point = np.array([x, y])
    away = ((cases - point) ** 2).sum(axis=1)
    k = 1 / (((contexts - point) ** 2).sum(axis=1) + delta)
    case_q, near = wins.sum(axis=0) / visits.sum(axis=0), np.argsort(away)[:4]
    q = case_q if rule == "soft, case Q" else (k @ wins) / (k @ visits)
    mu, shown = np.zeros(9), np.append(near, 8)
    if rule.startswith("soft"):
        mu[shown] = retrieval.soft_policy(np.append(q[near], 1 / 6), 0.1)
    else:
        lam = 0.5 if rule == "hybrid, kernel Q" else 0.0
        mu[near[retrieval_learned.hybrid_score(-away[near], q[near], lam).argmax()]] = 1
    truth = np.append(0.8 * (right_tool(cases, True) == right_tool(point, True)) + 0.2 / 6, 1 / 6)
    return point, mu, truth


# %% [markdown]
# The numbers on the map are the bars' labels; the last bar is void.


# %%
def paint(canvas, result):
    point, mu, truth = result
    for name, side in (("upper desk's cases", cases[:, 1] > 0), ("lower desk's cases", cases[:, 1] < 0)):
        canvas.points(name, cases[side, 0], cases[side, 1], markersize=7)
    canvas.points("query", point[:1], point[1:], markersize=13, marker="*")
    canvas.level("_line between desks", 0)
    if not canvas.panels[0].texts:
        for i, (x, y) in enumerate(cases):
            canvas.panels[0].annotate(str(i), (x, y), xytext=(5, 5), textcoords="offset points")
    canvas.bars("μ (shown)", [*map(str, range(8)), "∅"], mu, panel=1)
    canvas.points("Q* (helps)", np.arange(9), truth, panel=1, markersize=6)
    canvas.axes(0, xlabel="topic", ylabel="desk", xlim=(-2.1, 2.1), ylim=(-0.5, 0.8))
    canvas.axes(1, xlabel="case", ylabel="probability", ylim=(0, 1))
    canvas.source("simulated, exact world")
    canvas.title(f"Chance of success here: {mu @ truth:.2f}; best possible {truth.max():.2f}")


# %% [markdown]
# Try `top-1` close to the line, then the kernel; then raise $\delta$ until the kernel forgets the desk.

# %%
RULES = ("top-1", "soft, case Q", "soft, kernel Q", "hybrid, kernel Q")
show.Explorer(
    compute,
    paint,
    {
        "x": show.knob("query: topic", -2.0, 2.0, 0.05, -1.0),
        "y": show.knob("query: desk", -0.4, 0.4, 0.02, 0.1),
        "rule": show.choice("rule", RULES),
        "delta": show.choice("bandwidth δ", (0.001, 0.01, 0.1, 1.0, 10.0), 0.01),
    },
    panels=2,
    size=(7.6, 3.4),
    alt="Left: eight numbered cases on a map and the query as a star. Right: the chance of showing each case as bars, "
    "with dots for the chance that it helps.",
    caption="One world with twins; values from 400 random uses; μ over the 4 nearest cases and void, α = .1. "
    "The map is stretched upward: cases of two desks are nearer than they look.",
)

# %% [markdown]
# ## A real model
#
# Three similar worlds in the Toolbox; here the desk's name moves a question more than on our map, so top-1 starts higher: *similar helps* is the stationary stream; in *twins* (the deceptive stream) a question starts with its desk, and each desk needs another tool; in the third, half of 16 filed cases name a useless tool. 8 replicates on fresh questions and families. One question and its nearest cases:

# %%
place = lab03.recorded_place("twins, half misfiled", 100)
task, near = place.tests[0], place.store().search(place.test_vectors[0], 4)
right = {t.serves[0] for t in place.practice if t.family == task.family}
print(task.text, "->", task.serves[0], "\n")
for case, similarity in zip(near.cases, near.similarity, strict=True):
    print(f"{similarity:.2f}  {case.text[:55]:55}  {case.action}{'' if case.action in right else ', misfiled'}")

# %% [markdown]
# That each desk has its tool for these questions is our decree. SmolLM2-135M reads one of these cases, or none, and names a tool. Recorded replies:

# %%
llm = memlab.open_llm("replay")
for shown in (*near.cases, None):
    reply = lab03.ask(llm, task, [shown] if shown else [])
    print(f"shown {shown.action if shown else '∅':10} chose {reply['choice']:10} success {reply['success']:.0f}")

# %% [markdown]
# Each test question was asked with each near case and without, so Eq 1 is exact for any $\mu$ over them. Values are learned *before*, on 120 practice tasks where a **copier without a language model** does what the drawn case did; settings were tuned on other families, without a model. memlab's `KernelQ` reads those uses from the store; your formula gives the same:

# %%
store, policy = place.store(), lab03.arms()["soft, kernel Q"]
lab03.practice(place, policy, store)
case = max(store.cases(), key=lambda case: case.uses)
uses = store.steps(case.id)
d = [((place.test_vectors[0] - v) ** 2).sum() for v in (case.vector, *(use.vector for use in uses))]
by_hand = retrieval.kernel_q(d, [case.reward, *(use.reward for use in uses)], policy.value.delta)
one = memlab.core.Hits((case.id,), np.ones(1), (case,))
print(len(uses), "uses:", by_hand.round(6), policy.value(place.test_vectors[0], one, store).round(6))

# %% [markdown]
# Now an arm from start to end on this replicate, beside its recorded rows:

# %%
table, arms = lab03.rows(), lab03.rows("lab03-arms").query("phase == 'test'")
again = [row["success"] for row in lab03.live(place, "hybrid, case Q", table) if row["phase"] == "test"]
kept = arms.query("world == @place.world and seed == 100 and learner == 'hybrid, case Q'").success
print(f"success now {np.mean(again):.3f}, recorded {kept.mean():.3f}")

# %% [markdown]
# All arms, each beside the **null**: the copier alone, with no language model. The last arm picks the best near case in hindsight.

# %%
mean = arms.groupby(["world", "learner", "seed"])[["success", "copied"]].mean()
names = list(dict.fromkeys(arms.learner))
mean.groupby(level=[1, 0]).success.mean().unstack().loc[names, list(lab03.KINDS)].round(2)

# %% [markdown]
# The same with intervals and the null:

# %%
canvas = show.Canvas(panels=2, size=(10, 3.8))
labels = ["none", "top-1", "soft\ncase", "soft\nkernel", "soft\nparam.", "hybrid\ncase", "hybrid\nkernel", "best"]
for panel, world in enumerate(("twins", "twins, half misfiled")):
    for name, column in (("SmolLM2", "success"), ("null: copier", "copied")):
        found = [stats.bootstrap_mean(mean.loc[world, arm][column]) for arm in names]
        interval = [i.low for i in found], [i.high for i in found]
        canvas.bars(name, labels, [i.mean for i in found], panel=panel, interval=interval)
    canvas.axes(
        panel, xlabel=f"retrieval ({world})", ylabel="success", ylim=(0, 1.35), yticks=[0, 0.2, 0.4, 0.6, 0.8, 1]
    )
success = mean.success.groupby(level=[0, 1]).mean()
pairs = [f"{success[world, 'hybrid, case Q']:.2f} and {success[world, 'top-1']:.2f} ({world})" for world in lab03.KINDS]
canvas.title("'hybrid, case Q' and top-1: " + "; ".join(pairs[1:]))
canvas.source("replay of smollm2:135m")
show.figure(
    canvas,
    alt="Bars for eight ways of retrieving, SmolLM2 beside a copier. Twins: top-1, parametric and hybrids are near the "
    "best, soft with one Q a case is far below. Half misfiled: hybrids and kernel lead, top-1 falls behind.",
    caption="8 replicates of 10 fresh questions (set B, seeds 100-107), expected over μ, k = 1; 95% bootstrap.",
)

# %% [markdown]
# ## What would falsify the claim, and what we measured
#
# *The claim fails here* if, where memory is unreliable, retrieval by value and similarity gains nothing on top-1. Primary metric, fixed before the run: hybrid (case $Q$) minus top-1, half misfiled. We call it supported if the paired interval lies above 0 and the exact $p$ is below .05. This is the one test; the other lines explore, and where interval and $p$ disagree we claim nothing.

# %%
for world in lab03.KINDS:
    for arm in (name for name in names if name not in ("top-1", "best case in hindsight")):
        gain = stats.paired_difference(mean.loc[world, arm].success, mean.loc[world, "top-1"].success)
        primary = (world, arm) == (lab03.MISFILED, "hybrid, case Q")
        agree = (gain.low > 0 or gain.high < 0) == (gain.p < 0.05)
        note = "  << the test" if primary else "" if agree else "  (no claim)"
        print(f"{world:21} {arm:19} minus top-1: {str(gain).replace('-0.000', '0.000')}{note}")
        if primary:
            verdict = "supported" if gain.low > 0 and gain.p < 0.05 else "not supported"
print("In this set-up the claim is", verdict)

# %% [markdown]
# Where similar helps, value has nothing to add. Is it the model that uses the cases well, or would copying do? The model minus its null, again exploring:

# %%
for world in lab03.KINDS:
    for arm in ("no memory", "top-1", "hybrid, case Q"):
        both = mean.loc[world, arm]
        print(f"{world:21} {arm:15} model minus copier: {stats.paired_difference(both.success, both.copied)}")

# %% [markdown]
# The model brings its own answer when *nothing* is shown; with a case it follows the case, and nothing here shows it doing better than the copier.
#
# **What this does not show.** Values came from a copier's practice, not from the model's own failures. Misfiling was ours: with clean twins the desk's name alone let similarity find the right case mostly. One small model, one embedder, 16 cases; for $k > 1$ the cases of a step share a reward, and one $Q$ a case is an approximation.
#
# ## Summary
#
# 1. Top-k is as good as its likeness is useful; one $Q$ a case cannot say *where* it helps; the kernel estimate can.
# 2. At a fixed $\delta$ the kernel's bias stays however much is stored; only its variance falls.
# 3. On the real model the claim is about value *added to* similarity where memory is unreliable (the verdict above). Value *instead of* it, one $Q$ a case (*soft, case Q*), stands in the rows above below top-1 with twins; where similar helps there is nothing to gain.
#
# **References** Memento: arXiv:2508.16153 (Eqs 1, 7, 9, 14-16). MemRL: arXiv:2601.03192. Neural Episodic Control: arXiv:1703.01988, second-hand. **Next** [04 Reward](04_reward.ipynb).

# %% [markdown]
# ## Going further
#
# **How many cases?** Memento's table (F1 on GAIA, no seeds or intervals) has its best at $K = 4$. Ours shows the $K$ most similar cases together; with misfiled cases only $K \le 1$ was run:

# %%
by_k = table[(table.k != 1) | (table["rank"] == 1)].groupby(["world", "k", "seed"]).success.mean()
ks = [0, 1, 2, 4, 8]
by_k.groupby(level=[1, 0]).mean().unstack().round(2).astype(object).fillna("not run")

# %% [markdown]
# The same with intervals, beside the paper's numbers:

# %%
canvas = show.Canvas(panels=2)
for world in ("similar helps", "twins"):
    band = stats.bootstrap_band(np.column_stack([by_k[world, k] for k in ks]))
    canvas.line(world, range(5), band[0], marker="o")
    canvas.band(world, range(5), band[1], band[2])
canvas.line("paper, GAIA", range(7), [59.9, 63.6, 63.7, 64.5, 64.1, 63.9, 63.9], panel=1, marker="s")
canvas.axes(0, xlabel="cases shown K", ylabel="success of SmolLM2", ylim=(0, 1.02), yticks=[0, 0.2, 0.4, 0.6, 0.8, 1])
canvas.axes(0, xticks=range(5), xticklabels=ks)
canvas.axes(1, xlabel="cases shown K", ylabel="F1 (%)", xticks=range(7), xticklabels=[0, 1, 2, 4, 8, 16, 32])
means = {world: {k: by_k[world, k].mean() for k in ks} for world in ("similar helps", "twins")}
ties = {world: [k for k in ks if found[k] >= max(found.values()) - 0.02] for world, found in means.items()}
canvas.title("K within .02 of the best: " + "; ".join(f"{', '.join(map(str, k))} ({w})" for w, k in ties.items()))
canvas.source("replay of smollm2:135m; right: arXiv:2508.16153")
show.figure(
    canvas,
    alt="Left: success rises from K 0 to K 1, then falls for large K, earlier with twins. Right: the paper's F1 rises "
    "from 59.9 to 64.5 at K 4 and then stays near 64.",
    caption="Left: 8 replicates of 10 questions, top-K, 95% bootstrap; 4 of 16 cases share a topic. Right: as printed.",
)

# %% [markdown]
# Few cases suffice here; more bring cases of another desk, then of another topic. The paper's large model tolerates them, this small one does not.
#
# **Parametric Q.** Instead of keeping all uses, fit $Q(s, c; \theta)$ to them. Memento trains with the squared error $(Q - r)^2$ (Eq 14) or binary cross-entropy (Eq 15).
#
# **Exercise 03.3.** Write Eq 15 as a mean over uses.


# %%
def cross_entropy(q, r):
    ### BEGIN SOLUTION: the mean of -(r log q + (1 - r) log(1 - q))
    return -np.mean(r * np.log(q) + (1 - r) * np.log(1 - q))
    ### END SOLUTION


course.check("03.3", cross_entropy)

# %% [markdown]
# memlab's `ParametricQ` is linear in products $s_j c_j$ of the two vectors, a similarity that learns which directions count. We fit both losses to the 400 uses of the map:

# %%
pairs = [(contexts[i], cases[j]) for i in range(24) for j in range(8) for _ in range(visits[i, j])]
rewards = np.concatenate([np.arange(n) < w for n, w in zip(visits.ravel(), wins.ravel(), strict=True)]).astype(float)
every = [(contexts[i], cases[j]) for i in range(24) for j in range(8)]
errors, fits = {}, {}
for loss in ("squared", "binary"):
    rule = retrieval_learned.ParametricQ(loss, penalty=0.01)
    fits[loss] = rule.predict(rule.fit(pairs, rewards), every)
    errors[loss] = np.mean((fits[loss] - q_star[:, :8].ravel()) ** 2)

# %% [markdown]
# Against the exact values:

# %%
canvas = show.Canvas(size=(5.4, 3.6))
for loss, found in fits.items():
    canvas.points(loss, q_star[:, :8].ravel() + 0.03 * (loss == "binary"), found, markersize=4, alpha=0.6)
canvas.axes(xlabel="exact Q* (reward)", ylabel="fitted Q (reward)")
canvas.source("simulated, exact world")
canvas.title(f"Squared error to Q*: {errors['squared']:.3f} by Eq 14, {errors['binary']:.3f} by Eq 15")
show.figure(
    canvas,
    alt="Fitted against exact Q for both losses: higher where the exact value is high, with a wide spread.",
    caption="192 pairs of context and case, twins; binary shifted right by .03 to be seen.",
)

# %% [markdown]
# Helping needs topic *and* desk. A straight score spreads over both, and the squared loss even leaves $[0, 1]$; the S-curve of Eq 15 can bend toward "and". On the Toolbox it has another limit: two cases with the same words look the same to $\theta$, so it cannot learn that one of them is misfiled. A kernel keeps the uses of each case apart.
