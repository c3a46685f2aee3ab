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
from memlab.labs.lab06_agent import study as lab06

# %% [markdown]
# ## The task
#
# Each task is one question and twelve tools. The agent names a tool; the tool computes the answer; the score is 1 or 0. Nobody tells the agent which tool was right. In the **drift** stream, every kind of question is served by another tool from task 48 on. The list of tools in the prompt stays as it was, and is now wrong.

# %%
tasks = memlab.stream("toolbox-b", "drift", n=lab06.TASKS, seed=100)
for task in (tasks[0], tasks[95]):
    print(task.index, task.text[:70], "| served by", *task.serves)

# %% [markdown]
# ## The loop
#
# One episode: *retrieve* similar cases, *reuse* them (the model chooses), *evaluate*, *retain*. The model is SmolLM2 with 135 million weights; here its recorded replies answer, in milliseconds. The words of a question become a vector through fixed word vectors (`wordllama`), recorded too.

# %%
llm = memlab.open_llm("replay")
embedder = lab06.embedder()
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
# *Near* are the 16 most similar cases with similarity at least .5. `action_values` gives a dict: each tool tried nearby, with the mean $Q$ of the cases that tried it, weighted by similarity. Untried tools are not in it. **Exercise 06.1.** Write the narrowing. If nothing is left, give back all choices.


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
# The study uses $\eta = .7$ (chosen by tuning): one failure is enough. Here is a full run with credit. Change `"replay"` to `"auto"` above for a live model: a bar then shows the time left, and the cell stops by itself after three minutes.

# %%
memory = memlab.open_store(dim=embedder.dim)
rule = credit.RewriteQ(step=lab06.STEP)
learner = memlab.Agent(llm, embedder, memory, retrieval.TopK(k=3), credit=rule, seed=100)
episodes = list(learner.run(tasks, progress=llm.backend == "ollama", seconds=180))
print(len(episodes), "episodes, success", np.mean([e.success for e in episodes]).round(3))

# %% [markdown]
# ## One rewrite, before and after
#
# Every edit is in the log, with its reason and the credit $r - q$ (before the step size). We look for a case that was good advice for its kind of question, was followed, and then broke when the tools moved:


# %%
def broke(edit, family):
    same_kind = tasks[memory.get(edit.case_id).episode].family == family
    return edit.op == "rewrite" and same_kind and edit.before["uses"] > 0 and edit.before["q"] >= 0.5 > edit.after["q"]


kept = {case.id for case in memory.cases()}
edits = [(e, ep.task.family) for ep in episodes[48:] for e in ep.edits if e.case_id in kept]
broken = next(e for e, family in edits if broke(e, family))
for edit in memory.history(broken.case_id)[-3:]:
    print(f"task {edit.episode}: {edit.op}, q = {edit.after['q']:.3f}, credit {edit.credit:+.2f}, {edit.reason}")

# %% [markdown]
# A log makes memory auditable: `at` shows it as it was at any version, and the live store is untouched. One episode is one version.

# %%
now, then = memory.get(broken.case_id), memory.at(broken.episode).get(broken.case_id)
print(then.action, "q before:", round(then.q, 3), "| q now:", round(now.q, 3))

# %% [markdown]
# Similarity is no proof of kinship: a case may also be marked down by a task of *another* kind that looks alike. This replicate has more of that than most.
#
# ## The study
#
# One run proves nothing. A *replicate* is fresh tasks in a fresh order, the same for each arm. The step size was tuned on other kinds of question (`toolbox-a`); the report on `toolbox-b` was run once. The arms:
#
# | arm | shows cases | narrows | rewrites | asks the model |
# |---|---|---|---|---|
# | no memory | | | | yes |
# | cases only | yes | | | yes |
# | narrowing only | | yes | | yes |
# | append-only | yes | yes | | yes |
# | append-only, newest | yes | yes | | yes; only the newest near case of each tool counts |
# | credit | yes | yes | yes | yes |
# | kNN vote (append-only, credit) | | yes | no, yes | no |

