from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, Immutable, Namespace, RecordQuerySet, Role, User
from hub.kept_sentences import in_words


class SubjectKind(models.TextChoices):
    """What can be reported and acted upon."""

    REPOSITORY = "repository", _("repository")
    DISCUSSION = "discussion", _("thread")
    COMMENT = "comment", _("comment")
    NAMESPACE = "namespace", _("member or organisation")
    COLLECTION = "collection", _("collection")
    PICTURE = "picture", _("picture")


class Severity(models.IntegerChoices):
    LOW = 10, _("low")
    NORMAL = 20, _("normal")
    HIGH = 30, _("high")
    URGENT = 40, _("urgent")


class Category(models.TextChoices):
    """Why something is reported."""

    SPAM = "spam", _("Spam or advertising")
    MALWARE = "malware", _("Malware or a trap in a file")
    ABUSE = "abuse", _("Insult, threat or harassment")
    ILLEGAL = "illegal", _("Illegal content")
    LEGAL = "legal", _("Infringes a right of mine or of whom I represent")
    IMPERSONATION = "impersonation", _("Passes itself off as somebody else")
    SQUATTING = "squatting", _("Holds a name without using it")
    OTHER = "other", _("Something else")

    @property
    def severity(self) -> Severity:
        return _SEVERITY.get(self, Severity.NORMAL)

    @property
    def needs_no_account(self) -> bool:
        """Who reports these may be no member: the law asks that they can."""
        return self in {Category.ILLEGAL, Category.LEGAL}


_SEVERITY = {
    Category.MALWARE: Severity.URGENT,
    Category.ILLEGAL: Severity.URGENT,
    Category.ABUSE: Severity.HIGH,
    Category.LEGAL: Severity.HIGH,
    Category.IMPERSONATION: Severity.HIGH,
    Category.OTHER: Severity.LOW,
}


