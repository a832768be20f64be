"""What a model's file holds, found without any library that would build it."""

import hashlib
import json
from pathlib import Path

from models_registry.formats import onnx_header
from models_registry.formats.header_bytes import HeaderError
from models_registry.formats.safetensors_header import PREFIX_BYTES, Header, Tensor, header_end, parse_header

BLOCK = 4 * 1024 * 1024


def read_header(path: Path) -> Header:
    """Raises safetensors_header.InvalidHeaderError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        prefix = file.read(PREFIX_BYTES)
        return parse_header(prefix + file.read(header_end(prefix, size) - PREFIX_BYTES), size)


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


def tensor_digest(path: Path, header: Header) -> str:
    """SHA-256 over every tensor's name, dtype, shape and bytes, in the order of their names.

    The same weights have the same digest, however the file orders them and whatever its metadata say.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for tensor in sorted(header.tensors, key=lambda tensor: tensor.name):
            digest.update(_description(tensor))
            file.seek(tensor.begin)
            remaining = tensor.end - tensor.begin
            while remaining:
                block = file.read(min(BLOCK, remaining))
                if not block:
                    raise EOFError(f"{path.name} ends inside {tensor.name}.")
                digest.update(block)
                remaining -= len(block)
    return digest.hexdigest()


def _description(tensor: Tensor) -> bytes:
    return json.dumps([tensor.name, tensor.dtype, list(tensor.shape)]).encode() + b"\n"
