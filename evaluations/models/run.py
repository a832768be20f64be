from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, Namespace
from evaluations.models.suite import SuiteVersion
from models_registry.models import Repository
from models_registry.models.fields import HashField


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    FETCHING = "fetching", _("Fetching")
    RUNNING = "running", _("Running")
    SCORING = "scoring", _("Scoring")
    SCORED = "scored", _("Scored")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    INVALIDATED = "invalidated", _("Invalidated")

    @property
    def in_words(self) -> str:
        """As it stands within a sentence."""
        return str(_IN_WORDS[self])


_IN_WORDS = {
    State.QUEUED: _("queued"),
    State.FETCHING: _("fetching"),
    State.RUNNING: _("running"),
    State.SCORING: _("scoring"),
    State.SCORED: _("scored"),
    State.FAILED: pgettext_lazy("an evaluation is", "failed"),
    State.CANCELLED: _("cancelled"),
    State.INVALIDATED: _("invalidated"),
}

WORKING = (State.FETCHING, State.RUNNING, State.SCORING)
UNFINISHED = (State.QUEUED, *WORKING)
FINAL = (State.SCORED, State.FAILED, State.CANCELLED, State.INVALIDATED)


class FailureKind(models.TextChoices):
    MODEL = "model", _("Model")  # fails at once: the same would happen again
    INFRASTRUCTURE = "infrastructure", _("Infrastructure")  # is tried again, and costs no quota


class LeaseLost(Exception):
    """Another worker holds this run by now, or it has ended: nothing more may be written for it."""


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, actor: Actor) -> Self:
        """Whoever may know of the repository may see its runs."""
        return self.filter(repository__in=Repository.objects.visible_to(actor))

    def explained_to(self, actor: Actor) -> Self:
        """Those of which the actor may read why they failed, and the log: both may quote the model."""
        return self.filter(repository__in=Repository.objects.readable_by(actor))

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def claimable(self, now: datetime) -> Self:
        return self.filter(state=State.QUEUED, run_after__lte=now, cancel_requested=False)

    def abandoned(self, now: datetime) -> Self:
        """Those whose worker has not been heard of for a whole lease."""
        return self.filter(state__in=WORKING, leased_until__lt=now)

    def counted_for_quota(self) -> Self:
        """Those that the model's author brought about: faults of the hub and withdrawn requests cost nothing."""
        return self.exclude(state=State.CANCELLED).exclude(state=State.FAILED, failure_kind=FailureKind.INFRASTRUCTURE)

    def for_lists(self) -> Self:
        """With all that a list's row shows, in two queries."""
        shown = (
            "repository__namespace",
            "suite_version__suite",
            "requested_by",
            "challenge",
            "standing",
            "performance",
            "split_score",
        )
        return self.select_related(*shown).prefetch_related("scores")


