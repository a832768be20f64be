"""What a collection of garbage remembers: so one that was killed goes on where it was."""

from __future__ import annotations

from django.db import models

from models_registry.models.fields import HashField
from models_registry.models.repository import Repository


class GarbageMark(models.Model):
    """What was found out about a repository's git objects, and holds while `state` is as it was.

    `state`: a digest of its references and of its count of writes. `unreachable`: objects that no reference leads to.
    """

    repository = models.OneToOneField(Repository, models.CASCADE, primary_key=True, related_name="garbage_mark")
    state = HashField(32)
    unreachable = models.PositiveBigIntegerField()
    marked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.unreachable} unreachable objects of {self.repository_id}"


class GarbageRound(models.Model):
    """One pass over everything, a step at a time. `position`: where its phase goes on; of the last round, if it ended."""

    name = models.CharField(max_length=32, unique=True)
    phase = models.CharField(max_length=32)
    position = models.CharField(max_length=1024, blank=True)
    steps = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.phase} {self.position}"
