"""The one way to read stored content by range, however it is kept: in a row, as a plain object, or in xorbs.

`read_range` and `stream` are for everyone (scanners, verification, evaluation). A `Layout` is for who wants to fetch in
parallel: it cuts a file into windows, and `fetch` gets one window from any thread without touching the database.
"""

import os
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import BoundedSemaphore
from typing import NamedTuple

from django.utils.translation import gettext as _

from models_registry import storage
from models_registry.errors import StorageUnavailable
from models_registry.formats import xorb
from models_registry.formats.xorb import ChunkTable, MalformedXorb
from models_registry.models import GitObject, LfsObject, XetFile, Xorb
from models_registry.services import objects, quarantine

WINDOW = 4 * 1024 * 1024
_AHEAD = 2
# Larger blocks leave the CPU's cache and cost page faults; smaller ones cost calls.
_BLOCK = 512 * 1024
# Two pieces of one object that are nearer than this come in one read: a read costs more than these bytes.
_GAP = 1024 * 1024
_decoders = BoundedSemaphore(os.cpu_count() or 1)


class Segment(NamedTuple):
    """Consecutive bytes of a file that lie together in one stored object.

    packed: chunks [start, end) of the xorb under `key`; otherwise bytes [start, end) of the object itself.
    """

    length: int
    key: str
    start: int
    end: int
    packed: bool


class Piece(NamedTuple):
    """What one read contributes to a window: `take` bytes after the first `skip`, of bytes [first, last) of an object
    (unpacked, where it is a xorb)."""

    key: str
    first: int
    last: int
    skip: int
    take: int
    packed: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Bytes [start, end) of a file, and where to get them. In a xorb, it ends where a chunk ends, if it may."""

    start: int
    end: int
    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        return self.end - self.start


class Layout:
    """Where all the bytes of one file lie. Making windows may look up chunk tables in the database."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        self._segments = tuple(segments)
        self._ends: list[int] = []
        end = 0
        for segment in self._segments:
            end += segment.length
            self._ends.append(end)
        self.size = end

    def window(self, start: int, end: int, wanted: int) -> Window:
        """From `start` on about `wanted` bytes, never past `end`; the last chunk is taken whole, not read twice."""
        end = min(end, self.size)
        target = min(start + wanted, end)
        place, pieces = start, []
        while place < target:
            index = bisect_right(self._ends, place)
            segment = self._segments[index]
            base = self._ends[index] - segment.length
            cut = _packed_piece if segment.packed else _plain_piece
            piece = cut(segment, place - base, min(target, self._ends[index]) - base, end - base)
            pieces.append(piece)
            place += piece.take
        return Window(start, place, tuple(pieces))

    def windows(self, start: int, end: int, wanted: int = WINDOW) -> Iterator[Window]:
        """Windows that together are bytes [start, end)."""
        end = min(end, self.size)
        while start < end:
            window = self.window(start, end, wanted)
            yield window
            start = window.end


def _plain_piece(segment: Segment, start: int, end: int, _limit: int) -> Piece:
    return Piece(segment.key, segment.start + start, segment.start + end, 0, end - start, packed=False)


def _packed_piece(segment: Segment, start: int, end: int, limit: int) -> Piece:
    """start, end: unpacked bytes from the segment's beginning. The last chunk is taken to its end, or to `limit`."""
    table = chunk_table(segment.key)
    base = table.unpacked_end(segment.start - 1)
    first_chunk = table.chunk_at(base + start)
    end_chunk = table.chunk_at(base + end - 1) + 1
    end = min(table.unpacked_end(end_chunk - 1) - base, segment.length, limit)
    first, last = table.packed_span(first_chunk, end_chunk)
    skip = base + start - table.unpacked_end(first_chunk - 1)
    return Piece(segment.key, first, last, skip, end - start, packed=True)


@lru_cache(maxsize=1024)
def chunk_table(key: str) -> ChunkTable:
    """The chunks of the xorb under this storage key (a key is never used twice). About 40 KB each."""
    return ChunkTable(bytes(Xorb.objects.values_list("chunk_table", flat=True).get(key=key)))


def layout_of(file: LfsObject | XetFile, *, in_quarantine: bool = False) -> Layout:
    """A plain copy is preferred where there is one: it costs no unpacking.

    in_quarantine: for scanners, which read what nobody else may. Raises ContentQuarantined.
    """
    if not in_quarantine and isinstance(file, LfsObject):
        quarantine.require_free(file.sha256)
    if isinstance(file, LfsObject) and file.plain_key and file.is_read_plainly:
        return Layout([Segment(file.size, file.plain_key, 0, file.size, packed=False)])
    xet_file = file.xet_file if isinstance(file, LfsObject) else file
    assert xet_file is not None  # the database keeps one of the two
    terms = xet_file.terms.order_by("index").values_list("length", "xorb__key", "chunk_start", "chunk_end")
    return Layout(Segment(length, key, start, end, packed=True) for length, key, start, end in terms)