class Run(models.Model):
    """One evaluation of one commit on one version of a suite.

    The row is the truth; a message only wakes a worker. `attempt` is the fencing token: a worker writes only while the
    row still has the attempt it claimed, and every change of state is one UPDATE that says so.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="runs")
    commit = HashField(20)
    suite_version = models.ForeignKey(SuiteVersion, models.PROTECT, related_name="runs")
    hardware_class = models.CharField(max_length=40, default="cpu", help_text=_("Which workers may take it."))
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    account = models.ForeignKey(
        Namespace, models.SET_NULL, null=True, related_name="+", help_text="Whose share of the workers it uses."
    )
    memory_needed = models.BigIntegerField(
        default=0, help_text="Bytes, as far as its files tell: which workers it fits."
    )
    rerun_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="reruns")
    challenge = models.ForeignKey(
        "evaluations.Challenge",
        models.PROTECT,
        null=True,
        related_name="runs",
        help_text="Until whose end its scores are withheld.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    run_after = models.DateTimeField(default=timezone.now)
    woken_at = models.DateTimeField(null=True, help_text="When a worker was last sent a message about it.")
    leased_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=200, blank=True)
    cancel_requested = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, help_text=_("Of the last attempt."))
    finished_at = models.DateTimeField(null=True)

    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    failure_kind = models.CharField(max_length=16, choices=FailureKind.choices, blank=True)
    failure_code = models.CharField(max_length=32, blank=True)
    failure_reason = models.TextField(blank=True)
    log_tail = models.TextField(blank=True)
    invalidated_reason = models.TextField(blank=True)

    # What was found out of the model; nothing of it is typed by anybody.
    format = models.CharField(max_length=16, blank=True)
    path = models.CharField(max_length=1024, blank=True)
    architecture = models.CharField(max_length=60, blank=True)
    parameters = models.BigIntegerField(null=True)
    model_bytes = models.BigIntegerField(null=True)
    tensor_digest = HashField(32, null=True)
    machine = models.CharField(max_length=120, blank=True, help_text=_("Model of the processor or GPU that ran it."))

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        permissions = [
            ("queue_run", "Can queue an evaluation again"),
            ("cancel_run", "Can cancel an evaluation"),
            ("invalidate_run", "Can take a score off the leaderboards"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "commit", "suite_version", "hardware_class"],
                condition=Q(state__in=UNFINISHED),
                name="one_unfinished_run_of_the_same",
            ),
            models.CheckConstraint(
                name="failed_run_says_why",
                condition=~Q(state=State.FAILED) | (~Q(failure_kind="") & ~Q(failure_reason="")),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "run_after"], name="run_due"),
            models.Index(fields=["repository", "-created_at"], name="run_by_repository"),
            models.Index(fields=["suite_version", "state"], name="run_by_suite"),
            models.Index(fields=["requested_by", "created_at"], name="run_by_requester"),
            models.Index(fields=["started_at"], name="run_by_start"),
            models.Index(fields=["tensor_digest"], name="run_by_weights"),
        ]

    def __str__(self) -> str:
        return gettext("%(repository)s on %(suite)s") % {"repository": self.repository, "suite": self.suite_version}

    def get_absolute_url(self) -> str:
        return f"/evaluations/{self.pk}"

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def is_withheld(self) -> bool:
        """Whether what it found, or will find, is nobody's to see before the end of a challenge."""
        return self.challenge is not None and self.challenge.is_sealing

    @property
    def trust(self) -> str:
        """How far its scores can be trusted: "verified", "reproduced" or, of an older version of the suite, "stale"; "" without
        any. Of runs `for_lists()`.
        """
        if self.state != State.SCORED:
            return ""
        if not self.suite_version.current:
            return "stale"
        standing = getattr(self, "standing", None)
        return standing.trust if standing else "verified"

    @property
    def queue(self) -> str:
        return f"eval.{self.hardware_class}"

    # One method per transition. Each changes the row only if it still is as this object says, else raises LeaseLost.

    def claim(self, now: datetime, lease: timedelta, worker: str) -> None:
        """queued → fetching, with a new attempt."""
        taken = Run.objects.filter(pk=self.pk).claimable(now)
        self._changed(
            taken,
            state=State.FETCHING,
            attempt=F("attempt") + 1,
            leased_until=now + lease,
            worker=worker,
            started_at=now,
            progress_done=0,
            progress_total=0,
            log_tail="",
        )
        self.refresh_from_db()

    def hold(self, now: datetime, lease: timedelta, *, done: int, total: int, log: str) -> None:
        """Still at it: move the end of the lease, and say how far it is. log: its last lines so far."""
        self._changed(self._held(), leased_until=now + lease, progress_done=done, progress_total=total, log_tail=log)

    def begin_running(self, **found: Any) -> None:
        """fetching → running. found: format, path and other facts of the model."""
        self._changed(self._held(State.FETCHING), state=State.RUNNING, **found)

    def begin_scoring(self) -> None:
        """running → scoring"""
        self._changed(self._held(State.RUNNING), state=State.SCORING)

    def finish(self, now: datetime, **found: Any) -> None:
        """scoring → scored, in the transaction that writes scores and result. What was told to stop is not scored."""
        self._changed(
            self._held(State.SCORING).filter(cancel_requested=False),
            state=State.SCORED,
            finished_at=now,
            leased_until=None,
            **found,
        )

    def fail(self, now: datetime, *, kind: FailureKind, code: str, reason: str, log: str = "") -> None:
        """Any working state → failed."""
        self._changed(
            self._held(),
            state=State.FAILED,
            finished_at=now,
            leased_until=None,
            failure_kind=kind,
            failure_code=code,
            failure_reason=reason,
            log_tail=log,
        )

    def give_up(self, now: datetime, *, code: str, reason: str) -> None:
        """queued → failed, by the hub's fault: nobody can take it."""
        self._changed(
            self._as_it_is(State.QUEUED),
            state=State.FAILED,
            finished_at=now,
            failure_kind=FailureKind.INFRASTRUCTURE,
            failure_code=code,
            failure_reason=reason,
        )

    def requeue(self, now: datetime, delay: timedelta, reason: str) -> None:
        """Any working state → queued, to be tried again after `delay`: only for faults of the hub."""
        self._changed(
            self._held(),
            state=State.QUEUED,
            run_after=now + delay,
            leased_until=None,
            woken_at=None,
            log_tail=reason,
        )

    def withdraw(self, now: datetime) -> None:
        """Working or queued → cancelled."""
        self._changed(
            self._as_it_is(*UNFINISHED),
            state=State.CANCELLED,
            finished_at=now,
            leased_until=None,
            cancel_requested=True,
        )

    def invalidate(self, reason: str) -> None:
        """scored → invalidated, with a public reason: it leaves the leaderboards."""
        self._changed(self._as_it_is(State.SCORED), state=State.INVALIDATED, invalidated_reason=reason)

    def _held(self, *states: State) -> RunQuerySet:
        return self._as_it_is(*(states or WORKING))

    def _as_it_is(self, *states: State) -> RunQuerySet:
        return Run.objects.filter(pk=self.pk, attempt=self.attempt, state__in=states)

    def _changed(self, rows: RunQuerySet, **values: Any) -> None:
        if rows.update(**values) != 1:
            raise LeaseLost(f"Run {self.pk}, attempt {self.attempt}, is no longer this worker's.")
        for name, value in values.items():
            if not isinstance(value, F):
                setattr(self, name, value)
