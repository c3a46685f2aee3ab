# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 11 · Sleep: consolidation into fast weights
#
# **You will** write facts into a matrix, learn when a second pass over them helps, tell repetition from depth, and hold the price of a night against a write to a database.
#
# **Time** 50 minutes. **Before** [02 Stores](02_stores.ipynb), [05 Credit](05_credit.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim** (arXiv:2605.26099): a model that goes over its context $N$ times before it is cleared, and so writes it into *fast weights*, later answers hard questions better; more passes help more. This is a mechanism study at laptop scale, not a replication.

# %%
import numpy as np
import pandas as pd

import memlab
from memlab import course, show
from memlab.labs.lab11_sleep.night import STUDY as NIGHT
from memlab.labs.lab11_sleep.study import COST, DEPTH, STUDY, chase
from memlab.weights import fast

# %% [markdown]
# ## What was published
#
# Following pointers (*Depo*): with one pass the curve stalls at 4 hops, with two at 8, and only four start on 16. Grade-school problems (GSM-Infinite), share solved:

# %%
published = {
    "6 operations": {"baseline": 0.742, "6 passes": 0.812},
    "8 operations": {"baseline": 0.351, "6 passes": 0.388},
}
pd.DataFrame(published).T

# %% [markdown]
# A looped model (its layers run over and over), with 1, 2 and 4 passes, solved .210, .209 and .272 of 8 operations. One seed each; no rival with equal computation, and no seconds. We add these, for mechanisms small enough to see through.
#
# ## A matrix that answers
#
# A **fact** is a key $\mathbf{k}_i$ and a value $\mathbf{v}_i$. A matrix $\mathbf{S}$ holds it if $\mathbf{S}\mathbf{k}_i = \mathbf{v}_i$. The **Hebbian** write adds each fact, $\mathbf{S} = \sum_i \mathbf{v}_i\mathbf{k}_i^\top$. Two facts, keys of length 1 with cosine .6:

# %%
keys, values = np.array([[1.0, 0.0], [0.6, 0.8]]), np.eye(2)
S = values.T @ keys
S @ keys[0]

# %% [markdown]
# Asked for the first value, (1, 0), it answers (1, .6): the second fact talks into it. The **delta rule** first looks at what $\mathbf{S}$ already answers, and adds only what is missing:
# $$\mathbf{S} \leftarrow \mathbf{S} + (\mathbf{v}_i - \mathbf{S}\mathbf{k}_i)\,\mathbf{k}_i^\top$$
# **Exercise 11.1.** Write this one step, for a matrix, a key and a value.


# %%
def delta(S, key, value):
    ### BEGIN SOLUTION: S, moved so that it answers the key with the value
    return S + np.outer(value - S @ key, key)
    ### END SOLUTION


delta = course.check("11.1", delta)


# %% [markdown]
# A **pass** writes every fact once, in order. Yours (or memlab's, until yours is right):


# %%
def repeat(keys, values, passes):
    S = np.zeros((values.shape[1], keys.shape[1]))
    for _ in range(passes):
        for key, value in zip(keys, values, strict=True):
            S = delta(S, key, value)
    return S


# %% [markdown]
# The answers to both keys after 1, 2 and 4 passes:

# %%
{passes: (repeat(keys, values, passes) @ keys.T).T.round(3).tolist() for passes in (1, 2, 4)}

# %% [markdown]
# The second fact, written last, is right at once; writing it has spoiled the first, and each further pass mends that.
#
# ## Passes over sixteen facts
#
# Now 16 keys in 32 dimensions, any two with a cosine near $\kappa = .5$, and *one-hot* values: each fact has an entry of its own (the claims below say *a line*). **Recall** is the share of facts whose own value is the largest in the answer.
#
# **Before you look:** after *one* pass, is recall `"all"`, `"most"` or `"less than half"`?

# %%
### BEGIN SOLUTION: your guess, one of "all", "most", "less than half"
guess = "most"
### END SOLUTION
course.predict("11.once", guess, ("all", "most", "less than half"))


# %% [markdown]
# These keys are one draw, picked for its recalls (how, and what fifty others give: *Going further*):


# %%
def recall(S, keys, values):
    return float(np.mean((values @ S @ keys.T).argmax(axis=0) == np.arange(len(keys))))


