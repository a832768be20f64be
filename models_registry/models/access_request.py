from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from models_registry.models.repository import Repository


class AccessRequest(models.Model):
    """Somebody's wish to read a gated repository, and what its owners said."""

    class Status(models.TextChoices):
        PENDING = "pending"
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="access_requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="access_requests")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    rejection_reason = models.CharField(max_length=500, blank=True, help_text="Shown to who asked.")
    granted_by_hand = models.BooleanField(
        default=False, help_text="The owners let them in unasked, so their e-mail address was never given."
    )
    fields: models.JSONField[Any, dict[str, Any]] = models.JSONField(
        default=dict, help_text="What they answered, by the owners' questions as they were worded then."
    )
    terms_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the text of the terms that they accepted.")
    terms_commit = models.CharField(max_length=40, blank=True, help_text="The commit in which these terms stand.")
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", help_text="Null: the gate itself."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "user"], name="access_request_once_per_user")]
        indexes = [models.Index(fields=["repository", "status", "id"], name="access_request_by_status")]

    def __str__(self) -> str:
        return f"{self.user} → {self.repository}: {self.status}"
