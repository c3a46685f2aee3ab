# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 02 · Stores
#
# **You will** fill three kinds of memory, open them with a database's own tools, rebuild them from their log in ten lines, travel back in time, undo an attack, and measure what it costs to keep a memory on disk.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb); Python dicts and sets. **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim.** Memento (arXiv:2508.16153) learns by rewriting a memory $M$ while its model stays frozen. Then $M$ is what a training run's weights are elsewhere, and should say who changed what, when and why. Our own claim, no paper's: *one log of edits, only ever appended to, is enough*; the present memory, every past one and every undo follow from it, and a commit at 1,024 cases costs at most half as much again as at 64.

# %%
import json
import tempfile
from pathlib import Path

import lancedb
import numpy as np
import pandas as pd

import memlab
from memlab import course, credit, prompt, retrieval, show, stats
from memlab.core import Case, Edit

# %% [markdown]
# ## Three memories
#
# A task with two steps needs the first result in the second question:

# %%
task = memlab.stream("toolbox-a", "stationary", n=2, seed=0, two_step=1.0)[1]
task.subtasks

# %% [markdown]
# We let the agent of lab 06 live this task. This lab is about memory, so **no language model takes part**: a *script* stands in for it and says the two names we give it. It is no model, and every result below says so.


# %%
class Script:
    name, backend, digest = "script", "scripted stand-in", ""

    def __init__(self, *lines):
        self.lines = list(lines)

    def choose(self, text, choices):
        return self.lines.pop(0)

    def complete(self, text, choices, seed=0):
        said = self.choose(text, choices)
        return memlab.Reply(said, said, None, 0, 0, 0.0, self.name, self.backend)


# %% [markdown]
# The store is LanceDB, a database that lives in a folder; here a temporary one.

# %%
home = tempfile.TemporaryDirectory()
embedder = memlab.open_embedder("hash")
store = memlab.open_store(Path(home.name) / "memory", embedder.dim)
agent = memlab.Agent(Script("common", "sum"), embedder, store, retrieval.TopK())
(episode,) = agent.run([task])
print(episode.answer, "scores", episode.success, "| made by:", episode.replies[0].backend)

# %% [markdown]
# One task left six memories:

# %%
fields = ("kind", "text", "action", "reward", "q", "note")
table = pd.DataFrame([{name: getattr(case, name) for name in fields} for case in store.cases()])
table.sort_values("kind")

# %% [markdown]
# - **Case** memory holds $(s, a, r)$ and a value $Q$, and is for *later tasks*: lab 03 retrieves from it.
# - **Subtask** memory holds the questions and results (`note`) of *this task*; step 2 could not be asked without it.
# - **Tool** memory is the log of calls: which tool, for which step, with what reward.
#
# Here all three stand in one store, apart by `kind`, so a search can ask for one of them:

# %%
hits = store.search(embedder.embed(["Find the GCD of 12 and 18."])[0], k=2, kind="tool")
[(case.action, float(similarity)) for case, similarity in zip(hits.cases, hits.similarity, strict=True)]

# %% [markdown]
# ## What is on disk
#
# Nothing is hidden: LanceDB's own API opens the folder. There is one table, `log`.

# %%
log = lancedb.connect(Path(home.name) / "memory").open_table("log")
log.to_pandas()[["version", "position", "op", "case_id", "episode", "reason", "author"]]

# %% [markdown]
# All of it is one commit, so one **version**: it is there as a whole or not at all. Rows with `op = step` record each *use* of memory (what was shown, with what $\mu$, for what reward); lab 03 computes a value from them. LanceDB filters rows in its own way too:

# %%
log.search().where("op = 'write' AND case_id LIKE 'tool:%'").select(["case_id", "after"]).to_pandas()

# %% [markdown]
# `after` holds the fields that changed. The vector has a column of its own, and each is stored once.
#
# ## Four edits
#
# Memory changes in four ways. Each commit gives the next version:

