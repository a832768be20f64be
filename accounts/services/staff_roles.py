"""Roles of the hub's staff: Django groups, whose permissions `hub.staff_roles` lists. Superusers give and take them."""

from collections.abc import Collection

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry, User
from hub.errors import Forbidden, Invalid
from hub.staff_roles import ROLES


@transaction.atomic
def set_roles(*, actor: Actor, user: User, roles: Collection[str]) -> None:
    """These and no others. Whoever has a role is let into the administration; who has none, is not. Raises Forbidden, Invalid."""
    giver = actor.require_user()
    if actor.token is not None or not (giver.is_staff and giver.is_superuser):
        raise Forbidden(_("Only a superuser gives and takes roles."))
    if unknown := set(roles) - set(ROLES):
        raise Invalid(
            _("There is no role %(name)r: there are %(choices)s.") % {"name": min(unknown), "choices": ", ".join(ROLES)}
        )
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    had = set(row.groups.filter(name__in=ROLES).values_list("name", flat=True))
    row.groups.remove(*Group.objects.filter(name__in=had - set(roles)))
    row.groups.add(*Group.objects.filter(name__in=set(roles) - had))
    row.is_staff = row.is_superuser or bool(roles) or row.groups.exists()
    row.save(update_fields=["is_staff"])
    user.is_staff = row.is_staff
    for role in sorted(set(roles) - had):
        AuditEntry.objects.record(actor, "staff.role_given", row.username, role=role)
    for role in sorted(had - set(roles)):
        AuditEntry.objects.record(actor, "staff.role_taken", row.username, role=role)
