"""Files and folders of a commit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import NamedTuple

from django.utils.translation import gettext as _

from hub.batches import batches
from models_registry.errors import EntryNotFound
from models_registry.formats.git_objects import Entry, Pointer
from models_registry.formats.paths import depth_of, joined
from models_registry.models import Commit, GitObject, LfsObject, Repository
from models_registry.services import objects, quarantine


@dataclass(frozen=True)
class TreeEntry:
    """A file or folder. `size`: of the real content, also behind an LFS pointer; 0 for a folder. `oid`: git's own id."""

    path: str
    mode: int
    oid: str
    is_folder: bool
    size: int = 0
    lfs: Pointer | None = None
    pointer_size: int = 0
    xet_hash: str | None = None
    is_lost: bool = False  # a large file whose content the repository no longer has

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def blob_size(self) -> int:
        """Bytes of what git keeps: of a large file, of its pointer."""
        return self.pointer_size if self.lfs else self.size


def _bare(path: str, entry: Entry) -> TreeEntry:
    return TreeEntry(path, entry.mode, entry.oid, entry.is_folder)


def with_sizes(repository: Repository, entries: Iterable[TreeEntry]) -> list[TreeEntry]:
    """The same entries with sizes, LFS pointers and Xet hashes: two queries, whatever their number."""
    entries = list(entries)
    oids = {entry.oid for entry in entries if not entry.is_folder}
    facts = {}
    for chunk in batches(sorted(oids), 2000):
        rows = GitObject.objects.filter(repository=repository, oid__in=chunk)
        for oid, size, sha256, lfs_size in rows.values_list("oid", "size", "lfs_sha256", "lfs_size"):
            facts[oid] = (size, Pointer(sha256, lfs_size or 0) if sha256 else None)
    hashes: dict[str, str | None] = {}
    for chunk in batches(sorted({pointer.sha256 for _size, pointer in facts.values() if pointer}), 2000):
        possessed = LfsObject.objects.filter(sha256__in=chunk, possessions__repository=repository)
        hashes.update(possessed.values_list("sha256", "xet_file__hash"))
    complete = []
    for entry in entries:
        size, pointer = facts.get(entry.oid, (0, None))
        if pointer is None:
            complete.append(replace(entry, size=size))
        else:
            complete.append(
                replace(
                    entry,
                    size=pointer.size,
                    lfs=pointer,
                    pointer_size=size,
                    xet_hash=hashes.get(pointer.sha256),
                    is_lost=pointer.sha256 not in hashes,
                )
            )
    return complete


def find(repository: Repository, commit: Commit, paths: Iterable[str]) -> dict[str, TreeEntry]:
    """The entries at those paths, without those that are missing; one query a level, two more for sizes."""
    wanted = {path for path in paths if path}
    folders: dict[str, dict[str, Entry]] = {}
    level = {"": commit.tree}
    while level:
        loaded = objects.trees(repository, list(level.values()))
        folders |= {path: loaded.get(oid, {}) for path, oid in level.items()}
        below = {}
        for path in wanted:
            parts = path.split("/")
            depth = depth_of(next(iter(level)))
            if len(parts) > depth + 1:
                parent, here = "/".join(parts[:depth]), "/".join(parts[: depth + 1])
                entry = folders.get(parent, {}).get(parts[depth])
                if parent in level and entry is not None and entry.is_folder:
                    below[here] = entry.oid
        level = below
    found = []
    for path in wanted:
        parent, _slash, name = path.rpartition("/")
        entry = folders.get(parent, {}).get(name)
        if entry is not None:
            found.append(_bare(path, entry))
    return {entry.path: entry for entry in with_sizes(repository, found)}


def folder_oid(repository: Repository, commit: Commit, path: str) -> str:
    """The tree at that path. Raises EntryNotFound."""
    if not path:
        return commit.tree
    entry = find(repository, commit, [path]).get(path)
    if entry is None or not entry.is_folder:
        raise EntryNotFound(
            _("There is no folder %(path)r at revision %(oid)s.") % {"path": path, "oid": commit.oid[:12]}
        )
    return entry.oid


