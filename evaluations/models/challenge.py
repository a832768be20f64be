from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, Organization
from evaluations.models.run import FailureKind, Run, State
from evaluations.models.split import PublicAndHidden, Reached
from evaluations.models.suite import SuiteVersion
from models_registry.models import Repository
from models_registry.models.fields import HashField

if TYPE_CHECKING:
    from accounts.models import User

MOST_SELECTED = 2


def new_seed() -> int:
    """Nobody can foresee which rows are hidden; after the end everybody may find the same ones."""
    return secrets.randbelow(2**32)


class ChallengeState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    UPCOMING = "upcoming", _("Upcoming")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")  # over; the last runs are still scored
    PUBLISHED = "published", _("Results published")


class FinalBy(models.TextChoices):
    """Which submissions of an entry the final board looks at; of these, the best on the hidden rows stands there."""

    SELECTED = "selected", _("those the entry selected, else its best on the public rows")
    BEST = "best", _("all")


class Measure(models.TextChoices):
    """What the rows of a suite tell of a submission: found out with the first that is scored."""

    ACCURACY = "accuracy", _("accuracy")
    MEAN_LOSS = "mean-loss", _("mean loss")


class ChallengeQuerySet(models.QuerySet["Challenge"]):
    def published(self) -> Self:
        return self.filter(published_at__isnull=False)

    def visible_to(self, actor: Actor) -> Self:
        """Drafts are for the staff who prepare them."""
        return self.all() if actor.may("evaluations.manage_challenge") else self.published()

    def sealing(self) -> Self:
        """Those during which no score on their suite becomes known: from publication until the results are."""
        return self.published().filter(results_at=None)

    def over(self, now: datetime) -> Self:
        """Those whose results are due."""
        return self.sealing().filter(ends_at__lte=now)

    def for_lists(self) -> Self:
        return self.select_related("suite_version__suite", "organizer__namespace").prefetch_related("phases")


