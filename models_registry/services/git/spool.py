"""Objects on their way from a pack to rows, on disk meanwhile: a push may hold more than fits in memory."""

import struct
import tempfile
from collections.abc import Iterator
from typing import NamedTuple, Self

from models_registry.formats.git_objects import Pointer
from models_registry.models import ObjectKind

_RECORD = struct.Struct(
    ">20sBQ32sqI"
)  # id, kind, size, pointer's SHA-256, pointer's size (-1: no pointer), stored bytes


class Spooled(NamedTuple):
    """One object: its zlib stream in `data`, `size` bytes inflated."""

    oid: str
    kind: ObjectKind
    size: int
    pointer: Pointer | None
    data: bytes


class Spool:
    """Written once, then read as often as needed."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the spool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, item: Spooled) -> None:
        sha256, size = (bytes.fromhex(item.pointer.sha256), item.pointer.size) if item.pointer else (b"", -1)
        self._file.write(_RECORD.pack(bytes.fromhex(item.oid), item.kind, item.size, sha256, size, len(item.data)))
        self._file.write(item.data)

    def __iter__(self) -> Iterator[Spooled]:
        self._file.seek(0)
        while record := self._file.read(_RECORD.size):
            oid, kind, size, sha256, pointer_size, length = _RECORD.unpack(record)
            pointer = Pointer(sha256.hex(), pointer_size) if pointer_size >= 0 else None
            yield Spooled(oid.hex(), ObjectKind(kind), size, pointer, self._file.read(length))
