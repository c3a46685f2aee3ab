"""GGUF files: a Llama model read for `memlab.weights.llama`, and adapters written for llama.cpp and Ollama.

Weights stay in the file's own layout, so an adapter needs no permutation; Ollama serves it by ``ADAPTER`` under
``FROM``. Needs the extra ``adapters``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from memlab.weights.llama import LINEAR, Adapter, Llama, Shape


def load_model(path: str | Path) -> Llama:
    """The model of a GGUF file, dequantized, with its tokenizer."""
    import jax.numpy as jnp
    from gguf import GGUFReader, dequantize
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    reader = GGUFReader(str(path))
    held = {t.name: dequantize(t.data, t.tensor_type).astype(np.float32) for t in reader.tensors}

    def field(name: str) -> Any:
        return reader.fields[name].contents()

    def stacked(name: str) -> Any:
        return jnp.asarray(np.stack([held[f"blk.{i}.{name}.weight"] for i in range(field("llama.block_count"))]))

    merges = [tuple(pair.split(" ", 1)) for pair in field("tokenizer.ggml.merges")]
    words = field("tokenizer.ggml.tokens")
    tokenizer = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, merges))
    digits, by_byte = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Sequence([digits, by_byte]), decoders.ByteLevel()
    control = zip(words, field("tokenizer.ggml.token_type"), strict=True)
    tokenizer.add_special_tokens([AddedToken(word, special=True, normalized=False) for word, k in control if k == 3])
    shape = Shape(
        field("llama.attention.head_count"),
        field("llama.attention.head_count_kv"),
        field("llama.rope.freq_base"),
        field("llama.attention.layer_norm_rms_epsilon"),
    )
    blocks = {name: stacked(name) for name in (*LINEAR, "attn_norm", "ffn_norm")}
    return Llama(
        shape, jnp.asarray(held["token_embd.weight"]), jnp.asarray(held["output_norm.weight"]), blocks, tokenizer
    )


def write_adapter(path: str | Path, cut: int, adapter: Adapter) -> Path:
    """Write ``adapter`` as GGUF; its scale is 1 (alpha = rank)."""
    from gguf import GGUFWriter

    writer = GGUFWriter(str(path), "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(next(iter(adapter.values()))["a"].shape[1]))
    for name, ab in adapter.items():
        for i, (a, b) in enumerate(zip(ab["a"], ab["b"], strict=True), cut):
            writer.add_tensor(f"blk.{i}.{name}.weight.lora_a", np.ascontiguousarray(a, np.float32))
            writer.add_tensor(f"blk.{i}.{name}.weight.lora_b", np.ascontiguousarray(b, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return Path(path)


def read_adapter(path: str | Path) -> tuple[int, Adapter]:
    """The cut and the adapter that `write_adapter` wrote."""
    from gguf import GGUFReader

    held = {tensor.name: np.array(tensor.data) for tensor in GGUFReader(str(path)).tensors}
    places = sorted({int(name.split(".")[1]) for name in held})
    names = sorted({name.split(".")[2] for name in held})
    found = {
        name: {k: np.stack([held[f"blk.{i}.{name}.weight.lora_{k}"] for i in places]) for k in ("a", "b")}
        for name in names
    }
    return places[0], found
