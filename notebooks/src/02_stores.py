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
# **You will** fill three kinds of memory, open them with a database's own tools, rebuild them from their log in ten lines, travel back in time, and undo an attack, with all that came of it and nothing else.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb); Python dicts. **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim.** Memento (arXiv:2508.16153) learns by rewriting a memory $M$ while its model stays frozen. Then $M$ is what weights are elsewhere, and should say who changed what, when and why. Our own claim, no paper's: *one log of edits, only ever appended to, is enough*. The present memory, every past one and every undo follow from it.

# %%
import json
import tempfile
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import lancedb
import numpy as np
import pandas as pd
from lancedb.index import IvfFlat

import memlab
from memlab import course, credit, retrieval, show
from memlab.core import Case, Edit
from memlab.labs.lab02_stores import steps
from memlab.labs.lab02_stores.study import STUDY
from memlab.rivals.knn import KnnVote

# %% [markdown]
# ## Three memories
#
# A task with two steps needs the first result in the second question:

# %%
task = memlab.stream("toolbox-a", "stationary", n=2, seed=0, two_step=1.0)[1]
task.subtasks

# %% [markdown]
# This lab is about memory, so its agent is a *vote* with **no model**: it takes the tool that did best on similar questions, and a random one where nothing did. Its memory is LanceDB, a database that lives in a folder. (Seed 143 was picked: with it both random tools are right.)

# %%
folder = tempfile.TemporaryDirectory()
home = Path(folder.name)
embedder = memlab.open_embedder("hash")
store = memlab.open_store(home / "memory", embedder.dim)
(episode,) = KnnVote(None, embedder, store, retrieval.TopK(), seed=143).run([task])
print(episode.answer, "scores", episode.success)

# %% [markdown]
# One task left six memories:

# %%
names = ["kind", "text", "action", "reward", "q", "note"]
pd.DataFrame([asdict(case) for case in store.cases()])[names].sort_values("kind")

# %% [markdown]
# - **Case** memory holds $(s, a, r)$ and a value $Q$, and is for *later tasks*: lab 03 retrieves from it.
# - **Subtask** memory holds the questions and results (`note`) of *this task*; step 2 could not be asked without it.
# - **Tool** memory is the list of calls: which tool, for which step, with what result.
#
# Here `reward` and `q` of subtask and tool rows are the reward of the whole task, not of one step. All three stand in one store, apart by `kind`, so a search can ask for one of them:

# %%
hits = store.search(embedder.embed(["Find the GCD of 12 and 18."])[0], k=2, kind="tool")
[(case.action, float(near)) for case, near in zip(hits.cases, hits.similarity, strict=True)]

# %% [markdown]
# ## What is on disk
#
# Nothing is hidden: LanceDB's own API opens the folder. There is one table, `log`.

# %%
log = lancedb.connect(home / "memory").open_table("log").to_pandas()
log[["version", "position", "op", "case_id", "episode", "reason", "author"]]

# %% [markdown]
# An id reads world / stream / seed / task / rollout / step. All of it is one commit, so one **version**: it is there as a whole or not at all. Rows with `op = step` record each *use* of memory (what was shown, for what reward); lab 03 computes a value from them.
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
# If the log is the truth, the present memory must follow from it. We read the rows in order. `after` is JSON: the fields that changed, without the vector, which has a column of its own.


# %%
def read_log(path):
    rows = lancedb.connect(path).open_table("log").to_arrow().to_pylist()
    rows.sort(key=lambda row: (row["version"], row["position"]))
    names = ("version", "op", "case_id", "author")
    rows = [{name: row[name] for name in names} | {"after": json.loads(row["after"])} for row in rows]
    for row in rows:
        row["sources"], row["undoes"] = row["after"].pop("sources", []), row["after"].pop("undoes", [])
    return rows


rows = read_log(home / "memory")
rows[-4:]

# %% [markdown]
# (`sources` and `undoes` come later in this lab.)
#
# **Exercise 02.1.** Write the rebuild in about ten lines: from `rows` to a dict that maps each live case's id to its fields. A restored case is as it last was: `history` filled in what the restore brought back, but its row in the log has an empty `after`, so your rebuild must remember it. Leave `rows` as they are.


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