keys, values = pd.read_parquet(memlab.data("lab11/keys.parquet")).to_numpy(), np.eye(16)
shares = {passes: recall(repeat(keys, values, passes), keys, values) for passes in (1, 2, 4)}
course.settle("11.once", "all" if shares[1] == 1 else "most" if shares[1] >= 0.5 else "less than half")
shares

# %% [markdown]
# Passes help here. Why? Take any $\mathbf{S}^*$ that answers every key rightly. A write then moves $\mathbf{S} - \mathbf{S}^*$ to $(\mathbf{S} - \mathbf{S}^*)(\mathbf{I} - \mathbf{k}_i\mathbf{k}_i^\top)$; so with $\mathbf{A} = \prod_i (\mathbf{I} - \mathbf{k}_i\mathbf{k}_i^\top)$, from an empty matrix,
# $$\mathbf{S}_N - \mathbf{S}^* = -\mathbf{S}^*\mathbf{A}^N$$
# exactly. Each pass multiplies what is missing by the same $\mathbf{A}$:

# %%
best, A = values.T @ np.linalg.pinv(keys).T, np.eye(32)
for key in keys:
    A = A @ (np.eye(32) - np.outer(key, key))
missing = repeat(keys, values, 3) - best
print(f"largest difference from the formula: {abs(missing + best @ np.linalg.matrix_power(A, 3)).max():.0e}")

# %% [markdown]
# The more alike the keys, the less a pass mends. The error of all answers, as a share of their size (empty matrix: 1; recall may be 1 long before it is 0: picking needs only the largest entry). (`fast.delta_passes` is a faster `repeat`.)

# %%
passes, left = np.arange(1, 17), {}
for cosine in (0.0, 0.5, 0.8):
    some = fast.correlated_keys(16, 32, cosine, np.random.default_rng(0))
    left[f"κ = {cosine}"] = [np.linalg.norm(fast.delta_passes(some, values, n) @ some.T - values) / 4 for n in passes]
title = "Relative error after 4 passes: " + ", ".join(f"{error[3]:.2f} at {name}" for name, error in left.items())
show.curves(left, x=passes, xlabel="passes N", ylabel="relative error", ylim=(0, None), title=title)

# %% [markdown]
# ## The null that needs no passes
#
# And one Hebbian pass, on the same sixteen keys?

# %%
recall(values.T @ keys, keys, values)

# %% [markdown]
# All, and by no luck. With one-hot values, entry $j$ of its answer to $\mathbf{k}_i$ is $\mathbf{k}_j^\top\mathbf{k}_i$, and no key of length 1 has a larger product with $\mathbf{k}_i$ than $\mathbf{k}_i$ itself. So where the answer is *picked*, "more passes recall more" may only repair what the delta rule itself had spoiled.
#
# It is another matter if values are **dense**: random directions that share all entries, as in a network. What other facts add must then be small, not just smaller. In 64 draws, sizes as before:

# %%
rows, scores = STUDY.rows(), STUDY.scores()
shown = scores[scores["arm"].isin(["Hebbian", "delta, 1 pass", "delta, 4 passes", "delta, 16 passes", "database"])]
mean = shown[shown["cosine"] == 0.8].groupby(["code", "arm"])["recall"].mean()
title = "κ = .8: " + "; ".join(
    f"{code}, Hebbian {mean[code, 'Hebbian']:.2f}, 4 passes {mean[code, 'delta, 4 passes']:.2f}"
    for code in ("one-hot", "dense")
)
show.curves(
    shown,
    x="cosine",
    y="recall",
    panel="code",
    made_by=rows,
    xlabel="κ, mean cosine of two keys",
    ylim=(0, 1.05),
    title=title,
    caption="Lines: means; bands: 95% bootstrap over 64 draws. Upper panel: Hebbian lies under the database.",
)

# %% [markdown]
# So repetition earns its passes where keys are alike *and* values are dense. With one-hot values it gains nothing over one Hebbian pass: at $\kappa$ = .8 even four delta passes stay far below it. A database, asked for the nearest key, knows no such trouble.
#
# ## Repetition is not what the paper does
#
# All passes so far wrote the *same* keys and values again: **repetition**. In the paper's sleep the layers run over the context anew, and recompute $\mathbf{k}$ and $\mathbf{v}$ from what the last pass found: **depth**. Two mechanisms:

