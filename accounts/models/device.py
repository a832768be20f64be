from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from accounts.models.token import AccessToken, TokenRole


class DeviceLogin(models.Model):
    """A program without a browser asks to be signed in (RFC 8628); a member says yes or no on a page.

    Only digests of its two codes are stored. `interval`: seconds that the program must wait between two questions.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        DENIED = "denied"
        DONE = "done"  # the program has its tokens

    device_digest = models.CharField(max_length=64, unique=True, editable=False)
    user_digest = models.CharField(max_length=64, unique=True, editable=False)
    client = models.CharField(max_length=80)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    role = models.CharField(max_length=16, choices=TokenRole.choices, default=TokenRole.READ)
    interval = models.PositiveSmallIntegerField(default=5)
    polled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.client} for {self.user or 'nobody yet'}: {self.state}"

    def asks_too_soon(self, now: datetime) -> bool:
        return self.polled_at is not None and now < self.polled_at + timedelta(seconds=self.interval - 1)


class RefreshToken(models.Model):
    """What a program changes for its next access token, once; it dies with the access token that it came with.

    `family`: all that follow from one sign-in. One that is shown again after it was spent was stolen, or its successor was:
    then none of the family opens anything any more.
    """

    access_token = models.ForeignKey(AccessToken, models.CASCADE, related_name="refresh_tokens")
    family = models.UUIDField(default=uuid.uuid4, editable=False, db_index=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"of {self.access_token}"
