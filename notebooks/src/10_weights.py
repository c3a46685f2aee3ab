# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 10 · Memory or weights
#
# **You will** teach one frozen model the same lessons by two routes, a row of memory and an adapter of its weights, and compare what each learns, what each disturbs, and what each costs.
#
# **Time** 50 minutes. **Before** [05 Credit](05_credit.ipynb), [06 The agent](06_agent.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim** is this whole course's: paying credit by rewriting *memory* avoids expensive updates of *weights*. Others, at .5 billion weights on TextWorldExpress (a README, four seeds), reached 47.1 (± 10.2) by training, 38.5 by context, 12.5 by neither: weights may win. A mechanism study at laptop scale; its rows are recorded; only a cell under *Going further* trains.

# %%
import numpy as np
import pandas as pd

import memlab
from memlab import course, labs, show
from memlab.weights import cost, live, serving, toll

pd.set_option("display.max_colwidth", None)
studies = labs.studies()
STUDY, RECURRENT, RAZOR = (studies[f"lab10{part}"] for part in ("", "-recurrent", "-razor"))

# %% [markdown]
# ## What an adapter is
#
# A frozen matrix $W$ turns $x$ into $xW^\top$. **LoRA** (arXiv:2106.09685) adds a second, thin path: down to $r$ numbers with $a$, up again with $b$. Only $a$ and $b$ learn. They start with $b = 0$, so at first nothing changes.
#
# **Exercise 10.1.** `x` is (n, in), `W` (out, in), `a` (r, in), `b` (out, r). Give the output with the adapter.


# %%
def adapted(x, W, a, b):
    ### BEGIN SOLUTION: the frozen product plus the thin one
    return x @ W.T + x @ a.T @ b.T
    ### END SOLUTION


adapted = course.check("10.1", adapted)

# %% [markdown]
# For one matrix of SmolLM2 (576 by 576) with $r = 8$, how many numbers learn, and what share is that?

# %%
thin = 8 * (576 + 576)
print(f"{thin:,} of {576 * 576:,} numbers: {thin / 576**2:.1%}")

# %% [markdown]
# Ours sits on six matrices of the last of 30 blocks (two of them alone, *q* and *v*, learned less in a pilot). All below is frozen, so a prompt passes it once (then kept on disk): affordable on a laptop, and a limit, since a deeper adapter might learn better.
#
# ## One lesson by each route
#
# Lesson: for *this* question take *this* tool. Memory embeds the question and commits a row to disk. The adapter takes gradient steps (Adam) until the tool is the likeliest. **Before you look:** which route changes *other kinds* of question more: `"memory"`, `"adapter"`, or `"same"`?

# %%
### BEGIN SOLUTION: your guess, one of "memory", "adapter", "same"
guess = "adapter"
### END SOLUTION
course.predict("10.moved", guess, ("memory", "adapter", "same"))

# %% [markdown]
# Sixteen replicates, recorded beside other work: compare the rows, trust no second alone. *near*: share of other questions of the same kind that then get the tool; *moved*: share of questions of other kinds where the answer (for memory: what it says) changed; *removed*: seconds to take the lesson back while three other kinds' lessons stay (the adapter is trained anew on those).

# %%
lesson = pd.read_parquet(memlab.data("lab10/lesson.parquet"))
table = lesson.groupby("arm")[["seconds", "steps", "near", "moved", "removed"]].mean()
gap = table.loc["adapter", "moved"] - table.loc["memory", "moved"]
course.settle("10.moved", "same" if abs(gap) < 0.02 else "adapter" if gap > 0 else "memory")
table.round(3)

# %% [markdown]
# With each replicate:

# %%
moved = table["moved"]
show.arms(
    lesson.melt(["arm", "seed", "backend", "model"], ["near", "moved"], "share of"),
    group="share of",
    xlim=(-0.03, 1.03),
    xlabel="share of questions",
    title=f"One lesson: an adapter moves {moved['adapter']:.0%} of other kinds' questions, a row of memory {moved['memory']:.1%}",
)

# %% [markdown]
# A row of memory speaks where the question is *similar*. The adapter has no such fence: *near* is high, but so is *moved*. (Nothing told it where not to speak.)
#
# ## Does size help?
#
# Eight lessons, two of each of four kinds, in 32 steps; four replicates. *learned*: share of the eight that then get their tool; *held*: of other questions of these kinds; *leak*: how far the next token moves on unrelated prompts ("Why is the sky blue?"), as KL(base, adapted) in nats.