rebuild = course.check("02.1", rebuild)

# %% [markdown]
# (From here on `rebuild` is yours once it passes, and memlab's until then.) Now the test of the claim, against the store itself, on every field but the vector:


# %%
def in_memory(view):
    return {c.id: {k: v for k, v in asdict(c).items() if k not in ("id", "vector")} for c in view.cases()}


print("the log alone gives the present memory:", rebuild(rows) == in_memory(store))

# %% [markdown]
# **The null:** is that the database's merit? The same rows, as a plain text file with one line of JSON a row:

# %%
(home / "log.jsonl").write_text("\n".join(map(json.dumps, rows)))
lines = (home / "log.jsonl").read_text().splitlines()
print("and so does a text file:", rebuild([json.loads(line) for line in lines]) == in_memory(store))

# %% [markdown]
# A text file passes too. **The idea is the log, not the database.** What the database adds is measured under "Going further".
#
# ## Time travel
#
# A longer life: 48 tasks, and after 24 of them every tool is replaced by another (*drift*). Where a remembered tool was used again, the $Q$ of every case that voted for it moves toward the new reward (lab 05).

# %%
life = memlab.open_store(home / "life", embedder.dim)
agent = KnnVote(None, embedder, life, retrieval.TopK(), credit=credit.RewriteQ(step=0.7))
episodes = list(agent.run(memlab.stream("toolbox-a", "drift", n=48, seed=1)))
pd.Series([edit.op for episode in episodes for edit in episode.edits]).value_counts().to_dict()

# %% [markdown]
# Why were five forgotten? The log says:

# %%
{edit.reason for episode in episodes for edit in episode.edits if edit.op == "forget"}

# %% [markdown]
# A case that once failed teaches little about tools that have changed since. `at(version)` is memory as it was after that commit, read-only. We take the case that was the best advice just before the drift, and ask for it then, and now:

# %%
star = max(life.at(24).cases("case"), key=lambda case: (case.q, case.uses)).id
for when, view in (("then", life.at(24)), ("now", life)):
    print(when, view.get(star).action, "Q =", round(view.get(star).q, 2), "after", view.get(star).uses, "uses")

# %% [markdown]
# It helped five times and fell at its first failure. Scrub through all versions; each point is a live case, at the task that wrote it. **When do the points on top fall, and do they all fall at once?**

# %%
views = [np.array([(case.episode, case.q) for case in life.at(v).cases("case")]).reshape(-1, 2) for v in range(49)]


def paint(canvas, version):
    at = views[version]
    canvas.points("live case", at[:, 0], at[:, 1], markersize=5)
    canvas.axes(xlabel="task that wrote the case", ylabel="value Q (reward)", xlim=(-1, 48), ylim=(-0.1, 1.1))
    canvas.title(f"Version {version}: {len(at)} cases live, {(at[:, 1] >= 0.5).sum()} of them worth .5 or more")


show.Explorer(
    lambda version: version,
    paint,
    {"version": (0, 48, 1, 48)},
    alt="Live cases by the task that wrote them and their value Q, at one of 49 versions.",
    caption="One run, seed 1; the tools are replaced after task 24. Each frame is at(version) of one store.",
)

# %% [markdown]
# Without a kernel, the cases worth .5 or more at four versions:

# %%
{version: int((views[version][:, 1] >= 0.5).sum()) for version in (24, 25, 26, 34)}

# %% [markdown]
# They fall a kind at a time, when the next question of that kind meets the change.
#
# ## Why not the database's own versions?
#
# LanceDB numbers its versions too, and can check one out. But each append adds one and keeps old files, so a growing table must be *cleaned up*, and that is the end of them. A tag protects a version, and then the cleanup refuses. Also, a second handle reads old rows until it asks for new ones:

# %%
table = lancedb.connect(home / "own").create_table("cases", [{"id": "a", "q": 1.0}])
other = lancedb.connect(home / "own").open_table("cases")
table.add([{"id": "b", "q": 1.0}])
print("rows, seen by the writer and by the other:", table.count_rows(), other.count_rows())

# %% [markdown]
# And a cleanup, with a tag on version 1 and without:

