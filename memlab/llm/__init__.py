"""The frozen model p_LLM(a|s,c) and the embedders, behind `open_llm` and `open_embedder`."""

from memlab.core import MemlabError
from memlab.llm.contract import LIVE, LLM, Embedder

__all__ = ["LIVE", "LLM", "Embedder", "open_embedder", "open_llm"]


def open_llm(spec: str = "auto") -> LLM:
    """Open a model; nothing is loaded or downloaded that ``spec`` does not name.

    ``auto`` (Ollama, else embedded; prints which, or says what is missing), ``ollama:NAME``, ``embedded``,
    ``simulated`` or ``simulated:PATH``, ``replay`` (the course's record), ``replay:PATH``, ``replay:PATH#MODEL``, or
    ``recorded`` (replay, and simulated for what was not recorded; each reply says which). Raises MemlabError.
    """
    from memlab.llm import auto, embedded, ollama, replay, simulated

    kind, _, rest = spec.partition(":")
    path, _, model = rest.partition("#")
    if spec == "auto":
        return auto.open_auto()
    if spec == "embedded":
        return embedded.EmbeddedLLM()
    if spec == "replay":
        return auto.open_course_replay()
    if spec == "recorded":
        return auto.RecordedElse(auto.open_course_replay(), simulated.open_simulated())
    if kind == "simulated":
        return simulated.open_simulated(rest or None)
    if kind == "ollama" and rest:
        return ollama.OllamaLLM(rest)
    if kind == "replay" and rest:
        return replay.Replay(path, model=model or None)
    raise MemlabError(f"Model {spec!r}: use 'auto', 'ollama:NAME', 'embedded', 'simulated', 'recorded', 'replay:PATH'.")


def open_embedder(spec: str = "auto") -> Embedder:
    """Open an embedder: ``auto``, ``ollama:NAME``, ``wordllama``, ``hash`` or ``replay:PATH``; raises MemlabError.

    ``auto`` is Ollama's all-minilm when a server answers and has it, else wordllama; it prints which.
    """
    from memlab.llm import embedders

    kind, _, rest = spec.partition(":")
    if spec == "auto":
        return embedders.open_auto_embedder()
    if spec == "wordllama":
        return embedders.WordLlamaEmbedder()
    if spec == "hash":
        return embedders.HashEmbedder()
    if kind == "ollama" and rest:
        return embedders.OllamaEmbedder(rest)
    if kind == "replay" and rest:
        return embedders.ReplayEmbedder(rest)
    raise MemlabError(f"Unknown embedder {spec!r}: use 'auto', 'ollama:NAME', 'wordllama', 'hash' or 'replay:PATH'.")
