"""What moderators do to a member: warn, suspend, ban. Each act needs its permission; nobody acts on staff but superusers."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Actor, AuditEntry, User
from hub.errors import Conflict, Forbidden, Invalid


class StandsSo(Conflict):
    says = gettext_noop("Another moderator was quicker: it stands so already.")


@transaction.atomic
def warn(*, actor: Actor, user: User, reason: str) -> None:
    """They read the reason on every page until they say that they have. Raises Forbidden."""
    row = _locked(actor, user, "accounts.warn_user")
    row.warning = reason
    _write(row, user, "warning")
    AuditEntry.objects.record(actor, "user.warned", row.username, reason=reason)


@transaction.atomic
def acknowledge(*, actor: Actor) -> None:
    """The member has read the warning."""
    user = actor.require_user()
    if user.warning:
        user.warning = ""
        user.save(update_fields=["warning"])
        AuditEntry.objects.record(actor, "user.warning_read", user.username)


@transaction.atomic
def suspend(*, actor: Actor, user: User, reason: str, until: datetime | None = None) -> None:
    """Take a member's right to write, until then or for good. What ends by itself needs nobody to end it.

    A suspension is made longer or shorter by another one. Raises Forbidden, Invalid.
    """
    row = _locked(actor, user, "accounts.suspend_user")
    if not reason.strip():
        raise Invalid(_("A suspension needs a reason: the member reads it."))
    if until is not None and until <= timezone.now():
        raise Invalid(_("A suspension ends in the future."))
    row.suspended_reason, row.suspended_until = reason, until
    _write(row, user, "suspended_reason", "suspended_until")
    end = until.isoformat() if until else None
    AuditEntry.objects.record(actor, "user.suspended", row.username, reason=reason, until=end)


@transaction.atomic
def lift_suspension(*, actor: Actor, user: User, reason: str = "") -> None:
    """They write again. Raises Forbidden, StandsSo."""
    row = _locked(actor, user, "accounts.suspend_user")
    if not row.is_suspended:
        raise StandsSo(_("%(name)s is not suspended.") % {"name": row})
    row.suspended_reason, row.suspended_until = "", None
    _write(row, user, "suspended_reason", "suspended_until")
    AuditEntry.objects.record(actor, "user.restored", row.username, reason=reason)


@transaction.atomic
def ban(*, actor: Actor, user: User, reason: str) -> None:
    """They sign in no more; sessions and tokens open nothing. Raises Forbidden, StandsSo."""
    row = _locked(actor, user, "accounts.ban_user")
    if not row.is_active:
        raise StandsSo(_("%(name)s is banned already.") % {"name": row})
    row.is_active, row.banned_reason = False, reason
    _write(row, user, "is_active", "banned_reason")
    AuditEntry.objects.record(actor, "user.banned", row.username, reason=reason)


@transaction.atomic
def lift_ban(*, actor: Actor, user: User, reason: str = "") -> None:
    """They sign in again, and their tokens are valid as before. Raises Forbidden, StandsSo."""
    row = _locked(actor, user, "accounts.ban_user")
    if row.is_active:
        raise StandsSo(_("%(name)s is not banned.") % {"name": row})
    row.is_active, row.banned_reason = True, ""
    _write(row, user, "is_active", "banned_reason")
    AuditEntry.objects.record(actor, "user.unbanned", row.username, reason=reason)


def _locked(actor: Actor, user: User, permission: str) -> User:
    moderator = actor.require_permission(permission)
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if row == moderator:
        raise Forbidden(_("Nobody moderates themselves."))
    if row.is_staff and not moderator.is_superuser:
        raise Forbidden(_("Staff are moderated by a superuser alone."))
    return row


def _write(row: User, asked: User, *columns: str) -> None:
    row.save(update_fields=columns)
    for column in columns:
        setattr(asked, column, getattr(row, column))
