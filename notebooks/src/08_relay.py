# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 08 · Relayed documents
#
# **You will** measure what a document loses when a model edits it, edits it back, and so on; find out which curves tell a mechanism from chance; and try edits that harm less.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb), [02 Stores](02_stores.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim** (DELEGATE-52, arXiv:2604.15597): *LLMs corrupt your documents when you delegate*. A memory that a model edits is such a document. A mechanism study, no replication.

# %%
import re

import numpy as np
import pandas as pd

from memlab import course, labs, show, verdict
from memlab.corruption import fields, score
from memlab.labs.lab08_relay.relay import draw_relay, patch_question
from memlab.labs.lab08_relay.study import LAWS, fitted

studies = labs.studies()

# %% [markdown]
# ## What was published
#
# A **round trip** is a forward edit and then its inverse. Ten trips are twenty calls, each in a fresh context, with distracting files beside. After each trip the document is compared with the original: the *reconstruction score* RS. GPT 5.4, mean of 310 documents:

# %%
published = np.array([94.3, 89.3, 85.4, 82.0, 79.4, 76.4, 74.6, 73.1, 72.1, 71.5]) / 100
trips = np.arange(1, 11)
print("kept in each trip:", (published / np.append(1, published[:-1])).round(3))

# %% [markdown]
# After 50 trips it was .587. The share kept *rises*, but for one trip: losses come early. Why?
#
# ## A document and its fields
#
# We wrote eight kinds of document: ledger, playlist, recipe, citations, schedule, table with formulas, JSON config, source file. A **typed parser** reads one into fields and drops what it cannot read:

# %%
kind, ledger, changes = draw_relay(seed=104, trips=10)
print(ledger)
before = fields(kind, ledger)
before

# %% [markdown]
# **Exercise 08.1.** Write the *plain field accuracy*: the share of fields that still say the same.


# %%
def accuracy(before, after):
    ### BEGIN SOLUTION: equal fields, as a share of ... which document's fields?
    same = sum(place in after and after[place] == value for place, value in before.items())
    return same / max(len(before), len(after))
    ### END SOLUTION


accuracy = course.check("08.1", accuracy)

# %% [markdown]
# Yours (memlab's, while yours is not right) beside the authors' shape for a ledger, coverage² × accounts × amounts × (.5 + .5 √comments), when one line is lost, one comment, or the form (semicolons for commas). *Coverage* is the share of lines still there.

# %%
lines = ledger.splitlines()
for what, after in {
    "a line": "\n".join(lines[:2]),
    "a comment": re.sub(r"\w+$", "lost", ledger),
    "the form": ledger.replace(",", ";"),
}.items():
    plain, typed = accuracy(before, fields("ledger", after)), score(ledger, after, "ledger")
    print(f"without {what:10} plain {plain:.2f}, typed {typed:.2f}")

# %% [markdown]
# ## What chance alone does
#
# The **null**: each field survives a trip with chance $q$, by itself. Then plain accuracy after $t$ trips is $q^t$ in the mean, exactly. **Before you look:** ten lines, $q = .9$, five trips: $q^5 = .59$. What is the mean of coverage²: `"0.59"`, `"0.37"` or `"0.20"`?

# %%
### BEGIN SOLUTION: your guess, one of "0.59", "0.37", "0.20"
guess = "0.37"
### END SOLUTION
course.predict("08.shape", guess, ("0.59", "0.37", "0.20"))

# %% [markdown]
# Ten thousand ledgers; the mean of a square is the squared mean plus the variance, $p^2 + p(1-p)/10$ with $p = q^5$:

# %%
alive = (np.random.default_rng(0).random((10_000, 5, 10)) < 0.9).all(axis=1)
squared = (alive.mean(axis=1) ** 2).mean()
course.settle("08.shape", f"{squared:.2f}")
p = 0.9**5
print(f"plain {alive.mean():.3f} (exact {p:.3f}), coverage² {squared:.3f} (exact {p**2 + p * (1 - p) / 10:.3f})")

# %% [markdown]
# So compare curves under one scorer only.
#
# ## Which law?
#
# The null's curve is **geometric**, and one trip fixes it: $.943^{10}$ is

# %%
round(0.943**10, 3)

