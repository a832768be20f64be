"""Shards: the messages in which Xet clients register files, and in which a hub answers what it already has.

Every record has 48 bytes, little-endian. Source: the Xet protocol documentation, version 1.1.0 ("Shard format").
Parsing only draws borders (a few objects per file and xorb); terms are read when asked for, so a hostile shard costs
no more memory than its own bytes.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models_registry.formats import merkle
from models_registry.formats.xorb import MAX_CHUNKS, ChunkTable

RECORD_SIZE = 48
TAG = b"HFRepoMetaData" + bytes.fromhex("00556967456a7b815783a5bdd95ccdd14aa9")
UPLOAD_VERSION = 2
FOOTER_VERSION = 1
FOOTER_SIZE = 200
BOOKEND = b"\xff" * merkle.HASH_SIZE

MAX_SHARD = 64 * 1024 * 1024
MAX_FILES = 65_536
MAX_TERMS = 1_000_000
MAX_XORBS = 65_536

HAS_VERIFICATION = 1 << 31
HAS_SHA256 = 1 << 30

_HEADER = struct.Struct("<32sQQ")
_FILE = struct.Struct("<32sII8x")
_TERM = struct.Struct("<32sIIII")  # xorb, flags, unpacked length, first chunk, end chunk
_XORB = struct.Struct("<32sIIII")  # xorb, flags, chunks, unpacked bytes, packed bytes
_CHUNK = struct.Struct("<32sIIII")  # hash, unpacked start, unpacked length, flags, unused
_FOOTER = struct.Struct("<9Q32s2Q48x3QQ")


class MalformedShard(ValueError):
    """These bytes are not a shard that can be accepted; the message says where and why."""


class Term(NamedTuple):
    """A piece of a file: chunks [start, end) of a xorb, `length` bytes when unpacked."""

    xorb: bytes
    start: int
    end: int
    length: int


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as its uploader describes it. All of it is a claim until checked against the xorbs."""

    hash: bytes
    sha256: bytes
    """In the ordinary byte order."""
    term_count: int
    _terms: memoryview
    _verifications: memoryview

    def terms(self) -> Iterator[Term]:
        for xorb, _flags, length, start, end in _TERM.iter_unpack(self._terms):
            yield Term(xorb=xorb, start=start, end=end, length=length)

    def verifications(self) -> Iterator[bytes]:
        """For each term, in order, the proof that the uploader knows its chunks (see `merkle.range_verification`)."""
        for place in range(0, len(self._verifications), RECORD_SIZE):
            yield bytes(self._verifications[place : place + merkle.HASH_SIZE])


@dataclass(frozen=True, slots=True)
class XorbEntry:
    """A new xorb as its uploader describes it."""

    hash: bytes
    chunk_count: int
    _chunks: memoryview

    def agrees_with(self, table: ChunkTable) -> bool:
        """Whether the described chunks are those that were measured."""
        if self.chunk_count != len(table):
            return False
        described = ((name, length) for name, _start, length, _flags, _unused in _CHUNK.iter_unpack(self._chunks))
        return all(ours == theirs for ours, theirs in zip(table.leaves(0, len(table)), described, strict=True))


@dataclass(frozen=True, slots=True)
class Shard:
    """An uploaded shard: the files to register, and the xorbs that were sent for them."""

    files: tuple[FileEntry, ...]
    xorbs: tuple[XorbEntry, ...]


def parse(data: bytes) -> Shard:
    """The shard that a client uploads. Raises MalformedShard."""
    if len(data) > MAX_SHARD:
        raise MalformedShard(f"A shard has at most {MAX_SHARD} bytes, not {len(data)}.")
    records = _Records(data)
    tag, version, footer_size = _HEADER.unpack(records.take(1, "header"))
    if tag != TAG:
        raise MalformedShard("This is no shard: it does not begin with the shard tag.")
    if version != UPLOAD_VERSION:
        raise MalformedShard(f"This shard has version {version}; only {UPLOAD_VERSION} is known.")
    if footer_size not in (0, FOOTER_SIZE):
        raise MalformedShard(f"A shard has a footer of 0 or {FOOTER_SIZE} bytes, not {footer_size}.")
    return Shard(files=tuple(_files(records)), xorbs=tuple(_xorbs(records)))


class _Records:
    """Takes records one after another, refusing a count that the data cannot hold before anything is made for it."""

    def __init__(self, data: bytes) -> None:
        self._view = memoryview(data)
        self._place = 0

    def take(self, count: int, what: str) -> memoryview:
        end = self._place + count * RECORD_SIZE
        if end > len(self._view):
            raise MalformedShard(f"The shard ends inside a {what} (byte {self._place}).")
        taken = self._view[self._place : end]
        self._place = end
        return taken


