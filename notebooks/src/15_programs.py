# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 15 · Programs that ask a model
#
# **You will** take apart a program that asks a frozen model one small question at a time, test its steps without the model, say what each step should see, and compare ways to choose evidence with the baseline that the paper lacks.
#
# **Time** 50 minutes. **Before** [01 The MDP](01_mdp.ipynb), [06 The agent](06_agent.ipynb). **Symbols** are in the [glossary](GLOSSARY.md).
#
# **The claim.** *Large Language Model Programs* (arXiv:2305.05364): put the model inside an ordinary program, and show each step only what it needs (**information hiding**). To choose the paragraph that answers a question, they do not ask "is this relevant?"; they rank paragraphs by the *likelihood* of the question. Of 100 questions, the paragraph ranked best is the right one for 79, against 53 with their yes-or-no classifier; answers are right in 66.4% with a search over chains of such steps, 60.1% with chain of thought, 50.3% plain, 81.3% when the right facts are given. What is missing is BM25, a ranker of 1994 that counts words. A mechanism study at laptop scale, not a replication.

# %%
import inspect
import re
from collections import Counter

import numpy as np
import pandas as pd

import memlab
from memlab import course, show
from memlab.labs.lab15_programs.program import StepPrompts, run_program, similarity
from memlab.labs.lab15_programs.study import STUDY
from memlab.labs.lab15_programs.world import draw_puzzle

# %% [markdown]
# ## A question of two hops
#
# Two of these six notes hold the answer. Each has two distractors: one has the question's words *turned round* (someone else does it *to* the person asked about), one tells an *other deed* of that person. We drew them so: word counts must fail on the first kind, the person's name alone on the second.

# %%
puzzle = draw_puzzle(seed=100)
print(puzzle.text)
for i, note in enumerate(puzzle.notes):
    print(f"{i}  {note}", "<- hop 1" * (i == puzzle.gold[0]), "<- hop 2" * (i == puzzle.gold[1]))

# %% [markdown]
# ## The program
#
# *Rank* the notes for the first question and take the best; *read* a name from it; *ask again*: put that name into the second question; rank and read once more:

# %%
print(inspect.getsource(run_program).split('"""')[-1])

# %% [markdown]
# (Without a ranker it shows all notes and the earlier steps: the *whole history* below.) The program knows no model: a *ranker* (question, notes → scores) and a *reader* (question, notes, earlier steps → a name) are given to it. So it can be tested with ones that are right:


# %%
def right_ranker(question, notes):
    return np.array([note.startswith(f"{question.name} will {question.verb} ") for note in notes])


def right_reader(question, notes, earlier):
    return notes[0].rstrip(".").split()[-1]


# %% [markdown]
# If the program itself were wrong, it would fail here, and no model would be to blame:

# %%
steps = run_program(puzzle, right_ranker, right_reader)
for step in steps:
    print(step.question.text, step.shown, "->", step.answer)
print("as it should be:", tuple(step.answer for step in steps) == puzzle.answers)

# %% [markdown]
# **Exercise 15.1.** What must each step see? Its parts can be `"question"` (this hop's; *ask again* makes the second from a pattern that the program holds), `"that note"` (the one being scored), `"best note"`, `"all notes"`, `"first answer"`, `"earlier steps"`. Give each step what it needs and no more.

# %%
### BEGIN SOLUTION: a dict from "rank a note", "read", "ask again" to a tuple of parts each
views = {"rank a note": ("question", "that note"), "read": ("question", "best note"), "ask again": ("first answer",)}
### END SOLUTION
views = course.check("15.1", views)

# %% [markdown]
# How many words the parts of a reading prompt have with your views, and with the whole history:

# %%
said = " ".join(step.question.text + step.answer for step in steps[:1])
parts = {"question": steps[1].question.text, "best note": steps[1].shown[0], "all notes": " ".join(puzzle.notes)}
parts |= {"that note": puzzle.notes[0], "first answer": steps[0].answer, "earlier steps": said}
whole = ("question", "all notes", "earlier steps")
for name, view in (("your second read", views["read"]), ("whole history", whole)):
    print(f"{name:17}", sum(len(parts[part].split()) for part in view), "words")

