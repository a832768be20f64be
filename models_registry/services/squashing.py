"""A branch's history as one commit: the same files, without what led to them."""

from django.db import transaction
from django.db.models import F

from accounts.models import Actor
from models_registry import access
from models_registry.formats.paths import joined
from models_registry.models import Commit, Repository
from models_registry.services import history, objects, references
from models_registry.services.commits import move, write_commit


@transaction.atomic
def squash(*, actor: Actor, repository: Repository, branch: str, message: str = "") -> Commit:
    """Put one commit without parents in place of all those of a branch or pull request. Other references stay.

    Raises Forbidden, RevisionNotFound.
    """
    actor.require_writer()
    batch = objects.next_batch(repository)  # holds the repository's row
    reference = references.branch(repository, branch)
    access.require_write_to(actor, repository, reference.name)
    head = Commit.objects.get(repository=repository, oid=reference.target)
    title, _, body = message.strip().partition("\n")
    commit = write_commit(
        actor=actor, repository=repository, tree=head.tree, parents=[], title=title or f"Squash {reference.short_name}",
        body=body.strip(), prepared=[], batch=batch,
    )  # fmt: skip
    _record_all(repository, commit)
    if commit.oid != reference.target:
        move(repository, reference, commit, actor=actor)
    Repository.objects.filter(pk=repository.pk).update(epoch=F("epoch") + 1)
    return commit


def _record_all(repository: Repository, commit: Commit) -> None:
    """Every entry of every folder was last changed by this commit."""
    folders = [("", commit.tree)]
    while folders:
        loaded = objects.first_trees(repository, (oid for _, oid in folders))
        names = {path: set(loaded[oid]) for path, oid in folders if oid in loaded}
        history.record(repository, parent=None, commit=commit.oid, changed=names, present=names)
        below = [
            (joined(path, name), entry.oid)
            for path, oid in folders
            if oid in loaded
            for name, entry in loaded[oid].items()
            if entry.is_folder
        ]
        folders = [*(folder for folder in folders if folder[1] not in loaded), *below]
