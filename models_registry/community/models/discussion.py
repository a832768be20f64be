from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from models_registry.models import Repository


class Discussion(models.Model):
    """A thread of a repository: a question, or the talk about a pull request.

    `number` counts discussions and pull requests of a repository together. What happened in it is its events, which are
    only ever added; the columns here are what lists show, written with the event that changes them.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"  # a pull request that is not meant to be looked at yet
        OPEN = "open"
        CLOSED = "closed"
        MERGED = "merged"

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="discussions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="discussions")
    is_pull_request = models.BooleanField(default=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    is_locked = models.BooleanField(default=False, help_text="Only who may write the repository still comments.")
    is_pinned = models.BooleanField(default=False)
    comment_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now_add=True, help_text="Its last event.")

    class Meta:
        permissions = [("lock_discussion", "Can lock a thread")]
        constraints = [
            models.UniqueConstraint(fields=["repository", "number"], name="discussion_once_per_number"),
            models.CheckConstraint(
                name="discussion_alone_is_neither_draft_nor_merged",
                condition=models.Q(is_pull_request=True) | models.Q(status__in=["open", "closed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"

    def get_absolute_url(self) -> str:
        return f"{self.repository.get_absolute_url()}/discussions/{self.number}"


class Event(models.Model):
    """One thing that happened in a thread. Never removed; a comment's text may be edited, and keeps what it was.

    `data` by kind: title {"from", "to"}; status {"status", "reason"}; commit {"oid", "subject"}; merge {"oid", "base"};
    lock and pin {"to": bool}; reference {"repository_id", "number", "event_id"} of the thread that names this one.
    """

    class Kind(models.TextChoices):
        COMMENT = "comment"
        TITLE = "title-change"
        STATUS = "status-change"
        COMMIT = "commit"
        MERGE = "merge"
        LOCK = "lock"
        PIN = "pin"
        REFERENCE = "reference"

    discussion = models.ForeignKey(Discussion, models.CASCADE, related_name="events")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="discussion_events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    data: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    # Of comments alone.
    text = models.TextField(blank=True, help_text="Markdown, as it is now.")
    edited_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True)
    hidden_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    hidden_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        permissions = [("hide_comment", "Can hide a comment")]
        indexes = [models.Index(fields=["discussion", "id"], name="event_in_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def public_id(self) -> str:
        """As Hub clients know it: lower-case hexadecimal."""
        return f"{self.pk:024x}"

    @property
    def is_hidden(self) -> bool:
        return self.hidden_at is not None


class CommentEdit(models.Model):
    """What a comment said before it was edited."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="edits")
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.event} before {self.created_at:%Y-%m-%d %H:%M}"


class Reaction(models.Model):
    """A member's one-sign answer to a comment."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="reactions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reactions")
    sign = models.CharField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "user", "sign"], name="reaction_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.sign}"


class Subscription(models.Model):
    """Whether a member is told of what happens in a thread: they take part or asked to be; or asked not to be."""

    discussion = models.ForeignKey(Discussion, models.CASCADE, related_name="subscriptions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions")
    is_muted = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["discussion", "user"], name="subscription_once")]

    def __str__(self) -> str:
        return f"{self.user} {'ignores' if self.is_muted else 'follows'} {self.discussion}"