# %% [markdown]
# ## The baseline that counts words
#
# Okapi **BM25** scores a note $d$ for the words $w$ of a question. With $N$ notes, $n$ of which hold $w$, and $f$ times $w$ in a note of $|d|$ words (in the mean $\overline{|d|}$):
#
# $$\sum_w \log\!\Big(1 + \frac{N - n + .5}{n + .5}\Big)\; \frac{f\,(k_1 + 1)}{f + k_1\,(1 - b + b\,|d| / \overline{|d|})}, \qquad k_1 = 1.2,\; b = .75$$
#
# **Exercise 15.2.** Write it (words are lower-case `re.findall(r"\w+", ...)`; a `Counter` of a note's words gives $f$).


# %%
def bm25(question, notes, k1=1.2, b=0.75):
    ### BEGIN SOLUTION: an array with a score for each note
    words = [re.findall(r"\w+", note.lower()) for note in notes]
    lengths, scores = np.array([len(note) for note in words]), np.zeros(len(notes))
    for word in re.findall(r"\w+", question.lower()):
        f = np.array([Counter(note)[word] for note in words])
        n = np.sum(f > 0)
        idf = np.log(1 + (len(notes) - n + 0.5) / (n + 0.5))
        scores = scores + idf * f * (k1 + 1) / (f + k1 * (1 - b + b * lengths / lengths.mean()))
    return scores
    ### END SOLUTION


bm25 = course.check("15.2", bm25)

# %% [markdown]
# On the first hop, with yours (memlab's, while yours is not right):

# %%
table = pd.DataFrame({"note": puzzle.notes, "BM25": bm25(puzzle.first.text, puzzle.notes)})
print(puzzle.first.text)
table.round(3)

# %% [markdown]
# The right note and the one turned round hold the same words of the question and are equally long, so here they tie *exactly and always*: BM25 cannot see who does it to whom. (A tie goes to the note that stands first; their order is drawn.)
#
# ## Likelihood, and asking
#
# The paper ranks by $p(\text{question} \mid d)$, token by token. Ollama gives probabilities of the *next* token only, the 20 likeliest, not of a text we send. So we take the one word of the question that says who: $p(\text{name} \mid d)$ (0 where the name is not among the 20), one call a note, "Who is this about?". In pilots on other verbs the verb of a note was mostly not among the 20: that part of the likelihood *cannot be tested here*.
#
# *Asking* is a call a note, too: "Does this say who … will …? Answer yes or no.", ranked by $p(\text{yes})$ as a share of yes and no. Recorded calls of SmolLM2-135M:

# %%
llm = memlab.open_llm("replay")
prompts = StepPrompts(llm)
table["likelihood"] = prompts.likelihood(puzzle.first, puzzle.notes)
table["asking"] = prompts.relevance(puzzle.first, puzzle.notes)
table.round(3)

# %% [markdown]
# The name's likelihood sees who acts, and not what is done; words see what is done, and not by whom. Their product, *BM25 x likelihood*, may see both. A third rival is the cosine of an **embedding** (all-minilm):

# %%
embedder = memlab.open_embedder(f"replay:{memlab.data('lab15/embeddings.parquet')}")
near = similarity(embedder)
table["embedding"] = near(puzzle.first, puzzle.notes)
table["product"] = table["BM25"] * table["likelihood"]
table.round(3)

# %% [markdown]
# One question shows little. Move through all 32 of the study's (16 replicates, two hops each), and look for the notes on which the rankers fall.


