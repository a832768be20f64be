"""Xorbs: up to 8,192 compressed chunks back to back, stored as one object.

A chunk is an 8-byte header (version u8, packed length u24, scheme u8, unpacked length u24; little-endian) and its
packed data. Older clients append a footer with tables; it repeats what the records say and reveals raw chunk hashes,
so it is neither believed nor kept. Source: the Xet protocol documentation, version 1.1.0 ("Xorb format").
"""

import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import lz4.frame

from models_registry.formats import merkle

HEADER_SIZE = 8
FORMAT_VERSION = 0
MAX_CHUNKS = 8192
MAX_UNPACKED_CHUNK = 128 * 1024
MAX_PACKED_CHUNK = 256 * 1024
MAX_UNPACKED = 64 * 1024 * 1024
MAX_PACKED = MAX_UNPACKED + MAX_CHUNKS * HEADER_SIZE
"""Clients count 64 MiB before packing: an incompressible xorb is larger by its headers."""
FOOTER_MARK = b"XETBLOB"
MAX_SERIALIZED = MAX_PACKED + 1024 * 1024
"""What a client may send: a xorb and the footer of an older client."""

NO_PACKING, LZ4, GROUPED_LZ4 = 0, 1, 2
"""Schemes. GROUPED_LZ4: all bytes at offset 0 mod 4 first, then 1, 2 and 3 (as suits float32), then LZ4."""

ENTRY_SIZE = merkle.HASH_SIZE + 8


class MalformedXorb(ValueError):
    """These bytes are not a xorb, or not the one they are said to be; the message says where and why."""


class Record(NamedTuple):
    """One chunk as it lies in a xorb: where its packed data is, and how to unpack it."""

    start: int
    end: int
    scheme: int
    unpacked_length: int


@dataclass(frozen=True, slots=True)
class ChunkTable:
    """Where each chunk of a xorb lies, packed and unpacked, and what it is called.

    packed: 40 bytes a chunk: hash, end among the packed bytes (header included) u32, end among the unpacked u32.
    Ends are exclusive; chunk ranges are [start, end) everywhere.
    """

    packed: bytes

    def __post_init__(self) -> None:
        if not self.packed or len(self.packed) % ENTRY_SIZE:
            raise ValueError(f"A chunk table has a positive multiple of {ENTRY_SIZE} bytes, not {len(self.packed)}.")

    def __len__(self) -> int:
        return len(self.packed) // ENTRY_SIZE

    def hash(self, index: int) -> bytes:
        return self.packed[index * ENTRY_SIZE : index * ENTRY_SIZE + merkle.HASH_SIZE]

    def packed_end(self, index: int) -> int:
        """Where chunk `index` ends among the packed bytes; 0 for -1, which is "before the first"."""
        return self._end(index, merkle.HASH_SIZE)

    def unpacked_end(self, index: int) -> int:
        """Where chunk `index` ends among the unpacked bytes; 0 for -1, which is "before the first"."""
        return self._end(index, merkle.HASH_SIZE + 4)

    def _end(self, index: int, column: int) -> int:
        if index < 0:
            return 0
        place = index * ENTRY_SIZE + column
        return int.from_bytes(self.packed[place : place + 4], "little")

    def length(self, index: int) -> int:
        """Unpacked length of chunk `index`."""
        return self.unpacked_end(index) - self.unpacked_end(index - 1)

    def chunk_at(self, offset: int) -> int:
        """The chunk that holds the unpacked byte `offset` (the number of chunks if it lies past the end)."""
        return bisect_right(range(len(self)), offset, key=self.unpacked_end)

    def packed_span(self, start: int, end: int) -> tuple[int, int]:
        """Byte range [first, last) of the records of chunks [start, end)."""
        return self.packed_end(start - 1), self.packed_end(end - 1)

    def unpacked_size(self, start: int, end: int) -> int:
        """Sum of the unpacked lengths of chunks [start, end)."""
        return self.unpacked_end(end - 1) - self.unpacked_end(start - 1)

    def hashes(self, start: int, end: int) -> bytes:
        """The raw hashes of chunks [start, end), one after another."""
        return b"".join(self.hash(index) for index in range(start, end))

    def leaves(self, start: int, end: int) -> Iterator[tuple[bytes, int]]:
        """(hash, unpacked length) of chunks [start, end)."""
        before = self.unpacked_end(start - 1)
        for index in range(start, end):
            after = self.unpacked_end(index)
            yield self.hash(index), after - before
            before = after


@dataclass(frozen=True, slots=True)
class Xorb:
    """What validation found: the xorb's own hash, and its chunks. Only the first `packed_size` bytes are the xorb."""

    hash: bytes
    table: ChunkTable

    @property
    def packed_size(self) -> int:
        return self.table.packed_end(len(self.table) - 1)

    @property
    def unpacked_size(self) -> int:
        return self.table.unpacked_end(len(self.table) - 1)


Buffer = bytes | bytearray | memoryview


