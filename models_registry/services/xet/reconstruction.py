"""Telling a client from which byte ranges of which xorbs it can put a file together.

A xorb mixes chunks of files of many owners: an address opens exactly the chunks of this file, and signs that range.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.errors import NotFound
from models_registry import storage
from models_registry.errors import ContentTooLarge, RangeNotSatisfiable
from models_registry.models import Repository, XetFile
from models_registry.services import quarantine, reading
from models_registry.services.xet.tokens import Caller
from models_registry.storage import READ_SECONDS

GUARDED_SECONDS = 300
"""How long an address gives bytes of a private or gated repository. A client that comes later asks anew, as it must anyway."""
MOST_TERMS = 65_536
"""Of one answer. Clients take a shorter answer than they asked for the end of the file, so it is all or a refusal."""


class Term(NamedTuple):
    """Chunks [start, end) of a xorb, `length` bytes unpacked."""

    xorb: str
    start: int
    end: int
    length: int


class Fetch(NamedTuple):
    """Chunks [start, end) of a xorb are the bytes [first, last) behind this address."""

    start: int
    end: int
    first: int
    last: int
    address: str


class Reconstruction(NamedTuple):
    """The file's bytes begin `offset` bytes into the first term."""

    offset: int
    terms: list[Term]
    fetches: dict[str, list[Fetch]]


class _Located(NamedTuple):
    term: Term
    key: str


def reconstruct(caller: Caller, file_hash: str, start: int = 0, end: int | None = None) -> Reconstruction:
    """For bytes [start, end) of a file of the caller's repository, in whole chunks.

    Raises NotFound (also for a file that only others have); RangeNotSatisfiable; Forbidden, ContentQuarantined;
    ContentTooLarge for a range in too many pieces.
    """
    caller.require_read()
    quarantine.require_free_chunks(file_hash)
    file = XetFile.objects.filter(hash=file_hash, lfs_object__possessions__repository=caller.repository).first()
    if file is None:
        raise NotFound(f"This repository has no file {file_hash}.")
    end = file.size if end is None else min(end, file.size)
    if start >= end:
        raise RangeNotSatisfiable(f"The file has {file.size} bytes.")
    offset, located = _cut(file, start, end)
    return Reconstruction(offset, [found.term for found in located], _fetches(located, _seconds(caller.repository)))


def _cut(file: XetFile, start: int, end: int) -> tuple[int, list[_Located]]:
    """The terms that touch [start, end), the first and last of them cut to the chunks needed."""
    begins = file.terms.filter(offset__lte=start).order_by("-offset").values_list("offset", flat=True).first()
    rows = list(
        file.terms.filter(offset__gte=begins or 0, offset__lt=end)
        .order_by("index")
        .values_list("offset", "length", "xorb__hash", "xorb__key", "chunk_start", "chunk_end")[: MOST_TERMS + 1]
    )
    if len(rows) > MOST_TERMS:
        raise ContentTooLarge(f"This range lies in more than {MOST_TERMS} pieces: ask for a shorter one.")
    offset, located = 0, []
    for place, length, xorb_hash, key, first, last in rows:
        if start <= place and place + length <= end:
            located.append(_Located(Term(xorb_hash, first, last, length), key))
            continue
        table = reading.chunk_table(key)
        base = table.unpacked_end(first - 1)
        from_chunk = table.chunk_at(base + max(start - place, 0))
        to_chunk = table.chunk_at(base + min(end - place, length) - 1) + 1
        if start > place:
            offset = base + start - place - table.unpacked_end(from_chunk - 1)
        size = table.unpacked_size(from_chunk, to_chunk)
        located.append(_Located(Term(xorb_hash, from_chunk, to_chunk, size), key))
    return offset, located


def _seconds(repository: Repository) -> int:
    """How long an address opens its bytes: the storage cannot ask for a right anew, as the content server does."""
    return GUARDED_SECONDS if repository.private or repository.gated else READ_SECONDS


def _fetches(located: Sequence[_Located], seconds: int) -> dict[str, list[Fetch]]:
    """One address for each run of chunks without a gap: a gap may hold what the caller must not see."""
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for term, key in located:
        spans.setdefault((term.xorb, key), []).append((term.start, term.end))
    fetches: dict[str, list[Fetch]] = {}
    for (xorb_hash, key), ranges in spans.items():
        table = reading.chunk_table(key)
        fetches[xorb_hash] = []
        for start, end in _joined(ranges):
            first, last = table.packed_span(start, end)
            address = storage.presign_get(key, byte_range=(first, last), seconds=seconds)
            fetches[xorb_hash].append(Fetch(start, end, first, last, address))
    return fetches


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