# %%
sizes = pd.read_parquet(memlab.data("lab10/sizes.parquet"))
columns = ["learned", "held", "moved", "leak", "seconds", "kilobytes"]
sizes.groupby("arm", sort=False)[columns].mean().round(2)

# %% [markdown]
# Ranks above 4 add only leak; rank 1, or *q* and *v* alone, leak less and learn less; no size spares other kinds. (Adam's rate so far: .003; below: .001.)
#
# ## The same answers from the server?
#
# All this was computed in Python (JAX), from the server's file. Four trained adapters were served by Ollama (`ADAPTER` under `FROM`) and asked every prompt of their streams (below) again:

# %%
served = pd.read_parquet(memlab.data("lab10/served.parquet"))
same = (served["here"] == served["served"]).mean()
apart = (served["p_here"] - served["p_served"]).abs().mean()
print(f"{len(served)} calls: the same tool in {same:.1%}; mean difference of its probability {apart:.3f}")

# %% [markdown]
# The rest may be rounding. Seconds until a new adapter's first answer, and then for each:

# %%
served[["publish", "seconds"]].median().round(2)

# %% [markdown]
# ## A stream that drifts
#
# Now 48 tasks of four kinds; from task 24 on, other tools serve. After every tenth task the adapters are *refreshed*: 16 steps on what worked. So two refreshes follow the drift, the first after task 30; a row of memory holds from the next task on.
#
# **Exploration is equal**: a tool whose newest try on a near question failed is not taken again. So all keep notes of *failures*; the arms differ in where *successes* live. (Outside of this rule: *no learning* and the believer of lab 06, who weighs failures itself.)

# %%
pd.Series(
    {
        "no learning": "ask the model; read no notes",
        "null: exploration alone": "the exploration rule and nothing else: successes are not used",
        "memory, newest first": "follow the newest success nearby",
        "memory, belief": "lab 06's belief, kept in memory",
        "memory, bounded": "room for 12 tries, the least valued go first: also the failures that exploration needs",
        "LoRA": "train on the successes since the last refresh",
        "LoRA, replay": "train on all successes so far",
        "LoRA, credit": "train on all tries, weighted by the value that credit wrote",
        "memory + LoRA, emptied": "memory; at each refresh its successes go into the adapter, and it is emptied",
        "null: memory, emptied": "the control: emptied, and nothing is trained",
    }
).to_frame("what it does")

# %% [markdown]
# Sixteen replicates. **Before you look:** success from the drift on, best memory against best adapter: `"memory"`, `"adapter"`, or `"same"` (within .03)?

# %%
### BEGIN SOLUTION: your guess, one of "memory", "adapter", "same"
guess = "memory"
### END SOLUTION
course.predict("10.drift", guess, ("memory", "adapter", "same"))

# %% [markdown]
# The means ("same": two means are close, not that the arms are *as good*):

# %%
rows, scores = STUDY.rows(), STUDY.scores()
after = scores.groupby("arm")["after"].mean()
memories, adapters = after[["memory, newest first", "memory, belief"]], after[["LoRA", "LoRA, replay", "LoRA, credit"]]
gap = memories.max() - adapters.max()
course.settle("10.drift", "same" if abs(gap) < 0.03 else "memory" if gap > 0 else "adapter")
show.arms(
    scores,
    y="after",
    made_by=rows,
    xlim=(-0.02, 1),
    xlabel="success from the drift on (share of tasks)",
    title=f"After the drift all are low: {memories.idxmax()} {memories.max():.2f}; {adapters.idxmax()} {adapters.max():.2f}; "
    f"exploration alone {after['null: exploration alone']:.2f}",
)

# %% [markdown]
# Where in the stream does it happen? The dotted line is the drift.

# %%
life = rows[rows["index"] >= 0]
names = ["memory, belief", "memory, newest first", "LoRA, replay", "null: exploration alone"]
shown = life[life["arm"].isin(names)]
last = shown[shown["index"] >= 36].groupby("arm")["success"].mean()
show.learning_curve(
    shown,
    window=12,
    changes=(24,),
    title=f"All fall at the drift; in the last 12 tasks belief is at {last['memory, belief']:.2f}, replay at "
    f"{last['LoRA, replay']:.2f}, exploration alone at {last['null: exploration alone']:.2f}",
)