# %%
mechanisms = {
    "repetition (delta rule, above)": ("frozen", "frozen", "mends what it answers"),
    "depth (our pointers, below)": ("frozen", "recomputed, by our rule", "follows the chain further"),
    "depth (the paper)": ("recomputed, by trained layers", "recomputed, by trained layers", "what it was trained for"),
}
pd.DataFrame(mechanisms, index=["keys", "values", "a further pass"]).T

# %% [markdown]
# Depth at its smallest: facts are **pointers**, each naming the next, and the question is where a chain ends, **k hops** away.
#
# Eight nodes, each with a key of its own; node 7 points to 6, and so on; 0 is the end. In a pass each item moves on from the node it has reached; $\mathbf{S}$ is written with where it came to:


# %%
def sleep(codes, successor, passes, doubling):
    reached = successor
    first = S = fast.delta_passes(codes, codes[reached], 1)
    for _ in range(passes):
        through = S if doubling else first
        reached = (codes @ through @ codes[reached].T).argmax(axis=0)
        S = fast.delta_passes(codes, codes[reached], 1, S)
    return (codes @ S @ codes.T).argmax(axis=0)


# %% [markdown]
# It gives what one **read** then says of each node. *One hop* a pass moves through the pointers as written; *doubling* moves through $\mathbf{S}$ itself, in which all others have moved on, too. After two passes:

# %%
codes, successor = np.eye(8), np.array([0, 0, 1, 2, 3, 4, 5, 6])
{name: sleep(codes, successor, 2, doubling).tolist() for name, doubling in (("one hop", False), ("doubling", True))}

# %% [markdown]
# **Exercise 11.2.** How few passes let one read name an end `hops` away, by either rule?


# %%
def passes_needed(hops, doubling):
    ### BEGIN SOLUTION: a whole number, 0 for one hop
    return (hops - 1).bit_length() if doubling else hops - 1
    ### END SOLUTION


passes_needed = course.check("11.2", passes_needed)

# %% [markdown]
# The last node is 7 hops from the end. Where one read puts it after one pass too few, and after your passes (or memlab's):

# %%
for doubling in (False, True):
    n = passes_needed(7, doubling)
    print({passes: int(sleep(codes, successor, passes, doubling)[7]) for passes in (n - 1, n)})

# %% [markdown]
# **Before you look:** now let *repetition* have twice the passes, and so at least the same computation. The pointers are written seven times; how many hops does one read go: `"one"`, `"two"` or `"seven"`?

# %%
### BEGIN SOLUTION: your guess, one of "one", "two", "seven"
guess = "one"
### END SOLUTION
course.predict("11.hops", guess, ("one", "two", "seven"))

# %% [markdown]
# Eight chains of eight hops, 72 nodes with random codes in 128 dimensions; three passes asleep, each write four delta passes, 64 draws. *Reads when awake* has no sleep, the same matrix, and three more reads for each question:

# %%
chains = DEPTH.rows()
part = chains[(chains["passes"] == 3) & (chains["cosine"] == 0) & (chains["repeats"] == 4)]
reach = part[part["arm"] == "repetition"].groupby("hops")["solved"].mean()
course.settle("11.hops", {1: "one", 2: "two", 7: "seven"}.get(int((reach > 0.5).sum()), "another number"))
title = "Hops solved by three passes: " + ", ".join(
    f"{arm.split(', ')[-1]} {int((own.groupby('hops')['solved'].mean() > 0.5).sum())}"
    for arm, own in part.groupby("arm")
)
show.curves(
    part,
    x="hops",
    y="solved",
    made_by=chains,
    xlabel="hops to the end",
    ylabel="ends named",
    ylim=(0, 1.05),
    title=title,
    caption="Means over 64 draws. One write lies under repetition, one hop under reads when awake. No memory always "
    "names node 0, the end of one chain in eight.",
)

# %% [markdown]
# Repetition never gets beyond what each item says by itself. Depth does, and so does reading on when awake.
#
# ## At night or by day?
#
# Count **FLOPs** (multiplications and additions). With $n$ nodes in $d$ dimensions a read that names a node takes $2d^2 + 2nd$, and a pass takes for each node one read and one write, $4d^2$. For eight hops, beyond the first write that all plans need:

