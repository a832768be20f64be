"""Registering files from a shard: nothing that a shard says is believed until the hub has computed it itself."""

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from hub.batches import batches
from models_registry import access
from models_registry.errors import Malformed
from models_registry.formats import merkle, shard
from models_registry.formats.xorb import ChunkTable
from models_registry.models import LfsObject, XetChunkKey, XetFile, XetTerm, Xorb
from models_registry.services import possession, reading
from models_registry.services.reading import Layout, Segment
from models_registry.services.xet.tokens import Caller
from models_registry.services.xet.xorbs import announcement

logger = logging.getLogger(__name__)

MAX_CHUNKS = 2_000_000
"""Of all files of one shard together, each as often as it occurs: some 128 GiB."""
MAX_XORBS = 4096
"""Named by one shard: the table of each is held while it is checked."""
_PROGRESS_SECONDS = 2.0
_AT_ONCE = 500


class Progress(NamedTuple):
    """How many bytes of the new files have been read back and hashed; then their rows are written."""

    verified: int
    total: int
    committing: bool = False


class KnownXorb(NamedTuple):
    id: int
    key: str
    table: ChunkTable


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file whose terms, proofs, lengths and hash were checked; its SHA-256 is still a claim."""

    hash: str
    sha256: str
    size: int
    terms: tuple[shard.Term, ...]


def register_shard(caller: Caller, data: bytes) -> Iterator[Progress]:
    """Make the files of a shard usable in the caller's repository, all or none.

    Yields now and then while it reads new files back to hash them; run it to its end. Raises Malformed, saying what is
    wrong; Forbidden and its kin; StorageUnavailable.
    """
    caller.require_write()
    try:
        parsed = shard.parse(data)
    except shard.MalformedShard as error:
        raise Malformed(str(error)) from error
    known = _known_xorbs(parsed)
    _check_described_xorbs(parsed, known)
    files = _checked_files(parsed, known)
    if caller.converts and {file.sha256 for file in files} != {caller.converts}:
        raise Malformed(f"This token is for content {caller.converts} alone.")
    unverified = _unverified(files)
    yield from _verify(unverified, known)
    size = sum(file.size for file in unverified)
    yield Progress(size, size, committing=True)
    _register(caller, files, known)
    logger.info("%d files registered for repository %d", len(files), caller.repository.pk)


def _known_xorbs(parsed: shard.Shard) -> dict[bytes, KnownXorb]:
    """All xorbs that the shard names, by raw hash."""
    named = {term.xorb for file in parsed.files for term in file.terms()} | {found.hash for found in parsed.xorbs}
    if len(named) > MAX_XORBS:
        raise Malformed(f"One shard builds on at most {MAX_XORBS} xorbs: upload the files in parts.")
    texts = sorted(map(merkle.hash_to_text, named))
    known: dict[bytes, KnownXorb] = {}
    for some in batches(texts, _AT_ONCE):
        rows = Xorb.objects.filter(hash__in=some).only("hash", "key", "chunk_table")
        for row in rows.iterator():
            known[merkle.hash_from_text(row.hash)] = KnownXorb(row.pk, row.key, ChunkTable(bytes(row.chunk_table)))
    missing = next((text for text in texts if merkle.hash_from_text(text) not in known), None)
    if missing is not None:
        raise Malformed(
            f"Xorb {missing} is not stored here, although this upload builds on it. If your client believes that it has"
            " sent it before, delete its Xet cache (HF_XET_CACHE, by default ~/.cache/huggingface/xet) and try again."
        )
    return known


def _check_described_xorbs(parsed: shard.Shard, known: dict[bytes, KnownXorb]) -> None:
    for described in parsed.xorbs:
        if not described.agrees_with(known[described.hash].table):
            text = merkle.hash_to_text(described.hash)
            raise Malformed(f"The shard describes other chunks of xorb {text} than those that were stored.")


def _checked_files(parsed: shard.Shard, known: dict[bytes, KnownXorb]) -> list[CheckedFile]:
    chunks = 0
    checked: dict[str, CheckedFile] = {}
    for file in parsed.files:
        chunks += sum(max(term.end - term.start, 0) for term in file.terms())
        if chunks > MAX_CHUNKS:
            raise Malformed(f"The files of one shard have at most {MAX_CHUNKS} chunks together: upload them in parts.")
        found = _checked_file(file, known)
        if checked.setdefault(found.hash, found).sha256 != found.sha256:
            raise Malformed(f"The shard gives two SHA-256 for file {found.hash}.")
    return list(checked.values())


def _checked_file(file: shard.FileEntry, known: dict[bytes, KnownXorb]) -> CheckedFile:
    text = merkle.hash_to_text(file.hash)
    terms = tuple(file.terms())
    for number, (term, proof) in enumerate(zip(terms, file.verifications(), strict=True)):
        table = known[term.xorb].table
        if not 0 <= term.start < term.end <= len(table):
            raise Malformed(f"Term {number} of file {text} names chunks that its xorb does not have.")
        if table.unpacked_size(term.start, term.end) != term.length:
            raise Malformed(f"Term {number} of file {text} gives a wrong length.")
        if merkle.range_verification(table.hashes(term.start, term.end)) != proof:
            raise Malformed(f"Term {number} of file {text} does not prove that you have its chunks.")
    leaves = (leaf for term in terms for leaf in known[term.xorb].table.leaves(term.start, term.end))
    if merkle.file_hash(leaves) != file.hash:
        raise Malformed(f"The terms of file {text} make another file.")
    size = sum(term.length for term in terms)
    return CheckedFile(hash=text, sha256=file.sha256.hex(), size=size, terms=terms)


def _unverified(files: Sequence[CheckedFile]) -> list[CheckedFile]:
    """Those whose SHA-256 the hub has not yet computed. Raises Malformed for one that contradicts what it computed."""
    computed: dict[str, str] = {}
    for some in batches(files, _AT_ONCE):
        hashes = [file.hash for file in some]
        rows = LfsObject.objects.filter(xet_file__hash__in=hashes).values_list("xet_file__hash", "sha256")
        computed.update(rows)
    for file in files:
        _compare(file, computed.get(file.hash, file.sha256))
    return [file for file in files if file.hash not in computed]


def _compare(file: CheckedFile, computed: str) -> None:
    if computed != file.sha256:
        raise Malformed(f"File {file.hash} has SHA-256 {computed}, not {file.sha256}.")


def _verify(files: Sequence[CheckedFile], known: dict[bytes, KnownXorb]) -> Iterator[Progress]:
    """Read the files out of their xorbs and compare their SHA-256 with the claims."""
    total = sum(file.size for file in files)
    verified, spoken = 0, time.monotonic()
    for file in files:
        segments = (
            Segment(term.length, known[term.xorb].key, term.start, term.end, packed=True) for term in file.terms
        )
        digest = hashlib.sha256()
        for block in reading.stream_layout(Layout(segments), 0, file.size):
            digest.update(block)
            verified += len(block)
            if time.monotonic() - spoken > _PROGRESS_SECONDS:
                yield Progress(verified, total)
                spoken = time.monotonic()
        _compare(file, digest.hexdigest())


def _register(caller: Caller, files: Sequence[CheckedFile], known: dict[bytes, KnownXorb]) -> None:
    named = {known[term.xorb].id for file in files for term in file.terms}
    with transaction.atomic():
        access.keep(caller.repository)
        # In one order, so that two registrations cannot wait for one another; garbage collection takes the same locks.
        locked = Xorb.objects.select_for_update().filter(pk__in=named).order_by("pk").values_list("pk", flat=True)
        if len(locked) != len(named):
            raise Malformed("A xorb that this upload builds on has just been removed: upload again.")
        Xorb.objects.filter(pk__in=named).update(announced_until=announcement())
        if caller.converts:
            _require_stored(caller.converts)
        in_order = sorted(files, key=lambda file: file.sha256)
        rows = {row.pk: row for row in (_lfs_object(file, known) for file in in_order)}
        if not caller.converts:  # who had the content has it; who has let go of it meanwhile does not get it back
            possession.possess(caller.repository, rows.values())


def _require_stored(sha256: str) -> None:
    """Garbage collection waits for this lock, or has been first."""
    if LfsObject.objects.select_for_update().filter(sha256=sha256).first() is None:
        raise Malformed(f"Content {sha256} has been removed meanwhile.")


def _lfs_object(file: CheckedFile, known: dict[bytes, KnownXorb]) -> LfsObject:
    """The content's row. It is one and the same whether it came plainly, in xorbs, or both.

    Once it lies in chunks, which were read and hashed, what came plainly is a copy like any other (`plain_copies`).
    """
    found = LfsObject.objects.select_for_update().filter(sha256=file.sha256).first()
    if found is not None and found.xet_file_id is not None:
        return found  # of two ways to cut the same content into chunks, the first is kept
    xet_file = _xet_file(file, known)
    if found is None:
        found, created = LfsObject.objects.get_or_create(
            sha256=file.sha256, defaults={"size": file.size, "xet_file": xet_file}
        )
        if created:
            return found
    plain = LfsObject.objects.filter(pk=found.pk, xet_file__isnull=True)
    plain.update(xet_file=xet_file, copy_used_at=timezone.now())
    return found


def _xet_file(file: CheckedFile, known: dict[bytes, KnownXorb]) -> XetFile:
    created = False
    while not created:
        made, created = XetFile.objects.get_or_create(hash=file.hash, defaults={"size": file.size})
        # One that is being removed has lost its name by the time that its lock is free.
        if not created and XetFile.objects.select_for_update().filter(pk=made.pk, hash=file.hash).values_list("pk"):
            return made
    rows, offset = [], 0
    for index, term in enumerate(file.terms):
        rows.append(
            XetTerm(
                file=made,
                index=index,
                offset=offset,
                length=term.length,
                xorb_id=known[term.xorb].id,
                chunk_start=term.start,
                chunk_end=term.end,
            )
        )
        offset += term.length
    XetTerm.objects.bulk_create(rows, batch_size=2000)
    first = file.terms[0]
    chunk = merkle.hash_to_text(known[first.xorb].table.hash(first.start))
    XetChunkKey.objects.get_or_create(chunk=chunk, xorb_id=known[first.xorb].id)
    return made