# %% [markdown]
# Why so low? Each kind has six tasks left, and one tool of sixteen must be *found* before it can be kept. *found*: share of kinds where it was; *left*: tasks that it then had; *repeated*: share of these that succeeded (a description, not a claim).

# %%
late = rows[rows["index"] >= 24].sort_values("index")
before = late.groupby(["arm", "seed", "family"], sort=False)["success"].transform(lambda s: s.cumsum() - s)
known = late[before > 0].groupby("arm")["success"]
found = late.groupby(["arm", "seed", "family"])["success"].max().groupby("arm").mean()
kinds = late.groupby(["seed", "family"]).ngroups
pd.DataFrame({"found": found, "left": known.size() / (kinds * found), "repeated": known.mean()}).loc[names].round(2)

# %% [markdown]
# ## What would falsify the claims, and what we measured
#
# *For us it is lost* if an adapter with replay beats memory. Six claims, fixed before any row of the report; scores of pilot and tuning had been seen:

# %%
verdicts = STUDY.verdicts()
show.verdicts(verdicts, made_by=rows)

# %% [markdown]
# In words, the primary first (fourth and fifth: from task 30 on):

# %%
for line in verdicts.itertuples():
    print(f"{line.word:13} {line.claim}: {line.mean:+.3f} [{line.low:+.3f}, {line.high:+.3f}] against {line.rival}")

# %% [markdown]
# Undecided says only that sixteen replicates did not settle it. *visible*: the smallest effect each could have seen; *needed*: replicates to see .05, if the spread stays:

# %%
undecided = verdicts[verdicts["word"] == "undecided"]
needed = (undecided["n"] * (undecided["visible"] / 0.05) ** 2).round()
undecided.assign(needed=needed)[["claim", "visible", "needed"]].round(3)

# %% [markdown]
# The primary could have seen only an effect as large as the best arm's whole success. Are the streams too short? In part, probably: a tool was found in a third of the kinds, with some two tasks left. But replicates differ widely, too, and longer streams were not run.

# %% [markdown]
# ## What each arm pays
#
# *probe*: success on six questions of at most three kinds that the stream does not hold (one replicate has none: its stream holds them all); *leak* as above. Only LoRA's probe is judged by a claim.

# %%
paid = scores.assign(leak=-scores["still"]).groupby("arm", sort=False)[["after", "probe", "leak"]].mean()
paid.round(2)

# %% [markdown]
# And the work of a life: calls of the model, edits of memory (all arms write their tries down), seconds of training.

# %%
life = rows[rows["index"] >= 0].groupby(["arm", "seed"], sort=False)
paid["model calls"] = life["calls"].sum().groupby("arm").mean()
paid["edits"] = life["edits"].sum().groupby("arm").mean()
paid["seconds"] = life["seconds"].first().groupby("arm").mean()
paid.round(2)

# %% [markdown]
# These memories show the model no case and add no token. Where *newest first* knows, the model is not even asked; the believer always asks.
#
# ## Where is the crossover?
#
# Other agents put lessons into the *prompt*, and pay at each read. Count operations. A lesson in weights costs `steps` times the tokens of a batch, through a share of the blocks, forward and backward. One in the prompt costs the tokens it adds, through all blocks. Both grow with the model alike, so its size *cancels*: equal at $2 \cdot \text{steps} \cdot \text{tokens} \cdot \text{share} / \text{shown}$ reads. It is a count for one lesson alone (a batch can teach several), without the first pass through frozen blocks; *Going further* checks it with a clock and carries it to 70 billion weights.
#
# **Exercise 10.2.** Take a lesson of your own: how often will it be read before it is out of date, and how many tokens does it take in the prompt?

# %%
### BEGIN SOLUTION: two numbers in round brackets: reads, tokens shown
mine = (200, 35)
### END SOLUTION
mine = course.check("10.2", mine)
reads, tokens = mine
for name, share in (("last block", 1 / 30), ("all blocks", 1.0)):
    least = float(cost.crossover(steps=16, tokens=550, share=share, shown=tokens))
    print(f"adapter on {name}: pays from {least:,.0f} reads on, yours has {reads:,}")

# %% [markdown]
# Move the price of an operation in training (1: as in reading) and the share of the model that learns:


# %%
def compute(price, share, steps):
    shown = np.geomspace(5, 2000, 60)
    return (
        shown,
        cost.crossover(steps, 550, share, shown, price),
        float(cost.crossover(steps, 550, share, tokens, price)),
    )


