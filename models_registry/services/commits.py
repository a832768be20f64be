"""A commit is made here, and only here: all or nothing, on top of a branch's head."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from django.db import transaction
from django.utils import timezone

from accounts.models import Actor
from models_registry import access
from models_registry.errors import BadPath, BranchMoved, ContentMismatch, ContentMissing, ContentTooLarge, EntryNotFound
from models_registry.events import commit_created
from models_registry.formats import git_objects, paths
from models_registry.formats.git_objects import FILE_MODE, FOLDER_MODE, Entry, Pointer
from models_registry.models import Commit, LfsObject, ObjectKind, Reference, Repository, RepositoryLfsObject
from models_registry.services import history, objects, references
from models_registry.services.objects import Prepared

logger = logging.getLogger(__name__)

MAX_CHANGES = 25_000
MAX_FOLDER_ENTRIES = 10_000
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
                f"{path} has {len(content)} bytes: files over {MAX_REGULAR_BYTES} bytes must be uploaded as LFS files."
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


Change = AddFile | AddLfsFile | Delete


def checked_path(path: str) -> str:
    """Raises BadPath."""
    try:
        return paths.checked(path)
    except paths.UnsafePath as error:
        raise BadPath(str(error)) from None


class _Tree:
    """A commit's folders, loaded where a change touches them, changed in memory, encoded again from the bottom up."""

    def __init__(self, repository: Repository, root: str):
        self._repository = repository
        self._root = root
        self.folders: dict[str, dict[str, Entry]] = {}
        self.changed: dict[str, set[str]] = {}

    def load(self, changed_paths: Iterable[str]) -> None:
        """Read the folders above those paths, a level a query."""
        wanted = {folder for path in changed_paths for folder in paths.parents_of(path)}
        level = {"": self._root}
        while level:
            loaded = objects.trees(self._repository, list(level.values()))
            self.folders |= {path: loaded.get(oid, {}) for path, oid in level.items()}
            below = {}
            for folder in wanted - self.folders.keys():
                parent, _, name = folder.rpartition("/")
                entry = self.folders.get(parent, {}).get(name)
                if parent in level and entry is not None and entry.is_folder:
                    below[folder] = entry.oid
            level = below

    def get(self, path: str) -> Entry | None:
        folder, _, name = path.rpartition("/")
        return self.folders.get(folder, {}).get(name)

    def put(self, path: str, oid: str) -> None:
        existing = self.get(path)
        if existing is not None and existing.is_folder:
            raise BadPath(f"{path!r} is a folder: delete it before you put a file in its place.")
        folder, _, name = path.rpartition("/")
        for parent in paths.parents_of(path)[1:]:
            above, _, part = parent.rpartition("/")
            entry = self.folders.setdefault(above, {}).get(part)
            if entry is not None and not entry.is_folder:
                raise BadPath(f"{parent!r} is a file: it can hold no {path!r}.")
            if parent not in self.folders:
                self.folders[parent] = {}
            if entry is None:
                self.folders[above][part] = Entry(FOLDER_MODE, "")  # its id is known when it is encoded
        self.folders[folder][name] = Entry(existing.mode if existing else FILE_MODE, oid)
        if existing is None or existing.oid != oid:
            self._touch(path)

    def remove(self, path: str) -> None:
        existing = self.get(path)
        if existing is None:
            raise EntryNotFound(f"There is no file or folder {path!r} to delete.")
        if existing.is_folder:
            for folder in [folder for folder in self.folders if folder == path or folder.startswith(f"{path}/")]:
                self.folders.pop(folder)
                self.changed.pop(folder, None)
        folder, _, name = path.rpartition("/")
        del self.folders[folder][name]
        self._touch(path)
        self._prune(folder)

    def _prune(self, folder: str) -> None:
        """git knows no empty folders."""
        while folder and not self.folders[folder]:
            del self.folders[folder]
            self.changed.pop(folder, None)
            above, _, part = folder.rpartition("/")
            self.folders[above].pop(part)
            self._touch(folder)
            folder = above

    def _touch(self, path: str) -> None:
        while path:
            path, _, name = path.rpartition("/")
            self.changed.setdefault(path, set()).add(name)

    def encode(self) -> tuple[str, list[Prepared]]:
        """The root's id and the trees that are new."""
        made: list[Prepared] = []
        root = self._root
        for folder in sorted(self.changed, key=lambda path: (-_depth(path), path)):
            entries = self.folders[folder]
            if len(entries) > MAX_FOLDER_ENTRIES:
                raise BadPath(f"Folder {folder or '/'!r} would have more than {MAX_FOLDER_ENTRIES} entries.")
            twins = paths.case_twins(entries)
            if twins:
                raise BadPath(f"{twins[0]!r} and {twins[1]!r} in folder {folder or '/'!r} differ in case alone.")
            encoded = git_objects.encode_tree(entries)
            made.append(objects.row_of(encoded, ObjectKind.TREE))
            if folder:
                above, _, name = folder.rpartition("/")
                self.folders[above][name] = Entry(FOLDER_MODE, encoded.oid)
            else:
                root = encoded.oid
        return root, made