# %%
lesson = Case("lesson", "a GCD needs the tool common", "sum", note="Ann's", vector=hits.cases[0].vector)
store.commit([Edit.write(lesson, reason="advice")])
store.commit([Edit.rewrite("lesson", {"action": "common", "q": 1.0}, reason="it had named the wrong tool")])
store.commit([Edit.forget("lesson", reason="Ann asked")])
store.commit([Edit.restore("lesson", reason="Ann agreed")])

# %% [markdown]
# The history of this case says what each edit changed, and why; `before` and `after` hold only that.

# %%
for edit in store.history("lesson"):
    print(f"{edit.op:8} {edit.reason:28}", {name: edit.after[name] for name in edit.after if name in ("action", "q")})

# %% [markdown]
# ## Rebuild memory from its log
#
# If the log is the truth, the present memory must follow from it. We read the rows in order; `after` is JSON:


# %%
def read_log(folder):
    table = lancedb.connect(folder).open_table("log").to_arrow()
    columns = table.select(["version", "position", "op", "case_id", "after", "episode"])
    rows = sorted(columns.to_pylist(), key=lambda row: (row["version"], row["position"]))
    return [row | {"after": json.loads(row["after"])} for row in rows]


rows = read_log(Path(home.name) / "memory")
rows[-4:]

# %% [markdown]
# Only the fields that a rewrite names are in its `after`; `forget` and `restore` need none.
#
# **Exercise 02.1.** Write the rebuild in about ten lines: from `rows` to a dict of each live case's fields, by case id. A restored case is as it last was. Rows of op `step` are no cases.


# %%
def rebuild(rows):
    ### BEGIN SOLUTION: fold write, rewrite, forget and restore into a dict {case_id: fields}
    live, gone = {}, {}
    for row in rows:
        op, name = row["op"], row["case_id"]
        if op == "write":
            live[name] = row["after"]
        elif op == "rewrite":
            live[name] = live[name] | row["after"]
        elif op == "forget":
            gone[name] = live.pop(name)
        elif op == "restore":
            live[name] = gone.pop(name)
    return live
    ### END SOLUTION


course.check("02.1", rebuild)

# %% [markdown]
# Now the test of the claim: your rebuild against the store itself, on every field but the vector.


# %%
def by_store(view):
    names = [name for name in memlab.core.CASE_FIELDS if name != "vector"]
    return {case.id: {name: getattr(case, name) for name in names} for case in view.cases()}


yours = rebuild(rows)
print("your rebuild agrees with the store:", "not written yet" if yours is None else yours == by_store(store))
if yours != by_store(store):
    from memlab.labs.CHK02 import rebuild

    print("until it does, memlab's rebuild is used below:", rebuild(rows) == by_store(store))

# %% [markdown]
# ## Time travel
#
# A longer life: 48 tasks, and after 24 of them every tool is replaced by another (*drift*). The stand-in is again a script: it copies the action of the nearest memory it is shown, and takes the first tool on the list when there is none. Reward is credited to the $Q$ of the cases whose advice was followed (lab 05).


# %%
class Copy(Script):
    def choose(self, text, choices):
        shown = prompt.parse(text).cases
        return shown[-1][1] if shown else choices[0]


life = memlab.open_store(Path(home.name) / "life", embedder.dim)
agent = memlab.Agent(Copy(), embedder, life, retrieval.TopK(), credit=credit.RewriteQ(step=0.7))
episodes = list(agent.run(memlab.stream("toolbox-a", "drift", n=48, seed=3)))
pd.Series([edit.op for episode in episodes for edit in episode.edits]).value_counts().to_dict()

# %% [markdown]
# `at(version)` is memory as it was after that commit, read-only. One case, before the drift and now:

# %%
first = next(edit.case_id for episode in episodes for edit in episode.edits if edit.op == "forget")
print("before the drift:", life.at(24).get(first).action, "Q =", life.at(24).get(first).q)
print("now in memory:", first in by_store(life), "| edits:", [edit.op for edit in life.history(first)])

# %% [markdown]
# Scrub through the versions. Each point is a case, at the task that wrote it. **When do points leave, and why in groups?**

