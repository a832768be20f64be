from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models.namespace import Namespace, name_validators


def in_good_standing(path: str = "") -> Q:
    """As a condition: neither banned nor suspended just now. path: of the member, such as "actor"."""
    at = f"{path}__" if path else ""
    ended = Q(**{f"{at}suspended_reason": ""}) | Q(**{f"{at}suspended_until__lte": timezone.now()})
    return Q(**{f"{at}is_active": True}) & ended


class GroveUserManager(UserManager["User"]):
    """Makes a user and the namespace of the same name together: neither is there without the other."""

    def _create_user(self, username: str, email: str | None, password: str | None, **extra: Any) -> User:
        with transaction.atomic():
            user: User = super()._create_user(username, email, password, **extra)  # type: ignore[misc]
            Namespace.objects.claim(user.username, user=user)
        return user


class User(AbstractUser):
    """A member. Their name is the name of their namespace, so it is unique among organisations too."""

    username = models.CharField(max_length=42, unique=True, validators=name_validators)
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=120, blank=True)
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    suspended_reason = models.CharField(
        max_length=500, blank=True, help_text="Shown to the member. Empty: not suspended."
    )
    suspended_until = models.DateTimeField(null=True, blank=True, help_text="Empty: until a moderator lifts it.")
    banned_reason = models.CharField(max_length=500, blank=True, help_text="Why they sign in no more.")
    warning = models.CharField(
        max_length=500, blank=True, help_text="Shown on every page until the member says that they have read it."
    )

    objects: ClassVar[GroveUserManager] = GroveUserManager()

    namespace: Namespace

    class Meta(AbstractUser.Meta):
        permissions = [
            ("warn_user", "Can warn a member"),
            ("suspend_user", "Can suspend a member"),
            ("ban_user", "Can ban a member"),
        ]

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        """Of who is banned, only the name they sign in by: that one a moderator can take away."""
        return (self.full_name if self.is_active else "") or self.username

    def get_short_name(self) -> str:
        return self.username

    def get_absolute_url(self) -> str:
        return f"/{self.username}"

    @property
    def is_suspended(self) -> bool:
        """Whether they may not write just now."""
        return bool(self.suspended_reason) and (self.suspended_until is None or self.suspended_until > timezone.now())
