"""Lab 08's documents: eight kinds, drawn from seeds, small enough for 135 million weights; and edits with an inverse."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from memlab.corruption import KINDS, fields

WORDS = re.findall(
    r"\w+",
    """apple river stone cloud lamp chair bread glass tiger paper horse music winter garden
    bridge doctor market window silver orange forest summer island castle mirror rabbit button pencil basket candle
    cotton dragon engine farmer guitar hammer jacket kettle ladder marble needle office pepper rocket saddle temple""",
)
TEMPLATES = {
    "ledger": "03-02,{},6.55,{}\n03-05,{},12.40,{}\n03-09,{},9.10,{}",
    "playlist": "1. Blue Moon by {} ({})\n2. Old Road by {} ({})\n3. Fast Car by {} ({})",
    "recipe": "Ingredient 1: 200 g {}\nIngredient 2: 3 cups {}\nStep 1: Heat the {}.\nStep 2: Add the {}.\nTip 1: Use {}.",
    "citations": "[1] {} 2019: The {}\n[2] {} 2021: The {}\n[3] {} 2024: The {}",
    "schedule": "09:00 Opening in {} ({})\n10:30 Lecture in {} ({})\n14:00 Workshop in {} ({})",
    "table": "item,unit,price,total\npen,{},3,=C2*2\ncup,{},5,=C3*4\nbag,{},8,=C4*3\nbox,{},6,=C5*2",
    "config": '{{\n"host": "{}",\n"mode": "{}",\n"port": 8080,\n"theme": "{}",\n"user": "{}"\n}}',
    "source": 'name = "{}"\nsize = 12\nkind = "{}"\nplace = "{}"\nlabel = "{}"',
}  # fmt: skip


def draw(kind: str, rng: np.random.Generator) -> str:
    """A document of one kind; no word of `WORDS` stands in it twice."""
    template = TEMPLATES[kind]
    return template.format(*rng.choice(WORDS, size=template.count("{}"), replace=False))


@dataclass(frozen=True)
class Change:
    """The edit "replace ``old`` by ``new``"."""

    old: str
    new: str

    def inverse(self) -> Change:
        """Puts the old word back."""
        return Change(self.new, self.old)

    def done(self, text: str) -> str:
        """The text as a perfect editor leaves it."""
        return re.sub(rf"\b{self.old}\b", self.new, text)

    def obeyed(self, kind: str, before: str, after: str) -> bool:
        """Whether the fields that it is about are in ``after`` as they should be, whatever became of the others."""
        old, want, got = (fields(kind, text) for text in (before, self.done(before), after))
        changed = [place for place in want if want[place] != old.get(place)]
        return bool(changed) and all(got.get(place) == want[place] for place in changed)


@dataclass(frozen=True)
class Relay:
    """One replicate: a document, and for each trip a change and a distractor, a document of another kind."""

    kind: str
    text: str
    trips: tuple[tuple[Change, str], ...]

    @classmethod
    def draw(cls, seed: int, trips: int) -> Relay:
        """A longer relay of the same seed begins with the shorter one."""
        rng, kind = np.random.default_rng([seed, 8]), KINDS[seed % len(KINDS)]
        text, found = draw(kind, rng), []
        for _ in range(trips):
            other = draw(str(rng.choice([k for k in KINDS if k != kind])), rng)
            old, new = (
                [w for w in WORDS if (w in text) == inside and w not in other * (not inside)]
                for inside in (True, False)
            )
            found.append((Change(str(rng.choice(old)), str(rng.choice(new))), other))
        return cls(kind, text, tuple(found))