# %%
views = [life.at(version) for version in range(life.version + 1)]
frames = [[(case.episode, case.q) for case in view.cases("case")] for view in views]
written = {case.id: case.episode for view in views for case in view.cases("case")}
left = [(edit.episode + 1, written[edit.case_id]) for e in episodes for edit in e.edits if edit.op == "forget"]
won = np.cumsum([0] + [episode.success for episode in episodes])


def compute(version):
    return version, np.array(frames[version]).reshape(-1, 2), [task for when, task in left if when <= version]


# %% [markdown]
# The painter shows the live cases with their $Q$, the places of forgotten ones, and the size of memory over time.


# %%
def paint(canvas, result):
    version, cases, lost = result
    canvas.points("live case", cases[:, 0], cases[:, 1], markersize=5)
    canvas.points("forgotten", lost, np.full(len(lost), -0.08), markersize=5)
    canvas.line("live cases", range(49), [len(frame) for frame in frames], panel=1)
    canvas.line("tasks won", range(49), won, panel=1)
    canvas.points("_here", [version], [len(cases)], panel=1, markersize=8)
    canvas.axes(0, xlabel="task that wrote the case", ylabel="value Q (reward)", xlim=(-1, 48), ylim=(-0.15, 1.45))
    canvas.axes(1, xlabel="version (commits)", ylabel="count", ylim=(0, 60))
    canvas.source("scripted stand-in, no LLM")
    canvas.title(f"Version {version}: {len(cases)} cases live, {len(lost)} forgotten")


show.Explorer(
    compute,
    paint,
    {"version": show.knob("version", 0, 48, 1, 48)},
    panels=2,
    alt="Left: cases by the task that wrote them and their value Q; squares below 0 mark forgotten ones. Right: "
    "live cases and tasks won over 48 versions.",
    caption="One run, seed 3, tools replaced after task 24; at(version) of one store. Squares below 0 are no Q.",
)

# %% [markdown]
# After task 24 old advice fails and its $Q$ falls. When good advice fails, the agent deletes old failures about similar questions, since those tools may work now. They go a few at a time, as each kind of question meets the change.
#
# ## Taking back
#
# An attacker slips in as episode 99: a wrong lesson, and the value of the best case set to 0. The author in the log is only what the writer claims.

# %%
before, best = by_store(life), max(life.cases(), key=lambda case: case.q)
planted = Case("planted", best.text, "animal", reward=1.0, q=1.0, vector=best.vector)
why = {"episode": 99, "author": "attacker"}
attack = [Edit.write(planted, **why), Edit.rewrite(best.id, {"q": 0.0}, **why)]
life.commit(attack)
life.search(best.vector, k=2, kind="case").ids

# %% [markdown]
# `without` shows what memory would be with some cases left out, and changes nothing. `revert` takes an episode back, whatever came after it, by *more edits*:

# %%
print(life.without(["planted"]).search(best.vector, k=1, kind="case").ids)
life.revert(episode=99)
print("as before the attack:", by_store(life) == before, "| version", life.version)
print([(edit.op, edit.author) for edit in life.history(best.id)[-2:]])

# %% [markdown]
# `revert(version=24)` goes back to a version, `revert(ids=[...])` takes back the last change of some cases. The attack stays in the log: one can still see what it did.
#
# That has another side. **Forgetting is not erasing.** Ann asks that what she said be deleted. Is it enough to forget the case?
#
# **Exercise 02.2.** Write `remains(rows, word)`: the ids of all cases whose text *once* held the word, according to the log, while in memory it no longer does. A text may change by a rewrite, too.


# %%
def remains(rows, word):
    ### BEGIN SOLUTION: ids whose text in some row holds the word, less those whose text in memory does
    once = {row["case_id"] for row in rows if word in row["after"].get("text", "")}
    live = rebuild(rows)
    return {name for name in once if word not in live.get(name, {}).get("text", "")}
    ### END SOLUTION


course.check("02.2", remains)

# %% [markdown]
# How many texts of forgotten cases can still be read in our 48-task life? (The last forget is the planted lesson.)

# %%
rows = read_log(Path(home.name) / "life")
written = {row["case_id"] for row in rows if row["op"] == "write"}
print(f"{len(written - set(by_store(life)))} forgotten cases, their texts all in the log; {len(life)} live")

