"""The outside of a pack: its header and each object's. Format: `git help gitformat-pack`."""

import hashlib
import struct
from collections.abc import Iterable, Iterator

HEADER_BYTES = 12


class BadPack(ValueError):
    """Says why these bytes begin no pack."""


def object_count(header: bytes) -> int:
    """How many objects a pack announces in its first 12 bytes. Raises BadPack."""
    if len(header) < HEADER_BYTES or not header.startswith(b"PACK"):
        raise BadPack("What was sent is no pack.")
    version, count = struct.unpack(">II", header[4:HEADER_BYTES])
    if version not in {2, 3}:
        raise BadPack(f"Packs of version {version} are not known here.")
    return int(count)


def entry_header(kind: int, size: int) -> bytes:
    """Kind (git's type number) and inflated size, as they stand before an object's zlib stream."""
    byte = (kind << 4) | (size & 15)
    size >>= 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    header.append(byte)
    return bytes(header)


def pack(count: int, entries: Iterable[tuple[int, int, bytes]]) -> Iterator[bytes]:
    """A pack of `count` whole objects: (kind, inflated size, zlib stream) each."""
    digest = hashlib.sha1(usedforsecurity=False)
    piece = b"PACK" + struct.pack(">II", 2, count)
    digest.update(piece)
    yield piece
    for kind, size, data in entries:
        piece = entry_header(kind, size) + data
        digest.update(piece)
        yield piece
    yield digest.digest()