# %% [markdown]
# where .715 was published: the mean rises above the null. But a mean of many documents does so *without any mechanism in time*, if documents differ. Three laws for the mean after $t$ trips ($B$ is the Beta function):
#
# | law | a document | mean |
# |---|---|---|
# | geometric | all have one $q$ | $q^t$ |
# | Beta mixture | each has its own $q$, drawn from Beta$(a, b)$ | $B(a+t, b) / B(a, b)$ |
# | jumps to a floor | stays whole with chance $q$ a trip, else falls to $f$ for good | $f + (1-f)\,q^t$ |
#
# **Before you look:** each is fitted to the ten points. Which then comes within .056 of the .587 published for 50 trips: `"Beta mixture"`, `"jumps to a floor"`, `"both"` or `"neither"`?

# %%
### BEGIN SOLUTION: your guess, one of "Beta mixture", "jumps to a floor", "both", "neither"
guess = "neither"
### END SOLUTION
course.predict("08.law", guess, ("Beta mixture", "jumps to a floor", "both", "neither"))

# %% [markdown]
# Why .056? The paper gives no intervals. Two standard errors of a mean of 310 scores between 0 and 1 are at most $2\sqrt{m(1-m)/310}$, .056 at .587. A law further away is refuted; a nearer one is *compatible*, no more.


# %%
def check_laws(at, kept):
    doubt = 2 * np.sqrt(kept * (1 - kept) / 310)
    found = {}
    for law, (curve, _) in LAWS.items():
        setting = fitted(law, at, kept)
        miss = np.abs(curve(at, *setting) - kept)
        found[law] = {"largest miss": miss.max(), "compatible": (miss <= doubt).all(), "after 50": curve(50, *setting)}
    return pd.DataFrame(found).T


# %% [markdown]
# Fitted to ten points:

# %%
ten = check_laws(trips, published)
near = [law for law in LAWS if abs(ten["after 50"][law] - 0.587) <= 0.056]
course.settle("08.law", "both" if len(near) == 2 else near[0] if near else "neither")
ten

# %% [markdown]
# All three pass through ten points within the doubt, and they disagree on 50 by half of the scale: ten averaged points identify no law. With the eleventh:

# %%
at, eleven = np.append(trips, 50), np.append(published, 0.587)
check_laws(at, eleven)

# %% [markdown]
# The geometric law is out. **Exercise 08.2.** Can jumps to a floor pass within .025 of all eleven points? Choose $q$ and $f$.

# %%
### BEGIN SOLUTION: two numbers in round brackets: q, f
setting = (0.87, 0.595)
### END SOLUTION
q, f = course.check("08.2", setting)

# %% [markdown]
# The published points, and both laws that all eleven allow:

# %%
far = np.arange(1, 51)
doubt = 2 * np.sqrt(eleven * (1 - eleven) / 310)
mixture = LAWS["Beta mixture"][0](far, *fitted("Beta mixture", at, eleven))
show.curves(
    {"jumps to a floor (yours)": f + (1 - f) * q**far, "Beta mixture": mixture, "null: geometric, .943": 0.943**far},
    x=far,
    points={"published": (at, eleven, eleven - doubt, eleven + doubt)},
    ylim=(0, 1),
    xlabel="round trips",
    ylabel="mean RS",
    title="Two different stories pass through the same eleven points",
)

# %% [markdown]
# They tell of different things: documents that differ for good, or accidents that can happen to each once. In the paper *critical failures*, trips that lose ten points or more, make about 80% of the loss; a mean curve cannot show them.
#
# ## A real relay
#
# Now SmolLM2, 135 million weights. In pilots on other seeds it could not copy a document, nor find a named field or numbered line. So *whole rewriting cannot be tested here*, only simulated (*Going further* shows what it wrote). It can choose, among the document's four to six replaceable words, **which word goes out**; a program writes the new one there: a *patch*.
#
# We chose the prompt so that something can be lost: without examples the pilots were right always (1.00), with two .75. So *how often* it errs is our doing. One call of a patch:

# %%
print(patch_question(changes[0], ledger))

# %% [markdown]
# The other document, always first, is a distractor. The other ways to edit:
#
# - *patch + checksum*: a call that changes a field it was not told to is rolled back;
# - *append-only log*: the patch is an entry in a log; the inverse takes it back without a call, so RS is 1 by construction;
# - *tool finds the line*: a program shows the model only the line of the record, and offers only its words. In half of the kinds (recipe, table, config, source) that is one word: *nothing is asked*;
# - nulls: *does nothing*; and *no memory*, the same question and choices without the texts. *Oracle* does as it is told.
#
# Sixteen replicates, each kind of document twice, ten trips of new words.


