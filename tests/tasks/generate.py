"""Draws the Toolbox questions from reasoning-gym, once: ``python -m tests.tasks.generate`` (extra ``worlds``).

Beside each question stand a few candidate answers with the score that reasoning-gym gives them, so that the
scorers can be checked on every row without reasoning-gym.
"""

from __future__ import annotations

import json
from collections.abc import Set
from pathlib import Path
from typing import Any

from memlab.datafiles import data_folder
from memlab.tasks.toolbox import NATIVE
from memlab.tasks.tools import UNREADABLE, solve

SIZE = 120
# reasoning-gym draws question i with seed + i.
SEEDS = {"questions": 2611, "questions12": 5000}


def candidates(answer: str) -> list[str]:
    """Answers that a tool or a model might give: right, wrapped, wrong, unreadable, empty."""
    return [answer, f"The answer is {answer}", f"{answer} ", "0", "1/2", answer[::-1], UNREADABLE, ""]


def their_score(dataset: Any, text: str, entry: dict[str, Any]) -> float:
    """reasoning-gym's score; some of its scorers raise on text that is no number, which we count as 0."""
    try:
        return float(dataset.score_answer(text, entry))
    except ValueError:
        return 0.0


def question_rows(family: str, seed: int, taken: Set[str]) -> list[dict[str, Any]]:
    """Up to `SIZE` questions of one family, none in ``taken``, that its own tool solves, with candidates' scores."""
    import reasoning_gym

    dataset = reasoning_gym.create_dataset(family, size=SIZE, seed=seed)
    kept: dict[str, dict[str, Any]] = {}
    for entry in dataset:
        question, answer = entry["question"], str(entry["answer"])
        # A few rows contradict themselves (one list holds both 66 and 66.0): no tool can be right on those.
        if question not in taken and their_score(dataset, solve(family, question), entry) == 1.0:
            scores = {text: their_score(dataset, text, entry) for text in candidates(answer)}
            kept[question] = {"family": family, "question": question, "answer": answer, "scores": scores}
    return list(kept.values())


def write_questions(folder: Path) -> None:
    """Writes both files into ``folder``; the sets of twelve families ask nothing that the sets of eight ask."""
    taken: set[str] = set()
    for name, seed in SEEDS.items():
        sets = [world for world in NATIVE if ("12" in world) == ("12" in name)]
        rows = [row for world in sets for family in NATIVE[world] for row in question_rows(family, seed, taken)]
        taken |= {row["question"] for row in rows}
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_questions(data_folder() / "toolbox")
