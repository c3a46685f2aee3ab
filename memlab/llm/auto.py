"""Which model answers when nobody chose: Ollama, else the embedded one, else the recorded replies; it says which."""

from __future__ import annotations

from memlab.core import MemlabError
from memlab.datafiles import data_folder
from memlab.llm import weights
from memlab.llm.contract import LLM, ModelMissing, NoServer
from memlab.llm.embedded import EmbeddedLLM
from memlab.llm.ollama import OllamaLLM
from memlab.llm.replay import Replay


def open_course_replay(model: str = weights.SMOLLM2) -> Replay:
    """The replies recorded for the course, in ``data/labNN``; raises MemlabError when they are not there."""
    return Replay(data_folder(), model)


def open_auto(model: str = weights.SMOLLM2, announce: bool = True) -> LLM:
    """Ollama if it answers and has ``model``, else the embedded model if fetched, else replay.

    Prints one line that says which and why. Raises MemlabError when none of the three can answer.
    """
    llm, why = _choose(model)
    if announce:
        print(f"memlab: {llm.backend} answers, with {llm.name} ({why})")
    return llm


def _choose(model: str) -> tuple[LLM, str]:
    live = OllamaLLM(model)
    try:
        live.servers.probe(model)
        return live, "an Ollama server has it"
    except NoServer:
        why = "no Ollama server answers"
    except ModelMissing:
        why = f"the Ollama server has no {model}"
    try:
        return EmbeddedLLM(), why
    except MemlabError as error:
        unready = "no weights fetched" if isinstance(error, ModelMissing) else "xllamacpp does not load"
    try:
        return open_course_replay(model), f"{why}, {unready}"
    except MemlabError as error:
        raise MemlabError(
            f"No model can answer: {why}, {unready}, and there is no record ({error}) "
            "Start Ollama (`ollama serve`), or run `memlab models fetch`."
        ) from error