# %%
rows = studies["lab08"].rows()


def compute(arm, replicate, call):
    calls = rows[(rows["arm"] == arm) & (rows["seed"] == 100 + replicate)].iloc[:call]
    return *draw_relay(100 + replicate, 10)[:2], calls


# %% [markdown]
# Move through one relay: which call harmed what?


# %%
def paint(canvas, result):
    kind, start, calls = result
    now = calls["text"].iloc[-1] if len(calls) else start
    for i in range(7):
        old, new = ((part[i] if i < len(part) else "") for part in (start.splitlines(), now.splitlines()))
        canvas.text(f"old {i}", 0.01, 0.92 - 0.14 * i, old, fontsize=8)
        canvas.text(f"new {i}", 0.5, 0.92 - 0.14 * i, new, fontsize=8, color="black" if old == new else "#D55E00")
    back = calls[calls["step"] == "back"]
    canvas.line("RS after each trip", np.arange(len(back) + 1), [1.0, *back["score"]], panel=1)
    canvas.axes(0, xticks=[], yticks=[])
    canvas.axes(1, xlabel="round trips", ylabel="RS", xlim=(0, 10), ylim=(0, 1.05))
    canvas.source(rows)
    last = calls.iloc[-1] if len(calls) else None
    told = f"call {len(calls)}: set {last['place']} to {last['new']}" if len(calls) else "the original"
    state = "rolled back" if len(calls) and last["refused"] else "done" if len(calls) and last["obeyed"] else "not done"
    canvas.title(f"{kind}, {told}: {state if len(calls) else 'no call yet'}")


# %% [markdown]
# Left the original, right the document after the call. A line that differs is orange: after a forward call one should be, after its inverse none. RS is the typed score.

# %%
show.Explorer(
    compute,
    paint,
    {"call": (0, 20, 1, 14), "replicate": (0, 15, 1, 7),
     "arm": ["patch", "patch + checksum", "append-only log", "tool finds the line", "no memory"]},
    panels=2,
    alt="Left the original document, right the document after the chosen call, changed lines in orange; below, RS.",
    caption="Recorded calls of SmolLM2. Odd calls are forward edits, even ones their inverse.",
)  # fmt: skip

# %% [markdown]
# ## A checksum
#
# **Exercise 08.3.** A checksum knows which field a call may touch (`place`), not what is right there. Given the fields before and after a call, say whether it did no harm elsewhere.


# %%
def harmless(before, after, place):
    ### BEGIN SOLUTION: True where nothing but the field at `place` has changed
    rest = [{key: value for key, value in part.items() if key != place} for part in (before, after)]
    return rest[0] == rest[1]
    ### END SOLUTION


harmless = course.check("08.3", harmless)

# %% [markdown]
# Yours on the first forward call of each recorded *patch*:

# %%
first = rows[(rows["arm"] == "patch") & (rows["trip"] == 1) & (rows["step"] == "forward")]
passed = []
for call in first.itertuples():
    kind, start, (change,) = draw_relay(call.seed, 1)
    passed.append(harmless(fields(kind, start), fields(kind, call.text), (change.key, change.name)))
print(f"{sum(passed)} of {len(passed)} pass; done as told: {first['obeyed'].sum()}")

# %% [markdown]
# What it stops is not done at all, and an editor that does *nothing* keeps everything. So count the share of forward edits **obeyed**, too; RS × obeyed is what was *served*.
#
# **Before you look:** which of *patch* and *patch + checksum* serves more, by more than .05: `"patch"`, `"patch + checksum"` or `"neither"`?

# %%
### BEGIN SOLUTION: your guess, one of "patch", "patch + checksum", "neither"
guess = "patch + checksum"
### END SOLUTION
course.predict("08.served", guess, ("patch", "patch + checksum", "neither"))

# %% [markdown]
# After ten trips:

# %%
scores = studies["lab08"].scores()
mean = scores.groupby("arm")[["score", "obeyed", "served", "critical", "in critical", "lost"]].mean()
gap = mean["served"]["patch + checksum"] - mean["served"]["patch"]
course.settle("08.served", "neither" if abs(gap) <= 0.05 else "patch + checksum" if gap > 0 else "patch")
long = scores.melt(["arm", "seed"], ["score", "obeyed", "served"], "measure", "share")
names = {"score": "RS after ten trips", "obeyed": "edits obeyed", "served": "served: RS × obeyed"}
long["measure"] = long["measure"].map(names)
title = f"RS: patch {mean['score']['patch']:.2f}, with checksum {mean['score']['patch + checksum']:.2f}; the null that does nothing 1.00"
show.arms(long, y="share", panel="measure", made_by=rows, xlim=(-0.03, 1.05), title=title)

