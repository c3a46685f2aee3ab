# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 00 · Start here
#
# **You will** see whether everything is ready, ask a small language model to pick a tool, and change its mind with one memory. Its weights stay as they are throughout: it is **frozen**.
#
# **Time** 15 minutes. **Before** a little Python. **Symbols** are in the [glossary](GLOSSARY.md).
#
# Run a cell with Shift+Enter; run them from top to bottom. First the imports:

# %%
import numpy as np

import memlab
from memlab import course, doctor, prompt, show

# %% [markdown]
# ## Is everything ready?
#
# One line for each thing that memlab uses. A `warn` line is fine: memlab goes on with less, and the line says how to get more.

# %%
for finding in doctor.examine():
    print(f"{finding.status:4}  {finding.name:10} {finding.remedy}")

# %% [markdown]
# ## Which model answers?
#
# The course runs on *recorded* replies of a real model, SmolLM2 with 135 million parameters, so that nothing has to be downloaded. Replies are never made up: a question that was not recorded is an error. With a model on your machine, write `"auto"` in place of `"replay"`.

# %%
llm = memlab.open_llm("replay")
print(llm.name, "answers by", llm.backend)

# %% [markdown]
# ## One task
#
# The Toolbox world asks short questions. The model does not answer them: it names one of 12 **tools**, and the tool, a plain Python function, computes the answer. Questions come in **families**, kinds such as "spell a word backward"; each family needs one tool. Here are 48 tasks from 8 families: 24 from the past, 24 new, three of each family in either half. We look at one new task.

# %%
tasks = memlab.stream("toolbox-a", "stationary", n=48, seed=0, families=8)
past, new = tasks[:24], tasks[24:]
task = new[0]
print(task.text)
print(task.choices)

# %% [markdown]
# This is all the model gets to read: what each tool does (`task.about`), memories (none yet), and the question. `choices` makes it answer with the name of one tool.

# %%
question = prompt.render(task.about, [], task.text)
print(question)

# %% [markdown]
# And this is its choice, what that tool makes of the question, and the score (1 is right):

# %%
reply = llm.complete(question, choices=task.choices)
answer = task.tools[reply.value](task.text)
print(reply.value, "->", answer, "->", task.score(answer))

# %% [markdown]
# ## The same task with one memory
#
# A **memory** is a past question together with what was done and how that went. Past tasks are solved ones: we keep the tool whose answer scored 1. Each goes into the store with a vector that stands for its wording. The embedder `"hash"` makes it by counting words; no model takes part.


# %%
def solved_by(task):
    return next(tool for tool in task.choices if task.score(task.tools[tool](task.text)) == 1)


embedder = memlab.open_embedder("hash")
store = memlab.open_store(dim=embedder.dim)
for old in past:
    case = memlab.Case(old.id, old.text, solved_by(old), reward=1.0, vector=embedder.embed([old.text])[0])
    store.commit([memlab.Edit.write(case, reason="solved before")])

# %% [markdown]
# The memory nearest to the new question is of the same family:

# %%
hit = store.search(embedder.embed([task.text])[0], k=1).cases[0]
print(hit.text, "->", hit.action)

# %% [markdown]
# Now the prompt shows that one memory first. Nothing else changes:

# %%
shown = prompt.render(task.about, [(hit.text, hit.action)], task.text)
reply = llm.complete(shown, choices=task.choices)
answer = task.tools[reply.value](task.text)
print(reply.value, "->", answer, "->", task.score(answer))

# %% [markdown]
# One memory, and the frozen model answers differently.
#
# ## What if the memory is wrong?
#
# **Before you look:** if the memory names a *wrong* tool, will the model do `"better"` than with no memory, the `"same"`, or `"worse"`? Put your guess in place of the dots.

# %%
### BEGIN SOLUTION: your guess, one of "better", "same", "worse"
guess = "worse"
### END SOLUTION
course.predict("00.wrong", guess, ("better", "same", "worse"))

# %% [markdown]
# We ask each of the 24 new questions three times: without memory, with the nearest memory, and with that memory naming the tool `animal`, which is right for none of them.