def paint(canvas, result):
    shown, least, mine = result
    canvas.line("equal cost", shown, least)
    canvas.line("training dearer by 10", shown, least * 10)
    canvas.line("showing dearer by 10", shown, least / 10)
    canvas.points("your lesson", [tokens], [reads])
    canvas.axes(0, xlabel="tokens a lesson takes in the prompt", ylabel="reads of a lesson", xscale="log")
    canvas.axes(0, yscale="log", xlim=(5, 2000), ylim=(0.1, 1e7))
    canvas.source("computed")
    canvas.title(f"At {tokens} tokens, weights are cheaper from {mine:,.0f} reads on")


# %% [markdown]
# Above the middle line weights are cheaper, below it the prompt is:

# %%
show.Explorer(
    compute,
    paint,
    {"price": (0.1, 10.0, 0.1, 1.0), "share": (0.03, 1.0, 0.01, 1.0), "steps": (4, 200, 4, 16)},
    alt="Three falling lines of equal cost over the tokens a lesson takes, and a point for the reader's lesson.",
    caption="Operations counted, not measured: 550 tokens a step; no cost of moving adapters or of lost prefix caches.",
)

# %% [markdown]
# ## Forgetting, exactly
#
# *RL's razor* (arXiv:2509.04259): what is forgotten follows how far the policy moved on the *new* task, KL(start, now); oracle SFT (supervised training toward the start's own shares among right actions) forgets less than RL, and SFT on one label, drawn blindly, more. We try it on a softmax policy with shared weights, gradients exact, all routes stopped at success .9 (at 1 this KL diverges); the null learns another context's label; 64 replicates:

# %%
kept = RAZOR.scores()
share = kept.groupby("arm")["kept"].mean()
show.arms(
    kept,
    y="kept",
    made_by=RAZOR.rows(),
    xlabel="change of success on old tasks (share)",
    title=f"Old tasks lose {-share['RL']:.2f} by RL, {-share['SFT on one label']:.2f} by SFT on one label, "
    f"{-share['oracle SFT']:.2f} by oracle SFT, none by an edit of memory",
)

# %% [markdown]
# But RL often sticks below the goal (20,000 steps at most), so the first two claims are judged on unequal gains. Where it did arrive:

# %%
wide = kept.pivot(index="seed", columns="arm", values=["kept", "kl", "new"])
arrived = wide[wide["new", "RL"] >= 0.9]
print(f"RL reached .9 in {len(arrived) / len(wide):.0%} of the replicates")
arrived.mean().unstack(0).loc[["RL", "oracle SFT", "SFT on one label", "memory edit"], ["kept", "kl"]].round(3)

# %% [markdown]
# The verdicts on all 64, and the squared correlation of forgetting and KL over three routes (published, other models: .96):

# %%
moved = kept[kept["arm"].isin(["RL", "oracle SFT", "SFT on one label"])]
square = np.corrcoef(moved["kl"], moved["kept"])[0, 1] ** 2
print(f"squared correlation: {square:.2f}")
show.verdicts(RAZOR.verdicts(), made_by=RAZOR.rows())

# %% [markdown]
# The paper's direction, the first claim, is contradicted in this small policy (the means above point the same way); that says little about language models. That an edit of memory forgets nothing holds *by construction*: it speaks at its own context alone, and teaches nothing about others.
#
# **What this does not show.** One model of 135 million weights; adapters on its last block; one drift; four refreshes, so a lesson in weights waits up to ten tasks. No adapter on all blocks, no 70-billion model: nothing here says that larger models forget as much. The rate (.001) was tuned on two seeds; ten (*Going further*) could not tell it from .0005 to .01. The primary is not at equal exploration: the believer's rule is its own.
#
# ## Summary
#
# 1. An adapter is a thin path for all prompts alike: here, what it learned it said elsewhere, too. A row of memory speaks where the question is similar.
# 2. After the drift, sixteen replicates could not tell memory from the best adapter: undecided, not equal, and all were low; that LoRA learns at all is undecided, too. Off the stream, on at most three kinds, it lost to no learning: supported.
# 3. In a count of operations, which a clock on this one model bears out to within a quarter, scale nearly cancels for the same share of blocks: what matters is how often a lesson is read before it is out of date, and how many tokens it takes in a prompt. Memory that a program applies takes none.
#
# **References** LoRA: arXiv:2106.09685; learns less, forgets less: 2405.09673; RL's razor: 2509.04259; on one backbone: 2606.24893, 2606.04536, 2606.26806, 2606.11712.