def _depth(path: str) -> int:
    return path.count("/") + 1 if path else 0


def _possessed(actor: Actor, repository: Repository, changes: Sequence[Change]) -> dict[str, LfsObject]:
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
    found: dict[str, LfsObject] = {}
    hashes = list(named)
    for start in range(0, len(hashes), 500):
        here = hashes[start : start + 500]
        own = LfsObject.objects.filter(sha256__in=here, possessions__repository=repository)
        found |= {row.sha256: row for row in own}
        missing = [sha256 for sha256 in here if sha256 not in found]
        if missing:
            readable = Repository.objects.readable_by(actor)
            copied = LfsObject.objects.filter(sha256__in=missing, possessions__repository__in=readable).distinct()
            copies = {row.sha256: row for row in copied}
            RepositoryLfsObject.objects.bulk_create(
                [RepositoryLfsObject(repository=repository, lfs_object=row) for row in copies.values()],
                ignore_conflicts=True,
            )
            found |= copies
    for sha256, path in named.items():
        if sha256 not in found:
            raise ContentMissing(f"The content of {path!r} (sha256 {sha256}) was not uploaded to this repository.")
    return found


def _blob_of(change: AddFile | AddLfsFile, possessed: dict[str, LfsObject]) -> Prepared:
    pointer = change.blob.pointer if isinstance(change, AddFile) else Pointer(change.sha256, change.size or 0)
    if pointer is not None:
        size = possessed[pointer.sha256].size
        said = pointer.size if isinstance(change, AddFile) else change.size
        if said is not None and said != size:
            raise ContentMismatch(f"{change.path!r} was said to have {said} bytes, and has {size}.")
        if isinstance(change, AddLfsFile):
            raw = git_objects.encode_pointer(Pointer(change.sha256, size))
            return objects.blob_of(raw)
    assert isinstance(change, AddFile)  # an AddLfsFile always has a pointer
    return change.blob