# %% [markdown]
# To *erase* a text, the log itself would have to be rewritten, and with it the past that `at` shows. memlab does not offer that: whoever keeps personal data in such a log should know.
#
# ## What does a large memory cost?
#
# LanceDB never changes a file: each append writes a new one, and a *manifest* that lists all files so far. memlab compacts after 64 commits. **Before you look:** after 3,072 commits of one case each, how much more disk does plain appending take: the `"same"`, `"10 times"` or `"100 times"`?

# %%
### BEGIN SOLUTION: your guess, one of "same", "10 times", "100 times"
guess = "100 times"
### END SOLUTION
course.predict("02.disk", guess, ("same", "10 times", "100 times"))

# %% [markdown]
# We measured this (`memlab study lab02`), with a **null** beside it: what would a plain dict saved as JSON do, or edits appended to a file as JSON lines? Cases have 384-d vectors. Arms take turns; time is processor time, since the machine was busy. Eight replicates up to 1,024 cases, only two beyond.

# %%
from memlab.labs.lab02_stores import study as lab02

recorded = lab02.rows()
commit = recorded[recorded.part == "commit"]
last = commit[(commit.measure == "mb") & (commit["size"] == 3072)].groupby("arm").value.mean()
commit[commit.measure != "ms"].pivot_table("value", ["measure", "arm"], "size").round(2)

# %% [markdown]
# The same in view, small: two sizes, three ways, on your machine now.

# %%
small = pd.DataFrame(lab02.growth(0, sizes=(64, 128), names=("LanceDB, row by row", "memlab", "null: JSON lines")))
small[(small.part == "commit") & (small.measure != "ms")].pivot_table("value", ["measure", "arm"], "size").round(2)

# %% [markdown]
# Time and disk against the number of cases:

# %%
canvas = show.Canvas(panels=2, size=(7.6, 3.8))
for panel, measure in enumerate(("cpu_ms", "mb")):
    for arm in lab02.GROWING:
        part = commit[(commit.arm == arm) & (commit.measure == measure)]
        found = [stats.bootstrap_mean(group.value) for _, group in part.groupby("size")]
        sizes = sorted(set(part["size"]))
        marker = "s" if "lines" in arm else "o"
        canvas.line(arm if panel else f"_{arm}", sizes, [f.mean for f in found], panel, marker=marker, markersize=4)
        canvas.band(arm, sizes, [f.low for f in found], [f.high for f in found], panel)
    canvas.panels[panel].set(xscale="log", yscale="log")
canvas.axes(0, xlabel="cases in memory", ylabel="processor time per case (ms)")
canvas.axes(1, xlabel="cases in memory", ylabel="disk (MB)", ylim=(0.05, 2e4))
times = last["LanceDB, row by row"] / last["memlab"]
canvas.title(f"Row by row takes {times:.0f} times memlab's disk after 3,072 commits")
canvas.source("measured, no LLM")
show.figure(
    canvas,
    alt=f"Log-log plots over the number of cases. Disk ends at (MB): {last.round(1).to_dict()}.",
    caption="Mean, 95% bootstrap over 8 replicates (2 past 1,024 cases). Left, steepest: JSON file. Squares: JSON lines.",
)

# %% [markdown]
# Your guess, and the verdict on "at most half as much again": processor time at 1,024 cases over time at 64, with its interval over eight replicates. Supported: the whole interval is below 1.5; *grew*: it is above 1. At 3,072 there are two replicates and no test.


# %%
def ratio(arm, size=1024):
    part = commit[(commit.arm == arm) & (commit.measure == "cpu_ms")].pivot(
        index="seed", columns="size", values="value"
    )
    return stats.bootstrap_mean((part[size] / part[64]).dropna())


course.settle("02.disk", "same" if times < 3 else "10 times" if times < 30 else "100 times")
for arm in lab02.GROWING:
    verdict = "supported" if ratio(arm).high < 1.5 else "not supported"
    change = "grew" if ratio(arm).low > 1 else "shrank" if ratio(arm).high < 1 else "no clear change"
    print(f"{arm:20} {ratio(arm)} {change}; {verdict}; at 3,072: {ratio(arm, 3072).mean:.2f}")