# %% [markdown]
# ## Going further
#
# ### When old tools return
#
# Now the stream has three parts of 16 tasks: each kind has its first tool, then another, then its first again. The arms are those of above but for the one with credit (it came later, see below), and one adapter whose notes have as little room as the bounded memory's (with its null): where old tools return, an old failure is bad advice. Seven claims, fixed before any row; two seeds of set A had been seen, without adapters.

# %%
again = RECURRENT.scores()
back = again.groupby("arm")["back"].mean()
show.arms(
    again,
    y="back",
    made_by=RECURRENT.rows(),
    xlim=(-0.02, 1),
    xlabel="success once the old tools are back (share of tasks)",
    title=f"Back with the old tools: bounded memory {back['memory, bounded']:.2f}, best adapter "
    f"{back[[name for name in back.index if name.startswith('LoRA')]].max():.2f}, no learning {back['no learning']:.2f}",
)

# %% [markdown]
# The verdicts, the primary first:

# %%
show.verdicts(RECURRENT.verdicts(), made_by=RECURRENT.rows())

# %% [markdown]
# What pays here is *to have forgotten*. An adapter that replays the few notes which the bounded memory holds stands beside that memory (undecided: means alike, where .09 could have been seen), and above its own exploration: so the return is in its weights. What keeps every old failure as advice, its successes in memory or in weights, stands below no learning (for the newest case a verdict, for the others means). Memory emptied into an adapter beats its rivals, but its null, emptied with nothing trained, has nearly the same mean (.46 and .44): most of that is the emptying. Off the stream LoRA disturbs again.
#
# Success in each part, and *quick*: minus the tasks of a kind that fail behind the return before its first success (at most 4):

# %%
again.groupby("arm", sort=False)[["first", "away", "back", "quick", "probe", "still"]].mean().round(2)

# %% [markdown]
# The few notes have their price off the stream: *probe* falls to .00. And *away*, behind the first change, nobody is above .1: 16 tasks are too few to find new tools among sixteen. Lab 06 has longer parts, and there a belief does better.

# %% [markdown]
# **And the adapter with credit?** It lived the same streams later: its rivals' rows had been seen, its own had not. Three claims:

# %%
credit = studies["lab10-credit"]
show.verdicts(credit.verdicts(), made_by=credit.rows())

# %% [markdown]
# Its means, in the columns of above:

# %%
credit.scores().groupby("arm", sort=False)[["first", "away", "back", "quick", "probe", "still"]].mean().round(2)

# %% [markdown]
# Once the old tools are back it fares as LoRA with and without replay did: far below the bounded memory (supported), and not told apart from its own exploration. It leaks less than they did (*still* −.07; LoRA −.31), and keeps more off the stream (.32; LoRA .03), yet less than no learning (supported). That it disturbs less than LoRA is seen in means of two runs, not judged.

# %% [markdown]
# ### What a life pays
#
# **What did success cost, on the core's stream (*drift*) and on this one (*recurrent*)?** The same lives, counted. *tokens* an answer (0 where memory answers alone); *read* and *train*, GFLOP a task, by the count below; *kB* written in a life: about 1 kB an edit of memory, the whole adapter at each refresh; *wait*: how many tasks of a kind fail behind the (last) change before its first success (all of them, 6 or 4, if there is none, so a long wait is understated). Means without intervals: a description. No training seconds: they were measured beside other work.

# %%
pays = pd.concat({"drift": toll.paid(rows, 24), "recurrent": toll.paid(RECURRENT.rows(), 32)})
pays.round(2)

# %% [markdown]
# **The test that we set ourselves**: memory has lost if low-rank with replay dominates at equal bytes and compute. Ours spends more of both, so it cannot show dominance; if it lost even so, that would speak against it:

# %%
for name, part, scored in (("drift", "after", scores), ("recurrent", "after", again)):
    success, spent = scored.groupby("arm")[part].mean(), pays.loc[name]
    for arm in ("LoRA, replay", "memory, newest first", "memory, belief", "memory, bounded"):
        work = spent.loc[arm, "read"] + spent.loc[arm, "train"]
        print(
            f"{name:10} {arm:21} success {success[arm]:.3f}  {work:5.1f} GFLOP a task  {spent.loc[arm, 'kB']:6.0f} kB"
        )

