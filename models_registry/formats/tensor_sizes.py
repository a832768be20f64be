"""How many bytes a tensor takes, by the name of its type."""

import math
from collections.abc import Sequence

from models_registry.formats.safetensors_header import DTYPE_BITS

_MORE_BITS = {"C128": 128, "I4": 4, "U4": 4}
# Types of GGUF that pack numbers in blocks: numbers in a block, bytes of a block (ggml-common.h).
_BLOCKS = {
    "Q4_0": (32, 18), "Q4_1": (32, 20), "Q5_0": (32, 22), "Q5_1": (32, 24), "Q8_0": (32, 34), "Q8_1": (32, 36),
    "Q2_K": (256, 84), "Q3_K": (256, 110), "Q4_K": (256, 144), "Q5_K": (256, 176), "Q6_K": (256, 210), "Q8_K": (256, 292),
    "IQ1_S": (256, 50), "IQ1_M": (256, 56), "IQ2_XXS": (256, 66), "IQ2_XS": (256, 74), "IQ2_S": (256, 82),
    "IQ3_XXS": (256, 98), "IQ3_S": (256, 110), "IQ4_NL": (32, 18), "IQ4_XS": (256, 136), "TQ1_0": (256, 54),
    "TQ2_0": (256, 66), "MXFP4": (32, 17),
}  # fmt: skip


def bytes_of(dtype: str, shape: Sequence[int]) -> int | None:
    """None for a type whose size nobody knows, such as text."""
    count = math.prod(shape)
    if dtype in _BLOCKS:
        numbers, size = _BLOCKS[dtype]
        return -(-count // numbers) * size
    bits = DTYPE_BITS.get(dtype) or _MORE_BITS.get(dtype)
    return None if bits is None else -(-count * bits // 8)
