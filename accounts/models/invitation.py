from __future__ import annotations

import secrets
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models.namespace import Organization, Role
from accounts.models.user import User

_WAITING = Q(accepted_at=None, revoked_at=None)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self, now: datetime) -> Self:
        """Those that can still be accepted."""
        return self.filter(_WAITING, expires_at__gt=now)

    def addressed_to(self, user: User) -> Self:
        """By name, or at an address that the member has shown to be theirs. Links for whoever holds them are nobody's."""
        # By the relation: processes without sign-in, such as the CAS, load this module, and have no such model.
        confirmed = user.emailaddress_set.filter(verified=True)  # type: ignore[attr-defined]
        addresses = confirmed.values_list(Lower("email"))
        return self.filter(Q(user=user) | Q(email__in=addresses))

    def take_back(self, **whose: object) -> int:
        """Those that wait for an answer end, however they were sent."""
        return self.filter(_WAITING, **whose).update(revoked_at=timezone.now())

    def with_value(self, value: str) -> Invitation | None:
        """The one whose link ends in `value`, whatever its state."""
        pk, _, _proof = value.partition("-")
        if not pk.isdecimal() or not pk.isascii() or len(pk) > 18:
            return None
        rows = self.select_related("organization__namespace", "invited_by", "user")
        found = rows.filter(pk=int(pk)).first()
        return found if found is not None and constant_time_compare(found.value, value) else None


class Invitation(models.Model):
    """Somebody is asked to join the hub, or an organisation of it, or both at once.

    To a member by name (`user`), to an address (`email`, in lower case), or to whoever holds the link. Its link is made from
    the row and the hub's secret key: so it can be sent later, and again, and whoever reads the table alone cannot use it.
    """

    email = models.EmailField(blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="invitations",
        help_text="By name.",
    )
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="invitations", help_text="Empty: to the hub."
    )
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.READ, help_text="In the organisation.")
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="invitations_made"
    )
    nonce = models.CharField(max_length=64, default=secrets.token_hex, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(
        null=True, blank=True, help_text="Taken back by the inviting side, or declined by the invited."
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        permissions = [("revoke_invitation", "Can take back an invitation")]
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=_WAITING & ~Q(email=""),
                name="invitation_waits_once_per_address",
            ),
            models.UniqueConstraint(
                fields=["organization", "user"], condition=_WAITING, name="invitation_waits_once_per_member"
            ),
            models.CheckConstraint(
                name="invitation_by_name_is_to_an_organization",
                condition=Q(user__isnull=True) | Q(organization__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        whom = self.user or self.email or "whoever holds the link"
        return f"{whom} to {self.organization or 'the hub'}"

    @property
    def role_title(self) -> str:
        return Role(self.role).title

    @property
    def value(self) -> str:
        """What its link ends in."""
        proof = salted_hmac("accounts.Invitation", f"{self.pk}:{self.nonce}", algorithm="sha256").hexdigest()[:40]
        return f"{self.pk}-{proof}"

    @property
    def link(self) -> str:
        return f"{settings.BASE_URL}/invitations/{self.value}"

    def is_pending(self, now: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > now
