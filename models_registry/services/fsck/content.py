"""Content in storage: large files, the files and xorbs they are made of, regular files that are too large for a row."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import Max, QuerySet

from models_registry import storage
from models_registry.errors import StorageUnavailable
from models_registry.formats import merkle, xorb
from models_registry.formats.xorb import ENTRY_SIZE, ChunkTable, MalformedXorb
from models_registry.models import BlobContent, GitObject, LfsObject, Repository, XetChunkKey, XetFile, Xorb
from models_registry.services import reading
from models_registry.services.fsck.problems import (
    Page,
    Problem,
    kind_of,
    pages,
    where_git_objects,
    where_lfs,
    where_xorb,
)

_TERMS_AT_ONCE = 2000


def check_lfs_objects(only: Repository | None, position: str, deep: bool) -> Iterator[Page]:
    rows = LfsObject.objects.select_related("xet_file")
    if only is not None:
        rows = rows.filter(possessions__repository=only)
    return _paged("large-files", rows, position, lambda row: _lfs_object(row, deep))


def _paged(phase: str, rows: QuerySet[Any], position: str, check: Callable[[Any], Iterable[Problem]]) -> Iterator[Page]:
    for page in pages(rows, position, 50):
        for row in page:
            problems = tuple(check(row))
            # What goes while it is looked at was not damaged.
            still = problems and type(row)._default_manager.filter(pk=row.pk).exists()  # noqa: SLF001 - Django's name for it
            yield Page(phase, str(row.pk), problems if still else ())


def _lfs_object(row: LfsObject, deep: bool) -> Iterator[Problem]:
    what, where = f"content {row.sha256}", {row.sha256}
    if not row.possessions.exists():
        yield Problem("orphaned", what, "no repository has it")
    if row.xet_file is not None and row.xet_file.size != row.size:
        yield Problem("corrupt", what, f"it has {row.size} bytes, its chunks {row.xet_file.size}", where_lfs(where))
    if row.plain_key:
        problems = list(_plain_object(row, row.plain_key, deep))
        # A copy may go while it is looked at.
        if problems and LfsObject.objects.filter(pk=row.pk, plain_key=row.plain_key).exists():
            yield from problems
    if deep and row.xet_file is not None:
        try:
            yield from _hashed(row, what, reading.stream(row.xet_file))
        except StorageUnavailable as error:
            yield Problem(kind_of(error), what, str(error), where_lfs(where))


def _plain_object(row: LfsObject, key: str, deep: bool) -> Iterator[Problem]:
    what, where = f"content {row.sha256}", {row.sha256}
    try:
        measured = storage.size_of(key)
        if measured != row.size:
            kind = "missing" if measured is None else "corrupt"
            detail = f"{key} has {measured} bytes, not {row.size}" if measured is not None else key
            yield Problem(kind, what, detail, where_lfs(where))
        elif deep:
            yield from _hashed(row, what, reading.stream_plain(key, row.size))
    except StorageUnavailable as error:
        yield Problem(kind_of(error), what, str(error), where_lfs(where))


def _hashed(row: LfsObject, what: str, blocks: Iterable[bytes]) -> Iterator[Problem]:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    if digest.hexdigest() != row.sha256:
        yield Problem("corrupt", what, f"its bytes have SHA-256 {digest.hexdigest()}", where_lfs({row.sha256}))


def check_xet_files(only: Repository | None, position: str, deep: bool) -> Iterator[Page]:
    rows = XetFile.objects.all()
    if only is not None:
        rows = rows.filter(lfs_object__possessions__repository=only)
    return _paged("chunked-files", rows, position, _xet_file)


def _xet_file(row: XetFile) -> Iterator[Problem]:
    """Its terms follow one another without a gap, name chunks that there are, and make this file."""
    content = LfsObject.objects.filter(xet_file=row).first()
    if content is None:
        yield Problem("orphaned", f"file {row.hash}", "no content is made of it")
        return
    fault = _fault_of_terms(row)
    if fault:
        yield Problem("corrupt", f"file {row.hash}", fault, where_lfs({content.sha256}))


def _fault_of_terms(row: XetFile) -> str:
    count, offset = 0, 0
    parts: list[tuple[str, int, int]] = []
    terms = row.terms.order_by("index").values_list(
        "index", "offset", "length", "xorb__key", "chunk_start", "chunk_end"
    )
    for index, place, length, key, start, end in terms.iterator(chunk_size=_TERMS_AT_ONCE):
        if (index, place) != (count, offset):
            return f"term {count} is missing, or does not begin at {offset}"
        try:
            table = reading.chunk_table(key)
        except ValueError as error:
            return f"term {index}: {error}"
        if not 0 <= start < end <= len(table) or table.unpacked_size(start, end) != length:
            return f"term {index} names chunks {start} to {end} of a xorb of {len(table)}, for {length} bytes"
        parts.append((key, start, end))
        count, offset = count + 1, offset + length
    if offset != row.size:
        return f"its terms have {offset} bytes, not {row.size}"
    leaves = (leaf for key, start, end in parts for leaf in reading.chunk_table(key).leaves(start, end))
    measured = merkle.file_hash(leaves)
    return "" if merkle.hash_to_text(measured) == row.hash else f"its terms make file {merkle.hash_to_text(measured)}"


def check_xorbs(only: Repository | None, position: str, deep: bool) -> Iterator[Page]:
    rows = Xorb.objects.all()
    if only is not None:
        rows = rows.filter(terms__file__lfs_object__possessions__repository=only).distinct()
    return _paged("xorbs", rows, position, lambda row: _xorb(row, deep))


def _xorb(row: Xorb, deep: bool) -> Iterator[Problem]:
    what = f"xorb {row.hash}"
    fault = _fault_of_table(row)
    if fault:
        yield Problem("corrupt", what, fault, where_xorb(row.pk))
    try:
        measured = storage.size_of(row.key)
        if measured is None:
            yield Problem("missing", what, row.key, where_xorb(row.pk))
        elif measured != row.packed_size:
            detail = f"{row.key} has {measured} bytes, not {row.packed_size}"
            yield Problem("corrupt", what, detail, where_xorb(row.pk))
        elif deep:
            found = xorb.validate(reading.stream_plain(row.key, row.packed_size))
            if merkle.hash_to_text(found.hash) != row.hash or found.table.packed != bytes(row.chunk_table):
                detail = f"its bytes are those of {merkle.hash_to_text(found.hash)}"
                yield Problem("corrupt", what, detail, where_xorb(row.pk))
    except MalformedXorb as error:
        yield Problem("corrupt", what, str(error), where_xorb(row.pk))
    except StorageUnavailable as error:
        yield Problem(kind_of(error), what, str(error), where_xorb(row.pk))


def _fault_of_table(row: Xorb) -> str:
    """The table of chunks against the xorb's own name, and the chunks by which it is found."""
    if len(row.chunk_table) != row.chunk_count * ENTRY_SIZE or not row.chunk_count:
        return f"its table has {len(row.chunk_table)} bytes for {row.chunk_count} chunks"
    table = ChunkTable(bytes(row.chunk_table))
    if (table.packed_end(len(table) - 1), table.unpacked_end(len(table) - 1)) != (row.packed_size, row.unpacked_size):
        return "its table ends elsewhere than the xorb"
    if merkle.hash_to_text(merkle.tree_root(table.leaves(0, len(table)))) != row.hash:
        return "its table names other chunks"
    known = {merkle.hash_to_text(table.hash(index)) for index in range(len(table))}
    stray = set(XetChunkKey.objects.filter(xorb=row).values_list("chunk", flat=True)) - known
    if stray:
        return f"it is found by chunk {min(stray)}, which it does not have"
    last = row.terms.aggregate(last=Max("chunk_end"))["last"]
    if last is not None and last > row.chunk_count:
        return f"files name its chunk {last - 1}"
    return ""


def check_blobs(only: Repository | None, position: str, deep: bool) -> Iterator[Page]:
    rows = BlobContent.objects.all()
    if only is not None:
        rows = rows.filter(git_objects__repository=only).distinct()
    return _paged("regular-files", rows, position, _blob)


def _blob(row: BlobContent) -> Iterator[Problem]:
    """Its bytes are hashed with the git objects, if all is to be read."""
    what = f"content of a regular file at {row.key}"
    users = list(GitObject.objects.filter(content=row).select_related("repository__namespace")[:20])
    if not users:
        yield Problem("orphaned", what, "no git object is made of it")
        return
    measured = storage.size_of(row.key)
    if measured != row.size:
        where = tuple(place for user in users for place in where_git_objects(user.repository, {user.oid}))
        kind = "missing" if measured is None else "corrupt"
        yield Problem(kind, what, f"{measured} bytes, not {row.size}", where)
