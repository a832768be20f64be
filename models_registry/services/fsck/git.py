"""Git objects: their bytes, their names, and that what they name is there."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator

from django.db.models import Q

from hub.batches import batches
from models_registry import storage
from models_registry.errors import StorageUnavailable
from models_registry.formats import git_objects
from models_registry.formats.git_objects import SUBMODULE_MODE
from models_registry.models import Commit, GitObject, ObjectKind, Reference, Repository, RepositoryLfsObject
from models_registry.services.fsck.problems import Page, Problem, kind_of, named, where_git_objects, where_lfs

_AT_ONCE = 64
_NAMES = {ObjectKind.COMMIT: b"commit", ObjectKind.TREE: b"tree", ObjectKind.BLOB: b"blob", ObjectKind.TAG: b"tag"}
_MOST_BYTES = 64 * 1024 * 1024


def check(only: Repository | None, position: str, deep: bool) -> Iterator[Page]:
    """position: the key of a repository, of which nothing is to be checked any more."""
    repositories = Repository.objects.filter(pk__gt=int(position or 0)).select_related("namespace").order_by("pk")
    if only is not None:
        repositories = repositories.filter(pk=only.pk)
    for repository in repositories.iterator(chunk_size=200):
        for problems in _repository(repository, deep):
            yield Page("git", str(repository.pk - 1), tuple(problems))
        yield Page("git", str(repository.pk))


def _repository(repository: Repository, deep: bool) -> Iterator[list[Problem]]:
    yield _references(repository)
    last = ""
    while rows := _page(repository, last):
        last = rows[-1].oid
        yield _objects(repository, rows, deep)


def _page(repository: Repository, last: str) -> list[GitObject]:
    rows = GitObject.objects.filter(repository=repository).select_related("content")
    return list((rows.filter(oid__gt=last) if last else rows).order_by("oid")[:_AT_ONCE])


def _references(repository: Repository) -> list[Problem]:
    found = []
    for reference in Reference.objects.filter(repository=repository).order_by("name").iterator(chunk_size=500):
        kinds = [ObjectKind.COMMIT] if reference.name.startswith("refs/heads/") else [ObjectKind.COMMIT, ObjectKind.TAG]
        there = GitObject.objects.filter(repository=repository, oid=reference.target, kind__in=kinds)
        if not there.exists() and Reference.objects.filter(pk=reference.pk, target=reference.target).exists():
            what = f"{reference.name} of {named(repository)}"
            found.append(Problem("missing", what, f"it points at {reference.target}, which is not there"))
    return found


def _objects(repository: Repository, rows: list[GitObject], deep: bool) -> list[Problem]:
    found, links = [], {}
    for row in rows:
        try:
            raw = _bytes(row, deep)
            if raw is not None:
                links[row.oid] = _links(row, raw)
        except (zlib.error, ValueError, StorageUnavailable) as error:
            found.append(_problem(repository, kind_of(error), row, str(error) or type(error).__name__))
    return [
        *found,
        *_broken_links(repository, rows, links),
        *_unshown(repository, rows),
        *_missing_lfs(repository, rows),
    ]


def _bytes(row: GitObject, deep: bool) -> bytes | None:
    """None: it lies in storage, and is only to be looked at there. Raises as its reader would, and ValueError."""
    if row.data is not None:
        packed = bytes(row.data)
    elif row.content is None:
        raise ValueError("it has no bytes")
    elif deep:
        packed = storage.get(row.content.key)
    else:
        return None
    inflater = zlib.decompressobj()
    raw = inflater.decompress(packed, _MOST_BYTES)
    if not inflater.eof or inflater.unused_data:
        raise ValueError("its zlib stream is cut off or longer than it should be")
    if len(raw) != row.size:
        raise ValueError(f"it has {len(raw)} bytes, not {row.size}")
    header = b"%s %d\0" % (_NAMES[ObjectKind(row.kind)], len(raw))
    measured = hashlib.sha1(header + raw, usedforsecurity=False).hexdigest()
    if measured != row.oid:
        raise ValueError(f"its bytes are those of {measured}")
    pointer = git_objects.parse_pointer(raw) if row.kind == ObjectKind.BLOB else None
    if (pointer.sha256 if pointer else None) != row.lfs_sha256:
        raise ValueError("its row says another thing of the large file that it points to")
    return raw


def _links(row: GitObject, raw: bytes) -> set[tuple[str, int]]:
    """(id, kind) of what an object names. Raises ValueError."""
    match row.kind:
        case ObjectKind.TREE:
            entries = git_objects.parse_tree(raw).values()
            kept = (entry for entry in entries if entry.mode != SUBMODULE_MODE)
            return {(entry.oid, ObjectKind.TREE if entry.is_folder else ObjectKind.BLOB) for entry in kept}
        case ObjectKind.COMMIT:
            tree, parents = git_objects.commit_links(raw)
            return {(tree, ObjectKind.TREE), *((parent, ObjectKind.COMMIT) for parent in parents)}
        case ObjectKind.TAG:
            return {(git_objects.tag_target(raw), ObjectKind.COMMIT)}
        case _:
            return set()


def _broken_links(
    repository: Repository, rows: Iterable[GitObject], links: dict[str, set[tuple[str, int]]]
) -> Iterator[Problem]:
    wanted = {link for named_here in links.values() for link in named_here}
    there: set[tuple[str, int]] = set()
    oids = sorted({oid for oid, _kind in wanted})
    for some in batches(oids, 2000):
        rows_there = GitObject.objects.filter(repository=repository, oid__in=some)
        there |= set(rows_there.values_list("oid", "kind"))
    missing = wanted - there
    for row in rows:
        for oid, kind in sorted(links.get(row.oid, set()) & missing):
            if GitObject.objects.filter(repository=repository, oid=row.oid).exists():  # it was not collected meanwhile
                detail = f"it names {ObjectKind(kind).label.lower()} {oid}, which is not there"
                lost = Problem("missing", _what(repository, row), detail, where_git_objects(repository, {oid, row.oid}))
                yield lost


def _unshown(repository: Repository, rows: Iterable[GitObject]) -> Iterator[Problem]:
    commits = {row.oid: row for row in rows if row.kind == ObjectKind.COMMIT}
    listed = Commit.objects.filter(repository=repository, oid__in=list(commits)).values_list("oid", flat=True)
    for oid in sorted(commits.keys() - set(listed)):
        yield _problem(repository, "missing", commits[oid], "no list shows it: its row among the commits is not there")


def _missing_lfs(repository: Repository, rows: Iterable[GitObject]) -> Iterator[Problem]:
    pointers = {row.lfs_sha256 for row in rows if row.lfs_sha256}
    possessed = RepositoryLfsObject.objects.filter(Q(lfs_object__sha256__in=pointers), repository=repository)
    for sha256 in sorted(pointers - set(possessed.values_list("lfs_object__sha256", flat=True))):
        what = f"content {sha256} of {named(repository)}"
        yield Problem("missing", what, "a file points to it, and it is not here", where_lfs({sha256}, repository))


def _what(repository: Repository, row: GitObject) -> str:
    return f"{ObjectKind(row.kind).label.lower()} {row.oid} of {named(repository)}"


def _problem(repository: Repository, kind: str, row: GitObject, detail: str) -> Problem:
    return Problem(kind, _what(repository, row), detail, where_git_objects(repository, {row.oid}))
