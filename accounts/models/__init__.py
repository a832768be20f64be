from accounts.models.actor import Actor
from accounts.models.audit import AuditEntry
from accounts.models.device import DeviceLogin, RefreshToken
from accounts.models.invitation import Invitation
from accounts.models.namespace import Membership, Namespace, NamespaceRedirect, Organization, Profile, Role, Verified
from accounts.models.token import AccessToken, TokenRole
from accounts.models.user import User, in_good_standing

__all__ = [
    "AccessToken",
    "Actor",
    "AuditEntry",
    "DeviceLogin",
    "Invitation",
    "Membership",
    "Namespace",
    "NamespaceRedirect",
    "Organization",
    "Profile",
    "RefreshToken",
    "Role",
    "TokenRole",
    "User",
    "Verified",
    "in_good_standing",
]
