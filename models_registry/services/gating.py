"""Gated repositories: who asks to be let in, and what the owners say."""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Actor, AuditEntry, User
from accounts.services.accounts import user_named
from hub.errors import BadRequest, NotFound
from models_registry import access
from models_registry.events import access_asked, access_decided
from models_registry.models import AccessRequest, Gate, Repository

Status = AccessRequest.Status
LONGEST_REASON = 500
_ID = re.compile(r"[0-9]{1,18}")


def state_of(actor: Actor, repository: Repository) -> AccessRequest | None:
    """What the actor has asked for, if anything."""
    if actor.user is None:
        return None
    return AccessRequest.objects.filter(repository=repository, user=actor.user).first()


def _require_gate(repository: Repository) -> None:
    if not repository.gated:
        raise BadRequest(f"{repository.full_name} is not gated: everybody who may see it may read it.")


@transaction.atomic
def ask(*, actor: Actor, repository: Repository) -> AccessRequest:
    """Ask to read a gated repository: an automatic gate opens at once. Asking again changes nothing.

    Raises Unauthenticated, Suspended, ReadOnlyToken; BadRequest if it is not gated, or the actor may read it anyway.
    """
    user = actor.require_writer()
    _require_gate(repository)
    access.keep(repository)
    known = AccessRequest.objects.filter(repository=repository, user=user).first()
    if known is not None:
        return known
    if Repository.objects.filter(pk=repository.pk).readable_by(actor).exists():
        raise BadRequest(f"You may read {repository.full_name} already.")
    opens = repository.gated == Gate.AUTO
    made = AccessRequest.objects.create(
        repository=repository,
        user=user,
        status=Status.ACCEPTED if opens else Status.PENDING,
        decided_at=timezone.now() if opens else None,
    )
    AuditEntry.objects.record(actor, "access.asked", repository.full_name, kind=repository.kind, status=made.status)
    access_asked.send(sender=AccessRequest, request=made)
    return made


def requests(*, actor: Actor, repository: Repository, status: str) -> QuerySet[AccessRequest]:
    """Those in that state, for who may write the repository. Raises BadRequest, Forbidden, NotFound for no such state."""
    access.require_write(actor, repository)
    _require_gate(repository)
    if status not in Status.values:
        raise NotFound(f"Requests are pending, accepted or rejected, not {status[:40]!r}.")
    return AccessRequest.objects.filter(repository=repository, status=status).select_related("user")


@transaction.atomic
def decide(
    *,
    actor: Actor,
    repository: Repository,
    status: str,
    username: str | None = None,
    request_id: str | None = None,
    reason: str = "",
) -> AccessRequest:
    """Accept a request, reject it, or set it back to pending; named by who asked or by its id.

    Raises Forbidden; BadRequest if the repository is not gated or the words are none; NotFound if there is no such user or
    request, or it is in that state already.
    """
    access.require_write(actor, repository)
    _require_gate(repository)
    if status not in Status.values:
        raise BadRequest("status must be pending, accepted or rejected.")
    if reason and (status != Status.REJECTED or len(reason) > LONGEST_REASON):
        raise BadRequest(f"A rejection, and nothing else, may give a reason of at most {LONGEST_REASON} characters.")
    request = _request_of(repository, username, request_id)
    if request.status == status:
        raise NotFound(f"The request of {request.user.username} is {status} already.")
    _set(request, Status(status), reason, timezone.now())
    AuditEntry.objects.record(
        actor, f"access.{status}", repository.full_name, kind=repository.kind, user=request.user.username, reason=reason
    )
    access_decided.send(sender=AccessRequest, request=request, actor=actor)
    return request


def _request_of(repository: Repository, username: str | None, request_id: str | None) -> AccessRequest:
    asked = AccessRequest.objects.select_for_update(of=("self",)).select_related("user").filter(repository=repository)
    if username is not None:
        found = asked.filter(user=user_named(username)).first()
    elif request_id is not None and _ID.fullmatch(request_id):
        found = asked.filter(pk=int(request_id)).first()
    else:
        found = None
    if found is None:
        raise NotFound("There is no such request for access.")
    return found


def _set(request: AccessRequest, status: AccessRequest.Status, reason: str, now: datetime) -> None:
    request.status, request.rejection_reason = status, reason
    request.decided_at = None if status == Status.PENDING else now
    request.save(update_fields=["status", "rejection_reason", "decided_at"])


@transaction.atomic
def grant(*, actor: Actor, repository: Repository, username: str) -> AccessRequest:
    """Let somebody in, asked or unasked. Raises Forbidden, NotFound, BadRequest if not gated or granted already."""
    access.require_write(actor, repository)
    _require_gate(repository)
    user: User = user_named(username)
    access.keep(repository)
    request = AccessRequest.objects.filter(repository=repository, user=user).first()
    if request is not None and request.status == Status.ACCEPTED:
        raise BadRequest(f"{user.username} has access to {repository.full_name} already.")
    if request is None:
        request = AccessRequest(repository=repository, user=user, granted_by_hand=True)
        request.save()
    _set(request, Status.ACCEPTED, "", timezone.now())
    AuditEntry.objects.record(actor, "access.granted", repository.full_name, kind=repository.kind, user=user.username)
    access_decided.send(sender=AccessRequest, request=request, actor=actor)
    return request
