from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, Organization, in_good_standing
from models_registry.community.models.discussion import Discussion, Event
from models_registry.models import Repository


class NoticeKind(models.TextChoices):
    """Why somebody is told. Each can be switched off, and sent by e-mail, by itself."""

    MENTION = "mention", _("Somebody names me")
    OPENED = "opened", _("A thread is opened in a repository of mine")
    REPLY = "reply", _("Somebody replies in a thread I take part in")
    STATUS = "status", _("A thread I take part in is closed, reopened or merged")
    ACCESS_ASKED = "access-asked", _("Somebody asks for access to a repository of mine")
    ACCESS_DECIDED = "access-decided", _("My request for access is answered")
    INVITED = "invited", _("I am invited to an organisation")
    VERSION = "version", _("A repository I follow has a new version")
    MODERATION = "moderation", _("A maintainer tells me something")
    SAFETY = "safety", _("Something dangerous or secret is found in a repository of mine")
    WEBHOOK = "webhook", _("A webhook of mine is disabled, because nothing arrives")
    LICENCE = "licence", _("The licence of a repository of mine contradicts what it was made from")
    EVALUATION = "evaluation", _("An evaluation I asked for has ended")
    SCORED = "scored", _("A repository that I follow, or of mine, has a new score")


class Notice(models.Model):
    """Something that people are to be told: one row, however many they are. A job makes their notifications of it.

    `key`: what is told again under the same key folds into one notification, such as "thread:12". `users`: ids of those
    named outright. `event`: of a thread, whose participants are told too. `text` is plain, one line.
    """

    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    key = models.CharField(max_length=120)
    users: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    repository = models.ForeignKey(Repository, models.CASCADE, null=True, related_name="+")
    discussion = models.ForeignKey(Discussion, models.CASCADE, null=True, related_name="+")
    event = models.ForeignKey(Event, models.CASCADE, null=True, related_name="+")
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="+")
    text = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=500, blank=True, help_text="Where it leads, within the hub.")
    outcome = models.CharField(
        max_length=16, blank=True, help_text="How it was decided, where `kind` leaves that open."
    )
    has_letter = models.BooleanField(default=False, help_text="An e-mail of its own tells of it: no other one does.")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def told_to(self, actor: Actor) -> Self:
        """A member's own; of a repository that they may not see any more they are told nothing, nor of who is suspended."""
        visible = Repository.objects.visible_to(actor).values("pk")
        return self.filter(
            Q(notice__repository=None) | Q(notice__repository__in=visible),
            Q(notice__actor=None) | in_good_standing("notice__actor"),
            recipient=actor.user,
        )

    def on_page(self) -> Self:
        return self.filter(on_page=True, done_at=None)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def for_lists(self) -> Self:
        return self.select_related(
            "notice__actor", "notice__event", "notice__discussion__repository__namespace",
            "notice__repository__namespace", "notice__organization__namespace",
        )  # fmt: skip


class Notification(models.Model):
    """A notice at one recipient. What is told under the same key becomes the same row, unread again.

    `kind` is why this one is told, which the notice's own may not be: who is named in a reply is told of a mention.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications", db_index=False
    )
    key = models.CharField(max_length=120)
    notice = models.ForeignKey(Notice, models.CASCADE, related_name="notifications", help_text="The latest.")
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    count = models.PositiveIntegerField(default=1, help_text="Notices since it was last read.")
    on_page = models.BooleanField(default=True, help_text="Else it is told by e-mail alone.")
    digest = models.BooleanField(default=False, help_text="Waits for the next digest.")
    updated_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True, help_text="Put away, until something new is told under its key.")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "key"], name="notification_once_per_key")]
        indexes = [
            models.Index(fields=["recipient", "-updated_at", "-id"], name="notification_by_recipient"),
            models.Index(
                fields=["recipient"],
                condition=Q(read_at=None, done_at=None, on_page=True),
                name="notification_unread",
            ),
            models.Index(fields=["recipient"], condition=Q(digest=True), name="notification_for_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.recipient}"


class NotificationPreference(models.Model):
    """How a member wants to be told of one kind of thing; without a row as `services.preferences.DEFAULTS` says."""

    class Email(models.TextChoices):
        NEVER = "never", _("No e-mail")
        DIGEST = "digest", _("In the daily digest")
        NOW = "now", _("At once")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notification_preferences")
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    on_page = models.BooleanField(default=True)
    email = models.CharField(max_length=8, choices=Email.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="preference_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} {self.email}"


class Mail(models.Model):
    """One e-mail of notifications. It leaves at most once: a worker that dies while it sends leaves it at "sending"."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        DROPPED = "dropped"  # there was nothing left to tell, or nobody to tell it to

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=60, help_text="“digest:2030-01-31”, or “notice:12”.")
    notification = models.ForeignKey(Notification, models.CASCADE, null=True, related_name="mails")
    notice = models.ForeignKey(Notice, models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "key"], name="mail_once_per_key")]

    def __str__(self) -> str:
        return f"{self.key} to {self.recipient}"