@transaction.atomic
def create_commit(
    *,
    actor: Actor,
    repository: Repository,
    branch: str,
    parent: str | None,
    changes: Sequence[Change],
    title: str,
    body: str = "",
) -> Commit:
    """Move `branch` by one commit, all or nothing; without an effect on the tree, the head is given back.

    parent: the head that the changes build on, or its first digits; None: whatever it is now.
    Added content is already in storage: bytes first, rows second; unused bytes are collected later.
    Raises Forbidden, RevisionNotFound, BranchMoved, ContentMissing, ContentMismatch, BadPath, EntryNotFound.
    """
    access.require_write(actor, repository)
    if len(changes) > MAX_CHANGES:
        raise ContentTooLarge(f"A commit may hold {MAX_CHANGES} changes; this one has {len(changes)}.")
    batch = objects.next_batch(repository)  # holds the repository's row: one commit at a time
    reference = references.branch(repository, branch)
    if parent is not None and not (len(parent) >= 5 and reference.target.startswith(parent.lower())):
        raise BranchMoved
    head = Commit.objects.get(repository=repository, oid=reference.target)

    tree = _Tree(repository, head.tree)
    tree.load(change.path for change in changes)
    possessed = _possessed(actor, repository, changes)
    blobs = []
    for change in changes:
        checked_path(change.path)
        if isinstance(change, Delete):
            tree.remove(change.path)
        else:
            blob = _blob_of(change, possessed)
            blobs.append(blob)
            tree.put(change.path, blob.oid)
    root, trees = tree.encode()
    if root == head.tree:
        return head
    commit = write_commit(
        actor=actor, repository=repository, tree=root, parents=[head.oid], title=title, body=body,
        prepared=[*blobs, *trees], batch=batch,
    )  # fmt: skip
    history.record(
        repository, parent=head.oid, commit=commit.oid, changed=tree.changed,
        present={folder: tree.folders[folder] for folder in tree.changed},
    )  # fmt: skip
    move(repository, reference, commit)
    return commit


def create_initial_commit(*, actor: Actor, repository: Repository, files: Sequence[AddFile], title: str) -> Commit:
    """The first commit of a new repository, on its default branch; within the transaction that makes the repository."""
    batch = objects.next_batch(repository)
    tree = _Tree(repository, git_objects.EMPTY_TREE)
    tree.folders[""] = {}
    for file in files:
        tree.put(file.path, file.blob.oid)
    root, trees = tree.encode()
    commit = write_commit(
        actor=actor, repository=repository, tree=root, parents=[], title=title, body="",
        prepared=[*(file.blob for file in files), *trees], batch=batch,
    )  # fmt: skip
    history.record(repository, parent=None, commit=commit.oid, changed=tree.changed, present=tree.folders)
    reference = Reference.objects.create(
        repository=repository, name=f"refs/heads/{repository.default_branch}", target=commit.oid
    )
    commit_created.send(sender=Commit, commit=commit, reference=reference)
    return commit


def write_commit(
    *,
    actor: Actor,
    repository: Repository,
    tree: str,
    parents: Sequence[str],
    title: str,
    body: str,
    prepared: Sequence[Prepared],
    batch: int,
) -> Commit:
    """Insert a commit and the objects it brings; no reference moves."""
    user = actor.require_user()
    when = timezone.now().replace(microsecond=0)  # git counts whole seconds
    message = f"{title}\n\n{body}" if body else title
    encoded = git_objects.encode_commit(
        tree=tree,
        parents=parents,
        name=user.get_full_name(),
        email=objects.public_email(user),
        when=when,
        message=message,
    )
    objects.insert(repository, [*prepared, objects.row_of(encoded, ObjectKind.COMMIT)], batch=batch)
    commit, _ = Commit.objects.get_or_create(  # the same commit twice within a second is the same commit
        repository=repository,
        oid=encoded.oid,
        defaults={
            "tree": tree,
            "first_parent": parents[0] if parents else None,
            "parents": list(parents),
            "author": user,
            "author_name": user.get_full_name(),
            "title": title[:500],
            "body": body,
            "committed_at": when,
        },
    )
    return commit


def move(repository: Repository, reference: Reference, commit: Commit) -> None:
    """Point a reference at a new commit, if it still is where it was read. Raises BranchMoved."""
    if not Reference.objects.compare_and_swap(reference, commit.oid):
        raise BranchMoved
    reference.target = commit.oid
    Repository.objects.filter(pk=repository.pk).update(updated_at=commit.committed_at)
    commit_created.send(sender=Commit, commit=commit, reference=reference)
    logger.info("commit %s created on %s of repository %d", commit.oid, reference.name, repository.pk)