# %%
n, d = 72, 128
read, write = 2 * d**2 + 2 * n * d, 4 * d**2
night = {"read": 0, "one hop": 7 * (read + write), "doubling": 3 * (read + write)}
question = {"read": 8 * read, "one hop": read, "doubling": read}
pd.DataFrame({"night, per fact": night, "each question": question}) / read

# %% [markdown]
# In units of a read. **Exercise 11.3.** Three days ask, on average, 0.2, 1.5 and 10 questions for each fact. Choose for each the cheapest plan of the table.

# %%
### BEGIN SOLUTION: three of "read", "one hop", "doubling"
plans = ("read", "doubling", "doubling")
### END SOLUTION
plans = course.check("11.3", plans)

# %% [markdown]
# What your plans (or memlab's) cost, and the others, in reads a fact:

# %%
for asked, plan in zip((0.2, 1.5, 10), plans, strict=True):
    total = {name: round((night[name] + asked * question[name]) / read, 1) for name in night}
    print(f"{asked:>4} questions: {plan} {total[plan]}; all {total}")
print(f"doubling's night, each write repeated 4 times as in the figure: {3 * (read + 4 * write) / read:.1f}")

# %% [markdown]
# Sleep pays for what will be asked often; at the last line's price the second day, too, should read.
#
# ## Turn the knobs
#
# The codes may be correlated now. *Passes*: how often each write is repeated; *depth*: how often values are recomputed.


# %%
def compute(correlation, passes, depth):
    solved = {"null: repetition": chase("one write", 0, correlation, passes, 0)}
    for arm in ("depth, one hop", "depth, doubling", "reads when awake"):
        solved[arm] = chase(arm, depth, correlation, passes, 0)
    return {arm: [row["solved"] for row in rows] for arm, rows in solved.items()}


def paint(canvas, result):
    hops = np.arange(1, 9)
    for arm, solved in result.items():
        canvas.line(arm, hops, solved, marker=canvas.marker(arm))
    canvas.axes(xlabel="hops to the end", ylabel="ends named", xlim=(0.8, 8.2), ylim=(-0.03, 1.05))
    canvas.title(", ".join(f"{arm.split(', ')[-1]} {np.mean(solved):.2f}" for arm, solved in result.items()))


# %% [markdown]
# Raise the correlation until depth fails; then mend it with passes.

# %%
show.Explorer(
    compute,
    paint,
    {"depth": (0, 7, 1, 3), "passes": (1, 16, 1, 8), "correlation": (0.0, 0.9, 0.1, 0.0)},
    alt="Share of chain ends that are named, by hops to the end, for repetition, depth with one hop or doubling, and reads when awake.",
    caption="One draw of 72 codes. passes: delta passes of each write; depth: passes that compute the values anew; title: means over 8 distances.",
)

# %% [markdown]
# A value recomputed from a wrong reading is written down wrong, and the next pass starts from it.
#
# ## The price beside a database
#
# Now 256 facts ($\kappa$ = .5, dense values, 384 dimensions), written and read by each method: the **consolidation tax**. FLOPs in millions; times as multiples of the database in memory (median of 64 draws, one thread each):

# %%
bills = COST.rows()
median = bills.groupby("arm", sort=False).median(numeric_only=True)
unit = median.loc["database in memory"]
tax = median[["recall"]].copy()
for part in ("write", "read"):
    tax[f"{part} MFLOP"] = median[f"{part}_flops"] / 1e6
    tax[f"{part} time"] = median[f"{part}_seconds"] / unit[f"{part}_seconds"]
tax.round(2)

# %% [markdown]
# Two passes are nearly enough: 15 of 64 draws lack a fact or more. A database's time is bookkeeping. All methods need the same *keys*, drawn here and left out above. An encoder like all-minilm, 12 tokens a fact, would take, in millions of FLOPs:

# %%
print(f"{256 * fast.key_flops(12) / 1e6:,.0f} to write all, {fast.key_flops(12) / 1e6:,.0f} to read one")

# %% [markdown]
# So any pass is small beside them. The times are those of our code: passes in blocks of a matrix; a database through Python.
#
# ## What would falsify the claims, and what we measured
#
# *The claim fails here* if four passes recall no more than one, or depth reaches no further than repetition with the same computation. *Sleep is not needed* if the same matrix, read more often when awake, does as well. Four claims on repetition, five on depth, four on cost, each fixed before its rows:

