"""A commit is made here, and only here: all or nothing, on top of a branch's head."""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor
from models_registry import access
from models_registry.errors import BranchMoved, ContentTooLarge
from models_registry.events import ReferenceMove, commit_created, references_moved
from models_registry.formats import git_objects
from models_registry.models import Commit, ObjectKind, Reference, Repository
from models_registry.services import history, objects, quarantine, references
from models_registry.services.changes import (
    MAX_CHANGES,
    AddFile,
    Change,
    Delete,
    Move,
    blob_of,
    checked_path,
    note_places,
    paths_of,
    possessed,
)
from models_registry.services.objects import Prepared
from models_registry.services.tree_changes import TreeChanges

logger = logging.getLogger(__name__)


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
    Raises Forbidden, RevisionNotFound, BranchMoved, ContentMissing, ContentMismatch, BadPath, EntryNotFound,
    ContentQuarantined.
    """
    actor.require_writer()
    batch = objects.next_batch(repository)  # holds the repository's row: one commit at a time
    reference = references.branch(repository, branch)
    access.require_write_to(actor, repository, reference.name)
    commit = build(
        actor=actor, repository=repository, base=reference, parent=parent, changes=changes, title=title, body=body,
        batch=batch,
    )  # fmt: skip
    note_places(repository, changes, reference.name)
    if commit.oid != reference.target:
        move(repository, reference, commit, actor=actor)
    return commit


def build(
    *,
    actor: Actor,
    repository: Repository,
    base: Reference,
    parent: str | None,
    changes: Sequence[Change],
    title: str,
    body: str,
    batch: int,
) -> Commit:
    """The commit that these changes make of a branch's head, which is given back if they have no effect. Nothing moves.

    Raises as `create_commit`, but for the rights.
    """
    if len(changes) > MAX_CHANGES:
        raise ContentTooLarge(
            _("A commit may hold %(most)s changes; this one has %(count)s.")
            % {"most": MAX_CHANGES, "count": len(changes)}
        )
    head = Commit.objects.get(repository=repository, oid=base.target)
    is_retry = False
    if parent is not None and not _is(parent, head.oid):
        is_retry = _is(parent, head.first_parent) and head.title == title[:500]  # its answer never reached the client
        if not is_retry:
            raise BranchMoved

    tree = TreeChanges(repository, head.tree)
    tree.load(paths_of(changes))
    content = possessed(actor, repository, changes)
    blobs = []
    for change in changes:
        checked_path(change.path)
        if isinstance(change, Delete):
            if is_retry and tree.get(change.path) is None:
                continue
            tree.remove(change.path)
        elif isinstance(change, Move):
            if not is_retry or tree.get(change.path) is not None:
                _move(tree, change)
        else:
            blob = blob_of(change, content)
            quarantine.require_free(blob.oid)
            if blob.pointer is not None:
                quarantine.require_free(blob.pointer.sha256)
            blobs.append(blob)
            tree.put(change.path, blob.oid)
    root, trees = tree.encode()
    if root == head.tree:
        return head
    if is_retry:
        raise BranchMoved
    commit = write_commit(
        actor=actor, repository=repository, tree=root, parents=[head.oid], title=title, body=body,
        prepared=[*blobs, *trees], batch=batch,
    )  # fmt: skip
    history.record(
        repository, parent=head.oid, commit=commit.oid, changed=tree.changed,
        present={folder: tree.folders[folder] for folder in tree.changed},
    )  # fmt: skip
    return commit


def _move(tree: TreeChanges, change: Move) -> None:
    """Raises BadPath, EntryNotFound, ContentQuarantined."""
    quarantine.require_free(tree.move(change.path, checked_path(change.to)))
    if change.sha256:
        quarantine.require_free(change.sha256)


def _is(short: str, oid: str | None) -> bool:
    """Whether these first digits, at least 5, are of that id."""
    return oid is not None and len(short) >= 5 and oid.startswith(short.lower())


def create_initial_commit(*, actor: Actor, repository: Repository, files: Sequence[AddFile], title: str) -> Commit:
    """The first commit of a new repository, on its default branch; within the transaction that makes the repository."""
    batch = objects.next_batch(repository)
    tree = TreeChanges(repository, git_objects.EMPTY_TREE)
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
    commit_created.send(sender=Commit, commit=commit, reference=reference, before=None, actor=actor)
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
    made = Commit(
        repository=repository,
        oid=encoded.oid,
        tree=tree,
        first_parent=parents[0] if parents else None,
        parents=list(parents),
        author=user,
        author_name=user.get_full_name(),
        title=title[:500],
        body=body,
        committed_at=when,
    )
    history.add_commits([made])
    return Commit.objects.get(repository=repository, oid=encoded.oid)  # the same commit within a second is the same


def move(repository: Repository, reference: Reference, commit: Commit, *, actor: Actor) -> None:
    """Point a reference at a new commit, if it still is where it was read. Raises BranchMoved."""
    before = reference.target
    if not Reference.objects.compare_and_swap(reference, commit.oid):
        raise BranchMoved
    moved = ReferenceMove(reference.name, reference.target, commit.oid)
    reference.target = commit.oid
    if reference.name.startswith("refs/heads/"):
        Repository.objects.filter(pk=repository.pk).update(updated_at=commit.committed_at)
    commit_created.send(sender=Commit, commit=commit, reference=reference, before=before, actor=actor)
    references_moved.send(sender=Repository, repository=repository, moves=[moved], actor=actor)
    logger.info("commit %s created on %s of repository %d", commit.oid, reference.name, repository.pk)
