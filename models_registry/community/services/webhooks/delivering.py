"""Deliveries that are due are sent, one after another, by few senders: an address that hangs keeps nobody else waiting long.

Each attempt and its answer is a row. What may pass by (no answer, 408, 429, 5xx) is tried again, later and later, six times
in about nine hours; any other refusal is final. After a failure the whole webhook is left alone for a while, so that a dead
one costs a worker seconds an hour; after three days in which nothing arrived it is disabled, and its owner told.
"""

import hashlib
import hmac
import json
import logging
import time
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext_noop

from accounts.models import Membership, Namespace, Role, User
from hub.jobs.models import Job
from hub.kept_sentences import sentence
from models_registry.community.models import Delivery, DeliveryAttempt, NoticeKind, Webhook, WebhookEvent
from models_registry.community.services.notifications import notify
from models_registry.community.services.webhooks import announcing, keeping, payloads, sending
from models_registry.community.services.webhooks.sending import Answer

logger = logging.getLogger(__name__)

# Before the second try, the third, …
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
GIVE_UP_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_MAY_PASS = {408, 425, 429}
_GONE = 410
_SENDING_FOR = timedelta(seconds=60)  # a claim on a webhook; one request takes at most ten seconds
_IN_A_ROW = 20  # to one webhook, then another's turn comes
_SECONDS = 60.0  # of one job
_HIDDEN = "(the webhook's secret)"
_LONGEST_ADDRESS = 100  # in a notice
_SAYS_GONE = sentence(gettext_noop("The address answered that it is gone for good (410)."))
_NOTHING_ARRIVED = sentence(gettext_noop("Nothing has arrived there for %(days)s days."))

# Of this process: its other threads are for other work.
_senders = BoundedSemaphore(settings.WEBHOOK_SENDERS)


def deliver_due(key: str) -> None:
    """key: the webhook for which it was asked; whoever has a sender's place goes through all that is due."""
    if not _senders.acquire(blocking=False):
        return
    try:
        until = time.monotonic() + _SECONDS
        while (webhook := _claimed()) is not None:
            try:
                _deliver_to(webhook, until)
            finally:
                Webhook.objects.filter(pk=webhook.pk).update(sending_until=None)
            if time.monotonic() > until:
                announcing.ask_for(webhook)  # the rest is a job of its own, behind what waits
                return
    finally:
        _senders.release()


def sweep() -> None:
    """Ask for what is due: a try that waited for its time, or what nobody had a free place for."""
    due = _due(timezone.now()).values_list("webhook", flat=True).distinct()[:500]
    Job.objects.add_many(announcing.KIND, (str(pk) for pk in due))


def prune() -> None:
    """Forget what was sent long ago."""
    WebhookEvent.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


def _due(now: datetime) -> QuerySet[Delivery]:
    free = Q(webhook__paused_until=None) | Q(webhook__paused_until__lte=now)
    unclaimed = Q(webhook__sending_until=None) | Q(webhook__sending_until__lte=now)
    return Delivery.objects.filter(
        free, unclaimed, state=Delivery.State.QUEUED, due_at__lte=now, webhook__disabled_at=None
    )


def _claimed() -> Webhook | None:
    """The webhook whose delivery has waited longest, for this worker alone.

    Those that failed last time come after all others: ten seconds may go by at each, and anybody can have many of them.
    """
    while True:
        now = timezone.now()
        failed = Case(When(webhook__failures=0, then=0), default=1)
        first = _due(now).order_by(failed, "due_at").values_list("webhook", flat=True).first()
        if first is None:
            return None
        row = Webhook.objects.filter(Q(sending_until=None) | Q(sending_until__lte=now), pk=first)
        if row.update(sending_until=now + _SENDING_FOR):
            return Webhook.objects.select_related("owner__user", "owner__organization").filter(pk=first).first()


def _deliver_to(webhook: Webhook, until: float) -> None:
    for _turn in range(_IN_A_ROW):
        now = timezone.now()
        waiting = Delivery.objects.filter(webhook=webhook, state=Delivery.State.QUEUED, due_at__lte=now)
        delivery = waiting.select_related("event__repository").order_by("due_at", "created_at").first()
        if delivery is None or time.monotonic() > until:
            return
        Webhook.objects.filter(pk=webhook.pk).update(sending_until=now + _SENDING_FOR)
        if not may_be_told(webhook, delivery.event):
            waiting.filter(pk=delivery.pk).update(state=Delivery.State.DROPPED)
        elif not _attempt(webhook, delivery):
            return


