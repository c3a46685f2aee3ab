"""Lab 08's documents: eight kinds, drawn from seeds and small; and edits that have an inverse."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from memlab.core import MemlabError
from memlab.corruption import KINDS, fields

WORDS = re.findall(
    r"\w+",
    """apple river stone cloud lamp chair bread glass tiger paper horse music winter garden
    bridge doctor market window silver orange forest summer island castle mirror rabbit button pencil basket candle
    cotton dragon engine farmer guitar hammer jacket kettle ladder marble needle office pepper rocket saddle temple""",
)
SAMPLE = ("sample_id", "sample_type", "metadata", "states", "files")
TEMPLATES = {
    "ledger": "03-02,{},6.55,{}\n03-05,{},12.40,{}\n03-09,{},9.10,{}",
    "playlist": "1. Blue Moon by {} ({})\n2. Old Road by {} ({})\n3. Fast Car by {} ({})",
    "recipe": "Ingredient 1: 200 g {}\nIngredient 2: 3 cups {}\n"
              "Step 1: Heat the {}.\nStep 2: Add the {}.\nTip 1: Use {}.",
    "citations": "[1] {} 2019: The {}\n[2] {} 2021: The {}\n[3] {} 2024: The {}",
    "schedule": "09:00 Opening in {} ({})\n10:30 Lecture in {} ({})\n14:00 Workshop in {} ({})",
    "table": "item,unit,price,total\npen,{},3,=C2*2\ncup,{},5,=C3*4\nbag,{},8,=C4*3\nbox,{},6,=C5*2",
    "config": '{{\n"host": "{}",\n"mode": "{}",\n"port": 8080,\n"theme": "{}",\n"user": "{}"\n}}',
    "source": 'name = "{}"\nsize = 12\nkind = "{}"\nplace = "{}"\nlabel = "{}"',
}  # fmt: skip


def words_in(text: str) -> list[str]:
    """Those of `WORDS` that stand in ``text``, each once, in order: all that an editor may replace."""
    return list(dict.fromkeys(re.findall(rf"\b(?:{'|'.join(WORDS)})\b", text)))


def draw_text(kind: str, rng: np.random.Generator) -> str:
    """A document of one kind; no word of `WORDS` stands in it twice."""
    template = TEMPLATES[kind]
    return template.format(*rng.choice(WORDS, size=template.count("{}"), replace=False))


@dataclass(frozen=True)
class Swap:
    """Replace ``old``, in the field ``name`` of the record ``key``, by ``new``; ``other`` is a distractor, shown
    ``behind`` the text or before it."""

    key: str
    name: str
    old: str
    new: str
    other: str
    behind: bool = False

    def inverse(self) -> Swap:
        """Puts the old word back."""
        return replace(self, old=self.new, new=self.old)

    def done(self, text: str) -> str:
        """The text, where no word was harmed, as a perfect editor leaves it."""
        return re.sub(rf"\b{self.old}\b", self.new, text)

    def obeyed(self, kind: str, text: str) -> bool:
        """Whether the new word stands in the field that was named, whatever became of the others."""
        return self.new in fields(kind, text).get((self.key, self.name), "")


@dataclass(frozen=True)
class Relay:
    """One replicate: a document, and a change for each trip."""

    kind: str
    text: str
    changes: tuple[Swap, ...]

    @classmethod
    def draw(cls, seed: int, trips: int) -> Relay:
        """A longer relay of the same seed begins with the shorter one; a distractor is a document of another kind."""
        rng, kind = np.random.default_rng([seed, 8]), KINDS[seed % len(KINDS)]
        text, found = draw_text(kind, rng), []
        places = {word: place for place, value in fields(kind, text).items() for word in words_in(value)}
        for _ in range(trips):
            other = draw_text(str(rng.choice([k for k in KINDS if k != kind])), rng)
            new = str(rng.choice([word for word in WORDS if word not in text + other]))
            old = str(rng.choice(words_in(text)))
            found.append(Swap(*places[old], old, new, other))
        return cls(kind, text, tuple(found))


def load_delegate(path: str | Path) -> list[dict[str, Any]]:
    """Samples of the authors' JSON lines, by the names in `SAMPLE`; ``files`` maps "basic_state/NAME" to a text.

    Raises `MemlabError` for a line that is no sample. The data is theirs (CDLA-permissive) and not part of memlab.
    """
    samples = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        try:
            samples.append({name: held[name] for held in [json.loads(line)] for name in SAMPLE})
        except (ValueError, KeyError, TypeError) as error:
            raise MemlabError(f"{path}, line {number} is no sample ({error}): it needs {', '.join(SAMPLE)}") from None
    return samples
