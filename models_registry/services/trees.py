"""Files and folders of a commit."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from models_registry.errors import EntryNotFound
from models_registry.formats.git_objects import Entry, Pointer
from models_registry.models import Commit, GitObject, LfsObject, Repository
from models_registry.services import objects


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

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _bare(path: str, entry: Entry) -> TreeEntry:
    return TreeEntry(path, entry.mode, entry.oid, entry.is_folder)


def with_sizes(repository: Repository, entries: Iterable[TreeEntry]) -> list[TreeEntry]:
    """The same entries with sizes, LFS pointers and Xet hashes: two queries, whatever their number."""
    entries = list(entries)
    oids = {entry.oid for entry in entries if not entry.is_folder}
    facts = {}
    for chunk in _chunks(sorted(oids), 2000):
        rows = GitObject.objects.filter(repository=repository, oid__in=chunk)
        for oid, size, sha256, lfs_size in rows.values_list("oid", "size", "lfs_sha256", "lfs_size"):
            facts[oid] = (size, Pointer(sha256, lfs_size or 0) if sha256 else None)
    hashes: dict[str, str] = {}
    for chunk in _chunks(sorted({pointer.sha256 for _, pointer in facts.values() if pointer}), 2000):
        stored = LfsObject.objects.filter(sha256__in=chunk, possessions__repository=repository, xet_file__isnull=False)
        hashes.update(stored.values_list("sha256", "xet_file__hash"))
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
                )
            )
    return complete


def _chunks(items: list[str], size: int) -> Iterable[list[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


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
            depth = _depth(next(iter(level)))
            if len(parts) > depth + 1:
                parent, here = "/".join(parts[:depth]), "/".join(parts[: depth + 1])
                entry = folders.get(parent, {}).get(parts[depth])
                if parent in level and entry is not None and entry.is_folder:
                    below[here] = entry.oid
        level = below
    found = []
    for path in wanted:
        parent, _, name = path.rpartition("/")
        entry = folders.get(parent, {}).get(name)
        if entry is not None:
            found.append(_bare(path, entry))
    return {entry.path: entry for entry in with_sizes(repository, found)}


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def folder_oid(repository: Repository, commit: Commit, path: str) -> str:
    """The tree at that path. Raises EntryNotFound."""
    if not path:
        return commit.tree
    entry = find(repository, commit, [path]).get(path)
    if entry is None or not entry.is_folder:
        raise EntryNotFound(f"There is no folder {path!r} at revision {commit.oid[:12]}.")
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

    after: the path that ended the page before. Raises EntryNotFound if there is no such folder.
    """
    level = {path: folder_oid(repository, commit, path)}
    entries: list[TreeEntry] = []
    while level:
        loaded = objects.trees(repository, list(level.values()))
        here = [
            _bare(_join(folder, name), entry)
            for folder, oid in level.items()
            for name, entry in loaded.get(oid, {}).items()
        ]
        entries += here
        level = {entry.path: entry.oid for entry in here if entry.is_folder} if recursive else {}
    entries.sort(key=lambda entry: entry.path)
    if after:
        entries = [entry for entry in entries if entry.path > after]
    page = entries if limit is None else entries[:limit]
    return with_sizes(repository, page), len(page) < len(entries)


def files(repository: Repository, commit: Commit) -> list[TreeEntry]:
    """Every file of a commit."""
    entries, _ = listing(repository, commit, recursive=True)
    return [entry for entry in entries if not entry.is_folder]


def file(repository: Repository, commit: Commit, path: str) -> TreeEntry:
    """One file. Raises EntryNotFound."""
    entry = find(repository, commit, [path]).get(path)
    if entry is None or entry.is_folder:
        raise EntryNotFound(f"There is no file {path!r} at revision {commit.oid[:12]}.")
    return entry


def content_of(repository: Repository, entry: TreeEntry) -> GitObject:
    """The row of a file's blob (the pointer's, for an LFS file)."""
    return GitObject.objects.select_related("content").get(repository=repository, oid=entry.oid)
