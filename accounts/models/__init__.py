from accounts.models.actor import Actor
from accounts.models.audit import THE_HUB, AuditEntry, Immutable, RecordQuerySet
from accounts.models.device import DeviceLogin, RefreshToken
from accounts.models.invitation import Invitation
from accounts.models.namespace import Membership, Namespace, NamespaceRedirect, Organization, Profile, Role, Verified
from accounts.models.token import AccessToken, TokenRole
from accounts.models.user import User, in_good_standing

__all__ = [
    "THE_HUB",
    "AccessToken",
    "Actor",
    "AuditEntry",
    "DeviceLogin",
    "Immutable",
    "Invitation",
    "Membership",
    "Namespace",
    "NamespaceRedirect",
    "Organization",
    "Profile",
    "RecordQuerySet",
    "RefreshToken",
    "Role",
    "TokenRole",
    "User",
    "Verified",
    "in_good_standing",
]