# %%
table.tags.create("before", 1)
for tagged in (True, False):
    try:
        table.optimize(cleanup_older_than=timedelta(milliseconds=1), delete_unverified=True)
        table.checkout(1)
    except Exception as refusal:
        print("tagged:" if tagged else "no tag:", str(refusal).partition(".")[0])
    if tagged:
        table.tags.delete("before")

# %% [markdown]
# So memlab's version is its own number, a column of the log; the files below it can be compacted at will, and a reader looks for new rows at each call.
#
# ## Taking back
#
# Four commits. An attacker plants a wrong lesson beside the best case; the agent *derives* a rule from it, and notes its **source**; the attacker returns, in another episode, and spoils the value of the best case; Ann sees that and sets it by hand.

# %%
best = max(life.cases("case"), key=lambda case: (case.q, case.uses))
planted = Case("planted", best.text, "animal", reward=1.0, q=1.0, vector=best.vector)
says = "an arithmetic problem needs animal"
rule = Case("rule", says, "animal", q=1.0, vector=embedder.embed([says])[0])
life.commit([Edit.write(planted, episode=48, author="attacker")])
life.commit([Edit.write(rule, episode=49, reason="generalized", sources=("planted",))])
life.commit([Edit.rewrite(best.id, {"q": 0.0}, episode=50, author="attacker")])
life.commit([Edit.rewrite(best.id, {"q": 0.9}, episode=51, author="Ann")])

# %% [markdown]
# (The author in the log is only what the writer claims; who may write is a question of its own.) **Before you look:** the planted lesson is found and deleted. Then somebody asks memory *Which tool does an arithmetic problem need?* Whose tool does the nearest memory name, `"ours"` or `"attacker's"`?

# %%
### BEGIN SOLUTION: your guess, "ours" or "attacker's"
guess = "attacker's"
### END SOLUTION
course.predict("02.source", guess, ("ours", "attacker's"))

# %% [markdown]
# `without` shows what memory would be with some cases left out, and changes nothing:

# %%
question = embedder.embed(["Which tool does an arithmetic problem need?"])[0]
hits = life.without(["planted"]).search(question, k=2, kind="case")
nearest = hits.cases[0]
course.settle("02.source", "attacker's" if nearest.action == planted.action else "ours")
print(nearest.id, "says", nearest.action, "| the tool that worked:", best.action)
print("similarity of the two nearest:", hits.similarity.round(2).tolist())

# %% [markdown]
# The rule has words and a vector of its own, so it is still there, and nearest. Deleting the source is not enough; in one study most poisoned skills outlived theirs (SkillJack, arXiv:2608.03509). `revert` takes edits back by *more edits*; nothing is cut out of the log. We ask for all that the attacker did:

# %%
try:
    life.revert(author="attacker")
except Exception as refusal:
    print(refusal)

# %% [markdown]
# It refuses, and changes nothing: Ann wrote *on top of* the attacker's value, and memlab does not guess whether her work should fall. The message names two ways on: keep what came later (`keep_later=True`), or take that back first.
#
# **Exercise 02.2.** You decide. The attack must go, both times, and what came of it; Ann's value must stay. Write the arguments of `revert` as a dict, as few as it takes. You may use `version` (back to that version), `since` (all later versions), `episode`, `author`, `ids` (the last change of these cases), `derived` (also what came of it, and of that in turn, by the noted sources) and `keep_later`, the last two `True` or `False`.

# %%
### BEGIN SOLUTION: a dict of arguments, such as {"episode": 3}
undo = {"author": "attacker", "derived": True, "keep_later": True}
### END SOLUTION
undo = course.check("02.2", undo)

# %% [markdown]
# What your `undo` does:

# %%
life.revert(**undo)
print("in memory:", {"planted", "rule", best.id} & set(in_memory(life)), "| Q =", life.get(best.id).q)
[(edit.op, edit.author, edit.undoes) for edit in life.history("rule")]

# %% [markdown]
# Of the three only our best case (its id) is left, with Ann's value. The attack stays in the log: one can still see what it did. And since a revert is an edit (`undoes` says of which places in the case's history, counted from 0), it can itself be taken back: `revert(author="revert")`. Does your `rebuild` still give the present memory, and from the rows up to version 24 the memory of then?

