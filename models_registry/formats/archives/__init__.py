"""What is in an archive: names and sizes alone. Nothing is unpacked but the beginning of a compressed tar.

Archives come from anyone, so what is read, kept and unpacked is bounded, whatever they claim. What Python's own readers
make of it on the way is not (maps of sparse files, records of records): `listed` runs in a process of its own (`__main__`).
"""

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from models_registry.formats.read_through import ReadThrough

MOST_LISTED = 1_000
LARGEST_DIRECTORY = 8 * 1024 * 1024
_MOST_READS = 500  # of a tar, where each member's header lies elsewhere
_MOST_READS_UNPACKED = 4 * MOST_LISTED
_MOST_READ = 2 * 1024 * 1024  # of a tar's headers
_LARGEST_HEADER = 64 * 1024  # of one member: names and what else its file system knew
_PACKED_HEAD = 4 * 1024 * 1024
_UNPACKED_HEAD = 32 * 1024 * 1024
_LONGEST_NAME = 300
_GZIP = 31  # zlib's name for it


class ArchiveError(ValueError):
    """It cannot be listed; the text says why, for people to read."""


@dataclass(frozen=True)
class Member:
    """`packed`: the bytes that it takes in the archive, where they are told."""

    name: str
    size: int
    packed: int | None = None
    is_folder: bool = False


@dataclass
class Listing:
    """`count`, `size`: of all members; where the archive was not read to its end, of those that were seen (`is_cut`)."""

    form: str
    members: list[Member] = field(default_factory=list)
    count: int = 0
    size: int = 0
    is_cut: bool = False

    def add(self, member: Member) -> None:
        self.count += not member.is_folder
        self.size += member.size
        if len(self.members) < MOST_LISTED:
            self.members.append(member)


class _Bounded(ReadThrough):
    """Reads no piece over `largest`, and no more in all than `most`, in so many reads."""

    def __init__(self, file: IO[bytes], *, largest: int, most: int, reads: int):
        super().__init__(file)
        self._largest, self._left, self._reads = largest, most, reads

    def read(self, size: int = -1, /) -> bytes:
        found = b"" if size > self._largest else self._file.read(size if size >= 0 else self._largest + 1)
        if max(size, len(found)) > self._largest:
            raise ArchiveError("Its directory is larger than this hub reads.")
        self._left -= len(found)
        self._reads -= 1
        if self._left < 0 or self._reads < 0:
            raise ArchiveError("It is larger than this hub reads for a list.")
        return found


def form_of(head: bytes) -> str:
    """ "zip", "tar", "tar.gz", or "" for no archive that can be listed. head: at least the first 512 bytes, if there are."""
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    if head[257:262] == b"ustar":
        return "tar"
    if head.startswith(b"\x1f\x8b"):
        try:
            start = zlib.decompressobj(_GZIP).decompress(head, 512)
        except zlib.error:
            return ""
        return "tar.gz" if start[257:262] == b"ustar" else ""
    return ""


def listed(form: str, file: IO[bytes]) -> Listing:
    """file: can be sought in. Raises ArchiveError."""
    found = Listing(form)
    try:
        if form == "zip":
            _list_zip(file, found)
        else:
            _list_tar(file, found)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OverflowError, RuntimeError) as error:
        raise ArchiveError("It is damaged, and cannot be listed.") from error
    except (UnicodeError, ValueError, NotImplementedError) as error:
        raise error if isinstance(error, ArchiveError) else ArchiveError("It cannot be listed.") from error
    return found


def _list_zip(file: IO[bytes], found: Listing) -> None:
    bounded: Any = _Bounded(file, largest=LARGEST_DIRECTORY, most=2 * LARGEST_DIRECTORY, reads=1_000)
    with zipfile.ZipFile(bounded) as archive:
        for member in archive.infolist():
            found.add(Member(_name(member.filename), member.file_size, member.compress_size, member.is_dir()))
    found.is_cut = found.count > len(found.members)


def _list_tar(file: IO[bytes], found: Listing) -> None:
    reads = _MOST_READS
    if found.form == "tar.gz":
        unpacker = zlib.decompressobj(_GZIP)
        file = io.BytesIO(unpacker.decompress(file.read(_PACKED_HEAD), _UNPACKED_HEAD))
        found.is_cut, reads = not unpacker.eof, _MOST_READS_UNPACKED
    source: Any = _Bounded(file, largest=_LARGEST_HEADER, most=_MOST_READ, reads=reads)
    try:
        with tarfile.open(fileobj=source, mode="r:") as archive:
            for member in _members(archive):
                found.add(Member(_name(member.name), member.size, None, member.isdir()))
                if len(found.members) == MOST_LISTED:
                    found.is_cut = True
                    return
    except (ArchiveError, tarfile.ReadError):
        if not found.members:
            raise
        found.is_cut = True


def _members(archive: Any) -> Iterator[tarfile.TarInfo]:
    while (member := archive.next()) is not None:
        archive.members = []  # they would pile up
        yield member


def _name(name: str) -> str:
    return name[:_LONGEST_NAME].encode("utf-8", "replace").decode().replace("\0", "\ufffd")
