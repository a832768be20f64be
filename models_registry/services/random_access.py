"""Parts of a file in any order, for readers of formats: headers, archives, pickles."""

import io
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext, gettext_noop

from hub.kept_sentences import sentence
from models_registry.models import LfsObject, Repository
from models_registry.services import objects, reading, trees
from models_registry.services.trees import TreeEntry
from models_registry.storage import ObjectMissing

BUFFER = 128 * 1024  # archives are read a little here and there
_NOT_THERE = sentence(gettext_noop("The repository does not have the content of %(path)s."))

ReadRange = Callable[[int, int], bytes]
"""Gives bytes [start, end) of a file."""


def content_id(entry: TreeEntry) -> str:
    """What names a file's content: its SHA-256, or git's id of a regular file."""
    return entry.lfs.sha256 if entry.lfs else entry.oid


def reader_of(repository: Repository, entry: TreeEntry) -> ReadRange:
    """For one file; where its bytes lie is looked up once. This, and the reader, raise StorageUnavailable, ObjectMissing."""
    if not entry.lfs:
        content = objects.inflate(trees.content_of(repository, entry))  # at most 10 MB
        return lambda start, end: content[start:end]
    file = LfsObject.objects.filter(sha256=entry.lfs.sha256, possessions__repository=repository).first()
    if file is None:
        raise ObjectMissing(gettext(_NOT_THERE) % {"path": entry.path})
    return large_reader(file)


def large_reader(file: LfsObject, *, in_quarantine: bool = False) -> ReadRange:
    """in_quarantine: for scanners. Raises ContentQuarantined."""
    layout = reading.layout_of(file, in_quarantine=in_quarantine)
    return lambda start, end: b"".join(reading.stream_layout(layout, start, end))


class _Raw(io.RawIOBase):
    def __init__(self, read: ReadRange, size: int):
        self._read, self._size, self._place = read, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("There is nothing before a file's beginning.")
        self._place = base + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        end = min(self._place + len(buffer), self._size)
        if end <= self._place:
            return 0
        found = self._read(self._place, end)
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)


def opened(read: ReadRange, size: int) -> io.BufferedReader:
    """A file object that can be sought in, and holds one small buffer."""
    return io.BufferedReader(_Raw(read, size), BUFFER)