# %% [markdown]
# An earlier trial of ours had 273 ms a commit and 384 MB after 3,000 one-row commits. Reproduced means within a third. Its wall time came from another machine under another load. And a million cases? That is **extrapolated**: row by row as $n^2$ from 3,072, memlab in proportion to $n$ from a bulk load of 50,000.

# %%
wall = commit[(commit.measure == "ms") & (commit["size"] == 3072)].groupby("arm").value.mean()
bulk = recorded[recorded.part == "bulk"].pivot_table("value", "size", "measure")
top, naive = bulk.index.max(), "LanceDB, row by row"
for what, ours, trial in (("ms wall", wall[naive], 273), ("MB", last[naive], 384)):
    close = "reproduced" if 2 / 3 < ours / trial < 4 / 3 else "not reproduced"
    print(f"row by row at 3,072: {ours:.0f} {what}, the trial had {trial}: {close}")
print(
    f"a million, row by row: {last[naive] * (1e6 / 3072) ** 2 / 1e6:.0f} TB; memlab: {bulk.mb[top] / top * 1e3:.1f} GB"
)
print(
    f"a million, memlab: search {bulk.cpu_ms[top] * 1e6 / top:.0f} ms, open {bulk.open_cpu_ms[top] / top * 1e3:.0f} s"
)

# %% [markdown]
# ## The null: why not a JSON file?
#
# JSON lines pass the same test, so passing it is no evidence for a database. What about crashes? We kill a process while it commits, here and now, then read what it left; -1 means unreadable. A kill between two writes harms nobody. One more found than acknowledged is fine: it was on disk, and the kill came before the process could say so.

# %%
for arm in ("null: JSON file", "memlab"):
    outcome = {row["measure"]: int(row["value"]) for row in lab02.crash(7, arm)}
    print(f"{arm:16}", outcome)

# %% [markdown]
# And recorded, eight kills each. *Lost* counts kills after which an acknowledged case was missing; *one more* and *unreadable* show which kills surely came in or right after a write.

# %%
crash = recorded[recorded.part == "crash"].pivot(index=["arm", "seed"], columns="measure", values="value")
crash["lost"] = crash.found < crash.acknowledged
crash["unreadable"] = crash.found < 0
crash["one more"] = crash.found > crash.acknowledged
crash.groupby("arm")[["lost", "unreadable", "one more"]].sum()

# %% [markdown]
# A dict saved over its own file can be lost and keeps no history; renaming a finished file into place cures the first. JSON lines *of edits* were readable after every kill here and would keep every version: your `rebuild` would work on them. **The idea is the log, not the database.** What the database adds, once it is compacted, is measured too:

# %%
opened = recorded[(recorded.part == "open") & (recorded.measure == "cpu_ms")].pivot_table("value", "arm", "size")
print(f"disk, JSON lines over memlab: {last['null: JSON lines'] / last['memlab']:.1f} times")
for arm in lab02.GROWING:
    print(f"reading 3,072 cases back: {opened[3072][arm]:5.0f} ms {arm}")

# %% [markdown]
# The arm with 64 cases a commit opens slower: after 48 commits it has no checkpoint yet (memlab saves one every 512), so it reads its whole log.
#
# The database also filters rows and can index vectors. That several processes may write, memlab's tests check; it is not measured here. For a few hundred text lessons and one process, a JSON-lines log would do.
#
# **What would falsify the claim:** a rebuild that differs from the store, an undo that leaves a trace in memory, a commit that fails the rule above. **What this does not show.** Power failure (we kill processes, not machines); more than one writer; anything about whether *these* memories help an agent: scripts chose the tools. A million cases are extrapolated, not run.
#
# ## Summary
#
# 1. Case, subtask and tool memory differ in what they hold and for how long; one log of edits keeps all three.
# 2. The present, the past (`at`) and the undo (`revert`) follow from that log; so does what you wished forgotten.
# 3. Appending row by row takes disk with the square of $n$. Compaction brings that down to $n$, and so does a plain JSON-lines log.
#
# **References** Memento: arXiv:2508.16153. LanceDB 0.40 is the store measured here. **Next** [03 Retrieval](03_retrieval.ipynb).

