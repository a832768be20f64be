"""Members of organisations: their roles, leaving, and handing an organisation over.

An organisation always has an administrator: every change of a membership waits for the organisation's row.
"""

from django.db import transaction
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts import access
from accounts.errors import LastAdministrator
from accounts.events import membership_changed, user_leaving
from accounts.models import Actor, AuditEntry, Invitation, Membership, Organization, Role, User
from hub.errors import BadRequest, Conflict, Forbidden, NotFound


@transaction.atomic
def change_role(*, actor: Actor, organization: Organization, user: User, role: Role) -> Membership:
    """Raises Forbidden; NotFound for who is no member; LastAdministrator."""
    access.require_administration(actor, organization)
    membership = _locked(organization, user)
    if membership.role == role:
        return membership
    if role < Role.ADMIN:
        _require_another_administrator(membership)
        _take_back_invitations(membership)
    return _set(actor, membership, role)


@transaction.atomic
def remove(*, actor: Actor, organization: Organization, user: User) -> None:
    """End somebody's membership. What they made stays with the organisation. Raises as `change_role`."""
    access.require_administration(actor, organization)
    membership = _locked(organization, user)
    _require_another_administrator(membership)
    _take_back_invitations(membership)
    _end(actor, membership, "membership.deleted")


@transaction.atomic
def leave(*, actor: Actor, organization: Organization) -> None:
    """End one's own membership. Raises Unauthenticated, ReadOnlyToken, Forbidden, NotFound, LastAdministrator."""
    user = actor.require_user()
    if actor.token is not None:
        actor.require_writer()
        if actor.token.role != "write":
            raise Forbidden(_("A fine-grained token ends no membership."))
    membership = _locked(organization, user)
    _require_another_administrator(membership)
    _end(actor, membership, "membership.left")


@transaction.atomic
def hand_over(*, actor: Actor, organization: Organization, to: User, own_role: Role | None) -> None:
    """Make another member an administrator and step down oneself, or leave (`own_role` is None), in one act.

    Raises Forbidden; NotFound if `to` is no member; BadRequest for oneself.
    """
    user = access.require_administration(actor, organization)
    if to.pk == user.pk:
        raise BadRequest(_("Name another member to hand it over to."))
    heir, own = _locked(organization, to), _locked(organization, user)
    if not to.is_active or to.is_suspended:
        raise Conflict(_("%(to)s cannot manage an organisation just now.") % {"to": to.username})
    if heir.role != Role.ADMIN:
        _set(actor, heir, Role.ADMIN)
    if own_role is None:
        _end(actor, own, "membership.left")
    elif own_role != Role.ADMIN:
        _set(actor, own, own_role)


@transaction.atomic
def appoint(*, actor: Actor, organization: Organization, user: User, reason: str) -> Membership:
    """A maintainer's act: give an organisation that nobody manages any more an administrator.

    A superuser may also where somebody does, such as who cannot be reached. Raises Forbidden, also for oneself; Conflict.
    """
    maintainer = actor.require_permission("accounts.appoint_administrator")
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if not maintainer.is_superuser:  # else the role would open every private repository of every organisation
        if user == maintainer:
            raise Forbidden(_("Nobody appoints themselves."))
        if Membership.objects.of_administrators().filter(organization=organization).exists():
            raise Conflict(
                _("%(namespace)s has an administrator: only a superuser appoints another.")
                % {"namespace": organization.namespace.name}
            )
    membership, _created = Membership.objects.get_or_create(organization=organization, user=user)
    return _set(actor, membership, Role.ADMIN, reason=reason)


@receiver(user_leaving)
def keep_an_administrator(sender: object, user: User, **_: object) -> None:
    """Whoever deletes their account hands over first what they alone manage. Raises LastAdministrator."""
    managed = Membership.objects.filter(user=user, role=Role.ADMIN).select_related("organization__namespace")
    for membership in managed.order_by("organization_id"):
        _require_another_administrator(_locked(membership.organization, user))


def _locked(organization: Organization, user: User) -> Membership:
    """With the organisation's row locked first: one change of its members at a time. Raises NotFound."""
    if not Organization.objects.select_for_update(no_key=True).filter(pk=organization.pk).values_list("pk"):
        raise NotFound(_("The organisation has just been deleted."))
    found = Membership.objects.filter(organization=organization, user=user).select_related("user").first()
    if found is None:
        raise NotFound(
            _("%(user)s is no member of %(namespace)s.")
            % {"user": user.username, "namespace": organization.namespace.name}
        )
    found.organization = organization
    return found


def _require_another_administrator(membership: Membership) -> None:
    others = Membership.objects.of_administrators().filter(organization=membership.organization_id)
    if membership.role == Role.ADMIN and not others.exclude(pk=membership.pk).exists():
        name = membership.organization.namespace.name
        raise LastAdministrator(
            _("%(user)s is the only administrator of %(name)s: make somebody else one first.")
            % {"user": membership.user.username, "name": name}
        )


def _take_back_invitations(membership: Membership) -> None:
    """Whose trust ends, ends with the invitations they made: another account of theirs might wait among them."""
    if membership.role == Role.ADMIN:
        Invitation.objects.take_back(organization=membership.organization, invited_by=membership.user)


def _set(actor: Actor, membership: Membership, role: Role, **details: str) -> Membership:
    namespace, before = membership.organization.namespace, Role(membership.role)
    membership.role = role
    membership.save(update_fields=["role"])
    AuditEntry.objects.record(
        actor, "membership.changed", namespace.name, namespace=namespace,
        member=membership.user.username, role=role.label, before=before.label, **details,
    )  # fmt: skip
    membership_changed.send(sender=Membership, organization=membership.organization, user=membership.user, role=role)
    return membership


def _end(actor: Actor, membership: Membership, action: str) -> None:
    namespace = membership.organization.namespace
    membership.delete()
    AuditEntry.objects.record(
        actor, action, namespace.name, namespace=namespace,
        member=membership.user.username, role=Role(membership.role).label,
    )  # fmt: skip
    membership_changed.send(sender=Membership, organization=membership.organization, user=membership.user, role=None)