# %% [markdown]
# On *drift* the adapter's mean lies .003 above that of the newest case, where sixteen replicates could have seen .126 (*visible*, in the core): shown neither to win nor to lose. On *recurrent* it lies far below that of the bounded memory, which spends less; but the adapter with as few notes, above, stands beside it.
#
# ### The count and the clock
#
# Does the count of operations agree with a clock? Steps of training on one and two blocks, and reads through 1 to 29, were timed in *processor* seconds (other work ran beside: a wall clock would lie). Two rates, seconds an operation and seconds a byte of weights, are fitted to the points of at most five blocks; the reads of 29 blocks, which made the kept states, are predicted.

# %%
checked = cost.SHAPES["SmolLM2 135M"].checked(pd.read_parquet(memlab.data("lab10/clock.parquet")))
checked.round({"gflop": 1, "measured": 3, "model": 3, "ratio": 2})

# %% [markdown]
# *ratio* is model by clock. The count misses a quarter of a step on two blocks and up to a fifth of a long read: good enough to rank routes, not to plan a budget.

# %%
far = checked.loc[~checked["fitted"], "ratio"]
print(f"predicted, not fitted: model / clock from {far.min():.2f} to {far.max():.2f}")

# %% [markdown]
# ### From 135 million to 70 billion weights
#
# How many tasks must read a lesson (35 tokens) before an adapter on the last block, or on all blocks, is cheaper? The larger models were *not run*: their published shapes are put into the count. On the last block they are fewer than above: there a step was counted as that block's whole work on each token, here all but a prompt's last token stop at its keys and values. Below 1: the first read already pays. Only over *all blocks* does scale cancel; the last block is a smaller share of a deeper model, and one block of eighty may well learn less than one of thirty.

# %%
pd.DataFrame(
    {
        name: {f"{where}, {shown} tokens": dims.horizon(shown, share=share)
               for where, share in (("last block", 0), ("all blocks", 1)) for shown in (35, 200)}
        for name, dims in cost.SHAPES.items()
    }
).round(1)  # fmt: skip

# %% [markdown]
# GFLOP a task over a horizon, all learning included (135 million weights, adapter on the last block, a lesson of 35 tokens; the adapter's own path is in each of its answers):

# %%
tasks = np.array([1, 3, 10, 100, 1000])
per_task = cost.SHAPES["SmolLM2 135M"].a_task(tasks)
(pd.DataFrame(per_task, index=pd.Index(tasks, name="tasks")) / 1e9).round(1)

# %% [markdown]
# Scale and horizon in one picture: each line is where both routes cost the same. Move the price of an operation in training, the tokens that memory shows, the share of blocks that learn, and the share of the common prefix that an adapter must read again because its cache is its own (arXiv:2604.06370). Then ask: what hurts weights most?


# %%
def over_scale(price, shown, share, uncached):
    shapes = cost.SHAPES.values()
    lines = {f: [dims.horizon(shown, 16, share, price * f, 8, uncached) for dims in shapes] for f in (0.1, 1.0, 10.0)}
    return [dims.weights / 1e9 for dims in shapes], {f: np.minimum(line, 1e8) for f, line in lines.items()}


def draw(canvas, result):
    billions, lines = result
    for factor, name in ((0.1, "showing dearer by 10"), (1.0, "equal cost"), (10.0, "training dearer by 10")):
        canvas.line(name, billions, lines[factor])
    canvas.axes(0, xlabel="weights of the model (billions)", ylabel="tasks that read the lesson", xscale="log")
    canvas.axes(0, yscale="log", xlim=(0.1, 100), ylim=(0.1, 1e6))
    canvas.source("computed")
    small, large = lines[1.0][0], lines[1.0][-1]
    never = small >= 1e8 and large >= 1e8
    canvas.title(
        "Weights never pay" if never else f"Weights pay from {small:,.0f} tasks on at .1 billion, {large:,.0f} at 70"
    )


# %% [markdown]
# Above a line weights are cheaper, below it the prompt is:

# %%
show.Explorer(
    over_scale,
    draw,
    {
        "price": (0.1, 10.0, 0.1, 1.0),
        "shown": (5, 1000, 5, 35),
        "share": (0.03, 1.0, 0.01, 1.0),
        "uncached": (0.0, 1.0, 0.05, 0.0),
    },
    alt="Three nearly level lines of equal cost over the size of a model, from .1 to 70 billion weights.",
    caption="Operations counted; shapes as published, none but the first was run.",
)

