from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from models_registry.models.fields import HashField
from models_registry.models.repository import Repository


class TrainingLog(models.Model):
    """The scalars of one content, wherever it occurs: an event file of TensorBoard, or a trainer_state.json.

    `content`: the SHA-256 of a large file, the git id of a regular one; `form`: as `formats.training_logs.Form`, which the
    file's name tells. `problems`: what could not be read, in a sentence each.
    """

    content = models.CharField(max_length=64)
    form = models.CharField(max_length=16)
    problems: models.JSONField[Any, list[str]] = models.JSONField(default=list)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["content", "form"], name="training_log_once_per_content")]
        indexes = [models.Index(fields=["read_at"], name="training_log_by_age")]

    def __str__(self) -> str:
        return f"{self.form} {self.content[:12]}"


class TrainingScalar(models.Model):
    """One tag of a log. `points`: [[step, seconds since 1970 or null, value], …] by step, thinned; `count`: before that.

    `not_finite`: how many more were infinite or no number, the first of them at step `first_not_finite`.
    """

    log = models.ForeignKey(TrainingLog, models.CASCADE, related_name="scalars", db_index=False)
    tag = models.CharField(max_length=200)
    count = models.PositiveBigIntegerField()
    not_finite = models.PositiveBigIntegerField(default=0)
    first_not_finite = models.BigIntegerField(null=True)
    points: models.JSONField[Any, list[list[Any]]] = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["log", "tag"], name="training_scalar_once_per_tag")]

    def __str__(self) -> str:
        return f"{self.tag} of {self.log}"


class TrainingFile(models.Model):
    """A log in the head of a repository's default branch; made again after each commit."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="training_files", db_index=False)
    commit = HashField(20)
    path = models.CharField(max_length=1024)
    content = models.CharField(max_length=64)
    log = models.ForeignKey(TrainingLog, models.CASCADE, null=True, related_name="files")
    problem = models.CharField(max_length=500, blank=True, help_text="Why it was not read.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "path"], name="training_file_once_per_path")]

    def __str__(self) -> str:
        return f"{self.repository}: {self.path}"
