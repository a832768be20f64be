"""What a model's file holds, found without any library that would build it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from evaluations.formats import INDEX_SUFFIX, weight_map
from models_registry.formats import onnx_header
from models_registry.formats.header_bytes import HeaderError
from models_registry.formats.safetensors_header import (
    MAX_TENSORS,
    PREFIX_BYTES,
    Header,
    InvalidHeaderError,
    Tensor,
    header_end,
    parse_header,
)

BLOCK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shard:
    """One safetensors file of a checkpoint."""

    place: Path
    header: Header


def read_header(path: Path) -> Header:
    """Raises safetensors_header.InvalidHeaderError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        prefix = file.read(PREFIX_BYTES)
        return parse_header(prefix + file.read(header_end(prefix, size) - PREFIX_BYTES), size)


def read_shards(path: str, files: Mapping[str, Path]) -> list[Shard]:
    """The checkpoint's files and headers. path: of the file, or of the index that names several; files: path → place.

    Raises InvalidHeaderError, also where index and headers do not agree on which tensor is in which file; NotEvaluableError.
    """
    if not path.endswith(INDEX_SUFFIX):
        return [Shard(files[path], read_header(files[path]))]
    wanted = weight_map(files[path].read_bytes())
    folder = PurePosixPath(path).parent
    shards = {name: files[str(folder / name)] for name in sorted(set(wanted.values()))}
    found = [Shard(place, read_header(place)) for place in shards.values()]
    pairs = [(tensor.name, name) for name, shard in zip(shards, found, strict=True) for tensor in shard.header.tensors]
    if len(pairs) > MAX_TENSORS:
        raise InvalidHeaderError(f"The files hold {len(pairs)} tensors; at most {MAX_TENSORS} are read.")
    if len(dict(pairs)) != len(pairs) or dict(pairs) != wanted:
        odd = next((name for name, place in pairs if wanted.get(name) != place), None) or next(
            iter(wanted.keys() - dict(pairs).keys()), ""
        )
        raise InvalidHeaderError(f"Index and files do not agree on where tensor {odd[:200]!r} is.")
    return found


def count_onnx_parameters(path: Path) -> int | None:
    """Of the graph's initialisers; None where the file's structure cannot be read: the harness will say why."""
    with path.open("rb") as file:

        def read(start: int, end: int) -> bytes:
            file.seek(start)
            return file.read(end - start)

        try:
            return onnx_header.read_header(read, path.stat().st_size).parameter_count
        except HeaderError:
            return None


def tensor_digest(shards: Sequence[Shard]) -> str:
    """SHA-256 over every tensor's name, dtype, shape and bytes, in the order of their names.

    The same weights have the same digest, however files order and divide them and whatever their metadata say.
    """
    digest = hashlib.sha256()
    tensors = [(tensor, shard.place) for shard in shards for tensor in shard.header.tensors]
    with ExitStack() as stack:
        files = {shard.place: stack.enter_context(shard.place.open("rb")) for shard in shards}
        for tensor, place in sorted(tensors, key=lambda found: found[0].name):
            digest.update(_description(tensor))
            _add_bytes(digest, files[place], tensor)
    return digest.hexdigest()


def _add_bytes(digest: Any, file: BinaryIO, tensor: Tensor) -> None:
    file.seek(tensor.begin)
    remaining = tensor.end - tensor.begin
    while remaining:
        block = file.read(min(BLOCK, remaining))
        if not block:
            raise EOFError(f"A file ends inside {tensor.name}.")
        digest.update(block)
        remaining -= len(block)


def _description(tensor: Tensor) -> bytes:
    return json.dumps([tensor.name, tensor.dtype, list(tensor.shape)]).encode() + b"\n"
