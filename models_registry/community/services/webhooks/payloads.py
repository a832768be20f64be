"""What receivers are told, in the shape that huggingface_hub's own receiver validates (`_webhooks_payload.py`, version 3)."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from accounts.models import Namespace, User
from models_registry.community.models import Discussion, Event, Webhook
from models_registry.events import ReferenceMove
from models_registry.models import PullRequest, Reference, Repository

VERSION = 3


def of_event(scope: str, action: str, repository: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"event": {"action": action, "scope": scope}, "repo": repository, **more}


def for_webhook(payload: dict[str, Any], webhook: Webhook) -> dict[str, Any]:
    return {**payload, "webhook": {"id": webhook.public_id, "version": VERSION}}


def repository_part(
    repository: Repository, *, namespace: Namespace | None = None, name: str | None = None
) -> dict[str, Any]:
    """namespace, name: what it was called, where that is not what it is called now."""
    head = Reference.objects.filter(repository=repository, name=f"refs/heads/{repository.default_branch}").first()
    owner = namespace or repository.namespace
    was_called = f"{owner.name}/{name or repository.name}"
    return {
        "type": str(repository.kind),
        "name": was_called,
        "id": str(repository.pk),
        "private": repository.private,
        "url": _urls(repository, was_called),
        "owner": {"id": owner.public_id},
        **({"head_sha": head.target} if head else {}),
    }


def _urls(repository: Repository, name: str) -> dict[str, str]:
    page, api = repository.get_absolute_url(), repository.api_path
    return {
        "web": settings.BASE_URL + page.replace(repository.full_name, name),
        "api": settings.BASE_URL + api.replace(repository.full_name, name),
    }


def moved_to(repository: Repository) -> dict[str, Any]:
    return {"name": repository.full_name, "owner": {"id": repository.namespace.public_id}}


def updated_references(moves: Iterable[ReferenceMove]) -> list[dict[str, Any]]:
    return [{"ref": move.name, "oldSha": move.old, "newSha": move.new} for move in moves]


def discussion_part(discussion: Discussion) -> dict[str, Any]:
    part: dict[str, Any] = {
        "id": f"{discussion.pk:024x}",
        "num": discussion.number,
        "title": discussion.title,
        "status": str(discussion.status),
        "isPullRequest": discussion.is_pull_request,
        "pinned": discussion.is_pinned,
        "author": {"id": _author(discussion.author)},
        "url": {
            "web": settings.BASE_URL + discussion.get_absolute_url(),
            "api": f"{settings.BASE_URL}{discussion.repository.api_path}/discussions/{discussion.number}",
        },
    }
    if discussion.is_pull_request:
        part["changes"] = _changes(discussion)
    return part


def _changes(discussion: Discussion) -> dict[str, Any]:
    base = PullRequest.objects.filter(repository=discussion.repository_id, number=discussion.number)
    merge = discussion.events.filter(kind=Event.Kind.MERGE).order_by("-pk").first()
    return {
        "base": base.values_list("base", flat=True).first() or f"refs/heads/{discussion.repository.default_branch}",
        **({"mergeCommitId": merge.data.get("oid")} if merge else {}),
    }


def comment_part(event: Event) -> dict[str, Any]:
    """The text of a hidden one is not told."""
    page = settings.BASE_URL + event.discussion.get_absolute_url()
    return {
        "id": event.public_id,
        "author": {"id": _author(event.author)},
        "hidden": event.is_hidden,
        **({} if event.is_hidden else {"content": event.text}),
        "url": {"web": f"{page}#{event.public_id}"},
    }


def _author(user: User | None) -> str:
    return user.namespace.public_id if user is not None else "deleted-user"


def example(owner: Namespace) -> dict[str, Any]:
    """Of no repository that there is: to try a webhook with."""
    name = f"{owner.name}/example"
    repository = {
        "type": "model",
        "name": name,
        "id": "0",
        "private": False,
        "url": {"web": f"{settings.BASE_URL}/{name}", "api": f"{settings.BASE_URL}/api/models/{name}"},
        "owner": {"id": owner.public_id},
        "head_sha": "0" * 40,
    }
    return of_event("repo", "update", repository, test=True)