# %% [markdown]
# Reading the prefix again hurts weights most: its 129 tokens, read anew for each answer, are more than a short lesson would take, and then no horizon is long enough.
#
# Not in the count: quantized adapters (fewer bytes, the same operations here), speculative decoding, moving adapters between machines, people's time, and two settings of the server:
#
# ### Flash attention and a smaller cache
#
# *Flash attention* never writes the scores of attention out; a *quantized cache* keeps the keys and values of what was read in 8 or 4 bits a number, in place of 16. Both promise cheaper reading, so both would help memory, which pays at each read. Ollama takes them when it starts. So sixteen rounds started a server for each of four settings, in turns: four recorded questions again, and in every other round 800 words to read. **Before you look:** which of the two saves work here, which saves bytes, and which changes answers?
#
# *read*: processor seconds for all 800 (one thread: two would wait for each other beside other work); *GFLOP/s*: operations by our count in such a second, alike everywhere if the count told all; *ms a token*: to write one there; *cache*: by the server's own log, and *counted*; *runner*: its resident memory; *same*: share of the questions that get the recorded tool; *apart*: largest change of a tool's probability (mean over questions).

# %%
settings = studies["lab10-serving"].rows()
serving.summary(settings).round(3).T

# %% [markdown]
# Five claims, the first two after the settings' own promise, fixed before any row (a pilot then cut the reading from 1,600 words to 800, and had one thread do it; long reads are eight replicates, questions sixteen). Work is judged in powers of ten: −.075 is 1.19 times the seconds.

# %%
show.verdicts(studies["lab10-serving"].verdicts(), made_by=settings)

# %% [markdown]
# *Work*: on this processor the promise does not hold. Flash attention takes more work to read, not less (contradicted), and fewer bits took more still, at 200 tokens and at 800 (8 bits within a tenth: undecided). Writing a token is undecided; there eight bits took less than flash attention alone. Our count gives all four settings the same operations; the clock gives the 4-bit cache 1.8 times the seconds of the first setting. So here the count fails: it does not see how a step is programmed. On graphics cards, for which these settings were made, it may be otherwise; none was tried.
#
# *Bytes*: the cache shrinks just as counted; with the weights of even this small model beside it, the runner needs a tenth less at eight bits, a sixth less at four, than with flash attention alone (2,048 tokens).
#
# *Answers*: with flash attention all 64 questions get their recorded tool, with the recorded chances: so these records were made with it, though nobody had set it. Eight bits are undecided (mean .94, margin .05), four are contradicted: three answers of eight change. Without it three of 64 move. In a comparison such settings belong to the name of the model.
#
# For memory or weights: here neither setting makes what memory shows cheaper to read. Both routes read, and a longer prompt loses more.
#
# `memlab study lab10-serving` does it again: it starts and stops the servers itself (the program `ollama`, or the one that `MEMLAB_OLLAMA_BIN` names). A server of your own takes the same settings: `OLLAMA_FLASH_ATTENTION=1 OLLAMA_KV_CACHE_TYPE=q8_0 ollama serve`.

# %% [markdown]
# ### Prices and costs, dated
#
# What others report, by the month in the arXiv id; grades as below. None is ours, and none is at equal bytes.
#
# | from | arXiv | what it cost | grade |
# |---|---|---|---|
# | 2025-07 | 2507.19457 | prompts evolved: up to 35 times fewer rollouts than GRPO, same model | A |
# | 2025-10 | 2510.08191 | about $18 of context against $10k of training; model sizes differ | A |
# | 2025-12 | 2512.02543 | distilling from context breaks even after 843 episodes | S |
# | 2026-04 | 2604.06370 | adapters break the sharing of prefix caches | A |
# | 2026-05 | 2605.24657 | nightly adapters: 8.2 GPU-hours a conversation | A |
# | 2026-06 | 2606.06448 | building memory, not reading it, dominates cost | A |
# | 2026-06 | 2606.29914 | Mem0 ties with plain retrieval at 50 times the write cost | S+ |
# | 2026-07 | 2607.21051 | distilling: at least 9.6 times fewer steps than RL | A |
#
# ### Your own lesson, with a stopwatch
#
# Take one of eight questions and name a tool for it. Memory commits one row; the adapter takes steps until it says the tool. Each is asked again (the adapter on the server, where one answers), and each lesson is taken out while three others stay. Set `LIVE = True` to do it (the adapter needs the extra `adapters` and the weights: half a minute to load); else you see the recorded means.

