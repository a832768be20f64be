"""GGUF files built by hand, right ones and lying ones."""

import struct
from typing import Any

_TYPES = {"u8": (0, "B"), "u32": (4, "I"), "f32": (6, "f"), "u64": (10, "Q")}


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def value(written: Any) -> bytes:
    """A text, a list of texts, or ("u32", number)."""
    if isinstance(written, str):
        return struct.pack("<I", 8) + text(written)
    if isinstance(written, list):
        return struct.pack("<IIQ", 9, 8, len(written)) + b"".join(text(word) for word in written)
    kind, form = _TYPES[written[0]]
    return struct.pack(f"<I{form}", kind, written[1])


def gguf(
    metadata: dict[str, Any],
    tensors: dict[str, tuple[list[int], int]],
    *,
    version: int = 3,
    tensor_count: int | None = None,
    key_count: int | None = None,
    weights: int = 4096,
) -> bytes:
    """tensors: {name: (shape, type number)}."""
    head = b"GGUF" + struct.pack(
        "<IQQ",
        version,
        len(tensors) if tensor_count is None else tensor_count,
        len(metadata) if key_count is None else key_count,
    )
    pairs = b"".join(text(key) + value(written) for key, written in metadata.items())
    described = b"".join(
        text(name) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", length) for length in shape)
        + struct.pack("<IQ", kind, 0)
        for name, (shape, kind) in tensors.items()
    )  # fmt: skip
    return head + pairs + described + bytes(weights)


LLAMA = gguf(
    {
        "general.architecture": "llama",
        "llama.context_length": ("u32", 4096),
        "general.file_type": ("u32", 15),
        "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>"],
        "tokenizer.ggml.merges": ["a b", "c d"],
        "tokenizer.ggml.bos_token_id": ("u32", 1),
        "tokenizer.ggml.eos_token_id": ("u32", 2),
        "tokenizer.chat_template": "{{ messages }}",
    },
    {"token_embd.weight": ([32, 10], 12), "output_norm.weight": ([32], 0)},
)