# %%
rows = read_log(home / "life")
print("the log alone gives the present memory:", rebuild(rows) == in_memory(life))
until = [row for row in rows if row["version"] <= 24]
print("and its first 24 versions the past one:", rebuild(until) == in_memory(life.at(24)))

# %% [markdown]
# ## Forgetting is not erasing
#
# This has another side. Suppose someone asks that a text be deleted. Is it enough to forget the case? Take the rule that you undid:

# %%
written = {row["case_id"]: row["after"]["text"] for row in rows if row["op"] == "write"}
forgotten = set(written) - set(in_memory(life))
print(len(forgotten), "cases are forgotten; the log still reads:", written["rule"])

# %% [markdown]
# To *erase* a text, the log would have to be rewritten, and with it the past that `at` shows. memlab does not offer that: whoever keeps personal data in such a log should know.
#
# **What would falsify the claim:** a rebuild that differs from the store, or an undo that leaves a trace in memory. **What this does not show.** Anything about whether *these* memories help an agent; that sources are always noted (an attacker's are what it claims, and an agent that copies without noting leaves nothing to follow); power failure (`open_store(path, durable=True)` is for that); several writers at once; a later revert of Ann's kept value, which would bring back the attacker's below it until you revert that once more.
#
# ## Summary
#
# 1. Case, subtask and tool memory differ in what they hold and for how long; one log of edits keeps all three.
# 2. The present, the past (`at`) and the undo (`revert`) follow from that log; so does what you wished erased.
# 3. An undo must follow derivations, and must say what becomes of later work on the same fields: refuse, keep, or take back too.
#
# **References** Memento: arXiv:2508.16153. SkillJack: arXiv:2608.03509. **Next** [03 Retrieval](03_retrieval.ipynb).

# %% [markdown]
# ## Going further
#
# **Does a task of two steps need all three?** Here SmolLM2 itself chooses the tools (recorded). Every task asks a second question that needs the first one's result; a tool that cannot read a question says so, and a step may call three tools. All arms but *no memory* keep case memory with credit; they differ in what they keep while they live one task. *Neither* is the null: cases alone.

# %%
found = steps.STUDY.scores().groupby("arm", sort=False)[["success", "thrift"]].mean()
found.assign(**{"calls a task": -found.pop("thrift")}).round(2)

# %% [markdown]
# Without subtask memory the second question still holds an empty place, so no tool can read it. Without tool memory the frozen model, asked the same again, names the same tool again: three calls, one answer. Every note carries the reward of its whole task as credit, and a call that was refused carries 0. Sixteen replicates of eight tasks; the claims were fixed before the rows:

# %%
steps.STUDY.verdicts()[["claim", "word", "mean", "low", "high", "p"]].round(3)

# %% [markdown]
#
# **What is left of a word?** **Exercise 02.3.** Write `remains(rows, word)`: the set of ids of all cases whose text *once* held the word, according to the log, while in memory it no longer does. A rewrite may change a text, too.


# %%
def remains(rows, word):
    ### BEGIN SOLUTION: ids whose text in some row holds the word, less those whose text in memory does
    once = {row["case_id"] for row in rows if word in row["after"].get("text", "")}
    live = rebuild(rows)
    return {name for name in once if word not in live.get(name, {}).get("text", "")}
    ### END SOLUTION


remains = course.check("02.3", remains)

# %% [markdown]
# In our life, for the attacker's word:

# %%
remains(rows, "animal")

# %% [markdown]
# Gone from memory, and still to be read in the log.
#
# **What does a large memory cost?** LanceDB never changes a file: each append writes a new one, and a *manifest* that lists all files so far. memlab compacts after 64 commits. Beside these two stand the nulls: a dict saved whole as JSON after each change, and JSON lines.
#
# The rows were measured on 2026-11-23, with memlab's store of that day (its checksums and `durable=True` are newer) and one commit a case of 384 numbers. Time is processor time, since the machine was busy. Eight replicates up to 1,024 cases, only two beyond; these are medians, and nothing is tested. Megabytes on disk:

# %%
recorded = STUDY.rows()
disk = recorded.pivot_table("mb", "arm", "size", aggfunc="median")
disk.round(1)

