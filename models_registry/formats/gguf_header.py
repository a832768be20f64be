"""The header of a GGUF file: its metadata and the shapes of its tensors, from the file's first bytes.

A file is "GGUF", a version, counts of tensors and of metadata, the metadata as typed key-value pairs, and for each tensor
its name, shape, type and offset: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Only short values and the
vocabulary are kept; other arrays are stepped over.
"""

import math
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from models_registry.formats.header_bytes import HeaderBytes, HeaderError

MAX_HEADER_BYTES = 64 * 1024 * 1024
MAX_KEYS = 10_000
MAX_TENSORS = 50_000
MAX_RANK = 8
MAX_NAME_BYTES = 1_000
MAX_KEPT_TEXT = 256 * 1024  # bytes: chat templates are the long ones
MAX_WORDS = 2_000_000
MAX_SHOWN = 200  # characters of names and tokens
VERSIONS = (2, 3)

_MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_VOCABULARY = "tokenizer.ggml.tokens"

TENSOR_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL",
    21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 30: "BF16",
    34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip
FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip


@dataclass(frozen=True)
class Header:
    """`tensors`: (name, type, shape). `metadata`: the short values alone. `vocabulary`: the tokens, as bytes."""

    metadata: dict[str, Any]
    tensors: tuple[tuple[str, str, tuple[int, ...]], ...]
    vocabulary: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def parameters_by_type(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for _name, kind, shape in self.tensors:
            counts[kind] += math.prod(shape)
        return dict(sorted(counts.items()))

    @property
    def architecture(self) -> str:
        return self._text("general.architecture")[:MAX_SHOWN]

    @property
    def facts(self) -> dict[str, Any]:
        """In the words of Hub clients; what the header does not say is left out."""
        found = {
            "architecture": self.architecture,
            "context_length": self._count(f"{self.architecture}.context_length"),
            "quantization": FILE_TYPES.get(self._count("general.file_type") or -1, "") or self._commonest_type(),
            "chat_template": self._text("tokenizer.chat_template"),
            "bos_token": self._token("tokenizer.ggml.bos_token_id"),
            "eos_token": self._token("tokenizer.ggml.eos_token_id"),
            "quantize_imatrix_file": self._text("quantize.imatrix.file")[:MAX_SHOWN],
        }
        return {name: value for name, value in found.items() if value}

    def _text(self, key: str) -> str:
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def _count(self, key: str) -> int | None:
        value = self.metadata.get(key)
        return value if type(value) is int and value >= 0 else None

    def _token(self, key: str) -> str:
        number = self._count(key)
        if number is None or number >= len(self.vocabulary):
            return ""
        return _as_text(self.vocabulary[number])[:MAX_SHOWN]

    def _commonest_type(self) -> str:
        return max(self.parameters_by_type.items(), key=lambda counted: counted[1], default=("", 0))[0]


def read_header(read: Callable[[int, int], bytes], size: int) -> Header:
    """read: gives bytes [start, end) of the file; size: of the whole file. Raises HeaderError."""
    if size < 24:
        raise HeaderError(f"The file has {size} bytes, fewer than a GGUF file begins with.")
    source = HeaderBytes(read, size, budget=MAX_HEADER_BYTES)
    if source.take(4) != _MAGIC:
        raise HeaderError("The file does not begin with “GGUF”.")
    version = _number(source, "I")
    if version not in VERSIONS:
        raise HeaderError(f"The hub does not read version {version} of GGUF.")
    tensor_count, key_count = _number(source, "Q"), _number(source, "Q")
    if tensor_count > MAX_TENSORS:
        raise HeaderError(f"The header claims {tensor_count} tensors; at most {MAX_TENSORS} are read.")
    if key_count > MAX_KEYS:
        raise HeaderError(f"The header claims {key_count} keys; at most {MAX_KEYS} are read.")
    metadata: dict[str, Any] = {}
    vocabulary: tuple[bytes, ...] = ()
    for _ in range(key_count):
        key, kind = _name(source), _number(source, "I")
        if key == _VOCABULARY and kind == _ARRAY:
            vocabulary = _words(source)
        elif (value := _value(source, kind)) is not None:
            metadata[key] = value
    tensors = tuple(_tensor(source) for _ in range(tensor_count))
    return Header(metadata, tensors, vocabulary)


def _number(source: HeaderBytes, form: str) -> Any:
    return struct.unpack(f"<{form}", source.take(struct.calcsize(form)))[0]


def _as_text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\0", "\ufffd")


def _name(source: HeaderBytes) -> str:
    length = _number(source, "Q")
    if length > MAX_NAME_BYTES:
        raise HeaderError(f"The header holds a name of {length} bytes; at most {MAX_NAME_BYTES} are read.")
    return _as_text(source.take(length))


def _value(source: HeaderBytes, kind: int) -> Any:
    """A number or a text; None for an array, and for a text that is too long to keep."""
    if kind in _NUMBERS:
        value = _number(source, _NUMBERS[kind])
        return None if isinstance(value, float) and not math.isfinite(value) else value
    if kind == _STRING:
        length = _number(source, "Q")
        if length <= MAX_KEPT_TEXT:
            return _as_text(source.take(length))
        source.step(length)
        return None
    if kind == _ARRAY:
        _step_over_array(source)
        return None
    raise HeaderError(f"The header holds a value of the unknown type {kind}.")


def _array_head(source: HeaderBytes) -> tuple[int, int]:
    """The type of its items, and how many there are."""
    kind, count = _number(source, "I"), _number(source, "Q")
    # Each item takes a byte at least, a text eight: a count that the file cannot hold is a lie.
    if count > source.size - source.place:
        raise HeaderError(f"The header claims an array of {count} items, which the file is too short for.")
    return kind, count


def _step_over_array(source: HeaderBytes) -> None:
    kind, count = _array_head(source)
    if kind in _NUMBERS:
        source.step(count * struct.calcsize(_NUMBERS[kind]))
    elif kind == _STRING and count <= MAX_WORDS:
        for _ in range(count):
            source.step(_number(source, "Q"))
    else:  # arrays of arrays are allowed, and nobody writes them
        raise HeaderError(f"The hub does not read an array of {count} items of type {kind}.")


def _words(source: HeaderBytes) -> tuple[bytes, ...]:
    kind, count = _array_head(source)
    if kind != _STRING or count > MAX_WORDS:
        raise HeaderError(f"The vocabulary holds {count} items of type {kind}, which the hub does not read.")
    return tuple(source.take(_number(source, "Q")) for _ in range(count))


def _tensor(source: HeaderBytes) -> tuple[str, str, tuple[int, ...]]:
    name, rank = _name(source), _number(source, "I")
    if rank > MAX_RANK:
        raise HeaderError(f"Tensor {name!r} claims {rank} dimensions.")
    shape = tuple(_number(source, "Q") for _ in range(rank))
    kind = _number(source, "I")
    source.step(8)  # where its bytes begin
    # The smallest types take less than two bits for a number.
    if math.prod(shape) > 8 * source.size:
        raise HeaderError(f"Tensor {name!r} claims {list(shape)} numbers, which the file is too short for.")
    return name, TENSOR_TYPES.get(kind, f"type {kind}"), shape
