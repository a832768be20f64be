"""Making accounts and organisations."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.errors import NamespaceMoved, NamespaceNotFound, NameTaken
from accounts.models import Actor, AuditEntry, Membership, Namespace, Organization, Role, User
from accounts.models.namespace import name_validators
from hub.errors import Invalid


def check_name(name: str) -> None:
    """Raises Invalid."""
    try:
        for validate in name_validators:
            validate(name)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None


def create_account(
    *, name: str, email: str, full_name: str = "", password: str | None = None, is_admin: bool = False
) -> User:
    """A verified member with a namespace of the same name. Raises NameTaken, Invalid."""
    check_name(name)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                name, email, password, full_name=full_name, is_staff=is_admin, is_superuser=is_admin
            )
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
            if is_admin:
                AuditEntry.objects.record(Actor(), "staff.role_given", name, role="superuser")
    except IntegrityError:
        raise NameTaken(
            _("The name %(name)r or the address %(email)r is taken.") % {"name": name, "email": email}
        ) from None
    return user


@transaction.atomic
def create_organization(
    *,
    actor: Actor,
    name: str,
    full_name: str = "",
    private_by_default: bool = False,
    members: Iterable[tuple[User, Role]] = (),
) -> Organization:
    """An organisation with its members. Raises NameTaken, Invalid."""
    check_name(name)
    organization = Organization.objects.create(full_name=full_name, private_by_default=private_by_default)
    namespace = Namespace.objects.claim(name, organization=organization)
    Membership.objects.bulk_create(
        Membership(organization=organization, user=user, role=role) for user, role in members
    )
    AuditEntry.objects.record(actor, "organization.created", name, namespace=namespace)
    return organization


def namespace_named(name: str) -> Namespace:
    """Raises NamespaceNotFound; NamespaceMoved if it had this name once, which doors answer by leading on."""
    named = Namespace.objects.select_related("user", "organization")
    if found := named.filter(key=name.lower()).first():
        return found
    if moved := named.filter(redirects__old_key=name.lower()).first():
        raise NamespaceMoved(
            _("%(name)s is called %(moved)s now.") % {"name": name, "moved": moved.name}, old=name, new=moved.name
        )
    raise NamespaceNotFound(_("There is no user or organisation %(name)r.") % {"name": name})


def keep(namespace: Namespace) -> None:
    """Within a transaction: until its end, nobody deletes the namespace. Raises NamespaceNotFound if somebody has."""
    if not Namespace.objects.select_for_update(no_key=True).filter(pk=namespace.pk).values_list("pk"):
        raise NamespaceNotFound(_("%(namespace)s has just been deleted.") % {"namespace": namespace.name})


def user_named(name: str) -> User:
    """Raises NamespaceNotFound."""
    found = namespace_named(name).user
    if found is None:
        raise NamespaceNotFound(_("There is no user %(name)r.") % {"name": name})
    return found


def organization_named(name: str) -> Organization:
    """Raises NamespaceNotFound."""
    found = namespace_named(name).organization
    if found is None:
        raise NamespaceNotFound(_("There is no organisation %(name)r.") % {"name": name})
    return found


def verified_addresses(users: Iterable[User]) -> dict[int, str]:
    """{user id: their address}, of those who have shown that it is theirs."""
    address_of = {user.pk: user.email for user in users}
    rows = EmailAddress.objects.filter(user__in=address_of, verified=True).values_list("user_id", "email")
    return {user_id: email for user_id, email in rows if address_of[user_id] == email}


def has_verified_email(user: User) -> bool:
    return EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()