# %%
def ask(task, memory):
    near = store.search(embedder.embed([task.text])[0], k=1).cases[0]
    cases = {"none": [], "right": [(near.text, near.action)], "wrong": [(near.text, "animal")]}[memory]
    return llm.complete(prompt.render(task.about, cases, task.text), choices=task.choices)


replies = {memory: [ask(task, memory) for task in new] for memory in ("none", "right", "wrong")}
tools = {memory: [reply.value for reply in replies[memory]] for memory in replies}
scores = {
    memory: [task.score(task.tools[tool](task.text)) == 1 for task, tool in zip(new, tools[memory], strict=True)]
    for memory in tools
}

# %% [markdown]
# Points are the share of right answers, ticks the 24 questions. Lines are 95% bootstrap intervals: draw 24 of the questions again and again, with repeats, and 95% of the shares lie inside. Where all agree, the interval is a point.

# %%
names = {"no memory": "none", "right memory": "right", "wrong memory": "wrong"}
share = {name: np.mean(scores[memory]) for name, memory in names.items()}
show.arms(
    {name: scores[memory] for name, memory in names.items()},
    made_by=llm,
    xlabel="share of 24 questions right",
    title="One memory decides: " + ", ".join(f"{name} {value:.2f}" for name, value in share.items()),
    caption="24 questions, one reply each, without chance (temperature 0); lines: 95% bootstrap over questions.",
)

# %% [markdown]
# What does the model name, and how often, when the memory is wrong?

# %%
{tool: tools["wrong"].count(tool) for tool in sorted(set(tools["wrong"]))}

# %% [markdown]
# It copies. Could chance alone do that? `memlab.verdict` compares two rows of scores, question by question. It gives a word, the mean difference with its interval, and $p$: how often differences with random signs have a mean as large. (*Not adjusted*: each is judged as if it were the only claim; lab 01 corrects for several.)

# %%
print("right beats none: ", memlab.verdict(scores["right"], scores["none"]))
print("none beats wrong: ", memlab.verdict(scores["none"], scores["wrong"]))

# %% [markdown]
# So what an agent remembers, and what it *stops* showing, is worth learning. Now compare with your guess.

# %%
change = share["wrong memory"] - share["no memory"]
course.settle("00.wrong", "worse" if change < 0 else "better" if change > 0 else "same")

# %% [markdown]
# ## Turn a knob
#
# The model does more than name a tool: it gives each tool a probability. The next two functions look one reply up and draw it as bars.


# %%
def compute(question, memory):
    reply, right = replies[memory][question - 1], scores[memory][question - 1]
    return f"Q{question}, memory {memory}: {reply.value!r}, {'right' if right else 'wrong'}", reply


def paint(canvas, result):
    words, reply = result
    canvas.bars("p_LLM", tuple(reply.choice_probs), tuple(reply.choice_probs.values()))
    canvas.axes(ylabel="probability of the tool", ylim=(0, 1.05), xlabel="tool")
    canvas.source(reply)
    canvas.title(f"{words}; {reply.missing_mass:.0%} on no tool")


# %% [markdown]
# The bars are shares of what fell on the 12 tools. The title says what the model named, and how much of its raw probability fell on no tool. Move both knobs: which question changes its answer, and how sure is the model before and after? (Where no *kernel* runs, the Python behind this page, you see the first frame.)

# %%
explorer = show.Explorer(
    compute,
    paint,
    {"question": (1, 24, 1, 1), "memory": ["none", "right", "wrong"]},
    alt="Bars: the probability that the frozen model gives to each of the 12 tools for one question.",
    caption="Probabilities restricted to the 12 tools. The reply is the most probable name, chosen token by token.",
)
explorer

# %% [markdown]
# **What this does not show.** These are 24 questions, one small model and one useless tool, and nothing was *learned*: we picked the memories and knew which were right. An agent must find out from rewards alone. And the bars rest on the smaller part of what the model wanted to say: the title of the figure names the rest.
#
# ## Summary
#
# 1. A frozen model answers differently when its prompt shows another memory.
# 2. A right memory helps and a wrong one harms, so *which* memory to show is what an agent must learn.
# 3. Each result says what made it: here, recorded replies of a real model.
#
# **Next** [01 The memory-augmented MDP](01_mdp.ipynb) makes this exact. **References** Memento: arXiv:2508.16153. Questions: reasoning-gym (Apache-2.0).