# %%
def compute(question):
    one = draw_puzzle(100 + question // 2)
    asked = one.second(one.answers[0]) if question % 2 else one.first
    words, likely = bm25(asked.text, one.notes), prompts.likelihood(asked, one.notes)
    scores = {"likelihood": likely, "asking": prompts.relevance(asked, one.notes), "BM25": words}
    scores |= {"embedding": near(asked, one.notes), "BM25 x likelihood": words * likely}
    return asked.text, one.notes, one.gold[question % 2], scores


# %% [markdown]
# Each ranker's scores are divided by its best one:


# %%
def paint(canvas, result):
    asked, notes, gold, scores = result
    for i, note in enumerate(notes):
        weight = "bold" if i == gold else "normal"
        canvas.text(f"note {i}", 0.02, 0.9 - 0.16 * i, f"{i}   {note}", fontsize=9, weight=weight)
    for name, score in scores.items():
        canvas.bars(name, [str(i) for i in range(6)], score / max(score.max(), 1e-9), panel=1)
    canvas.axes(0, xticks=[], yticks=[])
    canvas.axes(1, xlabel="note", ylabel="score / best score", ylim=(0, 1.05))
    canvas.source(llm)
    found = [name for name, score in scores.items() if np.argmax(score) == gold]
    canvas.title(f"{asked} Found by {', '.join(found) or 'none'}")


# %% [markdown]
# The right note stands in bold:

# %%
show.Explorer(
    compute,
    paint,
    {"question": (0, 31, 1, 0)},
    panels=2,
    alt="Above six notes, the right one in bold; below, for each note, the scores of five rankers as bars.",
    caption="Recorded calls of SmolLM2 (likelihood, asking) and of all-minilm (embedding); BM25 is computed.",
)

# %% [markdown]
# ## Who finds the evidence?
#
# Sixteen replicates, two hops each, every hop asked with the right name, in three collections: with notes *turned round*, with *other deeds*, with *both*. The null takes a random note; the *oracle* knows. **Before you look:** in *both*, what finds more, the name's `"likelihood"` or `"asking"`, or are they the `"same"` (within .05)?

# %%
### BEGIN SOLUTION: your guess, one of "likelihood", "asking", "same"
guess = "likelihood"
### END SOLUTION
course.predict("15.found", guess, ("likelihood", "asking", "same"))

# %% [markdown]
# How small a difference can sixteen replicates see? Of each claim, the mean difference found in four of five tries *if pairs spread as these do*. The spread is the report's own, so this was not stated beforehand and is no planned power; smaller differences may show, less often:

# %%
rows, scores, verdicts = STUDY.rows(), STUDY.scores(), STUDY.verdicts()
verdicts.set_index("claim")["visible"].round(2)

# %% [markdown]
# Now the shares of hops whose best-ranked note was the right one:

# %%
found = scores[scores["found"].notna()]
mean = found.groupby(["kind", "arm"])["found"].mean()
gap = mean["both", "likelihood"] - mean["both", "asking"]
course.settle("15.found", "same" if abs(gap) < 0.05 else "likelihood" if gap > 0 else "asking")
title = "Found among notes " + ", ".join(
    f"{kind}: likelihood {mean[kind, 'likelihood']:.2f}, BM25 {mean[kind, 'BM25']:.2f}"
    for kind in ("turned round", "other deed")
)
made = [rows, embedder]
show.arms(
    found, y="found", panel="kind", made_by=made, xlim=(-0.03, 1.03), xlabel="right notes found (share)", title=title
)

# %% [markdown]
# ## What should a step see?
#
# Ways to answer the whole puzzle: *one prompt* holds both hops and all notes; *whole history* asks hop by hop, each prompt with all notes and what was said before; the programs show the best note alone; *no memory* shows no note. **Before you look:** which takes more tokens, `"whole history"` or the `"program"` by BM25 x likelihood?

# %%
### BEGIN SOLUTION: your guess, one of "whole history", "program"
guess = "program"
### END SOLUTION
course.predict("15.tokens", guess, ("whole history", "program"))

# %% [markdown]
# The share of puzzles whose second name was right, and the mean cost in the language model's tokens (the embedder's are not counted):

# %%
both = scores[scores["kind"] == "both"]
costs = both.groupby("arm", sort=False)[["right", "tokens", "calls"]].mean()
more = costs["tokens"]["BM25 x likelihood"] > costs["tokens"]["whole history"]
course.settle("15.tokens", "program" if more else "whole history")
costs.round(2)

# %% [markdown]
# Information hiding makes each prompt short; ranking by a call a note makes many of them. With intervals:

# %%
said = f"program by BM25 x likelihood {costs['right']['BM25 x likelihood']:.2f}, whole history {costs['right']['whole history']:.2f}"
show.arms(
    both, y="right", made_by=made, xlim=(-0.03, 1.03), xlabel="puzzles answered right (share)", title=f"Right: {said}"
)

# %% [markdown]
# **Exercise 15.3.** Some collections mislead by turned notes, some by other deeds, some by both. For each, choose the arm to pay for: right most often; of equal ones the cheapest; of those the simplest (one ranker before a product, counting before a model). The oracle is not for sale. All means:

# %%
prices = scores.groupby(["kind", "arm"], sort=False)[["right", "tokens"]].mean().round(2).unstack("kind")
prices.loc[["BM25", "embedding", "likelihood", "BM25 x likelihood"]]

# %% [markdown]
# (Arms that were run with both kinds only stand in the table before.)

# %%
### BEGIN SOLUTION: a dict from "turned round", "other deed", "both" to an arm each
choice = {"turned round": "likelihood", "other deed": "BM25", "both": "BM25 x likelihood"}
### END SOLUTION
choice = course.check("15.3", choice)

# %% [markdown]
# What your three choices give, and what the product everywhere would:

# %%
mine = scores.groupby(["kind", "arm"])[["right", "tokens"]].mean()
product = mine.loc[[(kind, "BM25 x likelihood") for kind in choice]].mean()
mine = mine.loc[list(choice.items())].mean()
print(
    f"yours: {mine['right']:.2f} right for {mine['tokens']:.0f} tokens; product: {product['right']:.2f} for {product['tokens']:.0f}"
)

# %% [markdown]
# ## What would falsify the claims, and what we measured
#
# *Likelihood falls* if asking finds as much, or if BM25 ties with it under every kind of distractor. *Information hiding falls* if the whole history answers as many puzzles. Four claims, fixed before any row:

# %%
show.verdicts(verdicts, made_by=rows)

# %% [markdown]
# All four are supported; read them narrowly. In the first, asking found no more than a random note (.22 and .25). The second and third show that each ranker is blind where we drew it to be; the product was made for these two kinds. The last claim mixes two things, *hiding* notes and *choosing* evidence, and its rival was right no more often than no note at all. Hiding alone is no cure: with a *random* note the program is right in .25. How much choosing does without hiding, no arm says.
#
# ## What does the language model contribute?
#
# A 2×2 of two questions: which note (by words alone, or words and the model), and who reads (a rule could: the best note names one other person):


# %%
def other_name(question, notes, earlier):
    names = re.findall(r"[A-Z]\w+", notes[0])
    return next((name for name in names if name != question.name), names[0])


# %% [markdown]
# On the same puzzles; *BM25* with the *rule* asks no model at all:


# %%
def by_words(question, notes):
    return bm25(question.text, notes)


def by_both(question, notes):
    return prompts.words_times_likelihood(question, notes)


drawn, reads = [draw_puzzle(seed) for seed in range(100, 116)], {}
for name, rank in (("BM25", by_words), ("BM25 x likelihood", by_both)):
    ruled = np.mean([run_program(one, rank, other_name)[1].answer == one.answers[1] for one in drawn])
    reads[name] = {"a rule reads": ruled, "the model reads": costs["right"][name]}
pd.DataFrame(reads).T.round(2)

# %% [markdown]
# With the right note the model reads without a mistake, as the rule does. What it adds is the order of words in *choosing*, and `right_ranker` above, one line of our own, sees that as well: these notes need no model. It is what we study, not what we recommend.
#
# **What this does not show.**
#
# - The paper's likelihood is of a whole question; ours is of its name alone, and the verb's cannot be tested here.
# - We drew the distractors so that word counts, or the name, fail: how often real texts are like that, no row says. Notes have one sentence each, one form, and questions have the notes' own words.
# - The paper also *searches a tree* over evidence, and takes the likelihood without a paragraph off ("delta"). Within one question that changes no order; across branches it may. We run one branch.
# - One model of 135 million weights; larger ones may answer "is it relevant?" far better.
#
# ## Summary
#
# 1. A program around a frozen model can be tested step by step without it, and a test can say what each step sees.
# 2. On notes drawn so, the likelihood of the question's name found more evidence than asking, and where words are turned round more than BM25 and an embedding; where words suffice, BM25 found more, without a call. Their product was right in every puzzle.
# 3. A step that sees one note needs the right one (oracle 1.00, random note .25), and choosing it by a call a note took more tokens than the whole history.
#
# **References** Large Language Model Programs: arXiv:2305.05364. Memento, whose planner and executor are such a program: arXiv:2508.16153.

# %% [markdown]
# ## Going further
#
# **Where the whole history fails.** Its first hop is asked with all notes, too; how often is the first name right (*bridge*)?

# %%
both.groupby("arm", sort=False)[["bridge", "right"]].mean().dropna().round(2)

# %% [markdown]
# **By kind of distractor**, puzzles right, for the programs that were run on all three:

# %%
scores.pivot_table(index="arm", columns="kind", values="right", sort=False).dropna().round(2)

# %% [markdown]
# **Knobs of BM25.** A note that says a word five times, beside one that says it once: $k_1$ sets how soon more of the same stops counting, $b$ how much a long note pays.

# %%
notes = ["tom tom tom tom tom", "tom and a few words", "tom " + "and more words " * 6, "nothing of the kind"]
knobs = [(0.1, 0.75), (1.2, 0.0), (1.2, 0.75), (1.2, 1.0), (5.0, 0.75)]
pd.DataFrame(
    {f"k1 {k1}, b {b}": bm25("tom", notes, k1, b) for k1, b in knobs}, index=["5 x", "1 x", "1 x, long", "none"]
).round(2)
