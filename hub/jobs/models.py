from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hub.batches import batches
from hub.celery import app

_ADDED_AT_ONCE = 1000
_WOKEN_AT_ONCE = 100


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class JobQuerySet(models.QuerySet["Job"]):
    def claim(self, now: datetime, lease: timedelta) -> bool:
        """Take one row, if it is free: already filtered to that row."""
        free = Q(state=State.QUEUED, run_after__lte=now) | Q(state=State.RUNNING, leased_until__lt=now)
        return self.filter(free).update(state=State.RUNNING, attempt=F("attempt") + 1, leased_until=now + lease) == 1

    def held(self, attempt: int) -> Self:
        """Only if the claim with this attempt number still holds the row."""
        return self.filter(state=State.RUNNING, attempt=attempt)

    def due(self, now: datetime) -> Self:
        return self.filter(
            Q(state=State.QUEUED, run_after__lte=now) | Q(state=State.RUNNING, leased_until__lt=now)
        ).order_by("run_after")


class JobManager(models.Manager.from_queryset(JobQuerySet)):  # type: ignore[misc]
    def add(self, kind: str, key: str, *, delay: timedelta = timedelta()) -> Job:
        """Ask for work; asking twice is one job, and asking while it runs makes it run once more."""
        now = timezone.now()
        job, created = self.get_or_create(kind=kind, key=key, defaults={"run_after": now + delay})
        if not created:
            self.filter(pk=job.pk).update(requested=F("requested") + 1)
            self.filter(pk=job.pk, state__in=[State.DONE, State.FAILED]).update(
                state=State.QUEUED, run_after=now + delay, attempt=0, last_error=""
            )
        transaction.on_commit(job.wake, robust=True)  # a broker that is down loses nothing: the sweeper wakes again
        return job

    def add_many(self, kind: str, keys: Iterable[str]) -> None:
        """As `add`, in few queries. Some workers are woken at once, others by the sweeper."""
        now, wanted = timezone.now(), list(dict.fromkeys(keys))
        for chunk in batches(wanted, _ADDED_AT_ONCE):
            self.bulk_create((self.model(kind=kind, key=key, run_after=now) for key in chunk), ignore_conflicts=True)
            known = self.filter(kind=kind, key__in=chunk)
            known.filter(run_after__lt=now).update(requested=F("requested") + 1)
            known.filter(state__in=[State.DONE, State.FAILED]).update(
                state=State.QUEUED, run_after=now, attempt=0, last_error=""
            )
        for job in self.filter(kind=kind, key__in=wanted[:_WOKEN_AT_ONCE]):
            transaction.on_commit(job.wake, robust=True)


class Job(models.Model):
    """One piece of durable work. Done at least once; each write of a worker carries the attempt it was claimed with."""

    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    requested = models.PositiveIntegerField(default=1, help_text=_("How often it was asked for."))
    attempt = models.PositiveIntegerField(default=0)
    run_after = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = JobManager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("retry_job", "Can run a failed job again")]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="job_once_per_kind_and_key")]
        indexes = [models.Index(fields=["state", "run_after"], name="job_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    def wake(self) -> None:
        app.send_task("hub.jobs.run", args=[self.pk], queue="io")
