"""Lab 15: whole-history prompts against a program of steps, and how such a program chooses its evidence.

"right": the last name is; "found": over both hops, asked with the right names, the best-ranked note answers.
Prompts were chosen in a pilot on the verbs of set a and other seeds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from memlab.experiments import Claim, Study, grid
from memlab.labs.lab15_programs.program import Ranker, StepPrompts, bm25, run_program, similarity
from memlab.labs.lab15_programs.world import BOTH, OTHER, TURNED, Puzzle, draw_puzzle
from memlab.llm.contract import LLM, Embedder

ONE, HISTORY, BARE = "one prompt", "whole history", "no memory"
LIKELY, ASKED, BM25, NEAR, JOINT = "likelihood", "asking", "BM25", "embedding", "BM25 x likelihood"
ORACLE, NULL = "oracle", "null: random note"
PROGRAMS = (LIKELY, ASKED, BM25, NEAR, JOINT, ORACLE, NULL)


def ranker(arm: str, puzzle: Puzzle, prompts: StepPrompts, embedder: Embedder, rng: np.random.Generator) -> Ranker:
    """How ``arm`` ranks notes; the oracle knows which note answers which of the two verbs."""
    gold = np.eye(len(puzzle.notes))[list(puzzle.gold)]
    hops: dict[str, Ranker] = {
        LIKELY: prompts.likelihood,
        ASKED: prompts.relevance,
        BM25: lambda question, notes: bm25(question.text, notes),
        NEAR: similarity(embedder),
        JOINT: prompts.words_times_likelihood,
        ORACLE: lambda question, notes: gold[int(question.verb == puzzle.verb)],
        NULL: lambda question, notes: rng.random(len(notes)),
    }
    return hops[arm]


def puzzled(arm: str, kind: str, seed: int, llm: LLM, embedder: Embedder) -> list[dict[str, Any]]:
    """One row: ``tokens`` and ``calls`` are those of the run, ``found`` is asked apart."""
    puzzle, prompts, bridge, found = draw_puzzle(seed, kind), StepPrompts(llm), np.nan, np.nan
    if arm in (ONE, BARE):
        answer = prompts.name(puzzle.text, puzzle.first.name, puzzle.notes if arm == ONE else ())
    else:
        rank = None if arm == HISTORY else ranker(arm, puzzle, prompts, embedder, np.random.default_rng([seed, 0, 16]))
        steps = run_program(puzzle, rank, prompts.read)
        answer, bridge = steps[1].answer, float(steps[0].answer == puzzle.answers[0])
    used = {"tokens": prompts.tokens, "calls": prompts.calls}
    if arm in PROGRAMS and rank:
        asked = zip((puzzle.first, puzzle.second(puzzle.answers[0])), puzzle.gold, strict=True)
        found = float(np.mean([np.argmax(rank(question, puzzle.notes)) == gold for question, gold in asked]))
    made = {"backend": llm.backend, "model": llm.name}
    return [{"right": float(answer == puzzle.answers[1]), "bridge": bridge, "found": found} | used | made]


STUDY = Study("lab15", puzzled, lambda rows: rows[["right", "bridge", "found", "tokens", "calls"]].mean().to_dict(),
    report=grid(arm=(ONE, HISTORY, BARE, *PROGRAMS), kind=BOTH, seed=range(100, 116))
    + grid(arm=(LIKELY, BM25, NEAR, JOINT, ORACLE), kind=(TURNED, OTHER), seed=range(100, 116)),
    nulls=(BARE, NULL), model="ollama:smollm2:135m", embedder="ollama:all-minilm",
    claims=(
        Claim("likelihood finds more evidence than asking", LIKELY, ASKED, True, None, {"kind": BOTH}, "found"),
        Claim("among notes turned round, likelihood finds more than BM25 and embedding", LIKELY, (BM25, NEAR), False,
              None, {"kind": TURNED}, "found"),
        Claim("where only the deed differs, BM25 finds more than likelihood", BM25, LIKELY, False, None,
              {"kind": OTHER}, "found"),
        Claim("a program by BM25 x likelihood is right more often than the whole history", JOINT, HISTORY, False,
              None, {"kind": BOTH}, "right"),
    ))  # fmt: skip
