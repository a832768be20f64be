"""Putting a commit forward in a challenge, and choosing which ones count."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor
from evaluations import access
from evaluations.errors import AlreadySubmitted, ChallengeClosed, EntryNotFound, QuotaExhausted, RunIsFinal
from evaluations.models import (
    MOST_SELECTED,
    Challenge,
    ChallengeState,
    Entry,
    FinalBy,
    Phase,
    Submission,
)
from evaluations.services import requesting, sealing
from evaluations.services.requesting import QUOTA_PERIOD
from hub.errors import Conflict, Forbidden
from models_registry.access import require_read
from models_registry.models import Repository
from models_registry.services import references


def submit(
    *,
    actor: Actor,
    challenge: Challenge,
    repository: Repository,
    revision: str,
    hardware_class: str = "cpu",
    now: datetime | None = None,
) -> Submission:
    """Put forward the commit that `revision` means now. The repository may be private, if only the actor may read it.

    Raises EntryNotFound, ChallengeClosed, QuotaExhausted, AlreadySubmitted, Forbidden, RevisionNotFound, and as
    `requesting.require_evaluable` and `models_registry.access.require_read`.
    """
    now = now or timezone.now()
    entry = access.require_entry(actor, challenge)
    require_read(actor, repository)
    requesting.require_evaluable(repository, hardware_class)
    commit = references.resolve(repository, revision).oid
    with transaction.atomic():
        # The row that every submission of the entry locks, so that two at once cannot both take the last one allowed.
        row = Entry.objects.select_for_update(no_key=True).filter(pk=entry.pk).first()
        if row is None or not row.entrants.members().filter(user=actor.user).exists():
            raise EntryNotFound(_("You have left the entry meanwhile."))
        challenge = Challenge.objects.select_for_update(no_key=True, of=("self",)).get(pk=challenge.pk)  # its end waits
        if row.disqualified_at is not None:
            raise Forbidden(_("This entry is disqualified: %(reason)s") % {"reason": row.disqualified_reason})
        phase = _open_phase(challenge, now)
        counted = row.submissions.counted()
        if counted.filter(repository=repository, commit=commit).exists():
            raise AlreadySubmitted(
                _("%(commit)s of %(repository)s was submitted already: its score is the same.")
                % {"commit": commit[:12], "repository": repository.full_name}
            )
        left = remaining(challenge, row, now)
        if not left["total"]:
            raise QuotaExhausted(_("The entry has made all its %(most)s submissions.") % {"most": challenge.in_total})
        if not left["today"]:
            oldest = counted.filter(created_at__gt=now - QUOTA_PERIOD).order_by("-created_at")[challenge.per_day - 1]
            raise QuotaExhausted(
                _("The entry has made %(most)s submissions within a day: the next one can be made after %(when)s UTC.")
                % {
                    "most": challenge.per_day,
                    "when": f"{oldest.created_at + QUOTA_PERIOD:%Y-%m-%d %H:%M}",
                }
            )
        run = requesting.queue_for_challenge(
            user=actor.require_user(),
            repository=repository,
            commit=commit,
            challenge=challenge,
            hardware_class=hardware_class,
        )
        return Submission.objects.create(
            entry=row, phase=phase, submitted_by=actor.user, repository=repository,
            repository_name=repository.full_name, commit=commit, run=run, created_at=now,
        )  # fmt: skip


def remaining(challenge: Challenge, entry: Entry, now: datetime | None = None) -> dict[str, int]:
    """How many more the entry may make: {"today", "total"}."""
    counted = entry.submissions.counted()
    total = max(0, challenge.in_total - counted.count())
    recent = counted.filter(created_at__gt=(now or timezone.now()) - QUOTA_PERIOD).count()
    return {"today": min(total, max(0, challenge.per_day - recent)), "total": total}


@transaction.atomic
def withdraw(*, actor: Actor, challenge: Challenge, submission_id: int, now: datetime | None = None) -> Submission:
    """It stands on no board any more. One that is not measured yet costs nothing. Raises EntryNotFound, ChallengeClosed."""
    submission = _mine(actor, challenge, submission_id, now)
    submission.withdrawn_at, submission.selected = now or timezone.now(), False
    submission.save(update_fields=["withdrawn_at", "selected"])
    run = submission.run
    is_its_own = run is not None and run.requested_by_id == submission.submitted_by_id
    if run is not None and is_its_own and not run.submissions.filter(withdrawn_at=None).exists():
        with suppress(RunIsFinal):
            requesting.stop(run)
    sealing.ask_for_judgement(challenge.pk)
    return submission


@transaction.atomic
def select(
    *, actor: Actor, challenge: Challenge, submission_id: int, selected: bool, now: datetime | None = None
) -> Submission:
    """Choose it for the final board, or no longer. Raises EntryNotFound, ChallengeClosed, Conflict."""
    submission = _mine(actor, challenge, submission_id, now)
    if challenge.final_by != FinalBy.SELECTED:
        raise Conflict(_("In this challenge all submissions count for the final board."))
    chosen = Submission.objects.filter(entry=submission.entry, selected=True).exclude(pk=submission.pk)
    if selected and submission.withdrawn_at is not None:
        raise Conflict(_("It is withdrawn."))
    if selected and chosen.count() >= MOST_SELECTED:
        raise Conflict(_("At most %(most)s are selected: take another one out first.") % {"most": MOST_SELECTED})
    submission.selected = selected
    submission.save(update_fields=["selected"])
    return submission


def _mine(actor: Actor, challenge: Challenge, submission_id: int, now: datetime | None) -> Submission:
    """Of the actor's entry, which is locked, while the challenge is not over."""
    entry = access.require_entry(actor, challenge)
    Entry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    found = Submission.objects.filter(entry=entry, pk=submission_id).select_related("run", "entry").first()
    if found is None:
        raise EntryNotFound(_("There is no such submission of yours."))
    if challenge.state_at(now or timezone.now()) != ChallengeState.OPEN:
        raise ChallengeClosed(_("The challenge is over: submissions stay as they are."))
    return found


def _open_phase(challenge: Challenge, now: datetime) -> Phase:
    found = challenge.phases.filter(starts_at__lte=now, ends_at__gt=now).first()
    if found is not None and challenge.is_sealing:
        return found
    following = challenge.phases.filter(starts_at__gt=now).order_by("starts_at").first()
    if following is not None:
        raise ChallengeClosed(
            _("It takes submissions from %(when)s UTC on.") % {"when": f"{following.starts_at:%Y-%m-%d %H:%M}"}
        )
    raise ChallengeClosed(
        _("It took submissions until %(when)s UTC, which is over.") % {"when": f"{challenge.ends_at:%Y-%m-%d %H:%M}"}
    )
