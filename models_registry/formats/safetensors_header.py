"""The header of a safetensors file, read and checked from its first bytes alone.

A file is `length` (8 bytes, little endian), `length` bytes of JSON, then the tensors' bytes without gaps:
https://github.com/huggingface/safetensors#format. Whoever opens a file with the library believes its header, and a
header of 80 MB of empty tensors costs a gigabyte of memory; so the header is checked here first, from the eight bytes,
the JSON and the file's total size, which ranged reads can give without fetching the file:

    needed = header_end(first_eight_bytes, total_size)     # how many bytes of the file to read
    header = parse_header(first_needed_bytes, total_size)
"""

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

PREFIX_BYTES = 8
MAX_HEADER_BYTES = 16 * 1024 * 1024
MAX_TENSORS = 50_000
MAX_RANK = 64
MAX_NAME_CHARACTERS = 1_000
METADATA_KEY = "__metadata__"

DTYPE_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64,
}  # fmt: skip


class InvalidHeaderError(ValueError):
    """The file is no safetensors file that may be opened; the text says why, for people to read."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: where its bytes begin and end, counted from the start of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def parameters(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file holds: its tensors in the order of their bytes, and its free metadata."""

    tensors: tuple[Tensor, ...]
    metadata: dict[str, str]

    @property
    def parameters_by_dtype(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for tensor in self.tensors:
            counts[tensor.dtype] += tensor.parameters
        return dict(sorted(counts.items()))

    @property
    def parameter_count(self) -> int:
        return sum(tensor.parameters for tensor in self.tensors)


def header_end(first_bytes: bytes, total_size: int) -> int:
    """How many bytes of the file `parse_header` needs. first_bytes: at least the first 8. Raises InvalidHeaderError."""
    if total_size < PREFIX_BYTES or len(first_bytes) < PREFIX_BYTES:
        raise InvalidHeaderError(f"The file has {total_size} bytes, fewer than the 8 a safetensors file begins with.")
    length = int.from_bytes(first_bytes[:PREFIX_BYTES], "little")
    if length > MAX_HEADER_BYTES:
        raise InvalidHeaderError(f"The header claims {length} bytes; at most {MAX_HEADER_BYTES} are read.")
    if PREFIX_BYTES + length > total_size:
        raise InvalidHeaderError(f"The header claims {length} bytes, but the file ends after {total_size}.")
    if length < len("{}"):
        raise InvalidHeaderError(f"The header claims {length} bytes, too few for a JSON object.")
    return PREFIX_BYTES + length


def parse_header(first_bytes: bytes, total_size: int) -> Header:
    """Check the header and give what it says.

    first_bytes: the file from its start, at least `header_end` bytes of it. total_size: the whole file's, in bytes.
    Raises InvalidHeaderError unless every tensor has a known dtype and the bytes its shape needs, and the tensors
    together cover the rest of the file exactly, without gap or overlap.
    """
    end_of_header = header_end(first_bytes, total_size)
    if len(first_bytes) < end_of_header:
        raise InvalidHeaderError(f"Only {len(first_bytes)} of the header's {end_of_header} bytes were given.")
    entries = _json_object(first_bytes[PREFIX_BYTES:end_of_header])
    metadata = _metadata(entries.pop(METADATA_KEY, {}))
    if len(entries) > MAX_TENSORS:
        raise InvalidHeaderError(f"The header names {len(entries)} tensors; at most {MAX_TENSORS} are read.")
    tensors = [_tensor(name, entry, end_of_header) for name, entry in entries.items()]
    tensors.sort(key=lambda tensor: (tensor.begin, tensor.end))
    expected = end_of_header
    for tensor in tensors:
        if tensor.begin != expected:
            fault = "overlaps the one before it" if tensor.begin < expected else "leaves a gap before it"
            raise InvalidHeaderError(f"Tensor {tensor.name!r} {fault}.")
        expected = tensor.end
    if expected != total_size:
        raise InvalidHeaderError(f"The tensors end at byte {expected}, but the file has {total_size} bytes.")
    return Header(tuple(tensors), metadata)


def _json_object(text: bytes) -> dict[str, Any]:
    if not text.startswith(b"{"):
        raise InvalidHeaderError("The header does not begin with '{'.")
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except InvalidHeaderError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidHeaderError("The header is not valid JSON.") from error
    if not isinstance(value, dict):
        raise InvalidHeaderError("The header is not a JSON object.")
    return value


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidHeaderError("The header names the same key twice.")
    return members


def _no_constant(name: str) -> None:
    raise InvalidHeaderError(f"The header holds {name}, which is not JSON.")


def _metadata(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise InvalidHeaderError(f"{METADATA_KEY} is not a mapping from text to text.")
    return value


def _tensor(name: str, entry: object, end_of_header: int) -> Tensor:
    if not name or len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        raise InvalidHeaderError(
            f"A tensor's name is empty, longer than {MAX_NAME_CHARACTERS} characters, or not printable."
        )
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise InvalidHeaderError(f"Tensor {name!r} needs exactly dtype, shape and data_offsets.")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        raise InvalidHeaderError(f"Tensor {name!r} has the unknown dtype {str(dtype)[:40]!r}.")
    if not _are_counts(shape) or len(shape) > MAX_RANK:
        raise InvalidHeaderError(f"Tensor {name!r} has a shape that is not a list of at most {MAX_RANK} counts.")
    if not _are_counts(offsets) or len(offsets) != len(("begin", "end")) or offsets[0] > offsets[1]:
        raise InvalidHeaderError(f"Tensor {name!r} has data_offsets that are not [begin, end].")
    bits = math.prod(shape) * DTYPE_BITS[dtype]
    if bits != 8 * (offsets[1] - offsets[0]):
        raise InvalidHeaderError(
            f"Tensor {name!r} claims {offsets[1] - offsets[0]} bytes, but {dtype} {shape} does not take that many."
        )
    return Tensor(name, dtype, tuple(shape), end_of_header + offsets[0], end_of_header + offsets[1])


def _are_counts(value: object) -> bool:
    """Whether this is a list of whole numbers from 0 to 2⁶³ - 1 (True and False are not numbers here)."""
    return isinstance(value, list) and all(type(number) is int and 0 <= number < 2**63 for number in value)
