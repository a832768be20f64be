from __future__ import annotations

from typing import Any

from django.db import models

from models_registry.models.fields import HashField
from models_registry.models.repository import Repository


class Card(models.Model):
    """What the README of the default branch says, as it was at `commit`. Rebuilt by a task after each commit."""

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="card")
    commit = HashField(20)
    front_matter: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    text = models.TextField(blank=True, help_text="The Markdown below the front matter.")
    warnings: models.JSONField[Any, list[str]] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"card of {self.repository}"


class RepositoryTag(models.Model):
    """One tag of a repository, as lists filter by it: free words, and `license:mit`, `language:en`, `base_model:ns/name` …"""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="tags")
    tag = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "tag"], name="tag_once_per_repository")]
        indexes = [models.Index(fields=["tag", "repository"], name="repository_by_tag")]

    def __str__(self) -> str:
        return self.tag


class TensorSummary(models.Model):
    """The tensors of one weight file of the default branch, read from its header alone.

    `parameters`: {dtype: count}. `tensors`: [[name, dtype, shape], …].
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="tensor_summaries")
    path = models.CharField(max_length=1024)
    format = models.CharField(max_length=16)
    parameters: models.JSONField[Any, dict[str, int]] = models.JSONField(default=dict)
    tensors: models.JSONField[Any, list[Any]] = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True, help_text="Why the header could not be read.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "path"], name="tensor_summary_once_per_file")]

    def __str__(self) -> str:
        return f"{self.repository}: {self.path}"
