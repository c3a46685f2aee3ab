"""SmolLM2-135M-Instruct inside this process (llama.cpp by `xllamacpp`): a real model where no Ollama server runs."""

import os
import secrets
import threading
import time
from pathlib import Path
from typing import Any

from memlab.core import MemlabError, Reply
from memlab.llm import weights
from memlab.llm.call import Call
from memlab.llm.contract import LLM, ContextTooLong


def chat_prompt(prompt: str) -> str:
    """One user message as ChatML, byte for byte what Ollama's template for SmolLM2 sends."""
    return f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"


class EmbeddedLLM(LLM):
    """SmolLM2 from the cache; raises ModelMissing when `memlab models fetch` was not run. Calls take turns.

    ``num_ctx`` is the context window in tokens. The library also listens on a free loopback port; a key that only this
    object knows closes it to other programs.
    """

    backend = "embedded"
    name = Path(weights.ASSETS[weights.SMOLLM2].main).stem
    digest = weights.ASSETS[weights.SMOLLM2].main_sha256

    def __init__(self, num_ctx: int = 2048, threads: int | None = None) -> None:
        file = weights.path(weights.SMOLLM2)
        try:
            import xllamacpp
        except ImportError as error:
            raise MemlabError(f"xllamacpp does not load ({error}): install it, or take 'ollama:NAME'.") from error
        options = xllamacpp.CommonParams()
        options.model.path = str(file)
        options.n_ctx = num_ctx
        options.n_parallel = 1
        options.verbosity = -1
        options.warmup = False
        options.api_keys = [secrets.token_urlsafe()]
        options.cpuparams.n_threads = threads or max(1, (os.cpu_count() or 2) // 2)
        self.num_ctx = num_ctx
        self._turn = threading.Lock()
        self._server = xllamacpp.Server(options)

    def answer(self, call: Call) -> Reply:
        """Answer one user message; raises ContextTooLong or BadReply."""
        ranked = call.answer == "ranked"
        body: dict[str, Any] = {"prompt": chat_prompt(call.prompt) + '"' * ranked, "cache_prompt": True}
        body |= {"temperature": call.temperature, "seed": call.seed, "repeat_penalty": 1.0}
        body["n_predict"] = 1 if ranked else call.max_tokens
        if call.schema is not None and not ranked:
            body["json_schema"] = call.schema
        if call.choices is not None:
            body |= {"n_probs": 200, "stop": ["\n"]}
        start = time.perf_counter()
        with self._turn:
            answer = self._server.handle_completions(body)
        seconds = time.perf_counter() - start
        if "error" in answer:
            trouble = answer["error"]
            if trouble.get("type") != "exceed_context_size_error":
                raise MemlabError(f"The embedded model refused the call: {trouble.get('message')}")
            raise ContextTooLong(
                f"The prompt ({trouble.get('n_prompt_tokens')} tokens) does not fit into the context of "
                f"{self.num_ctx} tokens: show fewer cases, or raise num_ctx."
            )
        used, best = answer["usage"], answer["choices"][0]
        said = best["logprobs"]["content"] if call.choices is not None else ()
        steps = [(s["token"], s["logprob"], {t["token"]: t["logprob"] for t in s["top_logprobs"]}) for s in said]
        value, probs, missing = call.judge(best["text"], steps)
        tokens = used["prompt_tokens"], used["completion_tokens"]
        return Reply(best["text"], value, probs, *tokens, seconds, self.name, self.backend, missing)
