"""What happens is written down for the webhooks that watch, in the transaction of the fact; jobs send it afterwards."""

from collections.abc import Callable
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from accounts.models import Namespace
from hub.batches import batches
from hub.jobs.models import Job
from models_registry.community.events import comment_changed, event_added
from models_registry.community.models import Delivery, Event, Webhook, WebhookEvent
from models_registry.community.services.webhooks import payloads
from models_registry.events import (
    ReferenceMove,
    references_moved,
    repository_created,
    repository_deleted,
    repository_moved,
    settings_changed,
)
from models_registry.models import Repository

KIND = "deliver_webhooks"
_AT_ONCE = 1000
_SHOWN = ("refs/heads/", "refs/tags/", "refs/pr/")
# What of a thread's timeline changes the thread itself. Commits are told as content, references are another thread's.
_OF_THE_THREAD = {Event.Kind.TITLE, Event.Kind.STATUS, Event.Kind.MERGE, Event.Kind.LOCK, Event.Kind.PIN}


def _announce(
    repository: Repository,
    scope: str,
    action: str,
    payload: Callable[[], dict[str, Any]],
    *,
    came_from: Namespace | None = None,
) -> None:
    """Three queries where somebody watches, one where nobody does."""
    namespaces = [repository.namespace, *([came_from] if came_from is not None else [])]
    watching = Webhook.objects.told_of(repository).watching(repository, *namespaces)
    of_domain = {"on_discussions": True} if scope.startswith("discussion") else {"on_repositories": True}
    webhooks = list(watching.filter(**of_domain).values_list("pk", flat=True))
    if not webhooks:
        return
    event = WebhookEvent.objects.create(
        # A row that is about to go is not referred to: the reference would be emptied before it is there.
        repository=None if (scope, action) == ("repo", "delete") else repository,
        namespace=repository.namespace,
        was_public=repository.is_public,
        scope=scope,
        action=action,
        payload=payload(),
    )
    queue(event, webhooks)


def queue(event: WebhookEvent, webhooks: list[int]) -> None:
    now = timezone.now()
    for some in batches(webhooks, _AT_ONCE):
        Delivery.objects.bulk_create(Delivery(event=event, webhook_id=pk, due_at=now) for pk in some)
    Job.objects.add_many(KIND, (str(pk) for pk in webhooks))


def ask_for(webhook: Webhook) -> None:
    Job.objects.add(KIND, str(webhook.pk))


@receiver(repository_created)
def tell_of_creation(sender: object, repository: Repository, **_: Any) -> None:
    _announce(
        repository,
        "repo",
        "create",
        lambda: payloads.of_event("repo", "create", payloads.repository_part(repository)),
    )


@receiver(repository_deleted)
def tell_of_deletion(sender: object, repository: Repository, **_: Any) -> None:
    _announce(
        repository,
        "repo",
        "delete",
        lambda: payloads.of_event("repo", "delete", payloads.repository_part(repository)),
    )


@receiver(repository_moved)
def tell_of_the_move(sender: object, repository: Repository, old_namespace: Namespace, old_name: str, **_: Any) -> None:
    """To those that watch where it was, too."""

    def payload() -> dict[str, Any]:
        before = payloads.repository_part(repository, namespace=old_namespace, name=old_name)
        return payloads.of_event("repo", "move", before, movedTo=payloads.moved_to(repository))

    _announce(repository, "repo", "move", payload, came_from=old_namespace)


@receiver(settings_changed)
def tell_of_settings(sender: object, repository: Repository, changes: dict[str, Any], **_: Any) -> None:
    def payload() -> dict[str, Any]:
        part = payloads.repository_part(repository)
        return payloads.of_event("repo.config", "update", part, updatedConfig=changes)

    _announce(repository, "repo.config", "update", payload)


@receiver(references_moved)
def tell_of_content(sender: object, repository: Repository, moves: list[ReferenceMove], **_: Any) -> None:
    shown = [move for move in moves if move.name.startswith(_SHOWN)]

    def payload() -> dict[str, Any]:
        part = payloads.repository_part(repository)
        return payloads.of_event("repo.content", "update", part, updatedRefs=payloads.updated_references(shown))

    if shown:
        _announce(repository, "repo.content", "update", payload)


@receiver(event_added)
def tell_of_a_threads_event(sender: object, event: Event, **_: Any) -> None:
    discussion = event.discussion
    if event.kind == Event.Kind.COMMENT:
        is_first = not discussion.events.filter(kind=Event.Kind.COMMENT, pk__lt=event.pk).exists()
        scope, action = ("discussion" if is_first else "discussion.comment"), "create"
    elif event.kind in _OF_THE_THREAD:
        scope, action = "discussion", "update"
    else:
        return
    _tell_of(event, scope, action)


@receiver(comment_changed)
def tell_of_an_edit(sender: object, event: Event, **_: Any) -> None:
    _tell_of(event, "discussion.comment", "update")


def _tell_of(event: Event, scope: str, action: str) -> None:
    def payload() -> dict[str, Any]:
        more = {"discussion": payloads.discussion_part(event.discussion)}
        if event.kind == Event.Kind.COMMENT:
            more["comment"] = payloads.comment_part(event)
        return payloads.of_event(scope, action, payloads.repository_part(event.discussion.repository), **more)

    _announce(event.discussion.repository, scope, action, payload)
