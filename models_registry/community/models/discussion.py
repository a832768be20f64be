from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Actor
from models_registry.models import Repository

MAX_TITLE = 200
MAX_REASON = 500


class DiscussionQuerySet(models.QuerySet["Discussion"]):
    """Who may know of a thread, take part in it, steer it: the rule, written once, as queries.

    A thread is known to all who may know of its repository; what a gated one holds is not in it.
    """

    def visible_to(self, actor: Actor) -> Self:
        return self.filter(repository__in=Repository.objects.visible_to(actor).values("pk"))

    def commentable_by(self, actor: Actor) -> Self:
        """Those in which the actor may comment and react: every member, unless it is locked."""
        joined = Q(repository__in=Repository.objects.discussable_by(actor).values("pk"), is_locked=False)
        return self.filter(joined | Q(repository__in=Repository.objects.writable_by(actor).values("pk")))

    def steerable_by(self, actor: Actor) -> Self:
        """Those of which the actor may change title and status: their own, while they may comment, and those they govern."""
        if actor.user is None:
            return self.none()
        own = Q(author=actor.user, pk__in=Discussion.objects.commentable_by(actor).values("pk"))
        return self.filter(own | Q(repository__in=Repository.objects.writable_by(actor).values("pk")))

    def governed_by(self, actor: Actor) -> Self:
        """Those that the actor may lock, pin and merge: who writes the repository."""
        return self.filter(repository__in=Repository.objects.writable_by(actor).values("pk"))

    def for_lists(self) -> Self:
        """With all that a row of a list shows, in one query."""
        return self.select_related("author__namespace", "repository__namespace")


class Discussion(models.Model):
    """A thread of a repository: a question, or the talk about a pull request.

    `number` counts discussions and pull requests of a repository together. What happened in it is its events, which are
    only ever added; the columns here are what lists show, written with the event that changes them.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")  # a pull request that is not meant to be looked at yet
        OPEN = "open", pgettext_lazy("discussion", "Open")
        CLOSED = "closed", _("Closed")
        MERGED = "merged", _("Merged")

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="discussions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=MAX_TITLE)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="discussions", db_index=False
    )
    is_pull_request = models.BooleanField(default=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    is_locked = models.BooleanField(default=False, help_text=_("Only who may write the repository still comments."))
    is_pinned = models.BooleanField(default=False)
    comment_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now_add=True, help_text=_("Its last event."))

    objects = DiscussionQuerySet.as_manager()

    class Meta:
        permissions = [("lock_discussion", "Can lock a thread")]
        constraints = [
            models.UniqueConstraint(fields=["repository", "number"], name="discussion_once_per_number"),
            models.CheckConstraint(
                name="discussion_alone_is_neither_draft_nor_merged",
                condition=models.Q(is_pull_request=True) | models.Q(status__in=["open", "closed"]),
            ),
        ]
        indexes = [
            models.Index(fields=["repository", "status", "-number"], name="discussion_by_status"),
            models.Index(fields=["author", "-id"], name="discussion_by_author"),
            models.Index(fields=["-updated_at", "-id"], name="discussion_by_update"),
        ]

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"

    def get_absolute_url(self) -> str:
        return f"{self.repository.get_absolute_url()}/discussions/{self.number}"

    @property
    def is_open(self) -> bool:
        """Neither closed nor merged; a draft is open."""
        return self.status in {Discussion.Status.OPEN, Discussion.Status.DRAFT}

    @property
    def reference_name(self) -> str:
        """Where a pull request's commits are."""
        return f"refs/pr/{self.number}"


class EventQuerySet(models.QuerySet["Event"]):
    def visible_to(self, actor: Actor) -> Self:
        """Without references from repositories that this actor may not know of. The thread itself is asked for elsewhere."""
        known = Q(origin__in=Repository.objects.visible_to(actor).values("pk"))
        return self.exclude(Q(kind=Event.Kind.REFERENCE) & ~known)

    def comments(self) -> Self:
        return self.filter(kind=Event.Kind.COMMENT)

    def editable_by(self, actor: Actor) -> Self:
        """Comments of the actor's own, in threads where they may comment, unless hidden."""
        if actor.user is None:
            return self.none()
        commentable = Discussion.objects.commentable_by(actor).values("pk")
        return self.comments().filter(author=actor.user, discussion__in=commentable, hidden_at=None)

    def hideable_by(self, actor: Actor) -> Self:
        """The actor's own comments, and all in repositories that they may write."""
        if actor.user is None:
            return self.none()
        own = Q(author=actor.user, discussion__in=Discussion.objects.commentable_by(actor).values("pk"))
        return self.comments().filter(
            own | Q(discussion__repository__in=Repository.objects.writable_by(actor).values("pk"))
        )

    def for_timeline(self) -> Self:
        """With all that a timeline shows of them, in a constant number of queries, the first first."""
        return (
            self.select_related("author__namespace", "hidden_by", "origin__namespace", "origin_discussion")
            .prefetch_related(
                models.Prefetch("edits", CommentEdit.objects.select_related("editor__namespace")), "reactions__user"
            )
            .order_by("pk")
        )


class Event(models.Model):
    """One thing that happened in a thread. Never removed; a comment's text may be edited, and keeps what it was.

    `data` by kind: title and base {"from", "to"}; status {"status", "reason"}; commit {"oid", "subject"}; merge {"oid",
    "base", "head"}; lock and pin {"to": bool}; reference: what names this thread, `origin_discussion` with {"event_id"} (the
    comment's public id) or a commit with {"oid", "subject"}; its repository is `origin`, and who may not know of that is not
    shown the event.
    """

    class Kind(models.TextChoices):
        COMMENT = "comment", _("Comment")
        TITLE = "title-change"
        STATUS = "status-change"
        COMMIT = "commit"
        MERGE = "merge"
        LOCK = "lock"
        PIN = "pin"
        BASE = "base-change"  # of a pull request: the branch it is meant for
        REFERENCE = "reference"

    discussion = models.ForeignKey(Discussion, models.CASCADE, related_name="events")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="discussion_events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    data: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    origin = models.ForeignKey(Repository, models.CASCADE, null=True, related_name="+", help_text="Of a reference.")
    origin_discussion = models.ForeignKey(Discussion, models.CASCADE, null=True, related_name="references_made")
    created_at = models.DateTimeField(auto_now_add=True)

    # Of comments alone.
    text = models.TextField(blank=True, help_text=_("Markdown, as it is now."))
    html = models.TextField(blank=True, help_text="For programs: the text, rendered for nobody in particular.")
    edited_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True)
    hidden_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    hidden_reason = models.CharField(max_length=MAX_REASON, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        permissions = [("hide_comment", "Can hide a comment")]
        indexes = [models.Index(fields=["discussion", "id"], name="event_in_order")]

    def __str__(self) -> str:
        return f"{self.get_kind_display().lower()} {self.public_id}"

    @property
    def public_id(self) -> str:
        """As Hub clients know it: lower-case hexadecimal."""
        return f"{self.pk:024x}"

    @property
    def is_hidden(self) -> bool:
        return self.hidden_at is not None

    @property
    def hidden_by_staff(self) -> bool:
        """Whom they are and why is told to those concerned, not to every reader."""
        return self.hidden_by is not None and self.hidden_by.is_staff


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