# %% [markdown]
# Of the RS lost, how much went in critical failures?

# %%
parts = mean.loc[["patch", "tool finds the line", "no memory"]]
(parts["in critical"] / parts["lost"]).rename("share lost in critical trips").round(2)

# %% [markdown]
# Like the published 80%, or more; it means nothing: our documents have 5 to 15 fields, *one* lost field of nine is eleven points, so nearly all loss is critical.
#
# ## Simulated relays
#
# Without a model: a *whole rewrite* copies each field with chance .971 a call, each by itself (.943 a trip, the published first one). A *patch* finds its field with chance .81, as ours did in intact documents, else it harms another. Share of the loss in critical trips, in documents of 8 and of 100 fields:

# %%
made = studies["lab08-channel"].scores()
ends = made.groupby(["size", "arm"], sort=False)[["kept", "obeyed", "served", "critical share"]].mean().round(2)
ends["critical share"].unstack("size").loc[["whole rewrite", "patch"]]

# %% [markdown]
# In small documents independent losses are all critical; in large ones hardly any is. The authors' documents are large: for theirs, 80% speaks against this null (if all fields count alike), for ours nothing could. And the checksum:

# %%
checked = ends["obeyed"].unstack("size").loc[["whole rewrite", "whole rewrite + checksum", "patch", "patch + checksum"]]
checked

# %% [markdown]
# A checksum over a whole rewrite of 100 fields passes only if 99 copies are right, $.971^{99} = .05$: what is safe is then almost an editor that does nothing. A patch touches one field. Claims, committed before the 64 replicates were drawn; but *the channel was changed since*, after real rows were seen: a refused inverse leaves the forward edit standing, and the chance .69 became .81. So these are no predictions:

# %%
show.verdicts(studies["lab08-channel"].verdicts(), made_by=studies["lab08-channel"].rows())

# %% [markdown]
# ## What would falsify the claims, and what we measured
#
# *The checksum fails* if it serves no more than a bare patch; *the tool fails* likewise; *the document is of no use* if the same question without it is obeyed as often. Five claims, fixed before these rows. About five cells of these seeds had been recorded with another prompt, and were deleted unread.

# %%
show.verdicts(studies["lab08"].verdicts(), made_by=rows)

# %% [markdown]
# The checksum helps, and it still loses: where it refuses an *inverse*, the forward edit stays, mostly for good. And the *same question without the document* is obeyed more often (and served about what the checksum did; no claim was made of that). The instruction names the word, so no text is needed; whether the document or the distractor distracts, no arm tells. Nor can the tool's gain tell less text from fewer choices.
#
# **What this does not show.**
#
# - Whole rewriting by a model: only simulated, with independent errors by assumption. 50 trips: seven documents, one arm.
# - How often models err: our prompt was chosen to err. Larger models err in other ways.
# - Other edits (the authors have 5 to 10 structural ones an environment), other places of the distractor.
# - Whether losses are rare and large: documents so small cannot tell.
#
# ## Summary
#
# 1. A mean curve that flattens does not tell accidents from documents that differ: two laws pass through all eleven published points.
# 2. RS alone prizes an editor that does nothing: count the edits obeyed. "Critical" losses depend on the size of the document.
# 3. A checksum kept and served more than a bare patch; a tool that shows one line, and often leaves nothing to ask, served more still. In simulation, a checksum over a whole rewrite lets almost nothing pass in a large document.
#
# **References** DELEGATE-52, *LLMs Corrupt Your Documents When You Delegate*: arXiv:2604.15597, and its code for the shapes of the scores.

# %% [markdown]
# ## Going further
#
# **Theirs and ours.** Published RS of GPT 5.4 beside our patches: other documents, other edits, other scorers, so compare shapes and not heights.

# %%
back = rows[(rows["step"] == "back") & rows["arm"].isin(["patch", "tool finds the line", "no memory"])]
show.curves(
    back,
    x="trip",
    y="score",
    points={"published, GPT 5.4": (trips, published)},
    made_by=rows,
    ylim=(0, 1.02),
    xlabel="round trips",
    ylabel="mean RS",
    title="Published RS lies between our bare patches and the tool",
)

