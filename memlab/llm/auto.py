"""Which model answers when nobody chose: Ollama, else the embedded one; and the course's recorded replies."""

from memlab.core import MemlabError, Reply
from memlab.datafiles import data, data_folder, read_manifest
from memlab.llm import weights
from memlab.llm.call import Call
from memlab.llm.contract import LLM, BadReply, ModelMissing, NoServer, ReplayMiss
from memlab.llm.embedded import EmbeddedLLM
from memlab.llm.ollama import OllamaLLM
from memlab.llm.replay import Replay


def open_course_replay(model: str = weights.SMOLLM2) -> Replay:
    """The replies recorded for the course, each file checked against the manifest; raises MemlabError."""
    listed = [name for name in read_manifest(data_folder()) if "replies" in name and name.endswith(".parquet")]
    if not listed:
        raise MemlabError(f"The manifest of {data_folder()} lists no recorded replies: restore it with `git checkout`.")
    return Replay(*map(data, listed), model=model)


class RecordedElse(LLM):
    """A real model's recorded replies, and a simulated one where a call was not recorded; each reply says which."""

    backend = "replay, else simulated"

    def __init__(self, recorded: LLM, simulated: LLM) -> None:
        self.recorded, self.simulated = recorded, simulated
        self.name, self.digest = recorded.name, f"{recorded.digest}, else {simulated.digest}"

    def answer(self, call: Call) -> Reply:
        """The recorded reply, or the simulated one."""
        try:
            return self.recorded.answer(call)
        except ReplayMiss:
            return self.simulated.answer(call)


def open_auto(model: str = weights.SMOLLM2) -> LLM:
    """Ollama if it answers and has ``model``, else the embedded model if fetched; prints a line that says which.

    Recorded replies never stand in: they answer the course's own prompts only, and a run on other ones would end at
    its first task. Raises ModelMissing, which says what is missing and what would work.
    """
    llm, why = _choose(model)
    print(f"memlab: {llm.backend} answers, with {llm.name} ({why})")
    return llm


def _choose(model: str) -> tuple[LLM, str]:
    live = OllamaLLM(model)
    try:
        live.servers.probe(model)
        return live, "an Ollama server has it"
    except NoServer:
        why = "no Ollama server answers"
    except BadReply:
        why = f"another program than Ollama answers at {', '.join(live.servers.hosts)}"
    except ModelMissing:
        why = f"the Ollama server has no {model}"
    try:
        return EmbeddedLLM(), why
    except MemlabError as error:
        unready = "no weights are fetched" if isinstance(error, ModelMissing) else "xllamacpp does not load"
        raise ModelMissing(
            f"No live model: {why}, and {unready}. Run `memlab models fetch` (98 MB), or start Ollama. Without a live "
            "model, 'replay' answers the prompts that the course recorded, 'simulated' any prompt of the agent, and "
            "'recorded' is both."
        ) from error
