from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import pgettext

PREFIX = "hf_"  # Hub clients refuse to log in with anything else
LAST_USE_RESOLUTION = timedelta(minutes=5)


def digest_of(value: str) -> str:
    """SHA-256 in hex. A token has 200 random bits, so a fast digest is as safe as a slow one, and costs no request time."""
    return hashlib.sha256(value.encode()).hexdigest()


def new_value() -> str:
    return PREFIX + secrets.token_urlsafe(27).replace("-", "A").replace("_", "B")


class TokenRole(models.TextChoices):
    READ = "read"
    WRITE = "write"
    FINE_GRAINED = "fine-grained"


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def valid(self, now: datetime) -> AccessTokenQuerySet:
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True, user__is_active=True
        )

    def with_value(self, value: str) -> AccessToken | None:
        return self.valid(timezone.now()).select_related("user").filter(digest=digest_of(value)).first()


class AccessToken(models.Model):
    """A member's key for programs. Only its digest is stored; the value is shown once, when it is made.

    `scopes`, for fine-grained ones: `[{"action": "read" | "write", "repository": id} | {"action": …, "namespace": id}]`;
    write includes read.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=12, editable=False)
    role = models.CharField(max_length=16, choices=TokenRole.choices, default=TokenRole.READ)
    scopes: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        permissions = [("revoke_accesstoken", "Can revoke a member's token")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def role_title(self) -> str:
        titles = {
            TokenRole.READ: pgettext("kind of access token", "Read"),
            TokenRole.WRITE: pgettext("kind of access token", "Write"),
            TokenRole.FINE_GRAINED: pgettext("kind of access token", "Fine-Grained"),
        }
        return titles[TokenRole(self.role)]

    def scoped_ids(self, action: str, of: str) -> list[int]:
        """Ids of the repositories or namespaces (`of`) that a fine-grained token opens for read or write."""
        actions = {"write"} if action == "write" else {"read", "write"}
        return [scope[of] for scope in self.scopes if of in scope and scope.get("action") in actions]

    def note_use(self) -> None:
        """Remember the last use, written at most every five minutes."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > LAST_USE_RESOLUTION:
            AccessToken.objects.filter(pk=self.pk).update(last_used_at=now)
