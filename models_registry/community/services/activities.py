"""Writing down what people do, for those who follow them (`services.feed` reads it)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from accounts.models import Actor, Namespace, User
from models_registry.community.events import event_added
from models_registry.community.models import Activity, Collection, Discussion, Event
from models_registry.events import ReferenceMove, commit_created, references_moved, repository_created
from models_registry.models import Commit, Reference, Repository

Verb = Activity.Verb
KEPT = timedelta(days=180)
FOLDED = timedelta(hours=6)  # commits of somebody to a repository within so long are one line
MOST_RELEASES = 5  # of one push: a mirrored history is no news


def record(
    *,
    actor: User | None,
    verb: Activity.Verb,
    repository: Repository | None = None,
    discussion: Discussion | None = None,
    collection: Collection | None = None,
    **data: Any,
) -> None:
    """Within the transaction of the act."""
    about = repository or collection
    assert about is not None
    namespace: Namespace = about.namespace
    Activity.objects.create(
        actor=actor, verb=verb, namespace=namespace, repository=repository, discussion=discussion,
        collection=collection, data=data,
    )  # fmt: skip


def forget_like(*, user: User, repository: Repository) -> None:
    Activity.objects.filter(actor=user, repository=repository, verb=Verb.LIKED).delete()


def forget_score(*, repository: Repository, run: str) -> None:
    """A score that counts no more is no news."""
    Activity.objects.filter(repository=repository, verb=Verb.SCORED, data__run=run).delete()


def prune() -> None:
    """Remove what is too old to be shown."""
    Activity.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


@receiver(repository_created)
def note_creation(sender: object, repository: Repository, **_: Any) -> None:
    record(actor=repository.creator, verb=Verb.CREATED, repository=repository)


@receiver(commit_created)
def note_commit(sender: object, commit: Commit, reference: Reference, actor: Actor | None = None, **_: Any) -> None:
    """Who pushed it, not who its author field names: that can say anything. The initial commit is the creation itself."""
    repository = commit.repository
    if reference.name != f"refs/heads/{repository.default_branch}" or commit.first_parent is None:
        return
    user = actor.user if actor else None
    same = Activity.objects.filter(
        actor=user, verb=Verb.COMMITTED, repository=repository, created_at__gt=timezone.now() - FOLDED
    )
    before = same.order_by("-pk").first()
    count = 1
    if before is not None:  # the line comes up again, with all of them
        count += before.data.get("count", 1)
        before.delete()
    record(
        actor=user, verb=Verb.COMMITTED, repository=repository, oid=commit.oid, title=commit.title[:200], count=count
    )


@receiver(references_moved)
def note_release(
    sender: object, repository: Repository, moves: Sequence[ReferenceMove], actor: Actor | None = None, **_: Any
) -> None:
    new = [
        move.name.removeprefix("refs/tags/") for move in moves if move.name.startswith("refs/tags/") and not move.old
    ]
    for tag in new[:MOST_RELEASES]:
        record(actor=actor.user if actor else None, verb=Verb.RELEASED, repository=repository, tag=tag)


@receiver(event_added)
def note_thread(sender: object, event: Event, actor: Actor, **_: Any) -> None:
    discussion = event.discussion
    if event.kind == Event.Kind.MERGE:
        verb = Verb.MERGED
    elif event.kind == Event.Kind.COMMENT and is_first(event):
        verb = Verb.PROPOSED if discussion.is_pull_request else Verb.DISCUSSED
    else:
        return
    record(actor=actor.user, verb=verb, repository=discussion.repository, discussion=discussion)


def is_first(event: Event) -> bool:
    """Whether the thread began with it."""
    return not Event.objects.filter(discussion=event.discussion_id, pk__lt=event.pk).exists()