class OfSubject(models.Model):
    """What this is about. It outlives that: a deleted repository's reports and acts are still read.

    `subject_id`: its primary key. `subject_name`: as it was called then. `owner`: in whose namespace it lies, and `author`:
    who wrote or made it.
    """

    subject_kind = models.CharField(max_length=16, choices=SubjectKind.choices)
    subject_id = models.BigIntegerField()
    subject_name = models.CharField(max_length=200)
    owner = models.ForeignKey(Namespace, models.SET_NULL, null=True, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        abstract = True

    @property
    def subject_title(self) -> str:
        """Its name in the reader's language."""
        return in_words(self.subject_name)


class ReportState(models.TextChoices):
    OPEN = "open", pgettext_lazy("report", "Open")
    IN_WORK = "in work", _("In Work")
    RESOLVED = "resolved", _("Resolved")  # a moderator acted
    DISMISSED = "dismissed", _("Dismissed")  # there was nothing to do


class ReportQuerySet(models.QuerySet["Report"]):
    def unsettled(self) -> Self:
        return self.filter(state__in=[ReportState.OPEN, ReportState.IN_WORK])

    def in_order(self) -> Self:
        """As they are to be worked on: the gravest first, of equals the oldest."""
        return self.order_by("-severity", "created_at", "pk")


class Report(OfSubject):
    """Something that moderators are asked to look at. What several people say of one thing is one report.

    `category` and `severity`: the gravest of what they say. `excerpt`: what it held when it was first reported.
    """

    category = models.CharField(max_length=16, choices=Category.choices)
    severity = models.PositiveSmallIntegerField(choices=Severity.choices)
    state = models.CharField(max_length=16, choices=ReportState.choices, default=ReportState.OPEN)
    excerpt = models.TextField(blank=True)
    complaint_count = models.PositiveIntegerField(default=0)
    opened_by_hub = models.BooleanField(default=False, help_text="By a scanner or the spam check.")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="assigned_reports"
    )
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("handle_report", "Can take, settle and dismiss reports")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=Q(state__in=["open", "in work"]),
                name="report_once_per_subject_while_unsettled",
            )
        ]
        indexes = [
            models.Index(fields=["state", "-severity", "created_at"], name="report_in_order"),
            models.Index(fields=["subject_kind", "subject_id"], name="report_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}{pgettext('before what is named', ': ')}{self.subject_title}"

    @property
    def severity_name(self) -> str:
        """Whatever language it is shown in."""
        return Severity(self.severity).name.lower()

    @property
    def category_severity(self) -> Severity:
        return Category(self.category).severity

    @property
    def is_settled(self) -> bool:
        return self.state in {ReportState.RESOLVED, ReportState.DISMISSED}


class Complaint(models.Model):
    """What one person says in a report. Who is no member leaves a name and an address."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="complaints")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="complaints")
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    category = models.CharField(max_length=16, choices=Category.choices)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["report", "reporter"], condition=Q(reporter__isnull=False), name="complaint_once_per_member"
            )
        ]

    def __str__(self) -> str:
        return f"{self.said_by}{pgettext('before what is named', ': ')}{self.get_category_display()}"

    @property
    def said_by(self) -> str:
        if self.reporter is not None:
            return self.reporter.username
        return f"{self.name} <{self.email}>" if self.email else gettext("the hub")

    @property
    def words(self) -> str:
        """The hub's own in the reader's language; what people say as they said it."""
        return self.text if self.reporter_id or self.email else in_words(self.text)


class Act(models.TextChoices):
    """What moderators do."""

    HIDE_COMMENT = "hide-comment", _("comment hidden")
    SHOW_COMMENT = "show-comment", _("comment shown again")
    LOCK = "lock", _("thread locked")
    UNLOCK = "unlock", _("thread unlocked")
    HIDE_COLLECTION = "hide-collection", _("collection hidden")
    SHOW_COLLECTION = "show-collection", _("collection shown again")
    HIDE_PICTURE = "hide-picture", _("picture hidden")
    SHOW_PICTURE = "show-picture", _("picture shown again")
    HIDE = "hide", _("repository hidden")
    QUARANTINE = "quarantine", _("repository in quarantine")
    TAKE_DOWN = "take-down", _("repository taken down")
    RESTORE = "restore", _("repository restored")
    WARN = "warn", _("member warned")
    SUSPEND = "suspend", _("member suspended")
    LIFT = "lift", _("suspension lifted")
    BAN = "ban", _("member banned")
    UNBAN = "unban", _("ban lifted")
    RENAME = "rename", _("name taken away")


class ModerationActionQuerySet(RecordQuerySet["ModerationAction"]):
    def concerning(self, actor: Actor) -> Self:
        """Those done to a member: to themselves, to what they made, or to what is in a namespace they administer."""
        if actor.user is None:
            return self.none()
        return self.filter(Q(author=actor.user) | Q(owner__in=actor.namespaces(Role.ADMIN)))


class ModerationAction(OfSubject):
    """An act of a moderator, with its reason: added, never changed. What takes it back is an act of its own.

    `reason`: those concerned read it. `notice`: everybody reads it, of what is taken down. `data` by kind: rename
    {"from", "to"}; ban {"comments": ids of those hidden with it}.
    """

    kind = models.CharField(max_length=16, choices=Act.choices)
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    moderator_name = models.CharField(max_length=150)
    reason = models.CharField(max_length=500)
    notice = models.TextField(blank=True)
    legal_basis = models.CharField(max_length=200, blank=True)
    until = models.DateTimeField(null=True)
    report = models.ForeignKey(Report, models.SET_NULL, null=True, related_name="acts")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    because_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="consequences")
    data: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)

    objects = ModerationActionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(fields=["subject_kind", "subject_id"], name="act_on_subject")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{pgettext('before what is named', ': ')}{self.subject_title}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Immutable
        super().save(*args, **kwargs)

    @property
    def concerned(self) -> list[User]:
        """Whom to tell: the author, and who administers the namespace."""
        of_owner = Q(namespace=self.owner_id) | Q(
            memberships__organization__namespace=self.owner_id, memberships__role=Role.ADMIN
        )
        told = Q(pk=self.author_id) | of_owner if self.owner_id else Q(pk=self.author_id)
        return list(User.objects.filter(told).distinct())

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Immutable


class Appeal(models.Model):
    """Who is concerned asks, once, that an act be looked at again."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("report", "Open")
        UPHELD = "upheld", _("Upheld")  # the act stays
        REVERSED = "reversed", _("Reversed")

    action = models.OneToOneField(ModerationAction, models.PROTECT, related_name="appeal")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="appeals")
    text = models.TextField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("decide_appeal", "Can decide appeals")]

    def __str__(self) -> str:
        return gettext("against “%(act)s”") % {"act": self.action}
