from __future__ import annotations

from django.db import models

from models_registry.models.repository import Repository


class DownloadCount(models.Model):
    """Downloads of one repository on one day (UTC). Sums of these stand in Repository.downloads."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="download_counts", db_index=False)
    day = models.DateField()
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "day"], name="download_count_once_per_day")]
        indexes = [models.Index(fields=["day", "repository"], name="download_count_by_day")]

    def __str__(self) -> str:
        return f"{self.repository} on {self.day}: {self.count}"
