"""Xorbs and shards as a client would write them, and as an attacker might: the other side of the codecs under test."""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import lz4.frame

from models_registry.formats import merkle, shard, xorb


def grouped(content: bytes) -> bytes:
    return b"".join(content[group::4] for group in range(4))


def packed_chunk(content: bytes, scheme: int = xorb.NO_PACKING) -> bytes:
    match scheme:
        case xorb.LZ4:
            data = lz4.frame.compress(content, store_size=False)
        case xorb.GROUPED_LZ4:
            data = lz4.frame.compress(grouped(content), store_size=False)
        case _:
            data = content
    return record(data, scheme, len(content))


def record(data: bytes, scheme: int, claimed: int, version: int = 0) -> bytes:
    header = bytes([version]) + len(data).to_bytes(3, "little") + bytes([scheme]) + claimed.to_bytes(3, "little")
    return header + data


@dataclass(frozen=True)
class MadeXorb:
    data: bytes
    chunks: tuple[bytes, ...]

    @property
    def leaves(self) -> list[tuple[bytes, int]]:
        return [(merkle.chunk_hash(chunk), len(chunk)) for chunk in self.chunks]

    @property
    def hash(self) -> bytes:
        return merkle.tree_root(self.leaves)


def make_xorb(*chunks: bytes, scheme: int = xorb.NO_PACKING) -> MadeXorb:
    return MadeXorb(b"".join(packed_chunk(chunk, scheme) for chunk in chunks), chunks)


@dataclass(frozen=True)
class MadeFile:
    """A file of a shard: (xorb, first chunk, end chunk) pieces; each claim may be replaced by a false one."""

    pieces: Sequence[tuple[MadeXorb, int, int]]
    hash: bytes | None = None
    sha256: bytes | None = None
    verifications: Sequence[bytes] | None = None
    lengths: Sequence[int] | None = None
    flags: int = shard.HAS_VERIFICATION | shard.HAS_SHA256

    @property
    def content(self) -> bytes:
        return b"".join(b"".join(made.chunks[start:end]) for made, start, end in self.pieces)

    def true_hash(self) -> bytes:
        return merkle.file_hash(leaf for made, start, end in self.pieces for leaf in made.leaves[start:end])

    def to_bytes(self) -> bytes:
        records = [struct.pack("<32sIIQ", self.hash or self.true_hash(), self.flags, len(self.pieces), 0)]
        for number, (made, start, end) in enumerate(self.pieces):
            length = self.lengths[number] if self.lengths else sum(map(len, made.chunks[start:end]))
            records.append(struct.pack("<32sIIII", made.hash, 0, length, start, end))
        for number, (made, start, end) in enumerate(self.pieces):
            raw = b"".join(name for name, _length in made.leaves[start:end])
            proof = self.verifications[number] if self.verifications else merkle.range_verification(raw)
            records.append(proof + bytes(16))
        digest = self.sha256 or hashlib.sha256(self.content).digest()
        records.append(merkle.regrouped(digest) + bytes(16))
        return b"".join(records)


def make_shard(files: Sequence[MadeFile], new_xorbs: Sequence[MadeXorb] = ()) -> bytes:
    bookend = b"\xff" * 32 + bytes(16)
    parts = [struct.pack("<32sQQ", shard.TAG, shard.UPLOAD_VERSION, 0), *(file.to_bytes() for file in files), bookend]
    for made in new_xorbs:
        leaves, start = made.leaves, 0
        size = sum(length for _name, length in leaves)
        parts.append(struct.pack("<32sIIII", made.hash, 0, len(leaves), size, len(made.data)))
        for name, length in leaves:
            parts.append(struct.pack("<32sIIII", name, start, length, 0, 0))
            start += length
    return b"".join([*parts, bookend])
