from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

LOST_AFTER = timedelta(seconds=30)


class Mode(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")  # takes nothing new until it is resumed, also after a new start
    DRAINING = "draining", _("Draining")  # takes nothing new, and ends once it is idle


class WorkerQuerySet(models.QuerySet["Worker"]):
    def present(self, now: datetime) -> Self:
        """Those heard of lately."""
        return self.filter(stopped_at=None, seen_at__gt=now - LOST_AFTER)

    def taking(self, now: datetime) -> Self:
        """Those that would begin a run."""
        return self.present(now).filter(mode=Mode.ACTIVE)


class Worker(models.Model):
    """A Celery worker that evaluates: what it has, as it said itself when it started, and what its operators want of it.

    `classes`: the hardware classes whose queues it reads. `memory`: bytes that a model may take of its RAM, or of its GPUs
    together. `protections`: of `sandbox.protections`. A worker that comes back under its name finds its row.
    """

    name = models.CharField(max_length=200, unique=True)
    classes: models.JSONField[Any, list[str]] = models.JSONField(default=list)
    hardware: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    memory = models.BigIntegerField(default=0)
    protections: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    mode = models.CharField(max_length=16, choices=Mode.choices, default=Mode.ACTIVE)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [("manage_worker", "Can pause, resume and drain a worker")]

    def __str__(self) -> str:
        return self.name

    def is_present(self, now: datetime) -> bool:
        return self.stopped_at is None and self.seen_at > now - LOST_AFTER

    @property
    def machine(self) -> str:
        """Model of its GPU, or of its processor."""
        return str((self.hardware.get("gpu") or {}).get("name") or self.hardware.get("cpu") or "")
