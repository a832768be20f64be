"""What of the hub's events people are told (`services.notifications`): listeners, in the transaction of each event."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from accounts.events import organization_invited
from accounts.models import Actor, Invitation, User
from models_registry.community.events import event_added, mentioned
from models_registry.community.models import Event, Follow, NoticeKind
from models_registry.community.services import audience
from models_registry.community.services.notifications import notify, thread_key
from models_registry.events import access_asked, access_decided, commit_created, licence_contradicted
from models_registry.models import AccessRequest, Commit, Reference, Repository

_TOLD = {
    Event.Kind.COMMENT: NoticeKind.REPLY,
    Event.Kind.STATUS: NoticeKind.STATUS,
    Event.Kind.MERGE: NoticeKind.STATUS,
}


@receiver(event_added)
def tell_of_an_event(sender: object, event: Event, actor: Actor, **_: Any) -> None:
    kind = _TOLD.get(Event.Kind(event.kind))
    if kind is not None:
        discussion = event.discussion
        notify(
            kind=kind, key=thread_key(discussion), actor=actor.user, repository=discussion.repository,
            discussion=discussion, event=event,
        )  # fmt: skip


@receiver(mentioned)
def tell_who_is_named(sender: object, event: Event, actor: Actor, users: Sequence[User], **_: Any) -> None:
    discussion = event.discussion
    notify(
        kind=NoticeKind.MENTION, key=thread_key(discussion), actor=actor.user, repository=discussion.repository,
        discussion=discussion, event=event, users=users,
    )  # fmt: skip


@receiver(commit_created)
def tell_of_a_version(
    sender: object, commit: Commit, reference: Reference, actor: Actor | None = None, **_: Any
) -> None:
    repository = commit.repository
    if reference.name != f"refs/heads/{repository.default_branch}" or commit.first_parent is None:
        return
    if Follow.objects.filter(repository=repository).exists():
        notify(
            kind=NoticeKind.VERSION, key=f"version:{repository.pk}", actor=actor.user if actor else None,
            repository=repository,
            text="" if repository.gated else commit.title,  # what is behind the gate is not told before it
        )  # fmt: skip


@receiver(access_asked)
def tell_who_decides(sender: object, request: AccessRequest, **_: Any) -> None:
    if request.status != AccessRequest.Status.PENDING:
        return
    repository = request.repository
    notify(
        kind=NoticeKind.ACCESS_ASKED, key=f"access:{repository.pk}", actor=request.user, repository=repository,
        users=audience.deciders(repository),
    )  # fmt: skip


@receiver(access_decided)
def tell_who_asked(sender: object, request: AccessRequest, actor: Actor, **_: Any) -> None:
    if request.status != AccessRequest.Status.PENDING:
        notify(
            kind=NoticeKind.ACCESS_DECIDED, key=f"access-of:{request.pk}", actor=actor.user,
            repository=request.repository, users=[request.user], text=request.rejection_reason,
            outcome=request.status,
        )  # fmt: skip


@receiver(licence_contradicted)
def tell_who_licensed_it(sender: object, repository: Repository, **_: Any) -> None:
    """Which parents, and why: the repository's page says it to each as far as they may know of them."""
    notify(
        kind=NoticeKind.LICENCE, key=f"licence:{repository.pk}", repository=repository,
        users=audience.deciders(repository),
    )  # fmt: skip


@receiver(organization_invited)
def tell_who_is_invited(sender: object, invitation: Invitation, user: User, **_: Any) -> None:
    notify(
        kind=NoticeKind.INVITED, key=f"invitation:{invitation.organization_id}", actor=invitation.invited_by,
        organization=invitation.organization, users=[user], url="/settings/organizations",
    )  # fmt: skip
