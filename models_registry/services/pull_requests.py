"""Proposals: commits beside the branches, under `refs/pr/<number>`, that who may read a repository may make.

What is said about them is the community's, which hears of each (`pull_request_opened`) and closes, reopens and merges them.
"""

from collections.abc import Sequence

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Actor
from hub.errors import NotFound
from models_registry import access
from models_registry.errors import (
    BranchMoved,
    NothingToMerge,
    PullRequestClosed,
    RepositoryNotFound,
    RevisionNotFound,
)
from models_registry.events import ReferenceMove, commit_created, pull_request_opened, references_moved
from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.services import ancestry, history, merging, objects, references
from models_registry.services.changes import Change, note_places
from models_registry.services.commits import build, move, write_commit
from models_registry.services.merging import Merged


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
    made = open_at(actor=actor, repository=repository, base=branch, commit=commit, title=title, description=body)
    note_places(repository, changes, made.reference_name)
    return made, commit


@transaction.atomic
def open_draft(
    *, actor: Actor, repository: Repository, title: str, description: str, base: str | None = None
) -> PullRequest:
    """A pull request without commits yet, at its base's head; None: the default branch.

    Raises Forbidden, GatedRepository, RevisionNotFound, RepositoryNotFound.
    """
    access.require_proposal(actor, repository)
    access.keep(repository)
    branch = base_for(repository, base or repository.default_branch)
    commit = Commit.objects.get(repository=repository, oid=branch.target)
    return open_at(
        actor=actor, repository=repository, base=branch, commit=commit, title=title, description=description,
        is_draft=True,
    )  # fmt: skip


@transaction.atomic
def propose_commit(
    *, actor: Actor, repository: Repository, base: str, head: Commit, title: str, body: str = ""
) -> PullRequest:
    """A pull request of what led to a commit that is there, a branch's head perhaps, and not to the branch `base`.

    Raises Forbidden, GatedRepository, RevisionNotFound, NothingToMerge.
    """
    access.require_proposal(actor, repository)
    objects.next_batch(repository)  # holds the repository's row: one number at a time
    branch = base_for(repository, base)
    fork = ancestry.fork_of(repository, Commit.objects.get(repository=repository, oid=branch.target), head)
    if fork is not None and fork.oid == head.oid:
        raise NothingToMerge(_("%(branch)s has all of these commits already.") % {"branch": branch.short_name})
    return open_at(actor=actor, repository=repository, base=branch, commit=head, title=title, description=body)


def open_at(
    *,
    actor: Actor,
    repository: Repository,
    base: Reference,
    commit: Commit,
    title: str,
    description: str,
    is_draft: bool = False,
) -> PullRequest:
    """A pull request whose head is a commit that is there. Within a transaction that holds the repository's row."""
    made = PullRequest.objects.create(
        repository=repository, number=next_number(repository), base=base.name, author=actor.require_user()
    )
    reference = Reference.objects.create(repository=repository, name=made.reference_name, target=commit.oid)
    pull_request_opened.send(
        sender=PullRequest, pull_request=made, actor=actor, title=title, description=description, is_draft=is_draft
    )
    if commit.oid != base.target:
        commit_created.send(sender=Commit, commit=commit, reference=reference, before=base.target, actor=actor)
    moved = ReferenceMove(reference.name, None, commit.oid)
    references_moved.send(sender=Repository, repository=repository, moves=[moved], actor=actor)
    return made


def next_number(repository: Repository) -> int:
    """Of its next discussion or pull request. Within a transaction that holds the repository's row."""
    Repository.objects.filter(pk=repository.pk).update(last_number=F("last_number") + 1)
    return Repository.objects.values_list("last_number", flat=True).get(pk=repository.pk)


def pull_request(repository: Repository, number: int) -> PullRequest:
    """Raises NotFound."""
    found = PullRequest.objects.filter(repository=repository, number=number).select_related("author").first()
    if found is None:
        raise NotFound(
            _("%(repository)s has no pull request %(number)s.") % {"repository": repository.full_name, "number": number}
        )
    return found


def set_open(repository: Repository, number: int, *, is_open: bool) -> None:
    """Close it, or open it again: within the transaction in which its discussion says so. Raises PullRequestClosed."""
    unmerged = PullRequest.objects.filter(repository=repository, number=number, merge_commit__isnull=True)
    if not unmerged.update(is_open=is_open):
        raise PullRequestClosed(_("Pull request %(number)s is merged, and stays so.") % {"number": number})