def listing(
    repository: Repository,
    commit: Commit,
    path: str = "",
    *,
    recursive: bool = False,
    after: str = "",
    limit: int | None = None,
) -> tuple[list[TreeEntry], bool]:
    """Entries below a folder, in the order of their paths, and whether more follow.

    after: the path that ended the page before. Raises EntryNotFound if there is no such folder. Of a folder with many
    folders, only those are read that the page shows.
    """
    walk = _Walk(repository, recursive=recursive, after=after)
    entries = walk.first(path, folder_oid(repository, commit, path), None if limit is None else limit + 1)
    page = entries if limit is None else entries[:limit]
    return with_sizes(repository, page), len(page) < len(entries)


class _Unread(NamedTuple):
    """A folder whose entries stand at this place of the order, and are not loaded yet."""

    path: str
    oid: str


class _Walk:
    """Entries in the order of their paths from some place on, loading the folders that a page needs and no others.

    The entries of a folder `a` come after files such as `a.txt`, because `a/` does: `.` is smaller than `/`.
    """

    def __init__(self, repository: Repository, *, recursive: bool, after: str):
        self._repository = repository
        self._recursive = recursive
        self._after = after

    def first(self, path: str, oid: str, count: int | None) -> list[TreeEntry]:
        """At most `count` entries below the folder."""
        line: list[TreeEntry | _Unread] = [_Unread(path, oid)]
        while unread := [item for item in line if isinstance(item, _Unread)]:
            lacking = None if count is None else max(count - (len(line) - len(unread)), 1)
            loaded = objects.first_trees(self._repository, [item.oid for item in unread], entries=lacking)
            longer: list[TreeEntry | _Unread] = []
            for item in line:
                if isinstance(item, _Unread) and item.oid in loaded:
                    longer += self._entries(item, loaded[item.oid])
                else:
                    longer.append(item)
            # git has no empty folders: each unread one stands for an entry at least, but the one that holds `after`.
            line = longer if count is None else longer[: count + 1]
        return [item for item in line if isinstance(item, TreeEntry)][:count]

    def _entries(self, folder: _Unread, tree: Mapping[str, Entry]) -> list[TreeEntry | _Unread]:
        """A folder's entries, and its folders to be read where theirs belong."""
        items: list[tuple[str, TreeEntry | _Unread]] = []
        for name, entry in tree.items():
            path = joined(folder.path, name)
            if path > self._after:
                items.append((path, _bare(path, entry)))
            within = f"{path}/"
            if self._recursive and entry.is_folder and (within > self._after or self._after.startswith(within)):
                items.append((within, _Unread(path, entry.oid)))
        items.sort(key=itemgetter(0))
        return [item for _path, item in items]


def files(repository: Repository, commit: Commit) -> list[TreeEntry]:
    """Every file of a commit."""
    entries, _is_all = listing(repository, commit, recursive=True)
    return [entry for entry in entries if not entry.is_folder]


def file(repository: Repository, commit: Commit, path: str) -> TreeEntry:
    """One file. Raises EntryNotFound."""
    entry = find(repository, commit, [path]).get(path)
    if entry is None or entry.is_folder:
        raise EntryNotFound(
            _("There is no file %(path)r at revision %(oid)s.") % {"path": path, "oid": commit.oid[:12]}
        )
    return entry


def stored(repository: Repository, entry: TreeEntry) -> LfsObject | GitObject:
    """A file's content, as `services.reading` takes it. Raises ContentQuarantined, EntryNotFound if it was removed for good."""
    quarantine.require_free(entry.lfs.sha256 if entry.lfs else entry.oid)
    if entry.lfs is None:
        return content_of(repository, entry)
    found = LfsObject.objects.filter(sha256=entry.lfs.sha256, possessions__repository=repository).first()
    if found is None:
        raise EntryNotFound(_("The content of %(path)r was removed from this repository.") % {"path": entry.path})
    return found


def content_of(repository: Repository, entry: TreeEntry) -> GitObject:
    """The row of a file's blob (the pointer's, for an LFS file)."""
    return GitObject.objects.select_related("content").get(repository=repository, oid=entry.oid)
