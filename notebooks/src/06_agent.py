# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 06 · An agent that learns without weights
#
# **You will** run a frozen language model that picks tools, give it a memory, pay credit by rewriting that memory, and judge the recorded study: what memory adds, what credit adds, and what the language model itself contributes.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim** (Memento, arXiv:2508.16153): an agent improves on a stream of tasks while its model stays frozen, because it rewrites its memory. This is a mechanism study at laptop scale, not a replication.

# %%
import numpy as np
import pandas as pd

import memlab
from memlab import agent, course, credit, prompt, retrieval, show, stats
from memlab.studies import lab06

# %% [markdown]
# ## The task
#
# Each task is one question and twelve tools. The agent names a tool; the tool computes the answer; the score is 1 or 0. Nobody tells the agent which tool was right. In the **drift** stream, every kind of question is served by another tool from task 48 on, and the documentation becomes wrong.

# %%
tasks = memlab.stream("toolbox-b", "drift", n=lab06.TASKS, seed=100)
for task in (tasks[0], tasks[95]):
    print(task.index, task.text[:70], "| served by", *task.serves)

# %% [markdown]
# ## The loop
#
# One episode: *retrieve* similar cases, *reuse* them (the model chooses), *evaluate*, *retain*. The model is SmolLM2 with 135 million weights; here its recorded replies answer, in milliseconds. The words of a question become a vector through fixed word vectors.

# %%
llm = memlab.open_llm("replay")
embedder = memlab.open_embedder("wordllama")
store = memlab.open_store(dim=embedder.dim)
learner = memlab.Agent(llm, embedder, store, retrieval.TopK(k=3))
for episode in learner.run(tasks[:8]):
    print(episode.index, episode.task.family, "->", episode.steps[0].action, episode.success)

# %% [markdown]
# The memory now holds eight cases $(s, a, r)$. A case's value $Q$ starts at the reward $r$ it was written with:

# %%
pd.DataFrame([{"text": c.text[:44], "action": c.action, "q": c.q} for c in store.cases()])

# %% [markdown]
# ## Two ways to use a case
#
# A case that worked is **shown**: its question and its tool stand in the prompt. A case that failed cannot be shown; a model this small would copy it. It **narrows** instead: a tool whose value nearby is below .5 is taken out of the JSON schema, so that the model must choose another.
#
# `action_values` is the mean $Q$ of the near cases that tried a tool, weighted by similarity. **Exercise 06.1.** Write the narrowing. If nothing is left, give back all choices.


# %%
def narrow(choices, values, floor):
    ### BEGIN SOLUTION: a tuple of the choices whose value is unknown or at least floor
    left = tuple(c for c in choices if values.get(c, floor) >= floor)
    return left or tuple(choices)
    ### END SOLUTION


course.check("06.1", narrow)

# %% [markdown]
# memlab's own version, on the memory above, for the next question:

# %%
vector = embedder.embed([prompt.shorten(tasks[8].text, 60)])[0]
near = retrieval.shortlist(vector, store, 16, 0.5)
values = agent.action_values(near)
print(tasks[8].text[:60], values)
print(agent.narrow(tasks[8].choices, values, 0.5))

# %% [markdown]
# ## Credit: rewriting what a case is worth
#
# An append-only memory never changes a case. **Credit** does: when a near case's advice was followed, its value moves toward the reward seen, by the step size $\eta$. **Exercise 06.2.** Write the update, and find how many failures in a row take a case from $Q = 1$ below .5 at $\eta = .3$.


# %%
def rewrite(q, r, eta):
    ### BEGIN SOLUTION: the new value of a case
    return q + eta * (r - q)
    ### END SOLUTION


### BEGIN SOLUTION: a whole number
failures = 2
### END SOLUTION
course.check("06.2", (rewrite, failures))

# %% [markdown]
# `credit.RewriteQ` adds one rule: when advice that used to be good falls below .5, the old *failures* nearby are forgotten. They are as old as the broken advice, and the tool that failed then may be the right one now.
#
# Here is a full run with credit. Change `"replay"` to `"auto"` above for a live model; the cell then stops by itself after three minutes.

