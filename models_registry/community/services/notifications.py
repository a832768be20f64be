"""Telling people what concerns them.

`notify` writes one row in the transaction of what happened, and asks for a job; the job finds out who is to be told, and
makes their notifications in bulk. So an act takes as long for five thousand listeners as for one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Actor, Organization, User
from hub.batches import batches
from hub.jobs.models import Job
from models_registry.community.models import Discussion, Event, Mail, Notice, NoticeKind, Notification
from models_registry.community.models.notification import NotificationQuerySet
from models_registry.community.services import audience, mails, preferences
from models_registry.models import Repository

KIND = "tell"
KEPT = timedelta(days=90)
_AT_ONCE = 1000


@transaction.atomic
def notify(
    *,
    kind: NoticeKind,
    key: str,
    users: Iterable[User] = (),
    actor: User | None = None,
    repository: Repository | None = None,
    discussion: Discussion | None = None,
    event: Event | None = None,
    organization: Organization | None = None,
    text: str = "",
    url: str = "",
    outcome: str = "",
    has_letter: bool = False,
) -> Notice:
    """Tell `users` of something, as each of them wishes to be told of its kind; within the transaction of the fact.

    key: what it is about, such as f"access:{repository.pk}": what is told again under the same key folds into one unread
    notification. actor: who did it; they are not told. repository: who may not see it any more is not told either.
    text: a plain line of what happened, where `kind` and the rest do not say it. url: where it leads, within the hub;
    without one, to the thread, the repository or the organisation. outcome: how it was decided, where `kind` leaves that
    open. has_letter: an e-mail of its own goes out, whatever they wish; so no other one does.
    """
    notice = Notice.objects.create(
        kind=kind, key=key, users=[user.pk for user in users], actor=actor, repository=repository,
        discussion=discussion, event=event, organization=organization, text=text[:500], url=url, outcome=outcome,
        has_letter=has_letter,
    )  # fmt: skip
    Job.objects.add(KIND, str(notice.pk))
    return notice


def tell(notice_id: int) -> None:
    """Make the notifications of a notice: the work of its job. Twice is once; begun again it goes on."""
    notice = Notice.objects.select_related(
        "actor", "repository__namespace", "discussion", "event__discussion__repository__namespace"
    ).filter(pk=notice_id).first()  # fmt: skip
    if notice is None or (notice.actor is not None and notice.actor.is_suspended):
        return
    if notice.event is not None and notice.event.is_hidden:
        return
    reasons = audience.of(notice)
    for part in batches(sorted(reasons.items()), _AT_ONCE):
        _tell_some(notice, dict(part))


@transaction.atomic
def _tell_some(notice: Notice, reasons: Mapping[int, NoticeKind]) -> None:
    said = preferences.of_users(reasons, set(reasons.values()))
    active = set(User.objects.filter(pk__in=reasons, is_active=True).values_list("pk", flat=True))
    groups: dict[tuple[NoticeKind, preferences.Wish], list[int]] = defaultdict(list)
    for user, kind in reasons.items():
        wish = said.get((user, kind), preferences.DEFAULTS[kind])
        if user in active and (wish.on_page or wish.email != preferences.Email.NEVER):
            groups[kind, wish].append(user)
    for (kind, wish), users in groups.items():
        _upsert(notice, kind, wish, users)
    now = [user for (_, wish), users in groups.items() if wish.email == preferences.Email.NOW for user in users]
    if now and not notice.has_letter:
        mails.request(notice, now)


def _upsert(notice: Notice, kind: NoticeKind, wish: preferences.Wish, users: list[int]) -> None:
    """New rows; and rows of the same key, told again. `notice` grows, so the same notice finds nothing to do twice."""
    digest = wish.email == preferences.Email.DIGEST and not notice.has_letter
    common = {"notice": notice, "on_page": wish.on_page, "digest": digest, "updated_at": notice.created_at}
    Notification.objects.bulk_create(
        (Notification(recipient_id=user, key=notice.key, kind=kind, **common) for user in users), ignore_conflicts=True
    )
    again = Notification.objects.filter(recipient__in=users, key=notice.key, notice__lt=notice.pk)
    still_named = Q(kind=NoticeKind.MENTION, read_at=None)
    again.update(
        kind=Case(When(still_named, then=F("kind")), default=Value(kind)),
        count=Case(When(read_at=None, then=F("count") + 1), default=Value(1)),
        read_at=None, done_at=None, **common,
    )  # fmt: skip


def of_actor(actor: Actor) -> NotificationQuerySet:
    """What a member's page shows, the latest first."""
    return Notification.objects.told_to(actor).on_page().for_lists().order_by("-updated_at", "-pk")


def unread_count(actor: Actor, *, most: int = 100) -> int:
    """At most `most`: beyond that nobody counts. One query."""
    return Notification.objects.told_to(actor).on_page().unread()[:most].count()


def mark(*, actor: Actor, notifications: Iterable[int] | None = None, read: bool = True) -> int:
    """Note some of a member's own, or all, as read or as unread; how many they were. Raises Unauthenticated."""
    rows = Notification.objects.filter(recipient=actor.require_user())
    if notifications is not None:
        rows = rows.filter(pk__in=list(notifications))
    if read:
        return rows.filter(read_at=None).update(read_at=timezone.now())
    return rows.exclude(read_at=None).update(read_at=None)


def mark_thread(*, actor: Actor, discussion: Discussion) -> int:
    """A member has looked at a thread."""
    if actor.user is None:
        return 0
    rows = Notification.objects.filter(recipient=actor.user, key=thread_key(discussion), read_at=None)
    return rows.update(read_at=timezone.now())


def put_away(*, actor: Actor, notifications: Iterable[int]) -> int:
    """Done with some: they come back when something new happens. Raises Unauthenticated."""
    rows = Notification.objects.filter(recipient=actor.require_user(), pk__in=list(notifications), done_at=None)
    now = timezone.now()
    return rows.update(done_at=now, read_at=Coalesce("read_at", now))


def thread_key(discussion: Discussion) -> str:
    return f"thread:{discussion.pk}"


def prune() -> None:
    """Notifications that were read or put away long ago go, and notices that nobody holds any more."""
    old = timezone.now() - KEPT
    Notification.objects.filter(updated_at__lt=old).filter(Q(read_at__lt=old) | Q(done_at__lt=old)).delete()
    held = Notification.objects.filter(notice=OuterRef("pk"))
    Notice.objects.filter(~Exists(held), created_at__lt=old).delete()
    Mail.objects.filter(created_at__lt=old).delete()
