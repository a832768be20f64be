"""Access tokens: made, listed, revoked."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import AccessToken, Actor, AuditEntry, TokenRole, User
from accounts.models.token import digest_of, new_value


@transaction.atomic
def create_token(
    *,
    actor: Actor,
    user: User,
    name: str,
    role: TokenRole,
    scopes: list[dict[str, Any]] | None = None,
    expires_at: datetime | None = None,
    value: str | None = None,
) -> tuple[AccessToken, str]:
    """A new token and its value, which is not stored and cannot be shown again. `value`: one chosen beforehand."""
    value = value or new_value()
    token = AccessToken.objects.create(
        user=user,
        name=name,
        digest=digest_of(value),
        prefix=value[:7],
        role=role,
        scopes=scopes or [],
        expires_at=expires_at,
    )
    AuditEntry.objects.record(actor, "token.created", f"{user.username}: {name}", role=role)
    return token, value


@transaction.atomic
def revoke_token(*, actor: Actor, token: AccessToken) -> None:
    """From now on the token opens nothing."""
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        AuditEntry.objects.record(actor, "token.revoked", f"{token.user.username}: {token.name}")
