from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from accounts.models import Namespace
from models_registry.community.models.collection import Collection
from models_registry.community.models.discussion import Discussion
from models_registry.models import Repository


class Activity(models.Model):
    """One thing that somebody did, for those who follow them or what it was done to.

    Written in the transaction of the act. Who may read it is asked when it is read: of what it is about. `namespace` is
    whose that was at the time. Old ones are removed (`services.feed`).
    `data` by verb: committed {"oid", "title", "count"}; released {"tag"}; scored {"run", "suite", "metric", "value", "digits"}
    and, where a commit was scored before, {"difference", "previous"}.
    """

    class Verb(models.TextChoices):
        CREATED = "created"
        COMMITTED = "committed"  # to the default branch; commits of the same hours are one
        RELEASED = "released"  # a tag
        DISCUSSED = "discussed"  # opened a discussion
        PROPOSED = "proposed"  # opened a pull request
        MERGED = "merged"
        LIKED = "liked"
        COLLECTED = "collected"  # made a collection
        SCORED = "scored"  # had a commit measured, which was not before

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False)
    verb = models.CharField(max_length=16, choices=Verb.choices)
    namespace = models.ForeignKey(Namespace, models.CASCADE, related_name="+", db_index=False)
    repository = models.ForeignKey(Repository, models.CASCADE, null=True, related_name="+", db_index=False)
    discussion = models.ForeignKey(Discussion, models.CASCADE, null=True, related_name="+")
    collection = models.ForeignKey(Collection, models.CASCADE, null=True, related_name="+")
    data: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name_plural = "activities"
        indexes = [
            models.Index(fields=["actor", "-id"], name="activity_by_actor"),
            models.Index(fields=["namespace", "-id"], name="activity_by_namespace"),
            models.Index(fields=["repository", "-id"], name="activity_by_repository"),
        ]
        constraints = [
            models.CheckConstraint(
                name="activity_is_about_something",
                condition=models.Q(repository__isnull=False) | models.Q(collection__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.repository or self.collection}"