# %%
memory = memlab.open_store(dim=embedder.dim)
rule = credit.RewriteQ(step=lab06.STEP)
learner = memlab.Agent(llm, embedder, memory, retrieval.TopK(k=3), credit=rule, seed=100)
episodes = list(learner.run(tasks, seconds=180))
print(len(episodes), "episodes, success", np.mean([e.success for e in episodes]).round(3))

# %% [markdown]
# ## One rewrite, before and after
#
# Every edit is in the log, with its reason and the credit paid. This case was good advice until the tools moved:

# %%
broken = next(e for ep in episodes[48:] for e in ep.edits if e.op == "rewrite" and e.before["q"] >= 0.5 > e.after["q"])
for edit in memory.history(broken.case_id)[-3:]:
    print(f"task {edit.episode}: {edit.op}, q = {edit.after['q']:.3f}, credit {edit.credit:+.2f}, {edit.reason}")

# %% [markdown]
# A log makes memory auditable: `at` shows it as it was at any version, and the live store is untouched. One episode is one version.

# %%
now, then = memory.get(broken.case_id), memory.at(broken.episode).get(broken.case_id)
print(then.action, "q before:", round(then.q, 3), "| q now:", round(now.q, 3))

# %% [markdown]
# ## The study
#
# One run proves nothing. The recorded study has eight replicates; a replicate is fresh tasks in a fresh order, the same for each arm. The step size was tuned on other questions (set A); set B was run once.

# %%
rows = lab06.rows()
note = lab06.note()
print(note["command"], "|", note["date"][:10], "|", note["model"])
rows.groupby("kind").agg(runs=("learner", "nunique"), tasks=("success", "size"), calls=("calls", "sum"))

# %% [markdown]
# Can we trust a file? We re-derive one run from the recorded replies and compare it with the file, task by task:

# %%
recorded = rows.query("kind == 'drift' and learner == 'credit' and seed == 100")
print("the same actions:", [e.steps[0].action for e in episodes] == list(recorded["action"]))

# %% [markdown]
# **Before you look:** after the tools move, how will the *append-only* memory do against *no memory*: `"better"`, `"same"` (within .05) or `"worse"`?

# %%
### BEGIN SOLUTION: your guess, one of "better", "same", "worse"
guess = "same"
### END SOLUTION
course.predict("06.append", guess, ("better", "same", "worse"))

# %% [markdown]
# The primary metric was fixed before the report: success after the drift (tasks 48 to 95).


# %%
def by_seed(learner, kind="drift", first=48):
    part = rows[(rows.learner == learner) & (rows.kind == kind) & (rows["index"] >= first)]
    return part.groupby("seed").success.mean().to_numpy()


after = {name: stats.bootstrap_mean(by_seed(name)) for name in ("no memory", "append-only", "credit")}
gap = stats.paired_difference(by_seed("append-only"), by_seed("no memory"))
course.settle("06.append", "same" if abs(gap.mean) < 0.05 else "better" if gap.mean > 0 else "worse")
print("\n".join(f"{name}: {found}" for name, found in after.items()))

# %% [markdown]
# The curves show why:

# %%
drift = rows[rows.kind == "drift"]
main = drift[drift.learner.isin(["no memory", "append-only", "credit"])]
title = f"After the drift: credit {after['credit'].mean:.2f}, append-only {after['append-only'].mean:.2f}"
show.learning_curve(main, mode="cumulative", changes=(48,), title=f"{title}, no memory {after['no memory'].mean:.2f}")

# %% [markdown]
# *Cumulative* success hides recent change, so here are the last 16 tasks at each point. Both memories learn; then the tools move. Append-only keeps showing advice that is wrong now.

# %%
end = main[main["index"] >= 80].groupby("learner").success.mean()
title = f"The last 16 tasks: credit solves {end['credit']:.0%}, append-only {end['append-only']:.0%}"
show.learning_curve(main, window=16, changes=(48,), title=title)

