from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

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

    `definition`: the suite's file, as checked. `inputs_key`, `labels_key`: where its data lie in storage; labels under a
    prefix of their own, read by supervisors alone.
    """

    suite = models.ForeignKey(Suite, models.PROTECT, related_name="versions")
    version = models.CharField(max_length=32)
    digest = HashField(32)
    definition: models.JSONField[Any, dict[str, Any]] = models.JSONField()
    inputs_key = models.CharField(max_length=200)
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
    def rows(self) -> int:
        return int(self.definition["data"][0]["n"])