class Challenge(models.Model):
    """A suite opened as a competition.

    The suite's rows are divided in two: on the public ones every submission is told its score at once, on the hidden ones
    nobody is until the end. `public_rows`: eight a byte, row 0 in the lowest bit of the first; found by a worker, which alone
    reads labels. `starts_at` and `ends_at` are those of its phases.
    """

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    summary = models.TextField(max_length=20_000, help_text=_("Markdown."))
    rules = models.TextField(max_length=50_000, help_text=_("Markdown."))
    prizes = models.TextField(max_length=20_000, blank=True, help_text=_("Markdown."))
    suite_version = models.ForeignKey(
        SuiteVersion,
        models.PROTECT,
        related_name="challenges",
        help_text=_("With hidden labels. From publication until the results, it measures nothing but submissions."),
    )
    organizer = models.ForeignKey(
        Organization, models.SET_NULL, null=True, blank=True, related_name="+", help_text=_("Empty: the hub's staff.")
    )
    per_day = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1)], help_text=_("Submissions of one entry within 24 hours.")
    )
    in_total = models.PositiveSmallIntegerField(
        default=100, validators=[MinValueValidator(1)], help_text=_("Submissions of one entry.")
    )
    most_members = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1)], help_text=_("Of one entry.")
    )
    public_percent = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(95)],
        help_text=_("How many of the suite's rows are public."),
    )
    board_is_public = models.BooleanField(
        default=True, help_text=_("Off: until the end, each entry sees its own public scores alone.")
    )
    final_by = models.CharField(max_length=16, choices=FinalBy.choices, default=FinalBy.SELECTED)
    starts_at = models.DateTimeField(null=True, editable=False)
    ends_at = models.DateTimeField(null=True, editable=False)
    seed = models.BigIntegerField(default=new_seed, editable=False)
    public_rows = models.BinaryField(null=True, editable=False)
    measure = models.CharField(max_length=16, choices=Measure.choices, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, editable=False)
    results_at = models.DateTimeField(null=True, editable=False)

    objects = ChallengeQuerySet.as_manager()

    class Meta:
        permissions = [("manage_challenge", "Can publish, extend and end challenges, and disqualify entries")]
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="published_challenge_has_dates",
                condition=Q(published_at=None) | Q(starts_at__isnull=False, ends_at__isnull=False),
            ),
            models.CheckConstraint(
                name="challenge_public_share_is_a_part",
                condition=Q(public_percent__gte=5, public_percent__lte=95),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/challenges/{self.slug}"

    def state_at(self, now: datetime) -> ChallengeState:
        if self.published_at is None or self.starts_at is None or self.ends_at is None:
            return ChallengeState.DRAFT
        if self.results_at is not None:
            return ChallengeState.PUBLISHED
        if now < self.starts_at:
            return ChallengeState.UPCOMING
        return ChallengeState.OPEN if now < self.ends_at else ChallengeState.CLOSED

    @property
    def higher_is_better(self) -> bool:
        return self.measure != Measure.MEAN_LOSS

    @property
    def is_sealing(self) -> bool:
        return self.published_at is not None and self.results_at is None


class Phase(models.Model):
    """A time in which a challenge takes submissions: from `starts_at` until just before `ends_at`."""

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="phases")
    name = models.CharField(max_length=80)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    counts = models.BooleanField(default=True, help_text=_("Its submissions count for the final board."))

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(name="phase_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
            models.UniqueConstraint(fields=["challenge", "starts_at"], name="phase_starts_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """Who competes under one name: a member alone, or a team."""

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="entries")
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)
    disqualified_at = models.DateTimeField(null=True)
    disqualified_reason = models.TextField(blank=True, help_text=_("Everybody can read it."))

    class Meta:
        ordering = ["created_at", "pk"]
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint("challenge", Lower("name"), name="entry_name_once_per_challenge"),
            models.CheckConstraint(
                name="disqualified_entry_says_why",
                condition=Q(disqualified_at=None) | ~Q(disqualified_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EntrantState(models.TextChoices):
    INVITED = "invited", _("Invited")
    MEMBER = "member", _("Member")
    LEFT = "left", _("Left")  # of an entry that had submitted: they cannot begin anew elsewhere


class EntrantQuerySet(models.QuerySet["Entrant"]):
    def members(self) -> Self:
        return self.filter(state=EntrantState.MEMBER)

    def invited(self) -> Self:
        return self.filter(state=EntrantState.INVITED)


class Entrant(models.Model):
    """A member of the hub in an entry. `challenge` is that of the entry, so that the database can keep them to one."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="entrants")
    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="entrants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="entrants")
    state = models.CharField(max_length=16, choices=EntrantState.choices)
    invited_by: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EntrantQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "user"], name="entrant_once_per_entry"),
            models.UniqueConstraint(
                fields=["challenge", "user"],
                condition=~Q(state=EntrantState.INVITED),
                name="one_entry_per_member_and_challenge",
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(user)s in %(entry)s") % {"user": self.user, "entry": self.entry}


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def counted(self) -> Self:
        """Those that cost one of the entry's: faults of the hub and runs that were stopped do not."""
        return self.exclude(run__state=State.CANCELLED).exclude(
            run__state=State.FAILED, run__failure_kind=FailureKind.INFRASTRUCTURE
        )

    def standing(self) -> Self:
        """Those that a board may look at."""
        return self.filter(run__state=State.SCORED, withdrawn_at=None, entry__disqualified_at=None)


class Submission(PublicAndHidden, models.Model):
    """A commit that an entry puts forward, and the run that measures it.

    `public_*` is what it reached on the public rows, told to its entry at once; `hidden_*` on the hidden ones, written when
    the challenge has ended and not before. Of its repository only the name is kept once that is deleted: the submission was
    made all the same.
    """

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="submissions")
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="submissions")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    repository = models.ForeignKey(Repository, models.SET_NULL, null=True, related_name="+")
    repository_name = models.CharField(max_length=200)
    commit = HashField(20)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="submissions")
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    selected = models.BooleanField(default=False, help_text=_("For the final board."))
    public_value = models.FloatField(null=True)
    public_low = models.FloatField(null=True)
    public_high = models.FloatField(null=True)
    public_stderr = models.FloatField(null=True)
    hidden_value = models.FloatField(null=True)
    hidden_low = models.FloatField(null=True)
    hidden_high = models.FloatField(null=True)
    hidden_stderr = models.FloatField(null=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["entry", "created_at"], name="submission_by_entry")]

    def __str__(self) -> str:
        return gettext("%(repository)s at %(commit)s") % {
            "repository": self.repository_name,
            "commit": self.commit[:12],
        }


class BoardKind(models.TextChoices):
    PUBLIC = "public"
    FINAL = "final"


class Place(models.Model):
    """Where an entry stands on a board of its challenge, by its best submission; made again at any time.

    `position` is its place in the order of scores; `first` and `last` are the ranks it may hold, as far as paired tests can
    tell.
    """

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="places")
    board = models.CharField(max_length=16, choices=BoardKind.choices)
    submission = models.ForeignKey(Submission, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["entry", "board"], name="place_once_per_entry_and_board")]

    def __str__(self) -> str:
        return f"{self.entry}: {self.first}–{self.last}"

    @property
    def reached(self) -> Reached | None:
        """What it stands by."""
        return self.submission.hidden if self.board == BoardKind.FINAL else self.submission.public


class SealedResult(models.Model):
    """Scores and result of a run on the suite of a challenge that has no results yet.

    They are kept apart from all others, as text, so that no page, list, board or export can show them. `rows`: the Score and
    Result rows as Django serializes them, which `services.sealing` makes of it again at the end.
    """

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="sealed_result")
    rows = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"sealed result of {self.run_id}"