def validate(blocks: Iterable[Buffer]) -> Xorb:
    """Unpack and hash every chunk of a serialized xorb that comes in blocks of any size; a footer is ignored.

    Costs 20–60 ms of CPU for a full one, and little more memory than a block. Raises MalformedXorb.
    """
    entries, leaves, unpacked = bytearray(), [], 0
    for record, content in unpack(blocks):
        name = merkle.chunk_hash(content)
        unpacked += record.unpacked_length
        entries += name + record.end.to_bytes(4, "little") + unpacked.to_bytes(4, "little")
        leaves.append((name, record.unpacked_length))
        if len(leaves) > MAX_CHUNKS:
            raise MalformedXorb(f"A xorb holds at most {MAX_CHUNKS} chunks.")
        if unpacked > MAX_UNPACKED:
            raise MalformedXorb(f"A xorb holds at most {MAX_UNPACKED} unpacked bytes.")
    if not leaves:
        raise MalformedXorb("There is no chunk in this xorb.")
    return Xorb(hash=merkle.tree_root(leaves), table=ChunkTable(bytes(entries)))


def unpack(blocks: Iterable[Buffer]) -> Iterator[tuple[Record, Buffer]]:
    """Each chunk of consecutive records with its unpacked bytes (a view of a block where it was not packed).

    Stops at a footer. Raises MalformedXorb at the first record that is not sound.
    """
    rest, base = b"", 0  # what the blocks so far end with, and where in the xorb that begins
    for block in blocks:
        view = memoryview(b"".join((rest, block)) if rest else block)
        place = 0
        while (record := _whole_record(view, place, base)) is not None:
            place = record.end - base
            yield record, _unpack_one(view[record.start - base : place], record)
        if view[place : place + len(FOOTER_MARK)] == FOOTER_MARK:
            return
        rest, base = bytes(view[place:]), base + place
    if rest:
        raise MalformedXorb(f"The chunk at byte {base} is cut short.")


def _whole_record(view: memoryview, place: int, base: int) -> Record | None:
    """The record at `place`, if all of it is in view. Raises MalformedXorb as soon as its header is wrong."""
    start = place + HEADER_SIZE
    if start > len(view) or view[place : place + len(FOOTER_MARK)] == FOOTER_MARK:
        return None
    header = bytes(view[place:start])
    packed = int.from_bytes(header[1:4], "little")
    scheme = header[4]
    unpacked = int.from_bytes(header[5:8], "little")
    where = f"The chunk at byte {base + place}"
    if header[0] != FORMAT_VERSION:
        raise MalformedXorb(f"{where} has version {header[0]}; only {FORMAT_VERSION} is known.")
    if scheme not in (NO_PACKING, LZ4, GROUPED_LZ4):
        raise MalformedXorb(f"{where} has compression scheme {scheme}; 0, 1 and 2 are known.")
    if not 0 < unpacked <= MAX_UNPACKED_CHUNK:
        raise MalformedXorb(f"{where} claims {unpacked} bytes; 1 to {MAX_UNPACKED_CHUNK} are allowed.")
    if not 0 < packed <= MAX_PACKED_CHUNK:
        raise MalformedXorb(f"{where} has {packed} packed bytes; 1 to {MAX_PACKED_CHUNK} are allowed.")
    if scheme == NO_PACKING and packed != unpacked:
        raise MalformedXorb(f"{where} is not packed, and gives two lengths, {packed} and {unpacked}.")
    if start + packed > len(view):
        return None
    return Record(start=base + start, end=base + start + packed, scheme=scheme, unpacked_length=unpacked)


def _unpack_one(packed: memoryview, record: Record) -> Buffer:
    if record.scheme == NO_PACKING:
        return packed
    content = _decompress(packed, record)
    return content if record.scheme == LZ4 else _ungrouped(content)


def _ungrouped(grouped: bytes) -> bytearray:
    """Undo byte grouping: four groups, of which the first `length mod 4` are one byte longer."""
    length = len(grouped)
    content = bytearray(length)
    place = 0
    for group in range(4):
        size = (length - group + 3) // 4
        content[group::4] = grouped[place : place + size]
        place += size
    return content


class _Decompressor(threading.local):
    """One LZ4 context per thread: making one costs more than unpacking a chunk."""

    def __init__(self) -> None:
        self.context = lz4.frame.create_decompression_context()

    def renew(self) -> None:
        self.context = lz4.frame.create_decompression_context()


_decompressor = _Decompressor()


def _decompress(packed: memoryview, record: Record) -> bytes:
    """Exactly `unpacked_length` bytes of one LZ4 frame: the output is capped, so a bomb costs no more than a chunk.

    `lz4.frame.decompress` would guess the size (frames do not carry it), reallocate, and know no cap.
    """
    place = record.start - HEADER_SIZE
    try:
        content, taken, finished = lz4.frame.decompress_chunk(
            _decompressor.context, packed, max_length=record.unpacked_length
        )
    except RuntimeError as error:
        _decompressor.renew()
        raise MalformedXorb(f"The chunk at byte {place} is not an LZ4 frame: {error}") from error
    if not finished or taken != len(packed):
        _decompressor.renew()
        raise MalformedXorb(f"The LZ4 frame of the chunk at byte {place} does not end where and as its header says.")
    if len(content) != record.unpacked_length:
        raise MalformedXorb(
            f"The chunk at byte {place} unpacks to {len(content)} bytes, not the {record.unpacked_length} it claims."
        )
    return content
