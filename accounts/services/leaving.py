"""What a member takes along when they go, and going."""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import exporting
from accounts.events import user_leaving
from accounts.models import (
    AccessToken,
    Actor,
    AuditEntry,
    Invitation,
    Membership,
    Namespace,
    NamespaceRedirect,
    Role,
    User,
)
from accounts.services import sessions
from hub.errors import Forbidden

_PIECE = 64 * 1024


@transaction.atomic
def delete_account(*, actor: Actor) -> None:
    """Remove the actor's own account, with all that is theirs alone; what they said to others stays without its author.

    Its name stays held for a while. Raises LastAdministrator while they alone manage an organisation; Suspended, because what
    a suspension is about must stay to be looked at; Forbidden for a token, and for whoever else keeps something.
    """
    user = actor.require_writer()
    if actor.token is not None:
        raise Forbidden(_("An account is deleted by its owner in the browser."))
    namespace = Namespace.objects.select_for_update(of=("self",)).get(user=user)
    name = namespace.name
    user_leaving.send(sender=User, user=user)
    sessions.end_others(user=user, current=None)
    Invitation.objects.pending(timezone.now()).filter(invited_by=user).update(revoked_at=timezone.now())
    AuditEntry.objects.record(actor, "user.deleted", name)
    user.delete()
    NamespaceRedirect.objects.hold(name, leads_to=None)


class _Pieces(io.RawIOBase):
    """Takes what zipfile writes, to be sent on."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        return len(data)

    def taken(self, at_least: int = 0) -> bytes:
        if len(self._waiting) < at_least:
            return b""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def export(user: User) -> Iterator[bytes]:
    """A ZIP of JSON files with what the hub keeps about the member, made while it is sent: memory holds a piece at a time."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in exporting.parts():
            with archive.open(f"{part.name}.json", "w") as file:
                before = "["
                for row in part.rows(user):
                    text = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
                    file.write(f"{before}\n{text}".encode())
                    before = ","
                    if piece := pieces.taken(at_least=_PIECE):
                        yield piece
                file.write(b"\n]\n" if before == "," else b"[]\n")
    yield pieces.taken()


def note_export(*, actor: Actor) -> None:
    AuditEntry.objects.record(actor, "account.exported", str(actor))


def _rows(found: QuerySet[Any], *fields: str) -> Iterable[dict[str, Any]]:
    return found.order_by("pk").values(*fields).iterator(chunk_size=500)


def _profile(user: User) -> Iterable[dict[str, Any]]:
    yield {
        "name": user.username,
        "email": user.email,
        "full_name": user.full_name,
        "joined": user.date_joined,
        "last_sign_in": user.last_login,
        "suspended_for": user.suspended_reason,
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "second_factors": list(Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")),
        "other_sites": list(SocialAccount.objects.filter(user=user).values("provider", "uid", "date_joined")),
    }
    profile = getattr(user.namespace, "profile", None)
    if profile is not None:
        yield {name: getattr(profile, name) for name in ("about", "website", "location", "links")}


def _tokens(user: User) -> Iterable[dict[str, Any]]:
    fields = ("name", "prefix", "role", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    return _rows(AccessToken.objects.filter(user=user), *fields)


def _memberships(user: User) -> Iterable[dict[str, Any]]:
    for row in Membership.objects.filter(user=user).select_related("organization__namespace").iterator():
        yield {
            "organization": row.organization.namespace.name, "role": Role(row.role).label, "since": row.created_at
        }  # fmt: skip


def _invitations(user: User) -> Iterable[dict[str, Any]]:
    fields = ("email", "user__username", "organization__namespace__name", "created_at", "accepted_at", "revoked_at")
    return _rows(Invitation.objects.filter(invited_by=user), *fields)


def _sessions(user: User) -> Iterable[dict[str, Any]]:
    return _rows(UserSession.objects.filter(user=user), "ip", "user_agent", "created_at", "last_seen_at")


def _audit(user: User) -> Iterable[dict[str, Any]]:
    return _rows(AuditEntry.objects.filter(user=user), "created_at", "action", "target", "token_prefix", "details")


exporting.add("profile", _profile)
exporting.add("access-tokens", _tokens)
exporting.add("memberships", _memberships)
exporting.add("invitations", _invitations)
exporting.add("sessions", _sessions)
exporting.add("audit-log", _audit)