def retarget(repository: Repository, number: int, *, base: str) -> Reference:
    """Mean it for another branch: within the transaction in which its discussion says so.

    Raises RevisionNotFound, PullRequestClosed.
    """
    branch = base_for(repository, base)
    changed = PullRequest.objects.filter(repository=repository, number=number, is_open=True).update(base=branch.name)
    if not changed:
        raise PullRequestClosed(_("Pull request %(number)s is merged or closed.") % {"number": number})
    return branch


def sides(found: PullRequest) -> tuple[Commit, Commit]:
    """The heads of its base and its own. Raises RevisionNotFound if its base was deleted."""
    rows = Reference.objects.filter(repository=found.repository_id, name__in=[found.base, found.reference_name])
    targets = dict(rows.values_list("name", "target"))
    if found.base not in targets:
        raise RevisionNotFound(
            _("%(branch)s (the branch that pull request %(number)s is meant for is gone)")
            % {"branch": found.base_name, "number": found.number}
        )
    commits = Commit.objects.filter(repository=found.repository_id, oid__in=set(targets.values()))
    by_id = {commit.oid: commit for commit in commits}
    return by_id[targets[found.base]], by_id[targets[found.reference_name]]


@transaction.atomic
def merge(*, actor: Actor, pull_request: PullRequest, merged: Merged, title: str, body: str = "") -> Commit:
    """Put the prepared merge (`services.merging`) on the base, as a commit of two parents; the pull request is over then.

    Raises Forbidden, PullRequestClosed, RevisionNotFound; BranchMoved if the base or the head is no longer what was merged.
    """
    repository = pull_request.repository
    access.require_write(actor, repository)
    batch = objects.next_batch(repository)  # holds the repository's row
    now = PullRequest.objects.get(pk=pull_request.pk)
    if not now.is_open:
        raise PullRequestClosed(
            (
                _("Pull request %(number)s is merged already.")
                if now.merge_commit
                else _("Pull request %(number)s is closed already.")
            )
            % {"number": now.number}
        )
    base, head = sides(now)
    if (base.oid, head.oid) != (merged.base, merged.head):
        raise BranchMoved
    commit = write_commit(
        actor=actor, repository=repository, tree=merged.tree, parents=[base.oid, head.oid], title=title, body=body,
        prepared=merged.prepared, batch=batch,
    )  # fmt: skip
    history.ask_for_maps(repository)
    now.is_open, now.merge_commit, now.base_before = False, commit.oid, base.oid
    now.save(update_fields=["is_open", "merge_commit", "base_before"])
    branch = Reference.objects.get(repository=repository, name=now.base)
    move(repository, branch, commit, actor=actor)
    return commit


def settle_merged(branch: Reference, *, before: str, commit: Commit) -> list[tuple[PullRequest, str]]:
    """The open pull requests whose heads came into their base as it moved to `commit`, with those heads: they are merged now.

    Within the transaction that moved it.
    """
    waiting = list(PullRequest.objects.filter(repository=branch.repository_id, base=branch.name, is_open=True))
    was = Commit.objects.filter(repository=branch.repository_id, oid=before).first() if waiting else None
    if was is None:
        return []
    names = [found.reference_name for found in waiting]
    rows = Reference.objects.filter(repository=branch.repository_id, name__in=names)
    heads = dict(rows.values_list("name", "target"))
    arrived = ancestry.arrived(commit.repository, was, commit, set(heads.values()))
    merged = [(found, heads[found.reference_name]) for found in waiting if heads.get(found.reference_name) in arrived]
    for found, _head in merged:
        found.is_open, found.merge_commit, found.base_before = False, commit.oid, before
        found.save(update_fields=["is_open", "merge_commit", "base_before"])
    return merged


def prepared_merge(found: PullRequest) -> Merged:
    """What merging it would give just now; outside of transactions. Raises RevisionNotFound, MergeConflict, NothingToMerge."""
    try:
        base, head = sides(found)
        return merging.prepare(found.repository, base, head)
    except (ObjectDoesNotExist, KeyError):  # rows go while they are read
        raise RepositoryNotFound(_("The repository has just been deleted.")) from None