# %% [markdown]
# With disk in proportion to $n^p$, which power $p$ does each have, from 512 to 3,072 cases?

# %%
powers = np.log(disk[3072] / disk[512]) / np.log(3072 / 512)
powers.round(2)

# %% [markdown]
# Row by row each append writes a manifest that lists all files so far: the square. memlab takes less than the text files since it keeps a number in 4 bytes, where JSON spells it out. A million cases by these powers, to one digit (**extrapolated**, far beyond the data):

# %%
for arm in disk.index[:2]:
    gigabytes = disk[3072][arm] / 1e3 * (1e6 / 3072) ** powers[arm].round()
    print(f"{arm}: about {float(f'{gigabytes:.0e}'):,.0f} GB")

# %% [markdown]
# Processor time of a commit, and disk, in one figure:

# %%
long = recorded.rename(columns={"cpu_ms": "time", "mb": "disk"})
long = long.melt(["arm", "seed", "size", "backend"], ["time", "disk"], "panel")
show.curves(
    long,
    x="size",
    panel="panel",
    title=f"At 3,072 cases row by row takes about {disk[3072].iloc[0] / disk[3072].iloc[1]:.0f} times memlab's disk",
    alt=f"Two log-log plots over the number of cases. Disk at 3,072 cases (MB): {disk[3072].round(1).to_dict()}.",
    caption="Lines: means; bands: 95% bootstrap over 8 replicates (2 past 1,024 cases). The title compares medians.",
    xlabel="cases in memory",
    ylabel={"time": "commit (ms)", "disk": "disk (MB)"},
    xscale="log",
    yscale="log",
)

# %% [markdown]
# And in numbers: the time of a commit at 1,024 cases over the time at 64, median and range over the eight replicates; and the time to read 3,072 cases back.

# %%
cost = recorded.pivot(index=["arm", "seed"], columns="size", values="cpu_ms")
ratio = (cost[1024] / cost[64]).groupby("arm").agg(["median", "min", "max"])
ratio["read back (ms)"] = recorded.query("size == 3072").groupby("arm")["open_cpu_ms"].median()
ratio.round(2)

# %% [markdown]
# Only the dict that is saved whole pays for every commit in proportion to the size of memory; row by row and memlab lie above 1 in the median, but their ranges include 1. What LanceDB row by row costs is disk, and the time to read all back. JSON lines pay no such disk.
#
# **And a crash?** Tested, not measured: memlab's tests kill a writer fifty times, wherever in a commit it stands, and all that it had acknowledged is there (`tests/stores/test_crash.py`). A dict that is saved over its own file has no such promise; writing beside it and renaming gives it one. For a few hundred lessons and one process, JSON lines would do; compaction, quick opening, filters and several writers are what the database adds.
#
# **Exact or approximate?** memlab's search compares the query with every case. LanceDB can divide vectors into partitions (IVF) and look into a few, `nprobes`, only: less work, but it may miss. Here are 4,000 vectors without any structure, a hard case, in 64 partitions (their centers are found at random, so your shares differ a little):

# %%
points = np.random.default_rng(0).normal(size=(4020, 384)).astype(np.float32)
points /= np.linalg.norm(points, axis=1, keepdims=True)
kept, asked = points[:4000], points[4000:]
table = lancedb.connect(home / "ivf").create_table("cases", [{"id": i, "vector": v} for i, v in enumerate(kept)])
table.create_index("vector", config=IvfFlat(distance_type="cosine", num_partitions=64))

# %% [markdown]
# The share of the true 8 nearest that are found, over 20 queries:

# %%
true = [set(np.argsort(-kept @ query)[:8].tolist()) for query in asked]
for probes in (1, 8, 64):
    found = [
        table.search(q).distance_type("cosine").limit(8).nprobes(probes).to_arrow()["id"].to_pylist() for q in asked
    ]
    print(probes, np.mean([len(best & set(ids)) / 8 for best, ids in zip(true, found, strict=True)]).round(2))

# %% [markdown]
# A missed neighbor is a memory the agent does not get to see. While the vectors fit into one machine's memory, exact search is the simpler choice. Whether *near* means *useful* is the question of lab 03.
