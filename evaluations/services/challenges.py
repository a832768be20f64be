"""What staff do to a challenge. Each act needs the permission, and is written to the audit log."""

import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry
from evaluations import access
from evaluations.errors import ChallengeClosed
from evaluations.models import Challenge, Entry, Phase, Suite
from evaluations.services import sealing
from hub.errors import Conflict, Invalid

logger = logging.getLogger(__name__)


def saved(*, actor: Actor, challenge: Challenge) -> None:
    """After a change of its texts or, of a draft, of its phases. Raises Forbidden."""
    access.require_challenge_manager(actor)
    _take_dates(challenge)
    AuditEntry.objects.record(actor, "challenge.saved", challenge.slug)


@transaction.atomic
def publish(*, actor: Actor, challenge: Challenge, now: datetime | None = None) -> None:
    """Everybody sees it, and its suite measures nothing else from now on. Raises Forbidden, Conflict, Invalid."""
    access.require_challenge_manager(actor)
    now = now or timezone.now()
    list(Suite.objects.select_for_update(no_key=True).order_by("pk"))  # two at once cannot both take the same labels
    row = _locked(challenge)
    if row.published_at is not None:
        raise Conflict(_("It is published already."))
    data = row.suite_version.definition["data"]
    if not all(part["hidden_labels"] for part in data):
        raise Invalid(
            _("The labels of %(suite)s are public: a challenge needs hidden ones.") % {"suite": row.suite_version}
        )
    other = sealing.challenge_on(row.suite_version)
    if other is not None:
        raise Conflict(
            _("The challenge %(challenge)r is held on the same labels: it must have its results first.")
            % {"challenge": other.title}
        )
    if sealing.is_known(row.suite_version):
        raise Conflict(
            _(
                "Models were measured on the labels of %(suite)s already, and what they were right about tells them: a challenge"
                " needs labels on which nothing was measured."
            )
            % {"suite": row.suite_version}
        )
    _require_sound(list(row.phases.all()), now)
    _take_dates(row)
    row.published_at = now
    row.save(update_fields=["published_at"])
    AuditEntry.objects.record(actor, "challenge.published", row.slug)
    challenge.refresh_from_db()


@transaction.atomic
def extend(*, actor: Actor, phase: Phase, until: datetime, now: datetime | None = None) -> None:
    """A phase ends later, at the latest when the next one begins. Raises Forbidden, ChallengeClosed, Invalid."""
    access.require_challenge_manager(actor)
    row = _locked(phase.challenge)
    if row.results_at is not None:
        raise ChallengeClosed(_("Its results are published: nobody can submit to it any more."))
    phase.refresh_from_db()
    if until <= phase.ends_at or until <= (now or timezone.now()):
        raise Invalid(_("A phase is extended to a later time, which is not over yet."))
    following = row.phases.filter(starts_at__gt=phase.starts_at).order_by("starts_at").first()
    if following is not None and until > following.starts_at:
        raise Invalid(_("The phase %(phase)r begins before that.") % {"phase": following.name})
    before, phase.ends_at = phase.ends_at, until
    phase.save(update_fields=["ends_at"])
    _take_dates(row)
    AuditEntry.objects.record(
        actor, "challenge.extended", row.slug, phase=phase.name, before=before.isoformat(), until=until.isoformat()
    )


@transaction.atomic
def end_early(*, actor: Actor, challenge: Challenge, reason: str, now: datetime | None = None) -> None:
    """It takes no more submissions; its results follow as soon as the last runs have ended. Raises Forbidden, ChallengeClosed."""
    access.require_challenge_manager(actor)
    now = now or timezone.now()
    row = _locked(challenge)
    if row.published_at is None or row.ends_at is None or row.ends_at <= now:
        raise ChallengeClosed(_("It is not under way."))
    begun = row.phases.filter(starts_at__lt=now)
    if not begun.exists():
        raise ChallengeClosed(_("It has not begun."))
    row.phases.filter(starts_at__gte=now).delete()
    begun.filter(ends_at__gt=now).update(ends_at=now)
    _take_dates(row)
    AuditEntry.objects.record(actor, "challenge.ended", row.slug, reason=reason)
    sealing.ask_for_judgement(row.pk)
    challenge.refresh_from_db()


@transaction.atomic
def disqualify(*, actor: Actor, entry: Entry, reason: str, now: datetime | None = None) -> None:
    """The entry leaves the boards, with a reason that everybody can read. Raises Forbidden, Conflict, Invalid."""
    access.require_challenge_manager(actor)
    if not reason.strip():
        raise Invalid(_("A disqualification needs a reason: everybody reads it."))
    row = Entry.objects.select_for_update(no_key=True).select_related("challenge").get(pk=entry.pk)
    if row.disqualified_at is not None:
        raise Conflict(_("It is disqualified already."))
    row.disqualified_at, row.disqualified_reason = now or timezone.now(), reason
    row.save(update_fields=["disqualified_at", "disqualified_reason"])
    row.places.all().delete()
    AuditEntry.objects.record(
        actor, "challenge.entry_disqualified", row.name, challenge=row.challenge.slug, reason=reason
    )
    sealing.ask_for_judgement(row.challenge_id)
    entry.refresh_from_db()


def _locked(challenge: Challenge) -> Challenge:
    rows = Challenge.objects.select_for_update(no_key=True, of=("self",)).select_related("suite_version__suite")
    return rows.get(pk=challenge.pk)


def _take_dates(challenge: Challenge) -> None:
    phases = list(challenge.phases.all())
    challenge.starts_at = min((phase.starts_at for phase in phases), default=None)
    challenge.ends_at = max((phase.ends_at for phase in phases), default=None)
    challenge.save(update_fields=["starts_at", "ends_at"])


def _require_sound(phases: Sequence[Phase], now: datetime) -> None:
    if not phases:
        raise Invalid(_("It has no phase in which anybody could submit."))
    if not any(phase.counts for phase in phases):
        raise Invalid(_("None of its phases counts for the final board."))
    if any(following.starts_at < phase.ends_at for phase, following in pairwise(phases)):
        raise Invalid(_("Its phases overlap."))
    if phases[-1].ends_at <= now:
        raise Invalid(_("Its last phase is over."))
