"""Telling those concerned what moderators did: on the hub, and by e-mail where the hub is closed to them.

Members who reported something are told with the rest of their notifications (`reports.settle`); here, who is no member.
"""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from accounts.services.accounts import verified_addresses
from hub.kept_sentences import sentence
from models_registry.community.models import Act, Appeal, Complaint, ModerationAction, NoticeKind, Report, ReportState
from models_registry.community.services.moderation import appeals
from models_registry.community.services.notifications import notify

# Of these the member learns whatever they wish to be told of: they write no more, or sign in no more.
ALWAYS_BY_EMAIL = frozenset({Act.WARN, Act.SUSPEND, Act.LIFT, Act.BAN, Act.UNBAN, Act.RENAME, Act.TAKE_DOWN})
_ACTED = sentence(gettext_noop("Moderation: %(act)s – %(subject)s. %(reason)s"))
_GRANTED = sentence(gettext_noop("Your appeal was granted: %(act)s – %(subject)s. %(decision)s"))
_REFUSED = sentence(gettext_noop("Your appeal was refused: %(act)s – %(subject)s. %(decision)s"))
with override(None):
    for _act in Act:
        sentence(str(_act.label))


def _in_english(action: ModerationAction) -> str:
    with override(None):
        return action.get_kind_display()


def tell(action_id: int) -> None:
    """The work of the job. Asked again after a fault, it may tell somebody twice."""
    action = ModerationAction.objects.select_related("owner").filter(pk=action_id).first()
    if action is None:
        return
    concerned = action.concerned
    notify(
        kind=NoticeKind.MODERATION,
        key=f"act:{action.pk}",
        users=concerned,
        text=_ACTED % {"act": _in_english(action), "subject": action.subject_name, "reason": action.reason},
        url=f"/settings/moderation#act-{action.pk}",
        has_letter=action.kind in ALWAYS_BY_EMAIL,
    )
    if action.kind not in ALWAYS_BY_EMAIL:
        return
    address_of = verified_addresses(concerned)
    with override(settings.LANGUAGE_CODE):
        for user in concerned:
            if not (address := address_of.get(user.pk)):
                continue
            may_appeal = action.kind in appeals.AGAINST
            link = f"{settings.BASE_URL}/appeal/{appeals.signed(action, user)}" if may_appeal else ""
            context = {"action": action, "user": user, "appeal": link, "hub": settings.BASE_URL}
            text = render_to_string("community/email/moderation.txt", context)
            subject = f"{action.get_kind_display().capitalize()}: {action.subject_name}"
            send_mail(" ".join(subject.split()), text, None, [address])


def tell_of_decision(appeal_id: int) -> None:
    """The work of the job: who appealed reads on the hub what was decided, and by e-mail if they read of the act so."""
    appeal = Appeal.objects.select_related("action", "user").filter(pk=appeal_id).first()
    if appeal is None or appeal.user is None:
        return
    is_granted = appeal.state == Appeal.State.REVERSED
    by_letter = appeal.action.kind in ALWAYS_BY_EMAIL
    with override(settings.LANGUAGE_CODE):
        what = f"{appeal.action.get_kind_display()} – {appeal.action.subject_name}"
        notify(
            kind=NoticeKind.MODERATION,
            key=f"appeal:{appeal.pk}",
            users=[appeal.user],
            text=(_GRANTED if is_granted else _REFUSED)
            % {"act": _in_english(appeal.action), "subject": appeal.action.subject_name, "decision": appeal.decision},
            url=f"/settings/moderation#act-{appeal.action_id}",
            has_letter=by_letter,
        )
        address = verified_addresses([appeal.user]).get(appeal.user.pk)
        if by_letter and address:
            context = {"appeal": appeal, "what": what, "is_granted": is_granted, "hub": settings.BASE_URL}
            text = render_to_string("community/email/appeal_decided.txt", context)
            subject = _("Your appeal: %(subject)s") % {"subject": what}
            send_mail(" ".join(subject.split()), text, None, [address])


def answer_complaints(report_id: int) -> None:
    """The work of the job: what became of a report, to the addresses that were left with it.

    Nothing that strangers wrote stands in the letter: the address may be somebody else's.
    """
    report = Report.objects.filter(pk=report_id).first()
    if report is None:
        return
    addresses = Complaint.objects.filter(report=report, reporter=None).exclude(email="").values_list("email", flat=True)
    with override(settings.LANGUAGE_CODE):
        has_acted = report.state == ReportState.RESOLVED
        context = {"report": report, "has_acted": has_acted, "hub": settings.BASE_URL}
        text = render_to_string("community/email/report_settled.txt", context)
        subject = _("Your report: %(subject)s") % {"subject": report.subject_name}
        for address in sorted(set(addresses)):
            send_mail(" ".join(subject.split()), text, None, [address])
