"""What the community keeps about a member, for their export. Said to others, it stays when they leave, without its author."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet

from accounts import exporting
from accounts.models import Actor, User
from models_registry.community.models import (
    Collection,
    Complaint,
    Discussion,
    Event,
    Follow,
    Like,
    Notification,
    NotificationPreference,
    Reaction,
    Webhook,
)
from models_registry.community.services.collections import visible_items
from models_registry.models import Repository


class _Names:
    """Of repositories, as far as the member may know of them still; what became private may have another name by now."""

    def __init__(self, user: User) -> None:
        self._visible = Repository.objects.visible_to(Actor(user=user))
        self._known: dict[int, bool] = {}

    def of(self, repository: Repository | None) -> str | None:
        if repository is None:
            return None
        if repository.pk not in self._known:
            self._known[repository.pk] = self._visible.filter(pk=repository.pk).exists()
        return repository.full_name if self._known[repository.pk] else None


def _each(found: QuerySet[Any]) -> Iterable[Any]:
    return found.order_by("pk").iterator(chunk_size=500)


def _values(found: QuerySet[Any], *fields: str) -> Iterable[dict[str, Any]]:
    return found.order_by("pk").values(*fields).iterator(chunk_size=500)


def _discussions(user: User) -> Iterable[dict[str, Any]]:
    names = _Names(user)
    for row in _each(Discussion.objects.filter(author=user).select_related("repository__namespace")):
        yield {
            "repository": names.of(row.repository), "number": row.number, "title": row.title, "status": row.status,
            "is_pull_request": row.is_pull_request, "created_at": row.created_at,
        }  # fmt: skip


def _events(user: User) -> Iterable[dict[str, Any]]:
    """Comments and all other acts in threads."""
    names = _Names(user)
    for row in _each(Event.objects.filter(author=user).select_related("discussion__repository__namespace")):
        yield {
            "repository": names.of(row.discussion.repository), "discussion": row.discussion.number, "kind": row.kind,
            "data": row.data, "text": row.text, "created_at": row.created_at,
        }  # fmt: skip


def _reactions(user: User) -> Iterable[dict[str, Any]]:
    return _values(Reaction.objects.filter(user=user), "event_id", "sign", "created_at")


def _likes(user: User) -> Iterable[dict[str, Any]]:
    names = _Names(user)
    for row in _each(Like.objects.filter(user=user).select_related("repository__namespace")):
        yield {"repository": names.of(row.repository), "created_at": row.created_at}


def _follows(user: User) -> Iterable[dict[str, Any]]:
    rows = Follow.objects.filter(user=user).select_related("namespace", "repository__namespace")
    names = _Names(user)
    for row in _each(rows):
        yield {
            "follows": row.namespace.name if row.namespace else names.of(row.repository),
            "created_at": row.created_at,
        }


def _collections(user: User) -> Iterable[dict[str, Any]]:
    """With what is in them, as far as the member may know of it still, and what they noted on it."""
    items = visible_items(Actor(user=user)).select_related("repository__namespace", "child").order_by("position", "pk")
    for row in _each(Collection.objects.filter(namespace__user=user).prefetch_related(Prefetch("items", items))):
        yield {
            "title": row.title, "description": row.description, "private": row.private, "created_at": row.created_at,
            "items": [{"name": item.name, "note": item.note} for item in row.items.all()],
        }  # fmt: skip


def _notifications(user: User) -> Iterable[dict[str, Any]]:
    return _values(Notification.objects.filter(recipient=user), "kind", "key", "updated_at", "read_at")


def _preferences(user: User) -> Iterable[dict[str, Any]]:
    return _values(NotificationPreference.objects.filter(user=user), "kind", "on_page", "email")


def _webhooks(user: User) -> Iterable[dict[str, Any]]:
    return _values(Webhook.objects.filter(owner__user=user), "url", "on_repositories", "on_discussions", "created_at")


def _reports(user: User) -> Iterable[dict[str, Any]]:
    return _values(Complaint.objects.filter(reporter=user), "report__subject_name", "category", "text", "created_at")


exporting.add("discussions", _discussions)
exporting.add("comments", _events)
exporting.add("reactions", _reactions)
exporting.add("likes", _likes)
exporting.add("follows", _follows)
exporting.add("collections", _collections)
exporting.add("notifications", _notifications)
exporting.add("notification-preferences", _preferences)
exporting.add("webhooks", _webhooks)
exporting.add("reports", _reports)
