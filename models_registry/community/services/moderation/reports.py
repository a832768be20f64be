"""Reports: opened by anybody, worked on by moderators."""

import logging

from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from accounts.models import Actor, AuditEntry, User
from hub.errors import Conflict, Invalid, Unauthenticated
from hub.jobs.models import Job
from hub.kept_sentences import sentence
from models_registry.community.models import Category, Complaint, NoticeKind, Report, ReportState, Severity
from models_registry.community.services.moderation.subjects import Subject
from models_registry.community.services.notifications import notify

logger = logging.getLogger(__name__)

MOST_TEXT = 4000
ANSWER = "answer_complaints"
_BACKEND = "django.contrib.auth.backends.ModelBackend"
RAISED_BY = 3  # complaints that make a report one step graver
_URGENT = sentence(gettext_noop("Urgent report: %(category)s – %(subject)s"))
_ACTED = sentence(gettext_noop("A moderator has acted on what you reported: %(subject)s"))
_LEFT_ALONE = sentence(gettext_noop("A moderator saw no reason to act on what you reported: %(subject)s"))
with override(None):  # as an urgent report's notice holds it
    for _category in Category.labels:
        sentence(str(_category))


class Settled(Conflict):
    says = gettext_noop("Another moderator has dealt with this report already.")


def open_report(
    *,
    subject: Subject,
    category: Category,
    text: str,
    actor: Actor | None = None,
    name: str = "",
    email: str = "",
    by_hub: bool = False,
) -> Report:
    """Ask moderators to look at something. What is said of a thing that is in the queue already is added to it.

    by_hub: a scanner or check asks, and there is no actor. name, email: of who is no member, which the law allows for some
    categories. Raises Unauthenticated for the others, Invalid.
    """
    actor = actor or Actor()
    if actor.user is None and not by_hub:
        if not category.needs_no_account:
            raise Unauthenticated(_("Sign in to report this; without an account you can report what breaks the law."))
        if not name.strip() or not email.strip():
            raise Invalid(_("Leave your name and an address where we can answer you."))
    if len(text) > MOST_TEXT:
        raise Invalid(
            _("At most %(most)s characters, please: moderators look at the thing itself.") % {"most": MOST_TEXT}
        )
    try:
        return _open(subject, category, text, actor, name.strip(), email.strip(), by_hub)
    except IntegrityError:  # somebody reported the same at the same moment: join theirs
        return _open(subject, category, text, actor, name.strip(), email.strip(), by_hub)


@transaction.atomic
def _open(subject: Subject, category: Category, text: str, actor: Actor, name: str, email: str, by_hub: bool) -> Report:
    unsettled = Report.objects.select_for_update().unsettled()
    report = unsettled.filter(subject_kind=subject.kind, subject_id=subject.id).first()
    was_urgent = report is not None and report.severity == Severity.URGENT
    if report is None:
        report = Report.objects.create(
            subject_kind=subject.kind,
            subject_id=subject.id,
            subject_name=subject.name[:200],
            owner=subject.owner,
            author=subject.author,
            category=category,
            severity=category.severity,
            excerpt=subject.text,
            opened_by_hub=by_hub,
        )
        logger.info("report %s opened on %s %s", report.pk, subject.kind, subject.id)
    said = {"category": category, "text": text, "name": name[:120], "email": email}
    if actor.user is not None:
        _complaint, is_new = Complaint.objects.update_or_create(report=report, reporter=actor.user, defaults=said)
    else:
        same = report.complaints.filter(reporter=None, email=email, text=text)
        is_new = not same.exists()
        if is_new:
            Complaint.objects.create(report=report, **said)
    if is_new:
        Report.objects.filter(pk=report.pk).update(complaint_count=F("complaint_count") + 1)
        report.refresh_from_db()
    _weigh(report, category)
    if report.severity == Severity.URGENT and not was_urgent:
        _ask_moderators(report)
    return report


def _ask_moderators(report: Report) -> None:
    """Those who handle reports are told at once of what cannot wait until they look into the queue."""
    handlers = User.objects.with_perm("community.handle_report", backend=_BACKEND).filter(is_staff=True)
    with override(None):
        category = report.get_category_display()
    notify(
        kind=NoticeKind.MODERATION,
        key=f"urgent:{report.pk}",
        users=handlers,
        text=_URGENT % {"category": category, "subject": report.subject_name},
        url=reverse("admin:community_report_change", args=[report.pk]),
    )


def _weigh(report: Report, category: Category) -> None:
    """The gravest of what is said; many who say it make it a step graver, once."""
    if category.severity > report.category_severity:
        report.category = category
    step = 10 if report.complaint_count >= RAISED_BY else 0
    report.severity = min(report.category_severity + step, Severity.URGENT)
    report.save(update_fields=["category", "severity"])


def locked(report: Report) -> Report:
    """Within a transaction: the report, as nobody else changes it meanwhile. Raises Settled."""
    row = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if row.is_settled:
        raise Settled(
            (
                _("%(name)s has dealt with this report already: it is resolved.")
                if row.state == ReportState.RESOLVED
                else _("%(name)s has dealt with this report already: it is dismissed.")
            )
            % {"name": row.settled_by or _("Somebody")}
        )
    return row


@transaction.atomic
def take(*, actor: Actor, report: Report) -> None:
    """A moderator works on it. Raises Forbidden, Settled."""
    user = actor.require_permission("community.handle_report")
    row = locked(report)
    row.assigned_to, row.state = user, ReportState.IN_WORK
    row.save(update_fields=["assigned_to", "state"])
    AuditEntry.objects.record(actor, "report.taken", row.subject_name, report=row.pk)


@transaction.atomic
def put_back(*, actor: Actor, report: Report) -> None:
    """Nobody works on it any more. Raises Forbidden, Settled."""
    actor.require_permission("community.handle_report")
    row = locked(report)
    row.assigned_to, row.state = None, ReportState.OPEN
    row.save(update_fields=["assigned_to", "state"])
    AuditEntry.objects.record(actor, "report.put_back", row.subject_name, report=row.pk)


@transaction.atomic
def dismiss(*, actor: Actor, report: Report, reason: str) -> None:
    """There is nothing to do. Raises Forbidden, Settled."""
    actor.require_permission("community.handle_report")
    settle(actor=actor, report=locked(report), state=ReportState.DISMISSED, reason=reason)


@transaction.atomic
def resolve(*, actor: Actor, report: Report, reason: str) -> None:
    """It was dealt with, by acts or otherwise. Raises Forbidden, Settled."""
    actor.require_permission("community.handle_report")
    settle(actor=actor, report=locked(report), state=ReportState.RESOLVED, reason=reason)


def settle(*, actor: Actor, report: Report, state: ReportState, reason: str) -> None:
    """Of a locked row, within the transaction of what settles it."""
    report.state, report.settled_reason = state, reason[:500]
    report.settled_by, report.settled_at = actor.user, timezone.now()
    report.save(update_fields=["state", "settled_reason", "settled_by", "settled_at"])
    AuditEntry.objects.record(actor, f"report.{state}", report.subject_name, report=report.pk, reason=reason)
    form = _ACTED if state == ReportState.RESOLVED else _LEFT_ALONE
    notify(
        kind=NoticeKind.MODERATION,
        key=f"report:{report.pk}",
        users=User.objects.filter(complaints__report=report),
        text=form % {"subject": report.subject_name},
    )
    if report.complaints.filter(reporter=None).exclude(email="").exists():
        Job.objects.add(ANSWER, str(report.pk))