# %%
rows = lab06.rows()
note = lab06.note()
print(note["command"], "|", note["date"][:10], "|", note["model"])
counts = {"arms": ("learner", "nunique"), "replicates": ("seed", "nunique"), "tasks": ("success", "size")}
rows.groupby("kind").agg(**counts)

# %% [markdown]
# Does the code still give these rows? The run above must agree with the file, task by task:

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
whole = main.groupby("learner").success.mean()
title = f"Whole run: credit {whole['credit']:.2f}, append-only {whole['append-only']:.2f}"
show.learning_curve(main, mode="cumulative", changes=(48,), title=f"{title}, no memory {whole['no memory']:.2f}")

# %% [markdown]
# *Cumulative* success hides recent change, so here are the last 16 tasks at each point. Append-only keeps showing advice that is wrong now; no memory keeps reading a list that is wrong now. Both end below a random choice (1 of 12, or .08): two stale guides.

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
# Three comparisons, each paired over the same eight replicates. The interval is a bootstrap over pairs; *sign-flip p* is the exact share of sign patterns as extreme as ours, at best 2/256 = .0078 with eight pairs. The second rival trusts only the *newest* near case of each tool: a rule for reading memory that needs no rewriting.

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
# The agent uses two tricks. Crossing them, before the drift, shows what each adds (append-only is both):

# %%
cross = {("no", "no"): "no memory", ("cases", "no"): "cases only", ("no", "narrowing"): "narrowing only"}
cross[("cases", "narrowing")] = "append-only"
before = drift[drift["index"] < 48].groupby("learner").success.mean()
pd.DataFrame({n: {c: before[cross[c, n]] for c in ("no", "cases")} for n in ("no", "narrowing")}).round(3)

# %% [markdown]
# How much do shown cases add when the choices are narrowed already?

# %%
first = drift[drift["index"] < 48].groupby(["learner", "seed"]).success.mean()
print("both minus narrowing only:", stats.paired_difference(first["append-only"], first["narrowing only"]))

# %% [markdown]
# If that is small, most of what this memory does is to say which tools *not* to try again.
#
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
# The store itself is the time machine: `at(version)` is the memory after that many tasks.


# %%
def compute(task, family):
    found = {name: nearby(store, task, family) for name, (store, _) in runs.items()}
    success = {name: np.cumsum([e.success for e in lived[:task]]) for name, (_, lived) in runs.items()}
    return task, family, found, success


def paint(canvas, result):
    task, family, found, success = result
    tools = tasks[0].choices
    for name, values in found.items():
        canvas.line(name, np.arange(1, task + 1), success[name])
        canvas.bars(name, tools, [values.get(tool, 0.0) for tool in tools], panel=1)
    canvas.axes(0, xlabel="task", ylabel="tasks solved so far", xlim=(0, 96), ylim=(0, 96))
    canvas.axes(1, title=f"near {family}", xlabel="tool", ylabel="value nearby (0 also if untried)", ylim=(0, 1.4))
    canvas.source("replay of smollm2:135m")
    solved = ", ".join(f"{n} solved {int(s[-1])}" for n, s in success.items())
    canvas.title(f"After {task} tasks: {solved}")


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
# Compare the tokens: shown cases make the prompt longer, and that is the price of memory here. Seconds were recorded on two busy cores and depend on what else ran; do not compare arms by them. Rewriting a case costs no model call.
#
# ## What would falsify the claim, and what we measured
#
# *The claim fails here* if memory is no better than no memory while nothing moves. *Credit fails* if it does not beat append-only after the drift. *The LLM's part fails* if a vote without it does as well. The null model is that vote. *Supported* needs an interval above 0 and p at most .05.


# %%
def verdict(claim, found):
    word = "supported" if found.low > 0 else "CONTRADICTED" if found.high < 0 else "NOT supported"
    word = word if found.p <= 0.05 else "NOT supported"
    print(f"{word:14}{claim}: {found}")


still = "stationary"
verdict("memory beats none", stats.paired_difference(by_seed("append-only", still), by_seed("no memory", still)))
verdict("credit beats append-only", stats.paired_difference(by_seed("credit"), by_seed("append-only")))
verdict("credit beats newest-first", stats.paired_difference(by_seed("credit"), by_seed("append-only, newest")))
verdict("the LLM beats the vote, first 24 tasks", start)
verdict("the LLM beats the vote, after the drift", llm_gain)
late = stats.paired_difference(by_seed("credit", still), by_seed("kNN vote, credit", still))
verdict("the LLM beats the vote, late and stationary", late)

