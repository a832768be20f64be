from __future__ import annotations

from django.conf import settings
from django.db import models

from models_registry.models import Repository


class Like(models.Model):
    """A member likes a repository. `Repository.likes` counts them (`services.likes`)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="likes", db_index=False)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="liked_by", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "user"], name="like_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="like_by_user"),
            models.Index(fields=["repository", "-id"], name="like_by_repository"),
        ]

    def __str__(self) -> str:
        return f"{self.user} likes {self.repository}"