def fetch(window: Window) -> list[bytes]:
    """The window's bytes in blocks of about 512 KiB. Needs no database, and may run in any thread.

    Raises StorageUnavailable, ObjectMissing.
    """
    reads = _Reads(window)
    reads.run()
    blocks: list[bytes] = []
    waiting: list[bytes | bytearray | memoryview] = []
    size = 0
    with _decoders:
        for piece in window.pieces:
            for part in _content(reads.body(piece), piece):
                waiting.append(part)
                size += len(part)
                if size >= _BLOCK:
                    blocks.append(b"".join(waiting))
                    waiting, size = [], 0
        if waiting:
            blocks.append(b"".join(waiting))
    return blocks


class _Reads:
    """The reads that cover a window's pieces: neighbours in one object together, while less than a window is wasted."""

    def __init__(self, window: Window) -> None:
        self._spans: list[tuple[str, int, int]] = []
        self._span_of: dict[tuple[str, int, int], int] = {}
        self._bodies: list[bytes] = []
        waste = 0
        for wanted in sorted({(piece.key, piece.first, piece.last) for piece in window.pieces}):
            key, first, last = wanted
            if self._spans:
                near, start, end = self._spans[-1]
                gap = max(first - end, 0)
                if key == near and gap < _GAP and waste + gap <= WINDOW:
                    waste += gap
                    self._spans[-1] = key, start, max(end, last)
                    self._span_of[wanted] = len(self._spans) - 1
                    continue
            self._spans.append(wanted)
            self._span_of[wanted] = len(self._spans) - 1

    def run(self) -> None:
        self._bodies = [storage.read_range(*span) for span in self._spans]

    def body(self, piece: Piece) -> memoryview:
        number = self._span_of[piece.key, piece.first, piece.last]
        offset = self._spans[number][1]
        return memoryview(self._bodies[number])[piece.first - offset : piece.last - offset]


def _content(body: memoryview, piece: Piece) -> Iterable[bytes | bytearray | memoryview]:
    return _unpacked(body, piece) if piece.packed else (body,)


def _unpacked(body: memoryview, piece: Piece) -> Iterator[bytes | bytearray | memoryview]:
    skip, left = piece.skip, piece.take
    try:
        for _record, content in xorb.unpack([body]):
            part = content[skip : skip + left] if skip or len(content) > left else content
            skip = 0
            left -= len(part)
            yield part
    except MalformedXorb as error:
        raise StorageUnavailable(
            _("The stored object %(key)s is damaged: %(error)s") % {"key": piece.key, "error": error}
        ) from error
    if left:
        raise StorageUnavailable(
            _("The stored object %(key)s is damaged: %(left)s bytes are missing.") % {"key": piece.key, "left": left}
        )


def read_range(file: LfsObject | XetFile | GitObject, start: int, end: int) -> bytes:
    """Bytes [start, end) of the file, cut at its end; for pieces that fit in memory, such as headers.

    Raises StorageUnavailable, ObjectMissing.
    """
    return b"".join(stream(file, start, end))


def stream(file: LfsObject | XetFile | GitObject, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Bytes [start, end) of the file in blocks of up to 1 MiB, in about 20 MiB of memory whatever the size.

    Reads ahead in threads; close the generator to stop them. Raises StorageUnavailable, ObjectMissing.
    """
    end = file.size if end is None else min(end, file.size)
    if isinstance(file, GitObject):
        yield objects.inflate(file)[start:end]  # at most 10 MB
        return
    yield from stream_layout(layout_of(file), start, end)


def stream_plain(key: str, size: int) -> Iterator[bytes]:
    """As `stream`, for the `size` bytes of one stored object as they lie."""
    return stream_layout(Layout([Segment(size, key, 0, size, packed=False)]), 0, size)


def stream_layout(layout: Layout, start: int, end: int) -> Iterator[bytes]:
    """As `stream`, for a file that has no row yet."""
    windows = layout.windows(start, end)
    first = next(windows, None)
    if first is None:
        return
    if first.end == min(end, layout.size):
        yield from fetch(first)
        return
    pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="read-ahead")
    try:
        ahead: deque[Future[list[bytes]]] = deque([pool.submit(fetch, first)])
        for window in windows:
            ahead.append(pool.submit(fetch, window))
            if len(ahead) > _AHEAD:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
