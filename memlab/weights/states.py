"""Hidden states below a cut, computed once and kept on disk: a later life pays for the blocks that learn, and no more.

The frozen blocks do not change, so what they make of a prompt does not either. A file a prompt, float32, below the
folder of the model's weights; a run that was cut short goes on behind the last finished batch.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from memlab.datafiles import write_whole
from memlab.weights.llama import Llama, Waiting, compiled, padded

BATCH = 16
"""Prompts that pass the frozen blocks together."""


def below(model: Llama, texts: Sequence[str], cut: int, opening: str = "", batch: int = 16) -> Waiting:
    """``texts``, chat frame and all, through the frozen blocks below the ``cut``; they share the text ``opening``."""
    ids = [model.tokenizer.encode(text, add_special_tokens=False).ids for text in (opening, *texts)]
    shared = next((i for i, tokens in enumerate(zip(*ids, strict=False)) if len(set(tokens)) > 1), len(ids[0]))
    last = np.array([len(x) - shared - 1 for x in ids[1:]])
    tokens = np.zeros((len(texts), padded(last)), np.int32)
    for row, x in zip(tokens, ids[1:], strict=True):
        row[: len(x) - shared] = x[shared:]
    prompts = Waiting(model.embed[np.array(ids[0][:shared], np.int32)], model.embed[tokens], last)
    if not cut:
        return prompts
    suffix = np.zeros(prompts.suffix.shape, np.float32)
    for start in range(0, len(texts), batch):
        some = prompts.rows(np.arange(start, min(start + batch, len(texts))))
        prefix, x = compiled()[0](model.shape, model.part(0, cut), {}, prompts.prefix, some.suffix)
        suffix[start : start + batch, : x.shape[1]] = x
    return Waiting(np.asarray(prefix), suffix, last)


def place_of(folder: Path, digest: str, cut: int, opening: str, text: str) -> Path:
    """Where the states of one prompt lie: of which model, below which block, behind which opening."""
    said = "\0".join((digest, str(cut), opening, text))
    return folder / f"{hashlib.sha256(said.encode()).hexdigest()[:32]}.npy"


def _save(path: Path, states: np.ndarray) -> None:
    """Whole or not at all: another process may read while this one writes."""
    np.save(held := io.BytesIO(), states)
    write_whole(path, lambda part: part.write_bytes(held.getvalue()))


def kept(model: Llama, texts: Sequence[str], opening: str, cut: int, folder: Path, digest: str) -> Waiting:
    """`below` of ``texts``, each taken from ``folder`` or computed and kept there.

    ``digest`` names the weights. Gives ``prefix`` (P, D), ``suffix`` (B, S, D), ``last`` (B,).
    """
    places = [place_of(folder, digest, cut, opening, text) for text in texts]
    first = place_of(folder, digest, cut, opening, opening)
    lacking = {place: text for place, text in zip(places, texts, strict=True) if not place.exists()}
    if not first.exists() and not lacking:
        lacking = {places[0]: texts[0]}
    # Prompts of like length share a batch: padding costs as much as tokens do.
    todo = sorted(lacking.items(), key=lambda one: len(one[1]))
    for start in range(0, len(todo), BATCH):
        some = todo[start : start + BATCH]
        made = below(model, [text for _, text in some], cut, opening)
        for (place, _), suffix, last in zip(some, np.asarray(made.suffix), made.last, strict=True):
            _save(place, suffix[: last + 1])
        _save(first, np.asarray(made.prefix))
    held = [np.load(place) for place in places]
    last = np.array([len(one) - 1 for one in held])
    suffix = np.zeros((len(held), padded(last), held[0].shape[1]), np.float32)
    for row, one in zip(suffix, held, strict=True):
        row[: len(one)] = one
    return Waiting(np.load(first), suffix, last)