# %% [markdown]
# **What this does not show.** One model of 135 million weights, one world, four kinds of question a stream. The drift is total: every tool moves at once. A larger model may learn from failures in its prompt, which this one does not. The JSON mask bends every arm that asks the model (see below). Rewriting and forgetting were not separated for the agent; for the vote they are, below.
#
# ## Summary
#
# 1. Nothing in the model changed, and success rose: memory did it, and the no-memory arm on the same tasks shows that.
# 2. When the world moves, memory that is never rewritten can be as bad as none; credit repairs part of it, and so does a rule that reads only the newest case.
# 3. A vote without a language model is the null that a memory agent has to beat; look at the table before you believe a rising curve.
#
# **References** Memento: arXiv:2508.16153. MemRL (credit to injected memories): arXiv:2601.03192. Group-relative returns: arXiv:2508.10839.

# %% [markdown]
# ## Going further
#
# **How the JSON schema bends the model.** The server masks tokens one at a time. A bare letter `p` may beat every whole name; then only `prime` and `product` are left, and the reply is spelled out, whatever the question. Such replies have more than four tokens:

# %%
for name, kind in (("no memory", "stationary"), ("credit", "stationary"), ("credit", "drift")):
    part = rows[(rows.learner == name) & (rows.kind == kind) & (rows["index"] >= 48)]
    spelled = part.tokens_out > 4
    print(f"{name}, {kind}: {spelled.mean():.0%} spelled; right {part[spelled].success.mean():.2f}", end=", ")
    print(f"the others {part[~spelled].success.mean():.2f}")

# %% [markdown]
# So "the frozen model" here means the model *with its mask*. Both the no-memory arm and the comparison with the vote bear it: the vote has no mask.
#
# **Rewriting or forgetting?** `RewriteQ` does both. Without `renew`, nothing is forgotten. The vote is fast enough to run that arm here, on the same eight replicates:

# %%
from memlab.experiments import study
from memlab.rivals.knn import KnnVote

arm = {"no forgetting": lab06.with_memory(retrieval.TopK(), credit.RewriteQ(lab06.STEP, renew=False), make=KnnVote)}
kept = study(arm, ("drift",), lab06.REPORT_SEEDS, lab06.TASKS, "toolbox-b", llm, embedder, progress=False)
without = kept[kept["index"] >= 48].groupby("seed").success.mean()
print("vote with minus without forgetting:", stats.paired_difference(by_seed("kNN vote, credit"), without))

# %% [markdown]
# **A model of the model.** For what-if questions that nobody recorded, `simulated` answers: a small statistical model fitted to these replies (which tool, given the question's words and the cases shown). How far can it be trusted? These are its predictions on replies held out of the fit:

# %%
simulated = memlab.open_llm("simulated")
fit = simulated.report()
bins = pd.DataFrame(fit["calibration"])
canvas = show.Canvas(size=(4.6, 3.8))
canvas.line("exact (null error)", [0, 1], [0, 1], linewidth=1)
canvas.points("held-out replies", bins["predicted"], bins["observed"])
canvas.axes(xlabel="predicted probability of a tool", ylabel="share of replies that name it", xlim=(0, 1), ylim=(0, 1))
canvas.source("simulated, fitted to smollm2:135m")
canvas.title(f"Log-loss {fit['log_loss']:.2f}; {fit['log_loss_no_memory']:.2f} if blind to memory")
show.figure(
    canvas,
    alt="Predicted against observed probability of a tool in seven bins, beside the diagonal of a perfect fit.",
    caption=f"{fit['held_out']} of {fit['calls']} calls held out; a uniform guess has log-loss {fit['log_loss_uniform']:.2f} nats.",
)

# %% [markdown]
# With it, any setting can be tried, and the result says that it is simulated. What would a memory with *one* shown case have done on this stream?