def may_be_told(webhook: Webhook, event: WebhookEvent) -> bool:
    """Whether its owner may know of the repository now, not only when it happened."""
    if event.repository is not None:
        return Webhook.objects.told_of(event.repository).filter(pk=webhook.pk).exists()
    user = webhook.owner.user
    if user is not None and (not user.is_active or user.is_suspended):
        return False
    if event.was_public or event.namespace_id == webhook.owner_id:
        return True
    space = event.namespace
    return space is not None and user is not None and space.role_of(user) is not None


def _attempt(webhook: Webhook, delivery: Delivery) -> bool:
    """Whether it arrived."""
    body = json.dumps(payloads.for_webhook(delivery.event.payload, webhook), ensure_ascii=False).encode()
    headers = _headers(webhook, delivery, body)
    started = timezone.now()
    answer = sending.post(webhook.url, headers=headers, body=body)
    with transaction.atomic():
        current = (
            Webhook.objects.select_for_update(of=("self",)).select_related("owner__user").filter(pk=webhook.pk).first()
        )
        if current is None:
            return False  # it was deleted meanwhile
        DeliveryAttempt.objects.create(
            delivery=delivery,
            started_at=started,
            milliseconds=answer.milliseconds,
            request_headers=headers | ({"X-Webhook-Secret": _HIDDEN} if webhook.secret else {}),
            answer_status=answer.status,
            answer_headers=answer.headers,
            answer_body=answer.body,
            answer_is_cut=answer.is_cut,
            error=answer.error,
        )
        _note(current, delivery, answer, timezone.now())
    logger.info("delivery %s: %s", delivery.pk, answer.status or "no answer")
    return answer.has_arrived


def _note(webhook: Webhook, delivery: Delivery, answer: Answer, now: datetime) -> None:
    row = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.QUEUED)
    if answer.has_arrived:
        row.update(state=Delivery.State.DELIVERED, tries=F("tries") + 1)
        webhook.failing_since, webhook.failures, webhook.paused_until = None, 0, None
        webhook.save(update_fields=["failing_since", "failures", "paused_until"])
        return
    tries = delivery.tries + 1
    if _may_still_arrive(answer) and tries <= len(DELAYS):
        row.update(tries=tries, due_at=now + DELAYS[tries - 1])
    else:
        row.update(tries=tries, state=Delivery.State.FAILED)
    webhook.failing_since = webhook.failing_since or now
    webhook.failures += 1
    webhook.paused_until = now + min(_PAUSE * 2 ** min(webhook.failures - 1, 10), _LONGEST_PAUSE)
    webhook.save(update_fields=["failing_since", "failures", "paused_until"])
    if webhook.is_disabled:
        return
    if answer.status == _GONE:
        _disable(webhook, _SAYS_GONE)
    elif now - webhook.failing_since > GIVE_UP_AFTER:
        _disable(webhook, _NOTHING_ARRIVED % {"days": GIVE_UP_AFTER.days})


def _may_still_arrive(answer: Answer) -> bool:
    return answer.status is None or answer.status >= 500 or answer.status in _MAY_PASS


def _disable(webhook: Webhook, reason: str) -> None:
    keeping.stop(webhook, reason=reason)
    notify(
        kind=NoticeKind.WEBHOOK, key=f"webhook:{webhook.pk}", users=_administrators(webhook.owner),
        text=f"{_shortened(webhook.url)}: {reason}", url=webhook.get_absolute_url(),
    )  # fmt: skip
    logger.info("webhook %d disabled: %s", webhook.pk, reason)


def _shortened(url: str) -> str:
    """Without its query, which may carry a key."""
    return Truncator(url.partition("?")[0]).chars(_LONGEST_ADDRESS)


def _administrators(owner: Namespace) -> list[User]:
    if owner.user is not None:
        return [owner.user]
    admins = Membership.objects.filter(organization=owner.organization_id, role=Role.ADMIN).select_related("user")
    return [membership.user for membership in admins]


def _headers(webhook: Webhook, delivery: Delivery, body: bytes) -> dict[str, str]:
    """The signature covers the time, so that what was overheard cannot be sent again later."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Grove-Webhook/1",
        "X-Grove-Delivery": str(delivery.pk),
        "X-Grove-Event": f"{delivery.event.scope}.{delivery.event.action}",
    }
    if webhook.secret:
        timestamp = str(int(time.time()))
        signed = hmac.new(webhook.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
        headers["X-Webhook-Secret"] = webhook.secret
        headers["X-Grove-Timestamp"] = timestamp
        headers["X-Grove-Signature"] = f"sha256={signed.hexdigest()}"
    return headers
