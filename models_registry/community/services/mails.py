"""Notifications by e-mail: at once, or in a daily digest.

Each e-mail is a row first. A worker claims it before it speaks to the mail server, so no e-mail leaves twice, whatever
becomes of the worker; a server that refuses gives the row back, and the job tries again. What is in an e-mail is asked for
when it is sent: what its reader has read meanwhile, or may not see any more, is not in it.
"""

from collections.abc import Iterable, Sequence
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import ngettext, override

from accounts.models import Actor, User
from accounts.services.accounts import verified_addresses
from hub.batches import batches
from hub.jobs.models import Job
from models_registry.community.models import Mail, Notice, NoticeKind, Notification
from models_registry.community.services import preferences, wording

KIND = "send_mail"
REFUSALS = (SMTPException, OSError)
MOST_IN_A_DIGEST = 50
_AT_ONCE = 500
State = Mail.State


def request(notice: Notice, users: Iterable[int]) -> None:
    """E-mails at once, of a notice, to those members; within the transaction of their notifications."""
    rows = Notification.objects.filter(recipient__in=list(users), key=notice.key, notice=notice)
    key = f"notice:{notice.pk}"
    Mail.objects.bulk_create(
        (
            Mail(recipient_id=user, key=key, notification_id=pk, notice=notice)
            for pk, user in rows.values_list("pk", "recipient_id")
        ),
        ignore_conflicts=True,
    )
    waiting = Mail.objects.filter(key=key, recipient__in=list(users), state=State.WAITING)
    Job.objects.add_many(KIND, (str(pk) for pk in waiting.values_list("pk", flat=True)))


def request_digests() -> int:
    """Ask for today's digest of everybody for whom something waits, from the hour on that the operator has set."""
    now = timezone.now()
    if now.hour < settings.DIGEST_HOUR:
        return 0
    key = f"digest:{now:%Y-%m-%d}"
    done = Mail.objects.filter(key=key).values("recipient")
    waiting = Notification.objects.filter(digest=True, read_at=None, done_at=None).exclude(recipient__in=done)
    asked = 0
    for part in batches(waiting.order_by().values_list("recipient", flat=True).distinct().iterator(), _AT_ONCE):
        with transaction.atomic():
            Mail.objects.bulk_create((Mail(recipient_id=user, key=key) for user in part), ignore_conflicts=True)
            mails = Mail.objects.filter(key=key, recipient__in=part, state=State.WAITING)
            Job.objects.add_many(KIND, (str(pk) for pk in mails.values_list("pk", flat=True)))
        asked += len(part)
    return asked


def send(mail_id: int) -> None:
    """The work of one e-mail's job. Raises `REFUSALS`, when it may be tried again."""
    row = Mail.objects.filter(pk=mail_id)
    if not row.filter(state=State.WAITING).update(state=State.SENDING):
        return
    mail = row.select_related("recipient__namespace", "notification").get()
    told = _told(mail)
    message = _message(mail, told) if told else None
    if message is None:
        row.update(state=State.DROPPED)
        return
    try:
        message.send()
    except REFUSALS:
        row.update(state=State.WAITING)
        raise
    row.update(state=State.SENT, sent_at=timezone.now())
    for notification in told:  # what was told again since then waits for the next one
        same = Notification.objects.filter(pk=notification.pk, notice=notification.notice_id)
        same.update(digest=False)


def _told(mail: Mail) -> list[Notification]:
    """What is left to tell, the latest first."""
    actor = Actor(user=mail.recipient)
    rows = Notification.objects.told_to(actor).unread().filter(done_at=None).for_lists()
    if mail.notification_id is None:
        return list(rows.filter(digest=True).order_by("-updated_at", "-pk")[:MOST_IN_A_DIGEST])
    found = list(rows.filter(pk=mail.notification_id, notice__gte=mail.notice_id))
    wishes = preferences.of_user(mail.recipient)
    return [row for row in found if wishes[row.kind].email == preferences.Email.NOW]


def _message(mail: Mail, told: Sequence[Notification]) -> EmailMultiAlternatives | None:
    """None where there is no address that is known to be theirs, or the account is shut."""
    user: User = mail.recipient
    address = verified_addresses([user]).get(user.pk)
    if address is None or not user.is_active or user.is_suspended:
        return None
    kinds = {row.kind for row in told}
    kind = kinds.pop() if mail.notice_id is not None else preferences.DAILY
    with override(settings.LANGUAGE_CODE):
        lines = [wording.of(row) for row in told]
        context: dict[str, Any] = {
            "user": user,
            "lines": lines,
            "hub": settings.BASE_URL,
            "is_digest": mail.notice_id is None,
            "kind": "" if mail.notice_id is None else NoticeKind(kind).label,
            "stop": stopping_address(user, kind),
            "stop_all": stopping_address(user, preferences.ALL),
        }
        if mail.notice_id is not None:
            subject = lines[0].subject
        else:
            subject = ngettext(
                "%(count)d thing for you on Grove, %(date)s", "%(count)d things for you on Grove, %(date)s", len(told)
            ) % {"count": len(told), "date": date_format(mail.created_at, "DATE_FORMAT")}
        text = render_to_string("community/mail.txt", context)
        html = render_to_string("community/mail.html", context)
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    message = EmailMultiAlternatives(
        " ".join(subject.split()), text, to=[address],
        headers={
            "Message-ID": f"<mail-{mail.pk}-{mail.created_at:%Y%m%d%H%M%S}@{host}>",
            "List-Unsubscribe": f"<{context['stop']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )  # fmt: skip
    message.attach_alternative(html, "text/html")
    return message


def stopping_address(user: User, kind: str) -> str:
    """Where such e-mails are ended, without signing in (RFC 8058)."""
    return f"{settings.BASE_URL}/notifications/unsubscribe/{preferences.token(user, kind)}"