# %% [markdown]
# Was the rise due to memory? On the **stationary** stream nothing moves, and the no-memory arm lives the same tasks:

# %%
for name in ("no memory", "append-only", "credit"):
    print(f"{name:12} second half, stationary: {stats.bootstrap_mean(by_seed(name, 'stationary'))}")

# %% [markdown]
# ## Does credit pay?
#
# Three comparisons, each paired over the same eight replicates. The second rival trusts only the *newest* near case of each tool: a rule for reading memory that needs no rewriting.

# %%
for rival in ("append-only", "append-only, newest", "no memory"):
    print(f"credit minus {rival}: {stats.paired_difference(by_seed('credit'), by_seed(rival))}")

# %% [markdown]
# ## What does the language model contribute?
#
# The null model is a **nearest-neighbor vote**: the same memory, the same narrowing, the same credit, and *no model*. It takes the best-valued tool nearby, or a random one that is left.

# %%
names = ["no memory", "append-only", "credit", "kNN vote, append-only", "kNN vote, credit"]
canvas = show.Canvas()
for kind, first, label in (("drift", 0, "before the drift"), ("drift", 48, "after the drift")):
    part = rows[(rows.kind == kind) & (rows["index"] // 48 == first // 48)]
    found = [stats.bootstrap_mean(part[part.learner == n].groupby("seed").success.mean()) for n in names]
    low, high = [f.low for f in found], [f.high for f in found]
    ticks = [n.replace(", ", ",\n").replace(" ", "\n", 1) for n in names]
    canvas.bars(label, ticks, [f.mean for f in found], interval=(low, high))
llm_gain = stats.paired_difference(by_seed("credit"), by_seed("kNN vote, credit"))
canvas.axes(ylabel="success", ylim=(0, 1))
canvas.source("replay of smollm2:135m; the kNN vote asks no model")
better = "beats" if llm_gain.low > 0 else "loses to" if llm_gain.high < 0 else "does not differ clearly from"
canvas.title(f"After the drift, the agent with its LLM {better} a vote without one")
show.figure(
    canvas,
    alt="Bars of success before and after the drift for five learners. "
    f"After it, credit has {after['credit'].mean:.2f} and the vote with credit {by_seed('kNN vote, credit').mean():.2f}.",
    caption="Means with 95% bootstrap intervals over eight replicates; toolbox-b, seeds 100-107.",
)

# %% [markdown]
# The model's habits are a head start while the documentation is right, and a burden when it is wrong.

# %%
start = stats.paired_difference(
    *(drift[(drift.learner == n) & (drift["index"] < 24)].groupby("seed").success.mean() for n in names[2::2])
)
print("credit minus kNN vote with credit, first 24 tasks:", start)
print("credit minus kNN vote with credit, after the drift:", llm_gain)

# %% [markdown]
# ## Cases or narrowing?
#
# The agent uses two tricks. Crossing them, before the drift, shows what each adds:

# %%
cross = {("no", "no"): "no memory", ("cases", "no"): "cases only", ("no", "narrowing"): "narrowing only"}
cross[("cases", "narrowing")] = "append-only"
before = drift[drift["index"] < 48].groupby("learner").success.mean()
pd.DataFrame({n: {c: before[cross[c, n]] for c in ("no", "cases")} for n in ("no", "narrowing")}).round(3)

# %% [markdown]
# ## Scrub through a run
#
# Move the task slider across 48 and watch the values of the tools nearby for one kind of question, in an append-only memory and in one with credit (replicate 100).

# %%
plain = memlab.open_store(dim=embedder.dim)
appended = list(memlab.Agent(llm, embedder, plain, retrieval.TopK(k=3), seed=100).run(tasks))
families = sorted({task.family for task in tasks})
probe = {f: next(e for e in episodes if e.task.family == f).steps[0].vector for f in families}
runs = {"append-only": (plain, appended), "credit": (memory, episodes)}


def nearby(store, version, family):
    near = retrieval.shortlist(probe[family], store.at(version), 16, 0.5)
    return agent.action_values(near)


# %% [markdown]
# The store itself is the time machine: `at(version)` is the memory before task `version`.


# %%
def compute(task, family):
    found = {name: nearby(store, task, family) for name, (store, _) in runs.items()}
    success = {name: np.cumsum([e.success for e in lived[:task]]) for name, (_, lived) in runs.items()}
    return task, found, success


def paint(canvas, result):
    task, found, success = result
    tools = tasks[0].choices
    for name, values in found.items():
        canvas.line(name, np.arange(1, task + 1), success[name])
        canvas.bars(name, tools, [values.get(tool, 0.0) for tool in tools], panel=1)
    canvas.axes(0, xlabel="task", ylabel="tasks solved so far", xlim=(0, 96), ylim=(0, 96))
    canvas.axes(1, xlabel="tool", ylabel="value nearby (0 also if untried)", ylim=(0, 1.02))
    canvas.source("replay of smollm2:135m")
    canvas.title(f"After task {task}: {', '.join(f'{n} solved {int(s[-1])}' for n, s in success.items())}")


# %% [markdown]
# Drag the task slider (without a kernel, the first frame stays):

# %%
show.Explorer(
    compute,
    paint,
    {"task": show.knob("task", 1, 96, 1, 60), "family": show.choice("kind of question", families)},
    panels=2,
    alt="Left: tasks solved so far by two learners. Right: the value of each tool near one kind of question.",
    caption="Replicate 100 of the drift stream. The tools move at task 48.",
)

# %% [markdown]
# ## What it costs

# %%
cost = rows[(rows.kind == "drift") & (rows.calls > 0)].groupby("learner")[["tokens_in", "tokens_out", "llm_seconds"]]
cost.mean().round(2)

# %% [markdown]
# Seconds are those of the recording, on two busy cores. Shown cases make the prompt longer; that is the price of memory here. Rewriting a case costs no model call.
#
# ## What would falsify the claim, and what we measured
#
# *The claim fails here* if memory is no better than no memory while nothing moves. *Credit fails* if it does not beat append-only after the drift. *The LLM's part fails* if a vote without it does as well. The null model is that vote.


# %%
def verdict(claim, found):
    print(f"{'supported' if found.low > 0 else 'NOT supported':14}{claim}: {found}")


still = "stationary"
verdict("memory beats none", stats.paired_difference(by_seed("append-only", still), by_seed("no memory", still)))
verdict("credit beats append-only", stats.paired_difference(by_seed("credit"), by_seed("append-only")))
verdict("credit beats newest-first", stats.paired_difference(by_seed("credit"), by_seed("append-only, newest")))
verdict("the LLM beats the vote", llm_gain)

# %% [markdown]
# **What this does not show.** One model of 135 million weights, one world, four kinds of question a stream. The drift is total: every tool moves at once. A larger model may learn from failures in its prompt, which this one does not.
#
# ## Summary
#
# 1. Nothing in the model changed, and success rose: memory did it, and the no-memory arm on the same tasks shows that.
# 2. When the world moves, memory that is never rewritten can be as bad as none; credit repairs part of it.
# 3. A vote without a language model is the null that a memory agent has to beat; look at the table before you believe a rising curve.
#
# **References** Memento: arXiv:2508.16153. MemRL (credit to injected memories): arXiv:2601.03192. Group-relative returns: arXiv:2508.10839.

# %% [markdown]
# ## Going further
#
# **How the JSON schema bends the model.** The server masks tokens one at a time. Before a name can be written, a bare first letter may win: then the reply is spelled letter by letter, and belongs to whichever tool starts so. Such replies have more than four tokens. Their share among the no-memory replies:

# %%
bare = rows[(rows.learner == "no memory") & (rows.kind == "stationary")]
spelled = bare[bare.tokens_out > 4]
print(f"{len(spelled) / len(bare):.0%} are spelled; right: {spelled.success.mean():.2f} of them")
print(f"right of the others: {bare.drop(spelled.index).success.mean():.2f}")

# %% [markdown]
# So "the frozen model" here means the model *with its mask*. The no-memory arm bears this most; the comparison with the vote does not depend on it.
#
# **Trust the newest reward? Not when rewards lie.** In the noisy stream 15% of rewards are reported the wrong way round. The tuning run (set A, ten seeds, no model) shows the price of a large step size:

# %%
tuning = lab06.rows("lab06-tuning")
late = tuning[(tuning["index"] >= 48) & tuning.learner.str.startswith("kNN")].copy()
late["eta"] = late.learner.str.extract(r"([\d.]+)$")[0].astype(float)
canvas = show.Canvas()
for kind, label in (("drift", "after a drift"), ("noisy", "noisy rewards")):
    table = late[late.kind == kind].pivot_table(index="eta", columns="seed", values="success")
    found = [stats.bootstrap_mean(row) for row in table.to_numpy()]
    canvas.line(label, table.index, [f.mean for f in found], marker="o")
    canvas.band(label, table.index, [f.low for f in found], [f.high for f in found])
canvas.axes(xlabel="step size η", ylabel="success, tasks 48-95", ylim=(0, 1))
canvas.source("kNN vote, no model")
means = late.pivot_table(index="eta", columns="kind", values="success")
best = means.idxmax()
canvas.title(f"The best step is {best['drift']} after a drift and {best['noisy']} with noisy rewards")
show.figure(
    canvas,
    alt=f"Success against four step sizes. Best after a drift: {best['drift']}; best with noisy rewards: {best['noisy']}.",
    caption="Vote without a model, toolbox-a, seeds 0-9; bands: 95% bootstrap over seeds.",
)

# %% [markdown]
# **A planted lesson.** An attacker writes ten cases that praise a useless tool, with a made-up reward of 1. We run the vote on 24 further tasks before, with, and after undoing the attack by one `revert`:

# %%
from memlab.rivals.knn import KnnVote


def score_now(memory):
    probe_tasks = memlab.stream("toolbox-b", "stationary", n=24, seed=100)
    copy = memlab.open_store(dim=embedder.dim)
    copy.commit([memlab.Edit.write(case) for case in memory.cases()])
    reader = KnnVote(llm, embedder, copy, retrieval.TopK(), seed=1)
    return np.mean([reader.attempt(task).success for task in probe_tasks])


still_store = memlab.open_store(dim=embedder.dim)
teacher = memlab.stream("toolbox-b", "stationary", n=48, seed=100)
list(KnnVote(llm, embedder, still_store, retrieval.TopK(), seed=100).run(teacher))
clean = score_now(still_store)

# %% [markdown]
# The attack is one episode of its own, so that one call undoes it:

# %%
lies = [
    memlab.Case(f"lie{i}", t.text, "letters", reward=1.0, q=1.0, vector=embedder.embed([prompt.shorten(t.text, 60)])[0])
    for i, t in enumerate(teacher[:10])
]
still_store.commit([memlab.Edit.write(case, episode=999, author="attacker") for case in lies])
poisoned = score_now(still_store)
still_store.revert(episode=999)
print(f"clean {clean:.2f}, poisoned {poisoned:.2f}, reverted {score_now(still_store):.2f}")

# %% [markdown]
# A **gate** stops such writes before they land: `Agent(..., gate=...)` sees each edit and may refuse it with a reason. Lab 08 attacks memories in earnest.
#
# **Exercise 06.3.** At how many episodes has the credit agent cost a minute of model time? Use the mean `llm_seconds` above.

# %%
seconds = float(cost.mean().loc["credit", "llm_seconds"])
### BEGIN SOLUTION: a whole number of episodes, rounded up
episodes_per_minute = int(np.ceil(60 / seconds))
### END SOLUTION
course.check("06.3", (episodes_per_minute, seconds))
