"""Asks who may manage an organisation or a name, and raises the right refusal. Doors and services ask here."""

from django.utils.translation import gettext as _

from accounts.models import Actor, Namespace, Organization, User
from hub.errors import Forbidden


def may_administer(actor: Actor, organization: Organization) -> bool:
    return Organization.objects.administered_by(actor).filter(pk=organization.pk).exists()


def require_administration(actor: Actor, organization: Organization) -> User:
    """Who changes members and settings. Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden."""
    user = actor.require_writer()
    if not may_administer(actor, organization):
        name = organization.namespace.name
        raise Forbidden(
            _("Only administrators of %(name)s may do this, with a token of the role “write” if they use one.")
            % {"name": name}
        )
    return user


def require_own(actor: Actor, namespace: Namespace) -> User:
    """Who speaks for a namespace: the member of that name, or an administrator. Raises as `require_administration`."""
    if namespace.organization is not None:
        return require_administration(actor, namespace.organization)
    user = actor.require_writer()
    if namespace.user_id != user.pk or (actor.token and actor.token.role != "write"):
        raise Forbidden(
            _("Only %(namespace)s may do this, with a token of the role “write” if they use one.")
            % {"namespace": namespace.name}
        )
    return user
