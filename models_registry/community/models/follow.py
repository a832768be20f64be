from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Namespace
from models_registry.models import Repository


class Follow(models.Model):
    """A member wants to hear of a person or an organisation (both are namespaces), or of a repository."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="following", db_index=False)
    namespace = models.ForeignKey(Namespace, models.CASCADE, null=True, related_name="followed_by", db_index=False)
    repository = models.ForeignKey(Repository, models.CASCADE, null=True, related_name="followed_by", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "namespace"], name="namespace_followed_once"),
            models.UniqueConstraint(fields=["user", "repository"], name="repository_followed_once"),
            models.CheckConstraint(
                name="follow_has_exactly_one_target",
                condition=Q(namespace__isnull=False, repository__isnull=True)
                | Q(namespace__isnull=True, repository__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["namespace", "-id"], name="follow_by_namespace"),
            models.Index(fields=["repository", "-id"], name="follow_by_repository"),
        ]

    def __str__(self) -> str:
        return f"{self.user} follows {self.namespace or self.repository}"