def _files(records: _Records) -> Iterator[FileEntry]:
    files = terms = 0
    while True:
        head = records.take(1, "file")
        name, flags, count = _FILE.unpack(head)
        if name == BOOKEND:
            return
        files += 1
        terms += count
        if files > MAX_FILES or terms > MAX_TERMS:
            raise MalformedShard(f"A shard describes at most {MAX_FILES} files and {MAX_TERMS} terms.")
        said = merkle.hash_to_text(name)
        if count == 0:
            raise MalformedShard(f"File {said} has no terms.")
        if not flags & HAS_VERIFICATION or not flags & HAS_SHA256:
            raise MalformedShard(f"File {said} comes without its verification hashes or its SHA-256.")
        yield FileEntry(
            hash=name,
            term_count=count,
            _terms=records.take(count, "term"),
            _verifications=records.take(count, "verification"),
            sha256=merkle.regrouped(bytes(records.take(1, "SHA-256")[: merkle.HASH_SIZE])),
        )


def _xorbs(records: _Records) -> Iterator[XorbEntry]:
    xorbs = 0
    while True:
        name, _flags, count, _unpacked, _packed = _XORB.unpack(records.take(1, "xorb"))
        if name == BOOKEND:
            return
        xorbs += 1
        if xorbs > MAX_XORBS:
            raise MalformedShard(f"A shard describes at most {MAX_XORBS} xorbs.")
        if not 0 < count <= MAX_CHUNKS:
            raise MalformedShard(
                f"Xorb {merkle.hash_to_text(name)} claims {count} chunks; 1 to {MAX_CHUNKS} are allowed."
            )
        yield XorbEntry(hash=name, chunk_count=count, _chunks=records.take(count, "chunk"))


class ShownXorb(NamedTuple):
    """A xorb in a deduplication answer, and which of its chunks the answer may tell of."""

    hash: bytes
    table: ChunkTable
    ranges: Sequence[tuple[int, int]]
    """Chunks [start, end)."""

    def shows(self, index: int) -> bool:
        return any(start <= index < end for start, end in self.ranges)


def build_dedup_answer(xorbs: Sequence[ShownXorb], *, key: bytes, created: int, expires: int) -> bytes:
    """The shard that tells a client which chunks the hub has, in a form that only their owners can read.

    key: 32 bytes under which chunk hashes are hidden; chunks of equal content have equal hidden hashes, which is all
    that the client compares. Noise stands for a chunk that is not shown. created, expires: unix seconds.
    The name of a xorb of one chunk is that chunk's raw hash: name only xorbs of which the client may know a chunk.
    """
    sections = [_HEADER.pack(TAG, UPLOAD_VERSION, FOOTER_SIZE), _bookend()]
    xorb_lookup, chunk_lookup = [], []
    record = unpacked_total = packed_total = 0
    for shown in xorbs:
        name, table = shown.hash, shown.table
        count = len(table)
        unpacked, packed = table.unpacked_end(count - 1), table.packed_end(count - 1)
        sections.append(_XORB.pack(name, 0, count, unpacked, packed))
        xorb_lookup.append((_prefix(name), record))
        start = 0
        for index, (raw, length) in enumerate(table.leaves(0, count)):
            hidden = merkle.keyed_chunk_hash(key, raw) if shown.shows(index) else os.urandom(merkle.HASH_SIZE)
            sections.append(_CHUNK.pack(hidden, start, length, 0, 0))
            chunk_lookup.append((_prefix(hidden), record, index))
            start += length
        record += 1 + count
        unpacked_total += unpacked
        packed_total += packed
    sections.append(_bookend())

    files_at = RECORD_SIZE
    xorbs_at = files_at + RECORD_SIZE
    lookups_at = xorbs_at + (record + 1) * RECORD_SIZE
    xorb_rows = b"".join(struct.pack("<QI", *row) for row in sorted(xorb_lookup))
    chunk_rows = b"".join(struct.pack("<QII", *row) for row in sorted(chunk_lookup))
    chunks_at = lookups_at + len(xorb_rows)
    footer_at = chunks_at + len(chunk_rows)
    offsets = (
        FOOTER_VERSION,
        files_at,
        xorbs_at,
        lookups_at,
        0,
        lookups_at,
        len(xorb_lookup),
        chunks_at,
        len(chunk_lookup),
    )
    footer = _FOOTER.pack(*offsets, key, created, expires, packed_total, unpacked_total, unpacked_total, footer_at)
    return b"".join([*sections, xorb_rows, chunk_rows, footer])


def _bookend() -> bytes:
    return BOOKEND + bytes(RECORD_SIZE - len(BOOKEND))


def _prefix(raw: bytes) -> int:
    """The first u64 of a hash: by it the lookup tables are sorted."""
    return int.from_bytes(raw[:8], "little")
