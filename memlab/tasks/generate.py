"""Draws the Toolbox questions from reasoning-gym, once: ``python -m memlab.tasks.generate`` (extra ``worlds``).

Beside each question stand a few candidate answers with the score that reasoning-gym gives them, so that the
scorers can be checked on every row without reasoning-gym.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from memlab.tasks.tools import SOLVERS, UNREADABLE, solve

SIZE, SEED = 120, 2611


def candidates(answer: str) -> list[str]:
    """Answers that a tool or a model might give: right, wrapped, wrong, unreadable, empty."""
    return [answer, f"The answer is {answer}", f"{answer} ", "0", "1/2", answer[::-1], UNREADABLE, ""]


def their_score(dataset: Any, text: str, entry: dict[str, Any]) -> float:
    """reasoning-gym's score; some of its scorers raise on text that is no number, which we count as 0."""
    try:
        return float(dataset.score_answer(text, entry))
    except ValueError:
        return 0.0


def question_rows(family: str) -> list[dict[str, Any]]:
    """Up to `SIZE` different questions of one family that its own tool solves, with their candidates' scores."""
    import reasoning_gym

    dataset = reasoning_gym.create_dataset(family, size=SIZE, seed=SEED)
    kept: dict[str, dict[str, Any]] = {}
    for entry in dataset:
        question, answer = entry["question"], str(entry["answer"])
        # A few rows contradict themselves (one list holds both 66 and 66.0): no tool can be right on those.
        if their_score(dataset, solve(family, question), entry) == 1.0:
            scores = {text: their_score(dataset, text, entry) for text in candidates(answer)}
            kept[question] = {"family": family, "question": question, "answer": answer, "scores": scores}
    return list(kept.values())


def write_questions(folder: Path) -> None:
    """Writes ``questions.jsonl`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for family in SOLVERS for row in question_rows(family)]
    (folder / "questions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_questions(Path(__file__).parents[2] / "data" / "toolbox")
