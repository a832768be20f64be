"""Proposals: commits beside the branches, under `refs/pr/<number>`, that who may read a repository may make."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from accounts.models import Actor
from hub.errors import NotFound
from models_registry import access
from models_registry.errors import RevisionNotFound
from models_registry.events import ReferenceMove, commit_created, references_moved
from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.services import objects, references
from models_registry.services.changes import Change, note_places
from models_registry.services.commits import build


def base_for(repository: Repository, name: str) -> Reference:
    """The branch that a pull request may be meant for. Raises RevisionNotFound, also for what is no branch."""
    reference = references.branch(repository, name)
    if not reference.name.startswith("refs/heads/"):
        raise RevisionNotFound(name)
    return reference


@transaction.atomic
def propose(
    *,
    actor: Actor,
    repository: Repository,
    base: str,
    parent: str | None,
    changes: Sequence[Change],
    title: str,
    body: str = "",
) -> tuple[PullRequest, Commit]:
    """A new pull request of one commit on top of the branch `base`, which stays where it is.

    parent: as for `create_commit`. Changes without an effect make a pull request at the branch's head.
    Raises Forbidden, GatedRepository, RevisionNotFound, BranchMoved, ContentMissing, ContentMismatch, BadPath, EntryNotFound.
    """
    access.require_proposal(actor, repository)
    batch = objects.next_batch(repository)  # holds the repository's row: one number, one commit at a time
    branch = base_for(repository, base)
    commit = build(
        actor=actor, repository=repository, base=branch, parent=parent, changes=changes, title=title, body=body,
        batch=batch,
    )  # fmt: skip
    made = PullRequest.objects.create(
        repository=repository,
        number=_next_number(repository),
        base=branch.name,
        author=actor.require_user(),
        title=title[:500],
        description=body,
    )
    note_places(repository, changes, made.reference_name)
    reference = Reference.objects.create(repository=repository, name=made.reference_name, target=commit.oid)
    commit_created.send(sender=Commit, commit=commit, reference=reference)
    references_moved.send(
        sender=Repository, repository=repository, moves=[ReferenceMove(reference.name, None, commit.oid)]
    )
    return made, commit


def _next_number(repository: Repository) -> int:
    """Within a transaction that holds the repository's row."""
    Repository.objects.filter(pk=repository.pk).update(last_number=F("last_number") + 1)
    return Repository.objects.values_list("last_number", flat=True).get(pk=repository.pk)


def pull_request(repository: Repository, number: int) -> PullRequest:
    """Raises NotFound."""
    found = PullRequest.objects.filter(repository=repository, number=number).select_related("author").first()
    if found is None:
        raise NotFound(f"{repository.full_name} has no pull request {number}.")
    return found
