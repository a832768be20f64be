from __future__ import annotations

from django.db import models

from models_registry.models import Repository
from models_registry.models.fields import HashField


class SelfReportedScore(models.Model):
    """A number that a model's author writes of it. Nobody has measured it here, and it is ranked with nothing.

    Made again from the default branch whenever that is indexed. `metric_key` and `dataset_key` are what boards look for.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="self_reported_scores")
    commit = HashField(20)
    path = models.CharField(max_length=300, help_text="Of the file that says it.")
    task = models.CharField(max_length=200, blank=True)
    dataset = models.CharField(max_length=200, blank=True)
    dataset_key = models.CharField(max_length=200, blank=True)
    dataset_name = models.CharField(max_length=200, blank=True)
    split = models.CharField(max_length=200, blank=True)
    metric = models.CharField(max_length=200, blank=True)
    metric_key = models.CharField(max_length=200, blank=True)
    value = models.FloatField()
    source_url = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["task", "metric_key"], name="self_reported_by_task"),
            models.Index(fields=["dataset_key"], name="self_reported_by_dataset"),
        ]

    def __str__(self) -> str:
        return f"{self.repository} says {self.metric} {self.value:g} on {self.dataset}"