# %% [markdown]
# ## Going further
#
# **Exercise 02.3.** Take the trial's 384 MB at 3,000 commits, and disk in proportion to $n^2$. How many *terabytes* (10¹² bytes) would a million one-row commits take?

# %%
### BEGIN SOLUTION: a number of terabytes
million_tb = 384e6 * (1_000_000 / 3_000) ** 2 / 1e12
### END SOLUTION
course.check("02.3", million_tb)

# %% [markdown]
# **Exact or approximate?** memlab's search compares the query with every case. LanceDB can divide vectors into partitions (IVF) and look into a few, `probes`, only: less work, but it may miss. A run in view, 4,000 vectors in 64 clusters:

# %%
live = pd.DataFrame(lab02.index(0, "clustered", n=4_000, queries=20, probes=(1, 8, 64)))
live.pivot_table("value", ["arm", "size"], "measure").round(3)

# %% [markdown]
# Recorded: 20,000 vectors, 64 partitions, eight replicates. *Clustered* vectors lie around 64 centers; *random* ones have no structure.

# %%
index = recorded[recorded.part == "index"]
canvas = show.Canvas(panels=2, size=(7.6, 3.6))
for panel, measure in enumerate(("recall", "cpu_ms")):
    for kind in ("clustered", "random"):
        part = index[(index.arm == f"{kind}: IVF") & (index.measure == measure)]
        band = stats.bootstrap_band(part.pivot(index="seed", columns="size", values="value"))
        canvas.line(kind, lab02.PROBES, band[0], panel, marker="o", markersize=4)
        canvas.band(kind, lab02.PROBES, band[1], band[2], panel)
    canvas.panels[panel].set_xscale("log", base=2)
exact = index[index.measure == "cpu_ms"].groupby("arm").value.mean()
canvas.level("numpy, exact (null)", exact["random: numpy, exact"], panel=1)
canvas.level("LanceDB, exact", exact["random: LanceDB, exact"], panel=1)
one = index[(index.measure == "recall") & (index["size"] == 1)].groupby("arm").value.mean()
canvas.axes(0, xlabel="probes (of 64 partitions)", ylabel="recall of the true top 8", ylim=(0, 1.05))
canvas.axes(1, xlabel="probes (of 64 partitions)", ylabel="processor time of a query (ms)", ylim=(0, 1.7 * exact.max()))
canvas.title(
    f"One probe finds {one['clustered: IVF']:.0%} of clustered and {one['random: IVF']:.0%} of random neighbors"
)
canvas.source("measured, no LLM")

# %% [markdown]
# The figure, and what an exact search costs beside it:

# %%
show.figure(
    canvas,
    alt="Left: recall rises with probes to 1 at 64; with few probes it is far higher for clustered than for random vectors. "
    "Right: time of a query over probes, with exact numpy as a level.",
    caption="Mean and 95% bootstrap over 8 replicates; 20,000 unit vectors of 384 dimensions, IVF_FLAT, top 8.",
)

# %% [markdown]
# With one machine's memory to hold the vectors, exact search is the simpler choice until it is too slow. Which is faster here, and exact search at a million by its time per vector (**extrapolated**):

# %%
per_vector = exact["random: numpy, exact"] / 20_000
print(f"exact numpy: {exact['random: numpy, exact']:.2f} ms at 20,000; {per_vector * 1e6:.0f} ms at a million")
ivf = index[(index["size"] == 1) & (index.measure == "cpu_ms") & (index.arm == "random: IVF")].value.mean()
faster = "exact numpy" if exact["random: numpy, exact"] < ivf else "IVF"
print(f"IVF, one probe: {ivf:.2f} ms at 20,000 random vectors; faster here: {faster}")

# %% [markdown]
# A missed neighbor is a memory the agent does not get to see. Whether that matters depends on whether *near* means *useful*: lab 03.