# %%
LIVE = False
if LIVE:
    told, note = live.both(number=0, tool="sum")
else:
    told, note = (
        table[["seconds", "removed"]],
        "recorded, sixteen lessons; set LIVE = True to hold the stopwatch yourself",
    )
print(note)
pd.DataFrame(told).round(4)

# %% [markdown]
# ### Other updates of the same block
#
# The eight lessons again, four replicates: an adapter that is added to the weights half-way and begun anew (*reset*), and a *full update* of the same six matrices, at the adapter's rate and at a tenth of it. Which leaks least?

# %%
others = pd.read_parquet(memlab.data("lab10/updates.parquet"))
pd.concat([sizes[sizes["arm"] == "last block, r = 8"], others]).groupby("arm", sort=False)[columns[:4]].mean().round(2)

# %% [markdown]
# The rate decides more than the form. (Four replicates, no claim; at another rate an adapter would leak less, too.)
#
# ### The rate again
#
# The arms above train at .001, the smallest of the rates that had been tried, on two seeds. Here are ten seeds of set A (the two of tuning among them) and rates on both sides of it, for the same arm with replay, at the same budget. *after* is what was tuned for; *still* is minus the leak:

# %%
rates = studies["lab10-rate"].scores()
rates.groupby(["arm", "rate"], sort=False)[["after", "late", "probe", "still"]].mean().round(3)

# %% [markdown]
# Each rate against .001, by what was tuned for, and half the rate by its leak, too:

# %%
tuned = rates[rates["arm"] == "LoRA, replay"].pivot(index="seed", columns="rate", values=["after", "still"])
for rate, part in ((0.0005, "after"), (0.002, "after"), (0.004, "after"), (0.01, "after"), (0.0005, "still")):
    print(f"{rate}, {part}: {memlab.verdict(tuned[part, rate], tuned[part, 0.001])}")

# %% [markdown]
# None is told apart. The best mean is at .004, inside the grid, and leaks more than four times as much; half the rate leaks less by a difference that ten seeds do not tell apart. So .001 stands, as one of several that ten seeds cannot rank; the arms were not trained again at another.
#
# **What the literature says** (as of 2026-11). Grades: P read in the paper; A abstract only; S second-hand; S+ a close reading by others.
#
# | arXiv | evidence | side | grade |
# |---|---|---|---|
# | 2510.08191 | AIME24 80.0→82.7 for about $18 against $10k; model sizes differ | for memory | A |
# | 2507.19457 | up to 35× fewer rollouts than GRPO, same model | for | A |
# | 2510.15103 | QA drop: full 89 %, LoRA 71 %, sparse slots 11 % | for | A |
# | 2606.04703 | repeated internalizing collapses | for | A |
# | 2510.04618 | delta edits; a full rewrite 66.7→57.1 | for edits, against rewriting | S |
# | 2512.22716 | convergence theory | for | A |
# | 2605.12978, 2604.27003 | rewritten memory falls below none; forgetting returns at retrieval | against | S+, A |
# | 2606.04536 | LongMemEval-S F1 41.2, A-MEM 29.2, none 5.3; its delta is discarded each episode | against | A, S |
# | 2607.21051 | distilling keeps ≥ 64.8 % of the gain of context, ≥ 9.6× fewer steps than RL | against | A |
# | LoRA Without Regret; 2601.19897 | rank 1 suffices for RL; sequential skills without regression | against | S, A |
# | 2605.11836 | early edits can help later ones (contradicts 2606.04703) | against | S |
# | 2606.29914 | none 2.2, plain retrieval 47.2, full context 49.8; Mem0 ties at 50× the write cost | machinery overrated | S+ |
# | 2610.30755 | raw text first in 6 of 7 settings | machinery overrated | A |
# | 2606.06448 | building memory, not reading it, dominates cost | machinery overrated | A |
# | 2607.17545 | retain or consolidate crosses with the byte budget | mixed | S |
# | 2606.02461 | naive streams cannot separate memory designs, compositional ones can | method | A |
# | 2605.08442; 2601.05504 | 88.6 % attack success undefended, sandbox 0 % on 8 of 9; far less with memories present | attack | A |
# | 2608.03509 | 80 % of poisoned skills survive deleting their source: rollback must follow derivations | attack | S |
#
# Our reading: "cheaper to write, revert and inspect" stands; "more robust" holds for append-only or gated edits only.