# %%
guess_store = memlab.open_store(dim=embedder.dim)
what_if = memlab.Agent(simulated, embedder, guess_store, retrieval.TopK(k=1), credit=rule, seed=100)
print("simulated, k = 1:", np.mean([e.success for e in what_if.run(tasks)]).round(3))
print("recorded, k = 3:", np.mean([e.success for e in episodes]).round(3))

# %% [markdown]
# **Trust the newest reward? Not when rewards lie.** In the noisy stream 15% of rewards are reported the wrong way round. The tuning run (set A, ten seeds, no model) shows the price of a large step size:

# %%
tuning = lab06.rows("lab06-tuning")
votes = tuning[(tuning["index"] >= 48) & tuning.learner.str.startswith("kNN")].copy()
votes["eta"] = votes.learner.str.extract(r"([\d.]+)$")[0].astype(float)
canvas = show.Canvas()
for kind, label in (("drift", "after a drift"), ("noisy", "noisy rewards")):
    table = votes[votes.kind == kind].pivot_table(index="eta", columns="seed", values="success")
    found = [stats.bootstrap_mean(row) for row in table.to_numpy()]
    canvas.line(label, table.index, [f.mean for f in found], marker="o")
    canvas.band(label, table.index, [f.low for f in found], [f.high for f in found])
canvas.axes(xlabel="step size η", ylabel="success, tasks 48-95", ylim=(0, 1))
canvas.source("kNN vote, no model")
means = votes.pivot_table(index="eta", columns="kind", values="success")
best = {kind: " and ".join(f"{eta:g}" for eta in means.index[means[kind] == means[kind].max()]) for kind in means}
canvas.title(f"Best steps: {best['drift']} after a drift, {best['noisy']} with noisy rewards")
show.figure(
    canvas,
    alt=f"Success against four step sizes. Best after a drift: {best['drift']}; best with noisy rewards: {best['noisy']}.",
    caption="Vote without a model, toolbox-a, seeds 0-9; bands: 95% bootstrap over seeds.",
)

# %% [markdown]
# **A planted lesson.** An attacker poisons the reward: twenty good lessons are marked as failures, and twenty new cases praise a useless tool. We run the vote on 24 new tasks before, with, and after undoing the attack by one `revert`. One run, an illustration:


# %%
def score_now(memory):
    copy = memlab.open_store(dim=embedder.dim)
    copy.commit([memlab.Edit.write(case) for case in memory.cases()])
    reader = KnnVote(llm, embedder, copy, retrieval.TopK(), seed=1)
    return np.mean([reader.attempt(task).success for task in fresh])


still_store = memlab.open_store(dim=embedder.dim)
calm = memlab.stream("toolbox-b", "stationary", n=lab06.TASKS, seed=100)
teacher, fresh = calm[:48], calm[48:72]
list(KnnVote(llm, embedder, still_store, retrieval.TopK(), seed=100).run(teacher))
clean = score_now(still_store)

# %% [markdown]
# The attack is one episode of its own, so that one call undoes it:

# %%
good = [case for case in still_store.cases() if case.q >= 0.5][:20]
lies = [memlab.Case(f"lie{i}", c.text, "letters", reward=1.0, q=1.0, vector=c.vector) for i, c in enumerate(good)]
edits = [memlab.Edit.write(case, episode=999, author="attacker") for case in lies]
edits += [memlab.Edit.rewrite(case.id, {"q": 0.0}, episode=999, author="attacker") for case in good]
still_store.commit(edits)
poisoned = score_now(still_store)
still_store.revert(episode=999)
print(f"clean {clean:.2f}, poisoned {poisoned:.2f}, reverted {score_now(still_store):.2f}")

# %% [markdown]
# A **gate** stops such writes before they land: `Agent(..., gate=...)` sees each edit and may refuse it with a reason.
#
# **Exercise 06.3.** After how many episodes has the credit agent used a minute of model time? Use the mean `llm_seconds` above, unrounded.

# %%
seconds = float(cost.mean().loc["credit", "llm_seconds"])
### BEGIN SOLUTION: a whole number of episodes, rounded up
episodes_per_minute = int(np.ceil(60 / seconds))
### END SOLUTION
course.check("06.3", (episodes_per_minute, seconds))