# %%
show.verdicts(STUDY.verdicts(), made_by=rows)

# %% [markdown]
# These say nothing on the paper's mechanism. Depth (*short writes*: four repeats):

# %%
show.verdicts(DEPTH.verdicts(), made_by=chains)

# %% [markdown]
# So by our own test one-hop sleep was not needed: reading on was as good, and at $\kappa$ = .5, short writes, reached further.
#
# **Cost** (times in powers of ten; +.3: twice as fast):

# %%
show.verdicts(COST.verdicts(), made_by=bills)

# %% [markdown]
# **What this does not show.** Up to here no language model took part, and nothing was trained (a real one follows under *Going further*): our passes follow pointers because we wrote them so; the paper trains one model for each $N$. Keys and values are drawn. The paper writes $\mathbf{S} \leftarrow \alpha_t\mathbf{S} + \beta_t\mathbf{v}_t\mathbf{k}_t^\top$; ours forgets nothing, and more facts than dimensions were not tried. The times are one machine's.
#
# ## Summary
#
# 1. Repetition multiplies what is missing by the same matrix each pass; it earns its passes where keys are alike and values are dense. One Hebbian pass, the null, recalls everything where values have entries of their own.
# 2. Depth, not repetition, follows chains: $k$ hops need $k-1$ passes, or $\lceil\log_2 k\rceil$ with doubling. Reading on $k-1$ times when awake does as well; sleep pays for what is asked often.
# 3. A database write of the same facts takes no FLOPs beyond its keys and recalls all; in memory that takes a little less time than our two passes, on disk nearly twice their time; the matrix is read in half the time, though by more FLOPs. Sleep must earn its price by what a store cannot do in one read.
#
# **References** Sleep (fast weights): arXiv:2605.26099, known by a reading of others. The delta rule as a fast weight: arXiv:2102.11174. Memento: arXiv:2508.16153.

# %% [markdown]
# ## Going further
#
# **A night on the real model.** SmolLM2-135M lives through a day of six facts: the lamp is in the hall, and so on, dealt anew for each of 16 days. Two nights follow, and a plain memory:
#
# - *Text*: the model rewrites its own note of the day $N$ times, each time from its last version. Sentences of the form that the day had are filed; the one nearest to a question by its embedding is shown, as a question with its answer (this model could not read the sentences themselves). The day's note, *verbatim*, is filed and shown the same way.
# - *Adapter*: $N$ passes over the six questions, in the day's words; a pass is one gradient step on all six, of low-rank weights (LoRA, rank 8, lab 10) in the last block. Nothing is shown.
#
# The exam asks in other words, six choices each; and six colors, which no day is about, tell what else the night has changed. What the model wrote on the first day, and after one and two passes:

# %%
nights = NIGHT.rows()
notes = nights[nights["seed"] == 100].groupby("arm", sort=False)["notes"].first()
for arm in ("verbatim", "text, 1 pass", "text, 2 passes"):
    print(f"--- {arm}\n{notes[arm]}")

# %% [markdown]
# A fact that is lost, or told of another thing, cannot be found again. **Before you look:** does another pass help, of text, and of steps?

# %%
by_night = NIGHT.scores(nights)
name = by_night["arm"].str.split(", ").str[0].replace("verbatim", "text")
passes = by_night["arm"].str.extract(r"(\d+) pass")[0].fillna("0").astype(int)
shares = by_night.assign(night=name, passes=passes).melt(["arm", "night", "passes", "seed"], ["recall", "off"], "part")
shares["part"] = shares["part"].replace({"off": "colors"})
mean = shares.groupby(["part", "arm"])["value"].mean()

# %% [markdown]
# Text at 0 passes is the verbatim note:

# %%
ends = ("verbatim", "text, 2 passes", "adapter, 16 passes")
other = mean["recall", "null: another day's adapter"]
show.curves(
    shares[shares["night"].isin(["text", "adapter"])],
    arm="night",
    x="passes",
    panel="part",
    y="value",
    levels={"no memory": mean.xs("no memory", level="arm").to_dict()},
    made_by=nights,
    xlabel="passes N",
    ylabel="answered rightly",
    ylim=(0, 1.05),
    title="; ".join(
        f"{part}: " + ", ".join(f"{arm} {mean[part, arm]:.2f}" for arm in ends) for part in ("recall", "colors")
    ),
    caption="Lines: means; bands: 95% bootstrap over 16 days. Null: an adapter of another day, 16 passes, recalls "
    f"{other:.2f}; blind choice of six: {1 / 6:.2f}.",
)

