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
# **You will** measure what a document loses when a model edits it, edits it back, and so on; find out which curves tell a mechanism from chance; and try edits that cannot harm.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb), [02 Stores](02_stores.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim** (DELEGATE-52, arXiv:2604.15597): *LLMs corrupt your documents when you delegate*. A memory that a model rewrites is such a document. This is a mechanism study at laptop scale, not a replication.

# %%
import re

import numpy as np
import pandas as pd

from memlab import course, show
from memlab.corruption import fields, score
from memlab.labs.lab08_relay.channel import LAWS, fitted
from memlab.labs.lab08_relay.documents import Relay
from memlab.labs.lab08_relay.study import CHANNEL, STUDY

# %% [markdown]
# ## What was published
#
# A **round trip** is a forward edit and then its inverse. An editor who makes no mistake ends with the document he began with. Ten trips are twenty calls, each in a fresh context, with distracting files beside. After each trip the document is compared with the original: the *reconstruction score* RS. GPT 5.4, mean of 310 documents:

# %%
published = np.array([94.3, 89.3, 85.4, 82.0, 79.4, 76.4, 74.6, 73.1, 72.1, 71.5]) / 100
trips = np.arange(1, 11)
print("kept in each trip:", (published / np.append(1, published[:-1])).round(3))

# %% [markdown]
# After 50 trips it was .587. (Other models: Claude 4.6 Opus .942 after one trip, .731 after ten; GPT-4o .456 and .147.) The share kept *rises* from trip to trip: losses come early. Why?
#
# ## A document and its fields
#
# We wrote eight kinds of document: ledger, playlist, recipe, citations, schedule, table with formulas, JSON config, source file. A **typed parser** reads one into fields and drops what it cannot read:

# %%
ledger = Relay.draw(seed=104, trips=10)
print(ledger.text)
before = fields(ledger.kind, ledger.text)
before

# %% [markdown]
# Now something was lost. **Exercise 08.1.** Write the *plain field accuracy*: the share of fields that still say the same. Watch out for fields that were made up.


# %%
def accuracy(before, after):
    ### BEGIN SOLUTION: equal fields, as a share of ... which document's fields?
    same = sum(place in after and after[place] == value for place, value in before.items())
    return same / max(len(before), len(after))
    ### END SOLUTION


accuracy = course.check("08.1", accuracy)

# %% [markdown]
# Yours (memlab's, while yours is not right) beside the authors' shape for a ledger, coverage² × accounts × amounts × (.5 + .5 √comments), when one line is lost, one comment, or the form:

# %%
lines = ledger.text.splitlines()
for what, after in {
    "a line": "\n".join(lines[:2]),
    "a comment": re.sub(r"\w+$", "lost", ledger.text),
    "the form": ledger.text.replace(",", ";"),
}.items():
    print(f"{what:10} plain {accuracy(before, fields('ledger', after)):.2f}, typed {score(ledger.text, after, 'ledger'):.2f}")

# %% [markdown]
# ## What chance alone does
#
# The **null**: each field survives a trip with chance $q$, by itself. Then plain accuracy after $t$ trips is $q^t$ in the mean, exactly. **Before you look:** ten lines, $q = .9$, five trips: $q^5 = .59$. What is the mean of *coverage*², the share of lines still there, squared: `"0.59"`, `"0.37"` or `"0.20"`?

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
# So how steep a curve looks depends on the scorer. Compare curves under one scorer only.
#
# ## Which law?
#
# The null's curve is **geometric**, and one trip fixes it: $.943^{10}$ is

# %%
round(0.943**10, 3)

# %% [markdown]
# where .715 was published: the mean rises above the null. But a mean of many documents does so *without any mechanism in time*, if documents differ. Three laws for the mean after $t$ trips:
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
# Why .056? The paper gives no intervals. Two standard errors of a mean of 310 scores between 0 and 1 are at most $2\sqrt{m(1-m)/310}$, .056 at .587. A law further away is refuted whatever the spread was; one that is nearer is *compatible*, no more.


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
# All three pass through ten points within the doubt, and they disagree on 50 by half of the scale: ten averaged points identify nothing. With the eleventh:

# %%
at, eleven = np.append(trips, 50), np.append(published, 0.587)
check_laws(at, eleven)

# %% [markdown]
# The geometric law is out. **Exercise 08.2.** Can jumps to a floor pass within .025 of all eleven points? Choose $q$ and $f$. Start from what the table says of 50 trips.

# %%
### BEGIN SOLUTION: two numbers: q, f
q, f = 0.87, 0.595
### END SOLUTION
q, f = course.check("08.2", (q, f))
