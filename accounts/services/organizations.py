"""Organisations: founded, set up, verified, deleted."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access
from accounts.events import organization_leaving
from accounts.models import Actor, AuditEntry, NamespaceRedirect, Organization, Role, User, Verified
from accounts.services.accounts import create_organization, keep
from hub.errors import BadRequest, Conflict, Forbidden, NotFound, RateLimited


@transaction.atomic
def found(*, actor: Actor, name: str, full_name: str = "", private_by_default: bool = False) -> Organization:
    """A new organisation; who founds it is its first administrator.

    Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden, NameTaken, Invalid; RateLimited after several in a day.
    """
    user = actor.require_writer()
    if actor.token and actor.token.role != "write":
        raise Forbidden(_("A fine-grained token founds no organisations."))
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one at a time, so that they are counted right
    today = AuditEntry.objects.filter(created_at__gt=timezone.now() - timedelta(days=1))
    if today.filter(user=user, action="organization.created").count() >= settings.ORGANIZATIONS_A_DAY:
        raise RateLimited(
            _("One member founds at most %(most)s organisations a day.") % {"most": settings.ORGANIZATIONS_A_DAY}
        )
    return create_organization(
        actor=actor,
        name=name,
        full_name=" ".join(full_name.split()),
        private_by_default=private_by_default,
        members=[(user, Role.ADMIN)],
    )


@transaction.atomic
def change_defaults(
    *, actor: Actor, organization: Organization, private_by_default: bool | None = None, role: Role | None = None
) -> Organization:
    """What new repositories and new members begin with; None leaves it as it is. Raises Forbidden; BadRequest for admin."""
    access.require_administration(actor, organization)
    if role == Role.ADMIN:
        raise BadRequest(_("Nobody becomes an administrator by default."))
    now = _locked(organization)
    changed: dict[str, object] = {}
    if private_by_default is not None and private_by_default != now.private_by_default:
        now.private_by_default = changed["private_by_default"] = private_by_default
    if role is not None and role != now.default_role:
        now.default_role, changed["default_role"] = role, Role(role).label
    if changed:
        now.save(update_fields=["private_by_default", "default_role"])
        AuditEntry.objects.record(
            actor, "organization.settings", now.namespace.name, namespace=now.namespace, **changed
        )
    return now


@transaction.atomic
def verify(*, actor: Actor, organization: Organization, verified_as: Verified, reason: str) -> Organization:
    """A maintainer's act: set the mark beside its name, or take it away. Raises Forbidden."""
    actor.require_permission("accounts.verify_organization")
    now = _locked(organization)
    now.verified_as = verified_as
    now.save(update_fields=["verified_as"])
    AuditEntry.objects.record(
        actor, "organization.verified" if verified_as else "organization.unverified", now.namespace.name,
        namespace=now.namespace, verified_as=verified_as, reason=reason,
    )  # fmt: skip
    return now


@transaction.atomic
def delete_organization(*, actor: Actor, organization: Organization) -> None:
    """Remove an organisation that holds nothing any more; its name stays held for a while.

    Raises Forbidden; Conflict while there is something under its name (whoever listens to `organization_leaving` says so).
    """
    access.require_administration(actor, organization)
    now = _locked(organization)
    namespace = now.namespace
    keep(namespace)  # who makes a repository there at this moment comes first, or finds nothing
    organization_leaving.send(sender=Organization, organization=now)
    AuditEntry.objects.record(actor, "organization.deleted", namespace.name, members=now.memberships.count())
    try:
        now.delete()
    except ProtectedError:
        raise Conflict(
            _("%(namespace)s still holds something: move or delete it first.") % {"namespace": namespace.name}
        ) from None
    NamespaceRedirect.objects.hold(namespace.name, leads_to=None)


def _locked(organization: Organization) -> Organization:
    """Raises NotFound if somebody has just deleted it."""
    rows = Organization.objects.select_for_update(of=("self",)).select_related("namespace")
    found_now = rows.filter(pk=organization.pk).first()
    if found_now is None:
        raise NotFound(_("The organisation has just been deleted."))
    return found_now
