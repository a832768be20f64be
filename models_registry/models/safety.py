from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from models_registry.models.repository import Repository


class VirusScan(models.Model):
    """What the virus scanner says of a content; once for each content, wherever it occurs.

    `content`: the SHA-256 of a large file, the git id of a regular one. `repository`: one that has it, to read it there.
    `version`: of the scanner and its signatures; what an older one has said is asked again.
    """

    class Verdict(models.TextChoices):
        CLEAN = "clean"
        INFECTED = "infected"
        TOO_LARGE = "too large"  # not scanned, and nobody claims that it was

    content = models.CharField(max_length=64, unique=True)
    repository = models.ForeignKey(Repository, models.SET_NULL, null=True, related_name="+")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    signature = models.CharField(max_length=200, blank=True, help_text="What was recognised.")
    version = models.CharField(max_length=100, db_index=True)
    scanned_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.content[:12]} is {self.verdict}"


class QuarantineQuerySet(models.QuerySet["Quarantine"]):
    def active(self) -> Self:
        return self.filter(released_at=None)


class Quarantine(models.Model):
    """A content that nobody gets, in whatever repository: malware, until a maintainer says otherwise.

    `content`: as of `VirusScan`. `twin`: the other name of the same bytes, where a large file's are a regular one's.
    A released one is not stopped again by the same finding.
    """

    content = models.CharField(max_length=64, unique=True)
    twin = models.CharField(max_length=64, blank=True, db_index=True)
    reason = models.CharField(max_length=500)
    repository = models.ForeignKey(Repository, models.SET_NULL, null=True, related_name="+")
    path = models.CharField(max_length=1024, blank=True, help_text=_("Where it was found first."))
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, help_text=_("A maintainer has looked at it, and agrees."))
    released_at = models.DateTimeField(null=True)

    objects = QuarantineQuerySet.as_manager()

    class Meta:
        verbose_name = "quarantined content"
        verbose_name_plural = "quarantined contents"
        permissions = [("release_quarantine", "Can confirm and release quarantined content")]

    def __str__(self) -> str:
        return f"{self.content[:12]}: {self.reason}"


class SecretScan(models.Model):
    """That a regular file's content was read for secrets, by which version of the patterns; once for each repository."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="+", db_index=False)
    content = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "content"], name="secret_scan_once")]

    def __str__(self) -> str:
        return f"{self.content[:12]} of {self.repository}"


class SecretFinding(models.Model):
    """A secret that lies open in a file. What it is, is not kept: `fingerprint` only tells one from another.

    Told to those who may write the repository, and to nobody else.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="secret_findings")
    path = models.CharField(max_length=1024)
    line = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=32)
    commit = models.CharField(max_length=40)
    is_revoked = models.BooleanField(
        default=False, help_text="It was an access token of this hub, and is none any more."
    )
    found_at = models.DateTimeField(auto_now_add=True)
    dismissed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    dismissed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "path", "fingerprint"], name="secret_finding_once_per_path")
        ]
        indexes = [
            models.Index(fields=["repository"], name="secret_finding_open", condition=Q(dismissed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.path}"
