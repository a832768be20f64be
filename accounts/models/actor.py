from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import ReadOnlyToken, Suspended
from accounts.models.namespace import Namespace, Role
from accounts.models.token import AccessToken, TokenRole
from hub.errors import Forbidden, Unauthenticated
from hub.kept_sentences import in_words

if TYPE_CHECKING:
    from accounts.models.user import User


@dataclass(frozen=True)
class Actor:
    """Who asks: a user or nobody, together with the credential used. Every question of access takes one.

    `token` is None for a browser's session and for the hub's own commands.
    """

    user: User | None = None
    token: AccessToken | None = None

    def __str__(self) -> str:
        return self.user.username if self.user else "anonymous"

    @property
    def is_known(self) -> bool:
        return self.user is not None

    def namespaces(self, role: Role) -> QuerySet[Namespace]:
        """The namespaces in which this actor has at least that role."""
        if self.user is None:
            return Namespace.objects.none()
        member = Q(organization__memberships__user=self.user, organization__memberships__role__gte=role)
        return Namespace.objects.filter(Q(user=self.user) | Q(pk__in=Namespace.objects.filter(member).values("pk")))

    def scope_of(self, action: str) -> Q:
        """Which repositories the credential opens at all, for "read" or "write", as a condition on Repository.

        It narrows what the user may do, and never widens it. An actor without a token has all their user's rights.
        """
        if self.token is None or self.token.role == TokenRole.WRITE:
            return Q()
        if self.token.role == TokenRole.READ:
            return Q() if action == "read" else Q(pk__in=[])
        return Q(pk__in=self.token.scoped_ids(action, "repository")) | Q(
            namespace_id__in=self.token.scoped_ids(action, "namespace")
        )

    def require_user(self) -> User:
        """The user. Raises Unauthenticated for nobody."""
        if self.user is None:
            raise Unauthenticated(_("Sign in, or send an access token."))
        return self.user

    def require_writer(self) -> User:
        """The user, if this credential may write anything at all. Raises Unauthenticated, Suspended, ReadOnlyToken."""
        user = self.require_user()
        if user.is_suspended:
            told = {"reason": in_words(user.suspended_reason)}
            if user.suspended_until is None:
                raise Suspended(_("This account is suspended: %(reason)s") % told)
            told["until"] = f"{user.suspended_until:%Y-%m-%d %H:%M} UTC"
            raise Suspended(_("This account is suspended until %(until)s: %(reason)s") % told)
        if self.token is not None and self.token.role == TokenRole.READ:
            raise ReadOnlyToken
        return user

    def may(self, permission: str) -> bool:
        """Whether a staff role of the user holds that permission ("app.codename"). No access token carries it."""
        user = self.user
        if user is None or self.token is not None or user.is_suspended:
            return False
        return user.is_staff and user.has_perm(permission)

    def require_permission(self, permission: str) -> User:
        """The user, if a staff role holds that permission. Raises Unauthenticated, Forbidden."""
        user = self.require_user()
        if not self.may(permission):
            raise Forbidden(_("Your role on this hub does not include this."))
        return user

    def may_create_in(self, namespace: Namespace) -> bool:
        if self.user is None:
            return False
        token = self.token
        if (
            token
            and token.role == TokenRole.FINE_GRAINED
            and namespace.pk not in token.scoped_ids("write", "namespace")
        ):
            return False
        role = namespace.role_of(self.user)
        return role is not None and role >= Role.CONTRIBUTOR
