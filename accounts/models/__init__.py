from accounts.models.actor import Actor
from accounts.models.audit import AuditEntry
from accounts.models.namespace import Membership, Namespace, NamespaceRedirect, Organization, Role
from accounts.models.token import AccessToken, TokenRole
from accounts.models.user import User

__all__ = [
    "AccessToken",
    "Actor",
    "AuditEntry",
    "Membership",
    "Namespace",
    "NamespaceRedirect",
    "Organization",
    "Role",
    "TokenRole",
    "User",
]
