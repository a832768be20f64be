from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from models_registry.models import Repository
from models_registry.models.fields import HashField


class Suite(models.Model):
    """What a model can be measured on, as its current version describes it."""

    class Tier(models.TextChoices):
        SANITY = "sanity"  # small and public: anyone can train on it
        STANDARD = "standard"
        HIDDEN = "hidden"

    name = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    summary = models.TextField()
    task = models.CharField(max_length=64)
    tier = models.CharField(max_length=16, choices=Tier.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/leaderboards/{self.name}"


class SuiteVersion(models.Model):
    """One version of a suite, never changed: results of one version all mean the same.

    `definition`: the suite's file, as checked. `data_repository`, `data_revision`, `data_path`: the dataset repository,
    commit and file that hold its inputs (services.hosting); no repository, but a revision: it was deleted. `labels_key`: where
    its labels lie in storage, under a prefix of their own, read by supervisors alone.
    """

    suite = models.ForeignKey(Suite, models.PROTECT, related_name="versions")
    version = models.CharField(max_length=32)
    digest = HashField(32)
    definition: models.JSONField[Any, dict[str, Any]] = models.JSONField()
    data_repository = models.ForeignKey(Repository, models.SET_NULL, null=True, related_name="suite_versions")
    data_revision = models.CharField(max_length=40, blank=True)
    data_path = models.CharField(max_length=300, blank=True)
    labels_key = models.CharField(max_length=200)
    current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["suite", "version"], name="suite_version_once"),
            models.UniqueConstraint(fields=["suite"], condition=Q(current=True), name="suite_has_one_current_version"),
        ]

    def __str__(self) -> str:
        return f"{self.suite} {self.version}"

    @property
    def primary_metric(self) -> dict[str, Any]:
        return next(metric for metric in self.definition["metrics"] if metric["primary"])

    @property
    def open_data(self) -> Repository | None:
        """The repository of its inputs, if everybody may know of it."""
        return self.data_repository if self.data_repository is not None and self.data_repository.is_public else None

    @property
    def rows(self) -> int:
        return int(self.definition["data"][0]["n"])
