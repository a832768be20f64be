"""What the registry keeps about a member: told in their export, and removed with their account."""

from collections.abc import Iterable
from typing import Any

from django.dispatch import receiver
from django.utils.translation import ngettext

from accounts import exporting
from accounts.events import user_leaving
from accounts.models import Actor, User
from models_registry.models import AccessRequest, Repository
from models_registry.services.repositories import delete_repository

_MOST_NAMED = 10


@receiver(user_leaving)
def delete_their_repositories(sender: object, user: User, **_: object) -> None:
    for repository in Repository.objects.filter(namespace__user=user).order_by("pk"):
        delete_repository(actor=Actor(user=user), repository=repository)


def _losses(user: User) -> list[str]:
    names = [found.full_name for found in Repository.objects.filter(namespace__user=user).order_by("key").for_cards()]
    if not names:
        return []
    said = ngettext("%(count)s repository: %(names)s.", "%(count)s repositories: %(names)s.", len(names))
    named = ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
    return [said % {"count": len(names), "names": named}]


def _repositories(user: User) -> Iterable[dict[str, Any]]:
    rows = Repository.objects.filter(creator=user) | Repository.objects.filter(namespace__user=user)
    for row in rows.select_related("namespace").order_by("pk").iterator(chunk_size=500):
        yield {
            "name": row.full_name, "kind": row.kind, "private": row.private, "created_at": row.created_at,
            "downloads": row.downloads, "likes": row.likes,
        }  # fmt: skip


def _access_requests(user: User) -> Iterable[dict[str, Any]]:
    for row in AccessRequest.objects.filter(user=user).select_related("repository__namespace").iterator(chunk_size=500):
        yield {
            "repository": row.repository.full_name, "status": row.status, "answers": row.fields,
            "created_at": row.created_at, "decided_at": row.decided_at,
        }  # fmt: skip


exporting.add("repositories", _repositories)
exporting.add("access-requests", _access_requests)
exporting.warn_of(_losses)