# %% [markdown]
# Text recalls about as much as its note still holds. The share of the day's facts there, and the recall:

# %%
by_night[by_night["there"] > 0].groupby("arm", sort=False)[["there", "recall"]].mean().round(2)

# %% [markdown]
# Four claims, fixed before their rows (the adapter's rate was tuned on four other days, by recall alone and at 16 passes; fewer passes might recall more at a larger rate, or disturb less at a smaller):

# %%
show.verdicts(NIGHT.verdicts(), made_by=nights)

# %% [markdown]
# A verbatim note had no room to be beaten: one fact is shown and copied, so its recall is perfect. (In a pilot on one day, three facts shown at once left a third of the answers right, and a day of twelve facts at once none beyond chance: finding the fact is the work of retrieval, not of this model.) Many passes do teach the last block the day. They also overwrite the colors, and sooner: after two passes half of those known are lost, and next to nothing of the day is learned. Nothing was done against that (no rehearsal of other questions, no deeper or smaller adapter). One small model, one wording, two passes of text, six colors.

# %% [markdown]
# **What the literature says now** (November 2026). *P*: read in the paper; *A*: abstract only; *S+*: a section-cited reading by others; *S*: second-hand. Check an *S* before you use it.
#
# | arXiv | what it says | for sleep? | grade |
# |---|---|---|---|
# | 2605.26099 | Rule 110: one pass ≈ 10 %, two ≈ 20 %, three to four > 30 %; Depo as above; six passes .742 → .812 and .351 → .388; one seed, no rival of equal FLOPs, no seconds | for | S+ |
# | 2605.26099 | a looped model is not monotone in its passes: .210, .209, .272 | mixed | S+ |
# | no id known to us | the same idea on *text* memory: $N$ passes of a language model are no better than keeping it verbatim (n = 192, interval −5.7 to +4.7 points) | against | S+ |
# | 2605.24657 | nightly LoRA 80.4 ± 1.3, against 36.8 ± 3.0 for lossy compaction (not retrieval); 8.2 GPU-hours a conversation | for, at a price | A |
# | 2606.04703 | repeated internalizing collapses | against | A |
# | 2605.11836 | early edits can help later ones | for | S |
# | 2606.04536 | TMEM: LongMemEval-S F1 41.2, A-MEM 29.2, none 5.3; its weights' change is dropped after each episode | for | A, S |
# | 2607.21051 | distilling a context keeps ≥ 64.8 % of its gain, with ≥ 9.6 times fewer steps than RL | for | A |
# | 2607.17545 | whether to retain or to consolidate turns with the byte budget | mixed | S |
# | 2606.06448 | building memory, not reading it, dominates cost | against | A |
#
# What our run adds: two controls that the first paper lacks, equal memory without passes and, when awake, as many more reads as there were passes, for mechanisms that we could solve exactly; and, on one small model, both nights beside the note kept verbatim.
#
# **How were the sixteen keys drawn?** `fast.correlated_keys(16, 32, 0.5, rng)`, with the first seed from 0 up whose recalls after 1, 2 and 4 passes are 5/16, 14/16 and 1, since an earlier note of ours printed these. Fifty draws say how typical it is; mean and standard deviation:

# %%
many = [fast.correlated_keys(16, 32, 0.5, np.random.default_rng(seed)) for seed in range(50)]
drawn = np.array([[recall(fast.delta_passes(one, values, n), one, values) for n in (1, 2, 4)] for one in many])
print(drawn.mean(axis=0).round(3), drawn.std(axis=0, ddof=1).round(3))

# %% [markdown]
# **Depth over codes that are alike.** Ends named two to eight hops away after three doubling passes, by $\kappa$ and by how often each write is repeated:

# %%
both = DEPTH.scores(chains).query("arm == 'depth, doubling' and passes == 3")
both.pivot_table(index="cosine", columns="repeats", values="far").round(3)
