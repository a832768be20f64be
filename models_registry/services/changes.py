"""What a commit may do to the files of a repository."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext as _

from accounts.models import Actor
from models_registry.errors import BadPath, ContentMismatch, ContentMissing, ContentTooLarge
from models_registry.formats import git_objects, paths
from models_registry.formats.git_objects import Pointer
from models_registry.models import LfsObject, Repository
from models_registry.services import objects, possession
from models_registry.services.format_words import in_words
from models_registry.services.objects import Prepared

MAX_CHANGES = 25_000
MAX_MESSAGE = 64 * 1024  # characters
MAX_REGULAR_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class AddFile:
    """A regular file; its content is prepared beforehand, large content already in storage."""

    path: str
    blob: Prepared

    @classmethod
    def of(cls, path: str, content: bytes, *, spill_over: int = objects.ROW_LIMIT) -> Self:
        """Raises BadPath, ContentTooLarge, StorageUnavailable."""
        checked_path(path)
        if len(content) > MAX_REGULAR_BYTES:
            raise ContentTooLarge(
                _("%(path)s has %(count)s bytes: files over %(most)s bytes must be uploaded as LFS files.")
                % {"path": path, "count": len(content), "most": MAX_REGULAR_BYTES}
            )
        return cls(path, objects.blob_of(content, spill_over=spill_over))


@dataclass(frozen=True)
class AddLfsFile:
    """A file whose content was uploaded before. `size` is None where the client does not say it."""

    path: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True)
class Delete:
    """A file, or a folder with all that is in it."""

    path: str


@dataclass(frozen=True)
class Move:
    """A file under another path, content and mode unread. `sha256`: of its content, where that is a large one."""

    path: str
    to: str
    sha256: str | None = None


Change = AddFile | AddLfsFile | Delete | Move


def paths_of(changes: Iterable[Change]) -> Iterator[str]:
    """Every path that they read or write."""
    for change in changes:
        yield change.path
        if isinstance(change, Move):
            yield change.to


def checked_path(path: str) -> str:
    """Raises BadPath."""
    try:
        return paths.checked(path)
    except paths.UnsafePath as error:
        raise BadPath(in_words(str(error))) from None


def possessed(actor: Actor, repository: Repository, changes: Sequence[Change]) -> dict[str, LfsObject]:
    """The content the changes name, by SHA-256, where this repository may have it.

    That is what was uploaded to it, and what the actor may read in another repository (a copy is then a reference).
    Content that was never verified, or is only in somebody's private repository, is missing. Raises ContentMissing.
    """
    named: dict[str, str] = {}
    for change in changes:
        if isinstance(change, AddLfsFile):
            named.setdefault(change.sha256, change.path)
        elif isinstance(change, AddFile) and change.blob.pointer is not None:  # a pointer typed as a text file
            named.setdefault(change.blob.pointer.sha256, change.path)
    found = possession.claimed(actor, repository, list(named))
    for sha256, path in named.items():
        if sha256 not in found:
            raise ContentMissing(
                _("The content of %(path)r (sha256 %(sha256)s) was not uploaded to this repository.")
                % {"path": path, "sha256": sha256}
            )
    return found


def blob_of(change: AddFile | AddLfsFile, content: dict[str, LfsObject]) -> Prepared:
    pointer = change.blob.pointer if isinstance(change, AddFile) else Pointer(change.sha256, change.size or 0)
    if pointer is not None:
        size = content[pointer.sha256].size
        said = pointer.size if isinstance(change, AddFile) else change.size
        if said is not None and said != size:
            raise ContentMismatch(
                _("%(path)r was said to have %(said)s bytes, and has %(size)s.")
                % {"path": change.path, "said": said, "size": size}
            )
        if isinstance(change, AddLfsFile):
            raw = git_objects.encode_pointer(Pointer(change.sha256, size))
            return objects.blob_of(raw)
    assert isinstance(change, AddFile)  # an AddLfsFile always has a pointer
    return change.blob


def note_places(repository: Repository, changes: Sequence[Change], reference: str) -> None:
    """Remember where a commit puts its large files, for the list of them."""
    places = {change.sha256: change.path for change in changes if isinstance(change, AddLfsFile)}
    places |= {change.sha256: change.to for change in changes if isinstance(change, Move) and change.sha256}
    possession.note_places(repository, places, reference)