# %% [markdown]
# Laws fitted to our bare patch, by the same cell as above (*compatible* there takes 310 documents for granted; ours are 16, so read the misses only):

# %%
ours = back[back["arm"] == "patch"].groupby("trip")["score"].mean().to_numpy()
check_laws(trips, ours)

# %% [markdown]
# **Fifty trips.** One arm, the bare patch, went on to 50: seven documents of different kinds (an eighth was planned; the time for calls ran out), the same first ten changes as above, and a coin at each call that puts the distractor before the text or behind it. Seven are too few for a claim. Does the order matter? RS after ten trips, coin less fixed order (five of the seven end the same):

# %%
long = studies["lab08-long"].rows()
on = long[(long["arm"] == "patch") & (long["step"] == "back")].pivot(index="seed", columns="trip", values="score")
first = rows[(rows["arm"] == "patch") & (rows["step"] == "back") & (rows["trip"] == 10)].set_index("seed")["score"]
print(verdict(on[10], first[on.index]))

# %% [markdown]
# Each law is fitted to the mean of the first ten trips and foretells the fiftieth. What came, less what was foretold (the interval takes the forecast as given, although it was fitted to the same seven). By Holm's correction for three tests the smallest $p$ must be below .05 / 3 = .017; is it?

# %%
ends = {law: curve(far, *fitted(law, trips, on.mean()[:10])) for law, (curve, _) in LAWS.items()}
tests = {law: verdict(on[50], np.full(len(on), end[-1])) for law, end in ends.items()}
pd.DataFrame(
    {law: [ends[law][-1], on[50].mean(), t.mean, t.low, t.high, t.p] for law, t in tests.items()},
    index=["foretold", "came", "difference", "low", "high", "p, not adjusted"],
).T.round(3)

# %% [markdown]
# It is not, so no law is refuted by these seven documents. The whole curve, its band over seven documents, and the three forecasts from its first ten points:

# %%
nearest = min(ends, key=lambda law: abs(tests[law].mean))
show.curves(
    {"bare patch": on.to_numpy()} | {law: np.tile(end, (len(on), 1)) for law, end in ends.items()},
    x=far,
    made_by=long,
    ylim=(0, 1.02),
    xlabel="round trips",
    ylabel="mean RS",
    title=f"After 50 trips {on[50].mean():.2f} is left; nearest of the forecasts from ten: {nearest}",
)

# %% [markdown]
# RS rises now and then: an inverse can put a lost word back. And amounts, dates and keys, which no call may name, cannot be lost: under plain accuracy a floor is built in (a typed RS, a product, can still fall to 0: two did, and one ended there), so this curve cannot tell why the published one flattens. It may flatten, too, because less is done. Edits obeyed, ten trips a row, named by the last:

# %%
forward = long[(long["arm"] == "patch") & (long["step"] == "forward")]
forward.groupby((forward["trip"] + 9) // 10 * 10)["obeyed"].mean().round(2)

# %% [markdown]
#
# **What a whole rewrite wrote.** SmolLM2 was asked to copy four documents with one word replaced: the typed score against the perfect copy, after one call, and one of the copies.

# %%
whole = studies["lab08-whole"].rows()
whole = whole[(whole["arm"] == "whole rewrite") & (whole["step"] == "forward")]
print(whole[["kind", "score", "obeyed"]].round(2).to_string(index=False))
print("\n".join(["", "the ledger of above, copied:", *whole["text"].iloc[0].splitlines()[:8]]))

# %% [markdown]
# Four copies are no measurement, but they show why this arm is called *untestable*: a simulation of it (above) says what independent errors would do, and nothing about models.
#
# **By kind of document**, bare patches after ten trips: typed score beside plain accuracy, two relays each.

# %%
last = rows[(rows["arm"] == "patch") & (rows["trip"] == 10) & (rows["step"] == "back")]
last.groupby("kind")[["score", "kept"]].mean().round(2)

# %% [markdown]
# **The authors' data** is theirs, on a hub, and not part of memlab. `relay.load_delegate(path)` reads their JSON lines (`sample_id`, `sample_type`, `metadata`, `states`, `files`); the texts stand in `files["basic_state/NAME"]`, the edits in `states`.
